//! What files hold, and what is not written.

use candle_core::DType;
use zonos_lm::{Config, QuantizeOptions, open_checkpoint, quantize, random_checkpoint};
use zonos_weights::ElementType;

use crate::support::{F16, Made, Q4_K, Q8_0, tiny, tiny_but, tiny_config};

#[test]
fn names_and_types_are_those_of_the_published_files() {
    let checkpoint = Made::new(&tiny_config(), tiny("model.safetensors"), Q8_0, F16).open();
    for (name, element, shape) in [
        ("audio_embd.8.weight", F16, &[1026, 96][..]),
        ("text_embd.weight", F16, &[520, 96]),
        ("output.weight", F16, &[9234, 96]),
        ("blk.0.attn_k.weight", F16, &[128, 96]),
        ("blk.0.attn_temp", DType::F32.into(), &[4]),
        ("blk.0.attn_gate.weight", F16, &[4, 96]),
        ("blk.0.ffn_up.weight", F16, &[192, 96]),
        ("blk.2.ffn_gate_exps.weight", Q8_0, &[4, 192, 96]),
        ("blk.2.ffn_down_exps.weight", Q8_0, &[4, 96, 192]),
        ("blk.2.router_down.weight", F16, &[32, 96]),
        ("blk.2.router_mlp4.weight", F16, &[4, 32]),
        ("blk.2.router_bias", DType::F32.into(), &[4]),
        ("blk.3.router_eda_scale", DType::F32.into(), &[32]),
        ("output_norm.weight", DType::F32.into(), &[96]),
        ("spk_lda.bias", DType::F32.into(), &[64]),
    ] {
        let raw = checkpoint.raw(name).unwrap();
        assert_eq!((raw.element, raw.shape), (element, shape), "{name}");
    }
    let value = |key: &str| checkpoint.metadata().get(&format!("zonos2.{key}")).cloned();
    assert_eq!(value("block_count"), Some(6usize.into()));
    assert_eq!(value("expert_used_count_per_layer"), Some(vec![0usize, 0, 1, 1, 2, 0].into()));
    assert_eq!(value("speaking_rate_buckets"), None, "the released labels need no keys");
    assert_eq!(checkpoint.metadata().get("general.name"), Some(&"test".into()));
}

#[test]
fn what_cannot_be_quantized_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.gguf");
    let options = |experts, spine| QuantizeOptions { experts, spine, head: None, name: String::new() };
    let run = |config: &Config, options: &QuantizeOptions, goes_on: bool| {
        quantize(config, tiny("model.safetensors"), &path, options, |_| goes_on).unwrap_err().to_string()
    };
    let f32 = ElementType::Plain(DType::F32);
    let larger = tiny_but(|config| config.dim = 128);
    let shorter = tiny_but(|config| {
        config.layers = 3;
        config.moe.as_mut().unwrap().used.truncate(3);
    });
    for (message, words) in [
        (run(&tiny_config(), &options(f32, F16), true), "type of experts is f32"),
        (run(&tiny_config(), &options(Q8_0, Q4_K), true), "type of the spine is q4_k"),
        (
            run(&tiny_config(), &QuantizeOptions { head: Some(Q4_K), ..options(Q8_0, F16) }, true),
            "type of the head is q4_k",
        ),
        (run(&tiny_config(), &options(Q8_0, F16), false), "stopped"),
        (run(&larger, &options(Q8_0, F16), true), "the configuration asks for [1026, 128]"),
        (run(&shorter, &options(Q8_0, F16), true), "does not know: layers.3"),
    ] {
        assert!(message.contains(words), "{words}: {message}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// What is held at once is one matrix, however many a stack has.
#[test]
fn stacks_of_experts_are_written_matrix_by_matrix() {
    let many = tiny_but(|config| {
        config.inner = 1024;
        config.moe.as_mut().unwrap().experts = 64;
    });
    let folder = tempfile::tempdir().unwrap();
    let options = QuantizeOptions { experts: Q8_0, spine: F16, head: None, name: String::new() };
    let (mut largest, mut before) = (0, 0);
    quantize(&many, random_checkpoint(3), &folder.path().join("a.gguf"), &options, |progress| {
        largest = largest.max(progress.done - before);
        before = progress.done;
        true
    })
    .unwrap();
    let (head, stack) = (9 * 1026 * 96 * 2, 64 * 1024 * 96 * 34 / 32);
    assert!(largest == head && head < stack, "{largest} bytes at once");
}

#[test]
fn a_folder_is_opened_by_its_only_backbone() {
    let made = Made::new(&tiny_config(), tiny("model.safetensors"), Q8_0, F16);
    let folder = made.folder.path();
    std::fs::write(folder.join("codec.pth"), "some codec").unwrap();
    std::fs::write(folder.join("dac.gguf"), "damaged").unwrap();
    assert_eq!(open_checkpoint(folder).unwrap().architecture(), Some("zonos2"));
    std::fs::copy(made.path(), folder.join("other.gguf")).unwrap();
    let several = open_checkpoint(folder).err().unwrap().to_string();
    assert!(several.contains("model.gguf") && several.contains("other.gguf"), "{several}");
    let empty = tempfile::tempdir().unwrap();
    assert!(open_checkpoint(empty.path()).err().unwrap().to_string().contains("is no checkpoint"));
}
