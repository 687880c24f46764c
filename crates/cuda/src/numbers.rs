//! How numbers are stored, on the host and on the card.

use half::{bf16, f16};

use crate::blocks;

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
    /// Blocks of 32 signed bytes with a float16 scale.
    Q8_0 = 3,
    /// Blocks of 256 numbers of 4 bits; each 32 have a scale and an offset.
    Q4K = 4,
    /// The same of 5 bits.
    Q5K = 5,
    /// Blocks of 256 numbers of 6 bits; each 16 have a scale.
    Q6K = 6,
}

/// Numbers that share a scale.
pub(crate) const BLOCK: usize = 32;
/// Bytes of a block in a file: the scale, then the numbers.
const BLOCK_BYTES: usize = 2 + BLOCK;
/// Rows of a tile: all but float32 lies in tiles on the card, in the order in which products read them.
const TILE: usize = 16;

impl Kind {
    /// Part of the kernels' names.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::BF16 => "bf16",
            Self::F16 => "f16",
            Self::Q8_0 => "q8_0",
            Self::Q4K => "q4_k",
            Self::Q5K => "q5_k",
            Self::Q6K => "q6_k",
        }
    }

    /// Whether numbers share factors.
    pub(crate) fn in_blocks(self) -> bool {
        !matches!(self, Self::F32 | Self::BF16 | Self::F16)
    }

    /// Bytes of `count` numbers on the card, with their scales.
    pub(crate) fn bytes_of(self, count: usize) -> usize {
        match (self, blocks::bytes(self)) {
            (_, Some(block)) => count / blocks::NUMBERS * block,
            (Self::F32, _) => 4 * count,
            (Self::Q8_0, _) => count + count / BLOCK * 2,
            _ => 2 * count,
        }
    }

    /// Rows that lie together on the card.
    pub(crate) fn tile(self) -> usize {
        if self == Self::F32 { 1 } else { TILE }
    }

    /// Bytes of `count` numbers in a file; `None` when they are no whole blocks.
    pub fn file_bytes(self, count: usize) -> Option<usize> {
        let (numbers, bytes) = match (self, blocks::bytes(self)) {
            (_, Some(block)) => (blocks::NUMBERS, block),
            (Self::Q8_0, _) => (BLOCK, BLOCK_BYTES),
            (Self::F32, _) => (1, 4),
            _ => (1, 2),
        };
        (count / numbers).checked_mul(bytes).filter(|_| count.is_multiple_of(numbers))
    }

    /// What a row's length must be a multiple of, for the kernels.
    pub(crate) fn step(self) -> usize {
        match self {
            Self::Q8_0 => 2 * BLOCK,
            Self::Q4K | Self::Q5K | Self::Q6K => blocks::NUMBERS,
            _ => BLOCK,
        }
    }
}

/// Numbers of a file, widened; `None` for blocks of 256, which are only multiplied.
pub(crate) fn widen(kind: Kind, bytes: &[u8]) -> Option<Vec<f32>> {
    Some(match kind {
        Kind::F32 => bytes.as_chunks().0.iter().map(|&word| f32::from_le_bytes(word)).collect(),
        Kind::BF16 => bytes.as_chunks().0.iter().map(|&word| bf16::from_le_bytes(word).to_f32()).collect(),
        Kind::F16 => bytes.as_chunks().0.iter().map(|&word| f16::from_le_bytes(word).to_f32()).collect(),
        Kind::Q8_0 => bytes.as_chunks::<BLOCK_BYTES>().0.iter().flat_map(widen_block).collect(),
        Kind::Q4K | Kind::Q5K | Kind::Q6K => return None,
    })
}

fn widen_block(block: &[u8; BLOCK_BYTES]) -> impl Iterator<Item = f32> {
    let scale = f16::from_le_bytes([block[0], block[1]]).to_f32();
    block[2..].iter().map(move |&byte| f32::from(byte as i8) * scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(Kind::Q8_0.file_bytes(64), Some(68));
        assert_eq!(Kind::Q8_0.file_bytes(33), None);
        assert_eq!(Kind::Q8_0.bytes_of(64), 68);
        assert_eq!(Kind::BF16.file_bytes(3), Some(6));
        assert_eq!((Kind::Q4K.file_bytes(512), Kind::Q4K.bytes_of(512)), (Some(288), 288));
        assert_eq!((Kind::Q6K.file_bytes(256), Kind::Q6K.bytes_of(256)), (Some(210), 210));
        assert_eq!(Kind::Q5K.file_bytes(300), None);
    }

    #[test]
    fn widened_numbers() {
        let widen = |kind, bytes: &[u8]| widen(kind, bytes).unwrap();
        assert_eq!(widen(Kind::BF16, &bf16::from_f32(1.5).to_le_bytes()), [1.5]);
        assert_eq!(widen(Kind::F16, &f16::from_f32(-0.25).to_le_bytes()), [-0.25]);
        let mut block = [3u8; BLOCK_BYTES];
        block[..2].copy_from_slice(&f16::from_f32(0.5).to_le_bytes());
        assert_eq!(widen(Kind::Q8_0, &block), [1.5; BLOCK]);
    }
}
