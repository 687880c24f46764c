//! What quantized models compute.

use candle_core::{DType, Device};
use zonos_lm::{Backbone, Conditioning, Prompt, QuantizeOptions, convert, random_checkpoint};
use zonos_weights::{BlockType, Checkpoint, ElementType};

use crate::support::{
    BF16, F16, Made, Q4_K, Q8_0, logits, rms_difference, tiny, tiny_but, tiny_config, values, wide_config,
};

#[test]
fn sixteen_bits_in_a_gguf_file_are_those_of_safetensors() {
    let made = Made::new(&tiny_config(), tiny("model.safetensors"), BF16, BF16);
    let plain = Backbone::load(tiny_config(), tiny("model.safetensors"), &Device::Cpu, None).unwrap();
    assert_eq!(logits(&made.load(None)), logits(&plain));
    assert_eq!(made.load(None).bytes_per_frame(), plain.bytes_per_frame());
    assert!(made.report.fallbacks.is_empty());
    let made = Made::new(&tiny_config(), tiny("model.pth"), F16, F16);
    let plain = Backbone::load(tiny_config(), tiny("model.safetensors"), &Device::Cpu, Some(DType::F16)).unwrap();
    assert_eq!(logits(&made.load(None)), logits(&plain));
}

/// The median over rows of the root mean square error, in parts of the logits' own size: a row that goes to another expert is another row.
fn error(found: &[f32], expected: &[f32]) -> f64 {
    let row = tiny_config().codebooks * tiny_config().audio_vocab();
    let mut errors: Vec<f64> = found.chunks(row).zip(expected.chunks(row)).map(|(a, b)| rms_difference(a, b)).collect();
    errors.sort_by(f64::total_cmp);
    errors[errors.len() / 2] / rms_difference(expected, &vec![0.0; expected.len()])
}

#[test]
fn quantized_models_stay_near_what_they_were() {
    let plain = Backbone::load(tiny_config(), tiny("model.safetensors"), &Device::Cpu, Some(DType::F32)).unwrap();
    let expected = logits(&plain);
    for (spine, bound) in [(F16, 0.03), (Q8_0, 0.06)] {
        let error =
            error(&logits(&Made::new(&tiny_config(), tiny("model.safetensors"), Q8_0, spine).load(None)), &expected);
        println!("tiny, q8_0 experts, {spine} spine: {error:.4}");
        assert!(error < bound, "{spine}: {error}");
    }
    let wide = Backbone::random(wide_config(), 5, &Device::Cpu, DType::F32).unwrap();
    let expected = logits(&wide);
    for (block, bound) in
        [(BlockType::Q8_0, 0.005), (BlockType::Q6K, 0.015), (BlockType::Q5K, 0.03), (BlockType::Q4K, 0.06)]
    {
        let made = Made::new(&wide_config(), random_checkpoint(5), ElementType::Blocks(block), F16);
        assert!(made.report.fallbacks.is_empty());
        let error = error(&logits(&made.load(None)), &expected);
        println!("wide, {block} experts, f16 spine: {error:.4}");
        assert!(error < bound, "{block}: {error}");
    }
}

#[test]
fn a_quantized_head_stays_near_what_it_was() {
    let plain = Backbone::load(tiny_config(), tiny("model.safetensors"), &Device::Cpu, Some(DType::F32)).unwrap();
    let options = QuantizeOptions { experts: F16, spine: F16, head: Some(Q8_0), name: String::new() };
    let made = Made::with(&tiny_config(), tiny("model.safetensors"), &options);
    assert_eq!(made.open().raw("output.weight").unwrap().element, Q8_0);
    let error = error(&logits(&made.load(None)), &logits(&plain));
    assert!(0.0 < error && error < 0.02, "{error}");
}

/// Products with blocks round activations to 15 bits, which is far less than what quantizing cost.
#[test]
fn blocks_are_computed_with_nearly_as_if_widened() {
    for block in BlockType::ALL {
        let made = Made::new(&wide_config(), random_checkpoint(6), ElementType::Blocks(block), Q8_0);
        let blocks = made.load(None);
        let widened = Backbone::load(made.config(), made.open(), &Device::Cpu, Some(DType::F32)).unwrap();
        let error = error(&logits(&blocks), &logits(&widened));
        println!("wide, {block} experts, q8_0 spine, rounded activations: {error:.6}");
        assert!(error < 2e-4, "{block}: {error}");
        assert!(blocks.bytes_per_frame() < widened.bytes_per_frame() / 2);
    }
}

