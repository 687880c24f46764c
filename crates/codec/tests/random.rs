//! Codecs of random weights.
#![allow(clippy::unwrap_used)]

use candle_core::{DType, Device};
use zonos_codec::{Codec, CodecConfig, Codes, Error, Stages};

fn small() -> CodecConfig {
    CodecConfig {
        codebook_size: 64,
        latent_dim: 32,
        decoder: Stages { dim: 64, rates: vec![8, 8, 4, 2] },
        encoder: Some(Stages { dim: 4, rates: vec![2, 4, 8, 8] }),
        ..CodecConfig::released()
    }
}

fn random(seed: u64, config: &CodecConfig) -> Result<Codec, Error> {
    Codec::random(seed, config, &Device::Cpu, DType::F32)
}

fn codes(frames: usize) -> Codes {
    let ids: Vec<u32> = (0..frames as u32 * 9).map(|index| index * 7919 % 61).collect();
    Codes::from_frames(&ids, 9, 64).unwrap()
}

#[test]
fn the_output_is_as_loud_as_speech() {
    for seed in 0..6 {
        let samples = random(seed, &small()).unwrap().decode(&codes(20)).unwrap();
        let mean = samples.iter().sum::<f32>() / samples.len() as f32;
        let squares: f32 = samples.iter().map(|sample| sample * sample).sum();
        let rms = (squares / samples.len() as f32).sqrt();
        println!("seed {seed}: RMS {rms:.3}, mean {mean:.3}");
        assert!((0.03..0.4).contains(&rms), "seed {seed}: RMS {rms}");
    }
}

#[test]
fn the_seed_decides() {
    let decode = |seed| random(seed, &small()).unwrap().decode(&codes(2)).unwrap();
    assert_eq!(decode(1), decode(1));
    assert_ne!(decode(1), decode(2));
}

#[test]
fn encoding_uses_many_codes() {
    let codec = random(1, &small()).unwrap();
    let codes = codec.encode(&codec.decode(&codes(40)).unwrap()).unwrap();
    assert_eq!(codes.frames(), 40);
    let mut used = codes.codebook(0).unwrap().to_vec();
    used.sort_unstable();
    used.dedup();
    assert!(used.len() > 3, "{used:?}");
}

#[test]
fn impossible_sizes_are_refused() {
    let refused = |change: fn(&mut CodecConfig)| {
        let mut config = small();
        change(&mut config);
        assert!(matches!(random(1, &config), Err(Error::Config(_))), "{config:?}");
    };
    refused(|config| config.n_codebooks = 0);
    refused(|config| config.latent_dim = usize::MAX);
    refused(|config| config.sample_rate = 0);
    refused(|config| config.decoder.rates = vec![usize::MAX, 2]);
    refused(|config| config.decoder.rates = vec![0]);
    refused(|config| config.decoder.rates = vec![1; 100]);
    refused(|config| config.decoder.dim = 15);
    refused(|config| config.encoder = Some(Stages { dim: 4, rates: vec![2] }));
    refused(|config| config.encoder = Some(Stages { dim: 1 << 20, rates: vec![512] }));
}
