//! The published GGUF file of the encoder. `tools/gguf-check` makes the files.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use candle_core::Device;
use zonos_speaker::{Error, SpeakerEncoder};

fn fixture(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/gguf")).join(name)
}

fn load(path: impl AsRef<Path>) -> Result<SpeakerEncoder, Error> {
    SpeakerEncoder::load(path, &Device::Cpu)
}

fn clip() -> Vec<f32> {
    (0..12_000).map(|index| ((index as f32 * 0.021).sin() * (index as f32 * 0.3).cos()) * 0.5).collect()
}

/// The weights are numbers that float16 holds, so the vectors are the same to the bit.
#[test]
fn it_gives_the_voices_of_the_hubs_file() {
    let (gguf, hub) = (load(fixture("spk-encoder.gguf")).unwrap(), load(fixture("speaker_encoder")).unwrap());
    assert_eq!(gguf.config(), hub.config());
    assert_eq!(gguf.embedding_dim(), 16);
    let (found, expected) = (gguf.embed(&clip()).unwrap(), hub.embed(&clip()).unwrap());
    assert_eq!(found, expected);
    assert!(expected.as_slice().iter().any(|value| value.abs() > 0.01));
}

#[test]
fn it_is_found_in_a_folder_by_its_architecture() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["spk-encoder.gguf", "dac.gguf"] {
        std::fs::copy(fixture(name), folder.path().join(format!("my {name}"))).unwrap();
    }
    assert_eq!(load(folder.path()).unwrap().embedding_dim(), 16);
    let other = load(fixture("dac.gguf")).err().unwrap().to_string();
    assert!(other.contains("architecture `dac`, expected `ecapa-tdnn`"), "{other}");
}

/// Loads the file with the four bytes after a key's type, or after a tensor's place in the table, changed.
fn tampered(change: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut bytes = std::fs::read(fixture("spk-encoder.gguf")).unwrap();
    change(&mut bytes);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spk-encoder.gguf");
    std::fs::write(&path, bytes).unwrap();
    load(path).err().unwrap().to_string()
}

fn place(bytes: &[u8], text: &str) -> usize {
    bytes.windows(text.len()).position(|window| window == text.as_bytes()).unwrap() + text.len()
}

fn set_key(key: &str, number: u32) -> String {
    tampered(|bytes| {
        let value = place(bytes, &format!("ecapa-tdnn.{key}")) + 4;
        bytes[value..value + 4].copy_from_slice(&number.to_le_bytes());
    })
}

#[test]
fn files_for_another_front_end_are_refused() {
    assert!(set_key("n_fft", 2048).contains("`n_fft` is 2048, but this front end has 1024"));
    assert!(set_key("hop_length", 320).contains("`hop_length` is 320"));
    assert!(set_key("mel_fmax", 8000f32.to_bits()).contains("`mel_fmax` is 8000"));
    // A window that is not zero at its beginning.
    let window = tampered(|bytes| {
        let zero_and_next: Vec<u8> = [0f64, 1.0].iter().flat_map(|&n| hann(n).to_le_bytes()).collect();
        let start = bytes.windows(8).rposition(|found| found == zero_and_next).unwrap();
        bytes[start..start + 4].copy_from_slice(&0.08f32.to_le_bytes());
    });
    assert!(window.contains("`mel_window` holds other numbers"), "{window}");
}

fn hann(index: f64) -> f32 {
    (0.5 - 0.5 * (std::f64::consts::TAU * index / 1024.0).cos()) as f32
}

#[test]
fn sizes_that_do_not_fit_are_refused() {
    assert!(set_key("res2net_scale", 3).contains("a multiple of 3"));
    assert!(set_key("enc_dim", 17).contains("`fc.bias`"));
    assert!(set_key("sample_rate", 0).contains("a size is 0"));
    let text = tampered(|bytes| {
        let kind = place(bytes, "ecapa-tdnn.mel_dim");
        bytes[kind] = 6;
    });
    assert!(text.contains("`ecapa-tdnn.mel_dim` is a number, not a size"), "{text}");
}
