//! One codec in every layout that codecs are published in. `tools/gguf-check` makes the files.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use candle_core::{DType, Device};
use zonos_codec::{Codec, CodecConfig, Codes, Error, Stages};

/// What folding weight norm and projections in another order may change in a sample.
const SAMPLE: f32 = 2e-6;

fn fixture(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/gguf")).join(name)
}

fn load(path: impl AsRef<Path>) -> Result<Codec, Error> {
    Codec::load(path, &Device::Cpu, DType::F32)
}

fn codes(codec: &Codec) -> Codes {
    let codes = (0..3 * 40).map(|index: u32| index.wrapping_mul(7) % 16).collect();
    Codes::new(codes, codec.n_codebooks(), codec.codebook_size()).unwrap()
}

fn assert_same_samples(codec: &Codec) {
    // `dac.safetensors` states no rate, so it is compared by samples only.
    let expected = load(fixture("dac.safetensors")).unwrap();
    let (found, expected) = (codec.decode(&codes(codec)).unwrap(), expected.decode(&codes(&expected)).unwrap());
    assert_eq!((found.len(), expected.len()), (40 * 8, 40 * 8));
    let difference = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    println!("largest difference {difference:.1e}");
    assert!(difference <= SAMPLE, "{difference}");
    assert!(expected.iter().any(|sample| sample.abs() > 0.05), "silence proves nothing");
}

#[test]
fn the_transformers_librarys_names_give_the_same_codec() {
    let codec = load(fixture("dac_44khz")).unwrap();
    let expected = CodecConfig {
        sample_rate: 16_000,
        n_codebooks: 3,
        codebook_size: 16,
        codebook_dim: 4,
        latent_dim: 8,
        decoder: Stages { dim: 8, rates: vec![4, 2] },
        encoder: Some(Stages { dim: 2, rates: vec![2, 4] }),
    };
    assert_eq!(codec.config(), &expected);
    assert_same_samples(&codec);
    let samples: Vec<f32> = (0..800).map(|index| (index as f32 * 0.37).sin() * 0.4).collect();
    let descript = load(fixture("dac.safetensors")).unwrap();
    assert_eq!(codec.encode(&samples).unwrap(), descript.encode(&samples).unwrap());
}

#[test]
fn a_gguf_file_decodes_and_says_that_it_cannot_encode() {
    let codec = load(fixture("dac.gguf")).unwrap();
    assert_eq!((codec.sample_rate(), codec.hop(), codec.n_codebooks()), (16_000, 8, 3));
    assert_eq!((codec.config().codebook_dim, codec.config().encoder.as_ref()), (8, None));
    assert_same_samples(&codec);
    assert!(!codec.can_encode());
    let refused = codec.encode(&[0.0; 8]).unwrap_err();
    assert!(matches!(refused, Error::NoEncoder) && refused.to_string().contains("no encoder"), "{refused}");
}

#[test]
fn a_folder_is_searched_for_a_gguf_file_of_a_codec() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(fixture("dac.gguf"), folder.path().join("any name.gguf")).unwrap();
    assert_same_samples(&load(folder.path()).unwrap());
    std::fs::copy(fixture("backbone-q8_0.gguf"), folder.path().join("backbone.gguf")).unwrap();
    assert_same_samples(&load(folder.path()).unwrap());
    std::fs::copy(fixture("dac.gguf"), folder.path().join("another.gguf")).unwrap();
    let several = load(folder.path()).err().unwrap().to_string();
    assert!(several.contains("any name.gguf") && several.contains("another.gguf"), "{several}");
    let other = load(fixture("backbone-q8_0.gguf")).err().unwrap().to_string();
    assert!(other.contains("architecture `zonos2`, expected `dac`"), "{other}");
}

/// The file's bytes with one text replaced by another of the same length.
fn replaced(bytes: &[u8], old: &str, new: &str) -> Vec<u8> {
    let place = bytes.windows(old.len()).position(|window| window == old.as_bytes()).unwrap();
    [&bytes[..place], new.as_bytes(), &bytes[place + old.len()..]].concat()
}

#[test]
fn a_gguf_file_that_does_not_fit_itself_is_refused() {
    let (folder, bytes) = (tempfile::tempdir().unwrap(), std::fs::read(fixture("dac.gguf")).unwrap());
    let message = |bytes: &[u8]| {
        let path = folder.path().join("dac.gguf");
        std::fs::write(&path, bytes).unwrap();
        load(path).err().unwrap().to_string()
    };
    assert!(message(&replaced(&bytes, "dec.conv_out.bias", "dec.conv_out.bios")).contains("bias` is missing"));
    assert!(message(&replaced(&bytes, "quant.2.table", "quant.3.table")).contains("`n_codebooks` is 3"));
    assert!(message(&bytes[..bytes.len() / 2]).contains("is damaged"));
    let mut stated = bytes.clone();
    let key = b"dac.latent_dim";
    let value = stated.windows(key.len()).position(|window| window == key).unwrap() + key.len() + 4;
    stated[value] = 9;
    assert!(message(&stated).contains("`latent_dim` is 9, but the weights have 8"));
    // The number becomes a text of its own value's length, which reaches far.
    stated[value - 4] = 8;
    assert!(message(&stated).contains("damaged"));
}

#[test]
fn what_an_archive_says_of_its_codec_is_read() {
    let vocoder = fixture("../vocoder");
    let codec = load(vocoder.join("dac_tiny.pth")).unwrap();
    assert_eq!((codec.sample_rate(), codec.hop()), (44_100, 512));
    // The archive's own argument, with another rate: an int of two bytes in the pickle.
    let bytes = std::fs::read(vocoder.join("dac_tiny.pth")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dac.pth");
    let rate = [b'M', 0x44, 0xac];
    let place = bytes.windows(3).position(|window| window == rate).unwrap();
    let changed = [&bytes[..place], &[b'M', 0x80, 0x3e], &bytes[place + 3..]].concat();
    std::fs::write(&path, changed).unwrap();
    assert_eq!(load(&path).unwrap().sample_rate(), 16_000);
}
