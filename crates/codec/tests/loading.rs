//! Weight files, whole and damaged.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use zonos_codec::{Codec, CodecConfig, Codes, Error, Stages};
use zonos_weights::Checkpoint;

type Tensors = HashMap<String, Tensor>;

/// Tensors of a model of widths 8, 4 and rate 2, one codebook of 16 × 2, latent 6; with an encoder of widths 2, 4.
fn tensors() -> Tensors {
    let mut tensors = Tensors::new();
    conv(&mut tensors, "quantizer.quantizers.0.in_proj", [2, 6, 1], 2);
    conv(&mut tensors, "quantizer.quantizers.0.out_proj", [6, 2, 1], 6);
    tensors.insert("quantizer.quantizers.0.codebook.weight".into(), random(&[16, 2]));
    conv(&mut tensors, "decoder.model.0", [8, 6, 7], 8);
    snake(&mut tensors, "decoder.model.1.block.0", 8);
    conv(&mut tensors, "decoder.model.1.block.1", [8, 4, 4], 4);
    (2..5).for_each(|unit| residual(&mut tensors, &format!("decoder.model.1.block.{unit}"), 4));
    snake(&mut tensors, "decoder.model.2", 4);
    conv(&mut tensors, "decoder.model.3", [1, 4, 7], 1);
    conv(&mut tensors, "encoder.block.0", [2, 1, 7], 2);
    (0..3).for_each(|unit| residual(&mut tensors, &format!("encoder.block.1.block.{unit}"), 2));
    snake(&mut tensors, "encoder.block.1.block.3", 2);
    conv(&mut tensors, "encoder.block.1.block.4", [4, 2, 4], 4);
    snake(&mut tensors, "encoder.block.2", 4);
    conv(&mut tensors, "encoder.block.3", [6, 4, 3], 6);
    tensors
}

fn residual(tensors: &mut Tensors, name: &str, dim: usize) {
    snake(tensors, &format!("{name}.block.0"), dim);
    conv(tensors, &format!("{name}.block.1"), [dim, dim, 7], dim);
    snake(tensors, &format!("{name}.block.2"), dim);
    conv(tensors, &format!("{name}.block.3"), [dim, dim, 1], dim);
}

fn conv(tensors: &mut Tensors, name: &str, shape: [usize; 3], bias: usize) {
    tensors.insert(format!("{name}.weight_v"), random(&shape));
    tensors.insert(format!("{name}.weight_g"), random(&[shape[0], 1, 1]));
    tensors.insert(format!("{name}.bias"), random(&[bias]));
}

fn snake(tensors: &mut Tensors, name: &str, dim: usize) {
    tensors.insert(format!("{name}.alpha"), Tensor::ones((1, dim, 1), DType::F32, &Device::Cpu).unwrap());
}

fn random(shape: &[usize]) -> Tensor {
    Tensor::randn(0f32, 0.5, shape, &Device::Cpu).unwrap()
}

fn load_from(folder: &Path, tensors: &Tensors) -> Result<Codec, Error> {
    candle_core::safetensors::save(tensors, folder.join("model.safetensors")).unwrap();
    Codec::load(folder, &Device::Cpu, DType::F32)
}

fn load(tensors: &Tensors) -> Result<Codec, Error> {
    load_from(tempfile::tempdir().unwrap().path(), tensors)
}

fn message(tensors: &Tensors) -> String {
    load(tensors).err().unwrap().to_string()
}

#[test]
fn sizes_are_read_off_the_shapes() {
    let codec = load(&tensors()).unwrap();
    let expected = CodecConfig {
        sample_rate: 44_100,
        n_codebooks: 1,
        codebook_size: 16,
        codebook_dim: 2,
        latent_dim: 6,
        decoder: Stages { dim: 8, rates: vec![2] },
        encoder: Some(Stages { dim: 2, rates: vec![2] }),
    };
    assert_eq!(codec.config(), &expected);
    assert!(codec.can_encode());
    assert_eq!((codec.sample_rate(), codec.hop(), codec.n_codebooks(), codec.codebook_size()), (44_100, 2, 1, 16));
}

#[test]
fn an_open_checkpoint_is_loaded_like_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let loaded = load_from(folder.path(), &tensors()).unwrap();
    let bytes = std::fs::read(folder.path().join("model.safetensors")).unwrap().leak();
    let checkpoint = Checkpoint::from_static("the program's own", bytes).unwrap();
    let built_in = Codec::from_checkpoint(checkpoint, &Device::Cpu, DType::F32).unwrap();
    let codes = Codes::new(vec![3, 4, 15], 1, 16).unwrap();
    assert_eq!(built_in.decode(&codes).unwrap(), loaded.decode(&codes).unwrap());
}