#[test]
fn a_batch_gives_each_sequence_what_it_gets_alone() {
    let backbone = Made::new(&wide_config(), random_checkpoint(7), Q4_K, Q8_0).load(None);
    let config = backbone.config();
    let prompts = ["One.", "A second one."].map(|text| {
        let prompt = Prompt::build(config, text, None, &Conditioning::default()).unwrap();
        let mut cache = backbone.new_cache().unwrap();
        backbone.prefill(&prompt, &mut cache).unwrap();
        (prompt, cache)
    });
    let frames = [vec![3u32; config.codebooks], vec![700; config.codebooks]];
    let [(one, mut first), (other, mut second)] = prompts;
    let together = backbone.decode(&[&frames[0], &frames[1]], &mut [&mut first, &mut second]).unwrap();
    for (row, prompt) in [one, other].iter().enumerate() {
        let mut cache = backbone.new_cache().unwrap();
        backbone.prefill(prompt, &mut cache).unwrap();
        let alone = backbone.decode(&[&frames[row]], &mut [&mut cache]).unwrap();
        assert_eq!(values(&together.get(row).unwrap()), values(&alone));
    }
}

#[test]
fn a_prompt_in_pieces_gives_the_logits_of_the_whole() {
    for block in BlockType::ALL {
        let backbone = Made::new(&wide_config(), random_checkpoint(8), ElementType::Blocks(block), Q8_0).load(None);
        let prompt = Prompt::build(backbone.config(), "In pieces, or whole.", None, &Conditioning::default()).unwrap();
        let whole = backbone.prefill(&prompt, &mut backbone.new_cache().unwrap()).unwrap();
        for rows in [1, 2, 3, 20, 32] {
            let mut cache = backbone.new_cache().unwrap();
            let pieces = std::iter::from_fn(|| Some(backbone.prefill_piece(&prompt, &mut cache, rows).unwrap()));
            let last = pieces.flatten().next().unwrap();
            assert!(values(&last) == values(&whole), "{block} by {rows} rows");
        }
    }
}

#[test]
fn rows_that_do_not_fill_blocks_are_told() {
    let made = Made::new(&tiny_config(), tiny("model.safetensors"), Q4_K, F16);
    let fallback = &made.report.fallbacks[0];
    assert_eq!((fallback.row, fallback.wanted, fallback.stored), (96, Q4_K, Q8_0));
    assert!(fallback.tensor.ends_with("ffn_gate_exps.weight"), "{}", fallback.tensor);
    let odd = tiny_but(|config| (config.dim, config.inner) = (100, 60));
    let made = Made::new(&odd, random_checkpoint(1), Q4_K, Q8_0);
    assert!(made.report.fallbacks.iter().any(|fallback| fallback.stored == F16 && fallback.row == 100));
    made.load(None);
}

#[test]
fn a_gguf_file_is_quantized_further_and_again() {
    let first = Made::new(&tiny_config(), tiny("model.safetensors"), F16, F16);
    let direct = Made::new(&tiny_config(), tiny("model.safetensors"), Q8_0, F16);
    let again = Made::new(&first.config(), first.open(), Q8_0, F16);
    let bytes = |made: &Made| made.open().raw("blk.4.ffn_up_exps.weight").unwrap().bytes.to_vec();
    assert_eq!(bytes(&direct).len(), bytes(&again).len());
    let error = rms_difference(&logits(&again.load(None)), &logits(&direct.load(None)));
    assert!(error < 0.02, "{error}");
}

#[test]
fn a_gguf_file_without_blocks_becomes_safetensors_that_load() {
    let made = Made::new(&tiny_config(), tiny("model.safetensors"), BF16, BF16);
    let path = made.folder.path().join("model.safetensors");
    convert(made.open(), &path, |_| true).unwrap();
    let converted = Backbone::load(tiny_config(), Checkpoint::open(&path).unwrap(), &Device::Cpu, None).unwrap();
    assert_eq!(logits(&converted), logits(&made.load(None)));
    let blocks = Made::new(&tiny_config(), tiny("model.safetensors"), Q8_0, F16);
    let refused = convert(blocks.open(), &blocks.folder.path().join("a.safetensors"), |_| true).unwrap_err();
    assert!(refused.to_string().contains("cannot be stored as q8_0"), "{refused}");
}
