//! How numbers are stored, on the host and on the card.

use std::borrow::Cow;

use half::{bf16, f16};

/// How the numbers of a matrix are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Kind {
    /// 32 bits.
    F32 = 0,
    /// The upper half of 32 bits.
    BF16 = 1,
    /// 16 bits.
    F16 = 2,
    /// Blocks of 32 signed bytes with a float16 scale. In files each block is its scale and its bytes; on the card all
    /// bytes come first.
    Q8_0 = 3,
}

/// Numbers that share a scale.
pub(crate) const BLOCK: usize = 32;
/// Bytes of a block in a file: the scale, then the numbers.
const BLOCK_BYTES: usize = 2 + BLOCK;
/// Numbers that lie together on the card: two blocks, so that sixteen bytes in a row hold eight numbers of each.
pub(crate) const GROUP: usize = 2 * BLOCK;

impl Kind {
    /// Part of the kernels' names.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::BF16 => "bf16",
            Self::F16 => "f16",
            Self::Q8_0 => "q8_0",
        }
    }

    /// Bytes of a number, without scales.
    pub(crate) fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::BF16 | Self::F16 => 2,
            Self::Q8_0 => 1,
        }
    }

    /// Bytes of `count` numbers in a file; `None` when they are no whole blocks.
    pub fn file_bytes(self, count: usize) -> Option<usize> {
        match self {
            Self::Q8_0 => count.is_multiple_of(BLOCK).then_some(count / BLOCK * BLOCK_BYTES),
            _ => count.checked_mul(self.bytes()),
        }
    }

    /// Bytes of `count` numbers on the card, with their scales.
    pub(crate) fn card_bytes(self, count: usize) -> usize {
        count * self.bytes() + if self == Self::Q8_0 { count / BLOCK * 2 } else { 0 }
    }

    /// What a row's length must be a multiple of, for the kernels.
    pub(crate) fn step(self) -> usize {
        if self == Self::Q8_0 { GROUP } else { BLOCK }
    }
}

/// Numbers of a file, widened.
pub(crate) fn widen(kind: Kind, bytes: &[u8]) -> Vec<f32> {
    match kind {
        Kind::F32 => bytes.as_chunks().0.iter().map(|&word| f32::from_le_bytes(word)).collect(),
        Kind::BF16 => bytes.as_chunks().0.iter().map(|&word| bf16::from_le_bytes(word).to_f32()).collect(),
        Kind::F16 => bytes.as_chunks().0.iter().map(|&word| f16::from_le_bytes(word).to_f32()).collect(),
        Kind::Q8_0 => bytes.as_chunks::<BLOCK_BYTES>().0.iter().flat_map(widen_block).collect(),
    }
}

fn widen_block(block: &[u8; BLOCK_BYTES]) -> impl Iterator<Item = f32> {
    let scale = f16::from_le_bytes([block[0], block[1]]).to_f32();
    block[2..].iter().map(move |&byte| f32::from(byte as i8) * scale)
}

/// The numbers of a file as the card takes them: bytes and scales, the latter empty but for blocks.
pub(crate) fn for_card(kind: Kind, bytes: &[u8]) -> (Cow<'_, [u8]>, Vec<u8>) {
    match kind {
        Kind::Q8_0 => {
            let (numbers, scales) = split_blocks(bytes);
            (Cow::Owned(numbers), scales)
        }
        _ => (Cow::Borrowed(bytes), Vec::new()),
    }
}

/// Parts scales from numbers; of two blocks, eight numbers of the first and eight of the second take turns.
fn split_blocks(bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let blocks = bytes.as_chunks::<BLOCK_BYTES>().0;
    let mut numbers = vec![0; blocks.len() * BLOCK];
    let scales = blocks.iter().flat_map(|block| [block[0], block[1]]).collect();
    for (group, pair) in numbers.chunks_exact_mut(GROUP).zip(blocks.chunks_exact(2)) {
        for (eight, place) in
            group.chunks_exact_mut(8).enumerate().map(|(number, place)| ((number % 2, number / 2), place))
        {
            let (block, part) = eight;
            place.copy_from_slice(&pair[block][2 + 8 * part..10 + 8 * part]);
        }
    }
    (numbers, scales)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn splitting_keeps_every_number(bytes in prop::collection::vec(any::<u8>(), 4 * BLOCK_BYTES)) {
            let (numbers, scales) = split_blocks(&bytes);
            for (at, block) in bytes.chunks_exact(BLOCK_BYTES).enumerate() {
                prop_assert_eq!(&scales[2 * at..2 * at + 2], &block[..2]);
                for number in 0..BLOCK {
                    let place = at / 2 * GROUP + number / 8 * 16 + at % 2 * 8 + number % 8;
                    prop_assert_eq!(numbers[place], block[2 + number]);
                }
            }
        }
    }

    #[test]
    fn sizes() {
        assert_eq!(Kind::Q8_0.file_bytes(64), Some(68));
        assert_eq!(Kind::Q8_0.file_bytes(33), None);
        assert_eq!(Kind::Q8_0.card_bytes(64), 68);
        assert_eq!(Kind::BF16.file_bytes(3), Some(6));
    }

    #[test]
    fn widened_numbers() {
        assert_eq!(widen(Kind::BF16, &bf16::from_f32(1.5).to_le_bytes()), [1.5]);
        assert_eq!(widen(Kind::F16, &f16::from_f32(-0.25).to_le_bytes()), [-0.25]);
        let mut block = [3u8; BLOCK_BYTES];
        block[..2].copy_from_slice(&f16::from_f32(0.5).to_le_bytes());
        assert_eq!(widen(Kind::Q8_0, &block), [1.5; BLOCK]);
    }
}