#[test]
fn missing_misshapen_and_unknown_tensors_are_named() {
    for name in ["decoder.model.1.block.3.block.1.bias", "decoder.model.3.weight_g", "decoder.model.0.weight_v"] {
        let mut tensors = tensors();
        tensors.remove(name);
        assert!(message(&tensors).contains(name), "{name}");
        tensors.insert(name.into(), random(&[5, 5, 5]));
        assert!(load(&tensors).is_err(), "{name}");
    }
    let mut misshapen = tensors();
    misshapen.insert("decoder.model.2.alpha".into(), random(&[1, 5, 1]));
    assert!(message(&misshapen).contains("`decoder.model.2.alpha`"), "{}", message(&misshapen));
    let mut unknown = tensors();
    unknown.insert("decoder.model.9.weight".into(), random(&[1]));
    assert!(message(&unknown).contains("decoder.model.9.weight"));
}

#[test]
fn shapes_that_make_no_codec_are_refused() {
    let with = |name: &str, shape: &[usize]| {
        let mut tensors = tensors();
        tensors.insert(name.into(), random(shape));
        message(&tensors)
    };
    assert!(with("decoder.model.1.block.1.weight_v", &[8, 4, 5]).contains("odd kernel"));
    assert!(with("encoder.block.1.block.4.weight_v", &[4, 2, 8]).contains("frames of 4 samples"));
    assert!(with("quantizer.quantizers.0.codebook.weight", &[16]).contains("codebook.weight"));
    assert!(with("quantizer.quantizers.0.codebook.weight", &[0, 2]).contains("is 0"));
}

#[test]
fn weights_without_an_encoder_decode_only() {
    let mut tensors = tensors();
    tensors.retain(|name, _| !name.starts_with("encoder."));
    let with_projection = load(&tensors).unwrap();
    tensors.retain(|name, _| !name.contains("in_proj"));
    for codec in [with_projection, load(&tensors).unwrap()] {
        assert_eq!(codec.decode(&Codes::new(vec![3, 4], 1, 16).unwrap()).unwrap().len(), 4);
        assert!(!codec.can_encode());
        assert!(matches!(codec.encode(&[0.0; 4]), Err(Error::NoEncoder)));
        assert!(matches!(codec.encode_trace(&[0.0; 4]), Err(Error::NoEncoder)));
    }
}

#[test]
fn the_configuration_gives_the_rate_and_must_agree() {
    let folder = tempfile::tempdir().unwrap();
    let with = |json: &str| {
        std::fs::write(folder.path().join("config.json"), json).unwrap();
        load_from(folder.path(), &tensors())
    };
    let rate = |json: &str| with(json).unwrap().sample_rate();
    assert_eq!(rate(r#"{"decoder_rates": [2], "sample_rate": 16000}"#), 16_000);
    assert_eq!(rate(r#"{"upsampling_ratios": [2], "sampling_rate": 24000, "hidden_size": 6}"#), 24_000);
    // Another model's file in the same folder.
    assert_eq!(rate(r#"{"sample_rate": 24000}"#), 44_100);
    let error = |json: &str| with(json).err().unwrap().to_string();
    assert!(error(r#"{"decoder_rates": [4]}"#).contains("`decoder_rates` is [4], but the weights have [2]"));
    assert!(error(r#"{"decoder_rates": [2], "encoder_dim": 3}"#).contains("`encoder_dim`"));
    assert!(error(r#"{"decoder_rates": "#).contains("not valid"));
    assert!(error(r#"{"decoder_rates": [2], "sample_rate": 0}"#).contains("is 0"));
}

#[test]
fn codes_of_another_codec_are_refused() {
    let codec = load(&tensors()).unwrap();
    let two = Codes::new(vec![1, 2], 2, 16).unwrap();
    assert!(matches!(codec.decode(&two), Err(Error::Codebooks { found: 2, expected: 1 })));
    let large = Codes::new(vec![1, 16], 1, 1024).unwrap();
    assert!(matches!(codec.decode(&large), Err(Error::CodeRange { code: 16, frame: 1, size: 16, .. })));
    assert!(matches!(codec.decode_trace(&large), Err(Error::CodeRange { .. })));
}

#[test]
fn samples_that_are_no_numbers_are_refused() {
    let codec = load(&tensors()).unwrap();
    let mut samples = vec![0.1; 1000];
    samples[777] = f32::NAN;
    assert!(matches!(codec.encode(&samples), Err(Error::NotFinite { index: 777 })));
    samples[777] = f32::INFINITY;
    assert!(matches!(codec.encode_trace(&samples), Err(Error::NotFinite { index: 777 })));
}
