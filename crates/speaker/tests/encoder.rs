//! Encoders of random weights and damaged files.

#![allow(clippy::unwrap_used)]

use std::collections::HashMap;

use candle_core::{DType, Device, Tensor};
use zonos_speaker::{Error, SpeakerConfig, SpeakerEncoder};
use zonos_weights::Checkpoint;

fn small() -> SpeakerConfig {
    SpeakerConfig {
        embedding_dim: 48,
        channels: vec![16, 16, 16, 16, 32],
        attention_channels: 8,
        res2net_scale: 4,
        se_channels: 8,
        ..SpeakerConfig::default()
    }
}

fn encoder() -> SpeakerEncoder {
    SpeakerEncoder::random(5, &small(), &Device::Cpu).unwrap()
}

fn tone(samples: usize, step: f32) -> Vec<f32> {
    (0..samples).map(|index| (index as f32 * step).sin() * 0.3).collect()
}

#[test]
fn clips_are_told_apart() {
    let encoder = encoder();
    let embed = |step| encoder.embed(&tone(24_000, step)).unwrap();
    assert_eq!(embed(0.05), embed(0.05));
    let (low, high) = (embed(0.02), embed(0.3));
    let difference = low.as_slice().iter().zip(high.as_slice()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(difference > 0.1, "{difference}");
    let rms = (low.as_slice().iter().map(|value| value * value).sum::<f32>() / 48.0).sqrt();
    println!("RMS {rms}, largest difference {difference}");
    assert!((0.05..2.0).contains(&rms), "{rms}");
}

#[test]
fn the_shortest_clip_is_heard_and_shorter_ones_are_refused() {
    let encoder = encoder();
    assert_eq!(encoder.min_samples(), 1280);
    assert_eq!(encoder.embed(&tone(1280, 0.1)).unwrap().dim(), encoder.embedding_dim());
    let error = encoder.embed(&tone(1279, 0.1)).unwrap_err();
    assert!(matches!(error, Error::TooShort { samples: 1279, minimum: 1280 }));
    assert!(error.to_string().contains("1280"), "{error}");
    assert!(matches!(encoder.embed(&[]), Err(Error::TooShort { .. })));
}

#[test]
fn unusable_audio_is_refused_and_silence_is_not() {
    let encoder = encoder();
    let mut samples = tone(5000, 0.1);
    samples[4000] = f32::INFINITY;
    assert!(matches!(encoder.embed(&samples), Err(Error::NotFinite { index: 4000 })));
    let long = vec![0.0; encoder.max_samples() + 1];
    assert!(matches!(encoder.embed(&long), Err(Error::TooLong { maximum: 7_200_000, .. })));
    assert_eq!(encoder.embed(&[0.0; 4000]).unwrap().dim(), 48);
}

#[test]
fn log_mel_frames_of_other_shapes_are_refused() {
    let encoder = encoder();
    for shape in [vec![4, 128], vec![10, 80], vec![1, 10, 128]] {
        let frames = Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap();
        assert!(matches!(encoder.embed_log_mel(&frames), Err(Error::MelShape { frames: 5, mel_dim: 128, .. })));
    }
}

/// The smallest encoder, as a file: one block of two parts.
fn tensors() -> HashMap<String, Tensor> {
    let shapes: [(&str, [usize; 3]); 9] = [
        ("blocks.0.conv", [4, 6, 3]),
        ("blocks.1.tdnn1.conv", [4, 4, 1]),
        ("blocks.1.res2net_block.blocks.0.conv", [2, 2, 3]),
        ("blocks.1.tdnn2.conv", [4, 4, 1]),
        ("blocks.1.se_block.conv1", [3, 4, 1]),
        ("blocks.1.se_block.conv2", [4, 3, 1]),
        ("mfa.conv", [5, 4, 1]),
        ("asp.tdnn.conv", [3, 15, 1]),
        ("asp.conv", [5, 3, 1]),
    ];
    let random = |shape: &[usize]| Tensor::randn(0f32, 1.0, shape, &Device::Cpu).unwrap();
    let pair = |(name, shape): (&str, [usize; 3])| {
        [(format!("{name}.weight"), random(&shape)), (format!("{name}.bias"), random(&shape[..1]))]
    };
    shapes.into_iter().chain([("fc", [7, 10, 1])]).flat_map(pair).collect()
}

const CONFIG: &str = r#"{"mel_dim": 6, "enc_dim": 7, "enc_channels": [4, 4, 5], "enc_kernel_sizes": [3, 3, 1],
    "enc_dilations": [1, 2, 1], "enc_attention_channels": 3, "enc_res2net_scale": 2, "enc_se_channels": 3}"#;

