//! Damaged files of encoders and voices: refused in words, or something that works. Nothing panics.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use candle_core::Device;
use proptest::prelude::*;
use zonos_speaker::{SpeakerEncoder, Voice};

fn fixture(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/gguf")).join(name)
}

static GGUF: LazyLock<Vec<u8>> = LazyLock::new(|| std::fs::read(fixture("spk-encoder.gguf")).unwrap());
/// About where keys end and the bytes of tensors begin.
static HEADER: LazyLock<usize> =
    LazyLock::new(|| GGUF.windows(9).rposition(|found| found == b"mfa.conv.").unwrap() + 64);
static WEIGHTS: LazyLock<Vec<u8>> =
    LazyLock::new(|| std::fs::read(fixture("speaker_encoder/model.safetensors")).unwrap());
static CONFIG: LazyLock<Vec<u8>> = LazyLock::new(|| std::fs::read(fixture("speaker_encoder/config.json")).unwrap());

/// Loads what may be damaged; what loads must hear.
fn load(bytes: &[u8], config: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("encoder");
    std::fs::write(&path, bytes).unwrap();
    std::fs::write(folder.path().join("config.json"), config).unwrap();
    if let Ok(encoder) = SpeakerEncoder::load(&path, &Device::Cpu) {
        let clip = vec![0.1; encoder.min_samples()];
        // Weights that are no numbers make no voice.
        let _ = encoder.embed(&clip).map(|voice| assert_eq!(voice.dim(), encoder.embedding_dim()));
    }
}

fn damaged(bytes: &[u8], flips: &[(usize, u8)], range: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for &(place, bits) in flips {
        bytes[place % range] ^= bits;
    }
    bytes
}

fn flips() -> impl Strategy<Value = Vec<(usize, u8)>> {
    prop::collection::vec((any::<usize>(), any::<u8>()), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn flipped_headers_do_not_panic(flips in flips()) {
        load(&damaged(&GGUF, &flips, *HEADER), b"{}");
    }

    #[test]
    fn flipped_configurations_do_not_panic(flips in flips()) {
        load(&WEIGHTS, &damaged(&CONFIG, &flips, CONFIG.len()));
    }

    #[test]
    fn cut_files_are_errors_or_hear(cut in any::<usize>()) {
        load(&GGUF[..cut % GGUF.len()], b"{}");
        load(&WEIGHTS[..cut % WEIGHTS.len()], &CONFIG);
    }

    #[test]
    fn damaged_voices_do_not_panic(kind in 0usize..3, flips in flips(), cut in any::<usize>()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(["voice.npy", "voice.npz", "voice.safetensors"][kind]);
        Voice::new(vec![0.5; 16]).unwrap().save(&path).unwrap();
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, damaged(&whole, &flips, whole.len())).unwrap();
        if let Ok(voice) = Voice::load(&path) {
            prop_assert!(voice.as_slice().iter().all(|number| number.is_finite()));
        }
        std::fs::write(&path, &whole[..cut % whole.len()]).unwrap();
        prop_assert!(Voice::load(&path).is_err());
    }
}
