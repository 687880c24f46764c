//! What the keys of a file say, rightly and wrongly.

use std::path::{Path, PathBuf};

use zonos_lm::{Balancing, Config, random_checkpoint};
use zonos_weights::{Checkpoint, MetaValue, Metadata, TensorHead, write_gguf};

use crate::support::{F16, Made, fixture, tiny, tiny_but, tiny_config, wide_config};

#[test]
fn what_a_file_says_survives() {
    let tiny = tiny_config();
    let other = tiny_but(|config| {
        config.quality.remove(0);
        config.accurate_id = false;
        config.moe.as_mut().unwrap().balancing = Balancing::Subtract;
    });
    for config in [tiny, other, wide_config()] {
        let mut found = Made::new(&config, random_checkpoint(3), F16, F16).config();
        assert!((found.norm_eps - config.norm_eps).abs() < 1e-12);
        found.norm_eps = config.norm_eps;
        assert_eq!(found, config);
    }
}

#[test]
fn a_params_file_says_what_a_gguf_file_cannot() {
    let config = tiny_but(|config| {
        config.text_vocab = 449;
        config.quality.clear();
        config.background_ids = false;
        config.speaking_rate = zonos_lm::Buckets::parse::<&str>(&[]).unwrap();
    });
    let made = Made::new(&config, random_checkpoint(3), F16, F16);
    let silent = without(&made, |key| key.starts_with("zonos2.speaking_rate"));
    let message = Config::of(&Checkpoint::open(&silent).unwrap(), None).unwrap_err().to_string();
    assert!(message.contains("text_vocab 449") && message.contains("params.json"), "{message}");
    let mut params: serde_json::Value = {
        let text = std::fs::read_to_string(fixture("backbone_tiny/params.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    for (key, value) in [
        ("text_vocab", 449.into()),
        ("quality_features", serde_json::json!([])),
        ("quality_num_buckets", 0.into()),
        ("speaking_rate_buckets", serde_json::json!([])),
        ("speaking_rate_num_buckets", 0.into()),
        ("speaker_background_token_enabled", false.into()),
        ("moe_balancing_strategy", "quantile".into()),
    ] {
        params[key] = value;
    }
    let path = made.folder.path().join("params.json");
    std::fs::write(&path, params.to_string()).unwrap();
    let found = Config::of(&Checkpoint::open(&silent).unwrap(), Some(&path)).unwrap();
    assert!(found.accurate_id && found.quality.is_empty());
    assert_eq!(found.moe.unwrap().balancing, Balancing::Subtract);
}

/// A copy of a file without some of its keys.
fn without(made: &Made, dropped: impl Fn(&str) -> bool) -> PathBuf {
    with_keys(made, |key, value| (!dropped(key)).then(|| value.clone()))
}

fn with_keys(made: &Made, change: impl Fn(&str, &MetaValue) -> Option<MetaValue>) -> PathBuf {
    let checkpoint = made.open();
    let mut metadata = Metadata::default();
    for (key, value) in checkpoint.metadata().iter() {
        change(key, value).map(|value| metadata.insert(key, value));
    }
    let path = made.folder.path().join("changed.gguf");
    copy(&checkpoint, &metadata, &path);
    path
}

fn copy(checkpoint: &Checkpoint, metadata: &Metadata, path: &Path) {
    let raw: Vec<_> = checkpoint.names().into_iter().map(|name| (name, checkpoint.raw(name).unwrap())).collect();
    let head = |&(name, raw): &(&str, zonos_weights::RawTensor)| TensorHead {
        name: name.to_owned(),
        element: raw.element,
        shape: raw.shape.to_vec(),
    };
    let heads: Vec<_> = raw.iter().map(head).collect();
    let write = |index: usize, file: &mut dyn std::io::Write| -> zonos_weights::Result<()> {
        file.write_all(raw[index].1.bytes).unwrap();
        Ok(())
    };
    write_gguf(path, metadata, &heads, write).unwrap();
}

#[test]
fn keys_that_are_missing_or_wrong_are_named() {
    let made = Made::new(&tiny_config(), tiny("model.safetensors"), F16, F16);
    let read = |path: PathBuf| Config::of(&Checkpoint::open(path).unwrap(), None).unwrap_err().to_string();
    let checkpoint = made.open();
    let optional = ["general.name", "general.alignment", "general.quantization_version", "zonos2.expert_count"];
    let optional = [&optional[..], &["zonos2.speaker.embedding_dim", "zonos2.speaker.lda_dim"]].concat();
    let optional = [&optional[..], &["zonos2.attention.qk_norm_epsilon", "zonos2.audio_vocab"]].concat();
    for (key, _) in checkpoint.metadata().iter().filter(|(key, _)| !optional.contains(key)) {
        let message = read(without(&made, |dropped| dropped == key));
        assert!(message.contains(key) && message.contains("changed.gguf"), "{key}: {message}");
    }
    for (wrong, value, words) in [
        ("general.architecture", "llama".into(), "architecture `llama`, expected `zonos2`"),
        ("zonos2.block_count", "six".into(), "is text, expected a size"),
        ("zonos2.block_count", 5usize.into(), "6 values for 5 layers"),
        ("zonos2.eoa_id", MetaValue::Unsigned(u64::MAX), "expected an id"),
        ("zonos2.text_vocab", 77usize.into(), "text_vocab is 77, but text_embd.weight has 520 rows"),
        ("zonos2.embedding_length", 0usize.into(), "dim 0"),
        ("zonos2.head_dim", usize::MAX.into(), "head_dim"),
        ("zonos2.attention.qk_norm_epsilon", 0.5f32.into(), "qk_norm_epsilon"),
        ("zonos2.codebook_size", usize::MAX.into(), "codebook_size"),
        ("zonos2.audio_vocab", 7usize.into(), "audio_vocab is 7"),
        ("zonos2.expert_count", (1usize << 40).into(), "moe_n_experts"),
        ("zonos2.expert_used_count_per_layer", vec![9usize; 6].into(), "blk.0.router_down.weight"),
    ]
    .map(|(key, value, words): (&str, MetaValue, &str)| (key, value, words))
    {
        let message = read(with_keys(&made, |key, old| Some(if key == wrong { value.clone() } else { old.clone() })));
        assert!(message.contains(words), "{wrong}: {message}");
    }
    let plain = Config::of(&tiny("model.safetensors"), None).unwrap_err().to_string();
    assert!(plain.contains("params.json"), "{plain}");
}