fn load(tensors: &HashMap<String, Tensor>, config: &str) -> Result<SpeakerEncoder, Error> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.safetensors");
    std::fs::write(folder.path().join("config.json"), config).unwrap();
    candle_core::safetensors::save(tensors, &file).unwrap();
    // By folder or by file: the configuration lies beside it.
    SpeakerEncoder::load(folder.path(), &Device::Cpu).and_then(|_| SpeakerEncoder::load(file, &Device::Cpu))
}

#[test]
fn files_are_loaded_with_what_the_configuration_says() {
    let encoder = load(&tensors(), CONFIG).unwrap();
    assert_eq!((encoder.embedding_dim(), encoder.sample_rate(), encoder.min_samples()), (7, 24_000, 768));
    assert_eq!(encoder.embed(&tone(2000, 0.1)).unwrap().dim(), 7);
}

#[test]
fn an_open_checkpoint_is_loaded_like_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.safetensors");
    candle_core::safetensors::save(&tensors(), &file).unwrap();
    std::fs::write(folder.path().join("config.json"), CONFIG).unwrap();
    let bytes = std::fs::read(&file).unwrap().leak();
    let checkpoint = Checkpoint::from_static("the program's own", bytes).unwrap();
    let from_bytes =
        |config| SpeakerEncoder::from_checkpoint(&checkpoint, SpeakerConfig::parse(config).unwrap(), &Device::Cpu);
    let clip = tone(2000, 0.1);
    let loaded = SpeakerEncoder::load(&file, &Device::Cpu).unwrap();
    assert_eq!(from_bytes(CONFIG).unwrap().embed(&clip).unwrap(), loaded.embed(&clip).unwrap());
    assert!(from_bytes("{}").err().unwrap().to_string().contains("the program's own"));
}

#[test]
fn missing_misshapen_and_unknown_tensors_are_named() {
    let changed = |change: fn(&mut HashMap<String, Tensor>)| {
        let mut tensors = tensors();
        change(&mut tensors);
        load(&tensors, CONFIG).err().unwrap().to_string()
    };
    let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap();
    assert!(changed(|tensors| drop(tensors.remove("asp.conv.bias"))).contains("`asp.conv.bias` is missing"));
    let tensors = |name: &str| {
        let mut tensors = tensors();
        tensors.insert(name.to_owned(), zeros(&[1, 2, 3]));
        load(&tensors, CONFIG).err().unwrap().to_string()
    };
    assert!(tensors("fc.weight").contains("`fc.weight`"));
    assert!(tensors("blocks.2.conv.weight").contains("does not know: blocks.2.conv.weight"));
}

#[test]
fn configurations_that_do_not_fit_are_refused() {
    let error = |config: &str| load(&tensors(), config).err().unwrap().to_string();
    assert!(error("{").contains("config.json: not a speaker encoder"));
    assert!(error(r#"{"enc_channels": [4]}"#).contains("one entry for each"));
    // Nothing stated: the released sizes, which these tensors do not have.
    assert!(error("{}").contains("the configuration asks for"));
    let folder = tempfile::tempdir().unwrap();
    candle_core::safetensors::save(&tensors(), folder.path().join("model.safetensors")).unwrap();
    let missing = SpeakerEncoder::load(folder.path(), &Device::Cpu).err().unwrap().to_string();
    assert!(missing.contains("config.json: cannot be read"), "{missing}");
}
