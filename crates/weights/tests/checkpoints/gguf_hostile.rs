//! GGUF files made to harm: refused in words, and nothing is reserved by what they claim.

use std::sync::LazyLock;

use candle_core::{DType, Device};
use proptest::prelude::*;
use zonos_weights::{BlockType, Checkpoint, ElementType, Metadata};

use crate::make::{f32_bytes, folder, gguf, open, refused, write};

/// A header written by hand: version, counts, and what follows.
struct Raw(Vec<u8>);

impl Raw {
    fn new(version: u32, tensors: u64, keys: u64) -> Self {
        Self(b"GGUF".to_vec()).u32(version).u64(tensors).u64(keys)
    }

    fn u32(self, number: u32) -> Self {
        self.raw(&number.to_le_bytes())
    }

    fn u64(self, number: u64) -> Self {
        self.raw(&number.to_le_bytes())
    }

    fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    fn text(self, text: &str) -> Self {
        self.u64(text.len() as u64).raw(text.as_bytes())
    }

    /// A tensor of the table; dimensions as the file has them, fastest first.
    fn tensor(self, name: &str, dims: &[u64], kind: u32, offset: u64) -> Self {
        let raw = self.text(name).u32(dims.len() as u32);
        dims.iter().fold(raw, |raw, &dim| raw.u64(dim)).u32(kind).u64(offset)
    }

    fn with_data(mut self, len: usize) -> Vec<u8> {
        let end = self.0.len().next_multiple_of(32) + len;
        self.0.resize(end, 0);
        self.0
    }
}

fn table(tensors: u64) -> Raw {
    Raw::new(3, tensors, 0)
}

#[test]
fn a_table_by_hand_is_read() {
    for version in [2, 3] {
        let bytes = Raw::new(version, 1, 0).tensor("w", &[32, 2], 8, 0).with_data(68);
        let checkpoint = open(&bytes).unwrap();
        assert_eq!(checkpoint.raw("w").unwrap().shape, [2, 32]);
        assert_eq!(checkpoint.raw("w").unwrap().element, ElementType::Blocks(BlockType::Q8_0));
    }
}

#[test]
fn other_versions_and_byte_orders_are_named() {
    assert!(refused(&Raw::new(1, 0, 0).0).contains("GGUF version 1"));
    assert!(refused(&Raw::new(99, 0, 0).0).contains("GGUF version 99"));
    assert!(refused(&Raw::new(3u32.swap_bytes(), 0, 0).0).contains("big-endian"));
    assert!(refused(b"FUGG\0\0\0\x03").contains("big-endian"));
}

#[test]
fn counts_that_the_file_has_no_room_for_are_refused() {
    for raw in [Raw::new(3, u64::MAX, 0), Raw::new(3, 0, u64::MAX), Raw::new(3, 1 << 40, 1 << 40)] {
        assert!(refused(&raw.0).contains("ends early"));
    }
}

#[test]
fn values_that_lie_are_refused() {
    let key = || Raw::new(3, 0, 1).text("key");
    for (raw, reason) in [
        (key().u32(13), "unknown type 13"),
        (key().u32(8).u64(u64::MAX), "reaches beyond the end"),
        (key().u32(8).u64(1 << 40), "reaches beyond the end"),
        (key().u32(8).u64(1).raw(b"\xff"), "not UTF-8"),
        (key().u32(9).u32(0).u64(1 << 40), "lists of more than"),
        (key().u32(9).u32(0).u64(u64::MAX), "lists of more than"),
        (key().u32(9).u32(0).u64(1000), "ends early"),
        (key().u32(9).u32(77).u64(1), "unknown type 77"),
        (key().u32(4), "ends early"),
        (Raw::new(3, 0, 1).u64(u64::MAX), "reaches beyond the end"),
        (Raw::new(3, 0, 2).text("k").u32(4).u32(1).text("k").u32(4).u32(1), "`k` occurs twice"),
        (Raw::new(3, 0, 1).text("general.alignment").u32(4).u32(0), "general.alignment"),
        (Raw::new(3, 0, 1).text("general.alignment").u32(8).text("x"), "general.alignment"),
    ] {
        let message = refused(&raw.0);
        assert!(message.contains(reason), "{reason}: {message}");
    }
    let deep = (0..40).fold(key().u32(9), |raw, _| raw.u32(9).u64(1));
    assert!(refused(&deep.0).contains("nested"));
}

