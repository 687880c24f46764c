//! Damaged files: refused in words, or a codec that decodes. Nothing panics, and nothing is made from what a file
//! merely claims.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use candle_core::{DType, Device};
use proptest::prelude::*;
use zonos_codec::{Codec, Codes};

fn fixture(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures")).join(name)
}

/// Files of every format, with how many bytes their headers take.
static FILES: LazyLock<[(Vec<u8>, usize); 3]> = LazyLock::new(|| {
    let read = |name: &str| std::fs::read(fixture(name)).unwrap();
    let safetensors = read("gguf/dac_44khz/model.safetensors");
    let header = 8 + usize::from_le_bytes(safetensors[..8].try_into().unwrap());
    let gguf = read("gguf/dac.gguf");
    // The first tensor's bytes follow the last name in the table.
    let last = gguf.windows(13).rposition(|window| window == b"dec.conv_out.").unwrap();
    let torch = read("vocoder/dac_tiny.pth");
    [(safetensors, header), (gguf, last + 64), (torch, 20_000)]
});
static CONFIG: LazyLock<Vec<u8>> = LazyLock::new(|| std::fs::read(fixture("gguf/dac_44khz/config.json")).unwrap());

/// Loads what may be damaged, beside a configuration; what loads must decode.
fn load(bytes: &[u8], config: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("codec");
    std::fs::write(&path, bytes).unwrap();
    std::fs::write(folder.path().join("config.json"), config).unwrap();
    if let Ok(codec) = Codec::load(&path, &Device::Cpu, DType::F32) {
        let codes = Codes::new(vec![0; codec.n_codebooks()], codec.n_codebooks(), codec.codebook_size()).unwrap();
        assert_eq!(codec.decode(&codes).unwrap().len(), codec.hop());
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
    fn flipped_headers_do_not_panic(file in 0usize..3, flips in flips()) {
        let (bytes, header) = &FILES[file];
        load(&damaged(bytes, &flips, *header), b"{}");
    }

    #[test]
    fn cut_files_do_not_panic(file in 0usize..3, cut in any::<usize>()) {
        let bytes = &FILES[file].0;
        load(&bytes[..cut % bytes.len()], b"{}");
    }

    #[test]
    fn flipped_configurations_do_not_panic(flips in flips()) {
        load(&FILES[0].0, &damaged(&CONFIG, &flips, CONFIG.len()));
    }
}