#[test]
fn tables_that_lie_are_refused() {
    for (raw, reason) in [
        (table(1).tensor("w", &[2], 0, 64), "cannot lie at"),
        (table(1).tensor("w", &[2], 0, u64::MAX - 31), "cannot be stored"),
        (table(1).tensor("w", &[2], 0, 1 << 62), "cannot lie at"),
        (table(1).tensor("w", &[2], 0, 4), "no multiple of 32"),
        (table(1).tensor("w", &[1 << 40], 0, 0), "cannot lie at"),
        (table(1).tensor("w", &[u64::MAX], 0, 0), "cannot be stored"),
        (table(1).tensor("w", &[1 << 62, 1 << 62], 8, 0), "cannot be stored"),
        (table(1).tensor("w", &[0, u64::MAX, u64::MAX], 0, 0), "cannot be stored"),
        (table(1).tensor("w", &[31], 8, 0), "cannot be stored as q8_0"),
        (table(1).tensor("w", &[], 8, 0), "cannot be stored as q8_0"),
        (table(1).tensor("w", &[128], 12, 0), "cannot be stored as q4_k"),
        (table(1).tensor("w", &[1, 1, 1, 1, 1], 0, 0), "5 dimensions"),
        (table(1).tensor("w", &[32], 2, 0), "type Q4_0"),
        (table(1).tensor("w", &[32], 40, 0), "type 40, which is unknown"),
        (table(2).tensor("w", &[1], 0, 0).tensor("w", &[1], 0, 32), "occurs twice"),
        (table(2).tensor("v", &[16], 0, 0).tensor("w", &[1], 0, 32), "share bytes"),
        (table(2).tensor("v", &[1], 0, 0).tensor("w", &[1], 0, 0), "share bytes"),
    ] {
        let message = refused(&raw.with_data(64));
        assert!(message.contains(reason), "{reason}: {message}");
    }
}

static SMALL: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut metadata = Metadata::default();
    metadata.insert("general.architecture", "test");
    metadata.insert("list", vec![1usize, 2, 3]);
    let q8: Vec<u8> = (0..68).collect();
    let tensors: [(&str, ElementType, &[usize], &[u8]); 3] = [
        ("a", DType::F32.into(), &[2, 3], &f32_bytes(&[0.5; 6])),
        ("b", ElementType::Blocks(BlockType::Q8_0), &[2, 32], &q8),
        ("none", DType::F16.into(), &[0], &[]),
    ];
    gguf(&metadata, &tensors)
});

/// Opens what may be damaged and reads all that it claims to hold.
fn read_all(bytes: &[u8]) {
    let folder = folder();
    let Ok(checkpoint) = Checkpoint::open(write(&folder, "file", bytes)) else {
        return;
    };
    let weights = checkpoint.weights(&Device::Cpu, None);
    for name in checkpoint.names() {
        let shape = weights.shape(name).unwrap().unwrap();
        assert_eq!(weights.get(name, shape).unwrap().dims(), shape);
        let _ = weights.get_part(name, shape, 0);
        if let Some(quantized) = weights.get_quantized(name, shape).unwrap() {
            assert_eq!(quantized.dequantize().len(), shape.iter().product::<usize>());
            let _ = quantized.part(1).map(|part| part.dequantize());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cut_files_are_errors(cut in any::<usize>()) {
        // The last tensor has no bytes, and the one before it is padded.
        let needed = SMALL.len() - 28;
        prop_assert!(open(&SMALL[..cut % needed]).is_err());
    }

    #[test]
    fn flipped_bytes_do_not_panic(flips in prop::collection::vec((any::<usize>(), any::<u8>()), 1..6)) {
        let mut bytes = SMALL.clone();
        let len = bytes.len();
        flips.iter().for_each(|(place, bits)| bytes[place % len] ^= bits);
        read_all(&bytes);
    }

    #[test]
    fn random_tables_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), keys in 0u64..3) {
        read_all(&Raw::new(3, 2, keys).raw(&bytes).0);
    }
}
