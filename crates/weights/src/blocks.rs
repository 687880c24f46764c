//! Quantized blocks: small integers that share scales, in the layouts of ggml. This is what each of them means, one
//! number at a time; the functions are written so that a caller with vector instructions can have them compiled in.

use std::fmt;
use std::str::FromStr;

/// How the numbers of a quantized block are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BlockType {
    /// 32 numbers of 8 bits with one scale: 8.5 bits for each number.
    Q8_0,
    /// 256 numbers of 6 bits, a scale of 8 bits for every 16: 6.6 bits for each number.
    Q6K,
    /// 256 numbers of 5 bits, a scale and an offset of 6 bits for every 32: 5.5 bits for each number.
    Q5K,
    /// 256 numbers of 4 bits, a scale and an offset of 6 bits for every 32: 4.5 bits for each number.
    Q4K,
}

/// Numbers in a block of the K types.
const K: usize = 256;
const Q8_0_BYTES: usize = 2 + 32;
const Q4_K_BYTES: usize = 4 + 12 + K / 2;
const Q5_K_BYTES: usize = 4 + 12 + K / 8 + K / 2;
const Q6_K_BYTES: usize = K / 2 + K / 4 + K / 16 + 2;

impl BlockType {
    /// Every type, from the finest to the coarsest.
    pub const ALL: [Self; 4] = [Self::Q8_0, Self::Q6K, Self::Q5K, Self::Q4K];

    /// Numbers in a block: 32 or 256.
    #[inline]
    pub fn numbers(self) -> usize {
        match self {
            Self::Q8_0 => 32,
            Self::Q6K | Self::Q5K | Self::Q4K => K,
        }
    }

    /// Bytes of a block.
    #[inline]
    pub fn bytes(self) -> usize {
        match self {
            Self::Q8_0 => Q8_0_BYTES,
            Self::Q6K => Q6_K_BYTES,
            Self::Q5K => Q5_K_BYTES,
            Self::Q4K => Q4_K_BYTES,
        }
    }

    /// Widens whole blocks into as many numbers as they hold. What does not fill a block on either side is left out.
    #[inline(always)]
    pub fn dequantize(self, blocks: &[u8], numbers: &mut [f32]) {
        match self {
            Self::Q8_0 => each_block(blocks, numbers, q8_0),
            Self::Q6K => each_block(blocks, numbers, q6_k),
            Self::Q5K => each_block(blocks, numbers, q5_k),
            Self::Q4K => each_block(blocks, numbers, q4_k),
        }
    }

    /// Takes whole blocks apart into as many integers as they hold numbers, and the scale and the offset of every 32 of
    /// them: a number is about `scale · integer − offset`, but for rounding. Integers of Q6_K have the scales of 8 bits
    /// in them: 13 bits. What does not fill a block on either side is left out.
    pub fn unpack(self, blocks: &[u8], integers: &mut [i16], groups: &mut [Affine]) {
        match self {
            Self::Q8_0 => each_unpacked(blocks, integers, groups, |block: &[u8; Q8_0_BYTES], integers| {
                *integers =
                    block[2..].as_chunks().0.first().map_or([0; 32], |bytes| bytes.map(|byte| i16::from(byte as i8)));
                [Affine { scale: half_at(block, 0), offset: 0.0 }]
            }),
            Self::Q6K => each_unpacked(blocks, integers, groups, |block, integers| {
                *integers = q6_k_integers(block).map(i16::from);
                for (sixteen, scale) in integers.as_chunks_mut::<16>().0.iter_mut().zip(&block[192..208]) {
                    sixteen.iter_mut().for_each(|integer| *integer *= i16::from(*scale as i8));
                }
                [Affine { scale: half_at(block, Q6_K_BYTES - 2), offset: 0.0 }; 8]
            }),
            Self::Q5K => each_unpacked(blocks, integers, groups, |block, integers| {
                *integers = q5_k_integers(block).map(i16::from);
                affines(block)
            }),
            Self::Q4K => each_unpacked(blocks, integers, groups, |block, integers| {
                *integers = q4_k_integers(block).map(i16::from);
                affines(block)
            }),
        }
    }
}

impl fmt::Display for BlockType {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Q8_0 => "q8_0",
            Self::Q6K => "q6_k",
            Self::Q5K => "q5_k",
            Self::Q4K => "q4_k",
        })
    }
}

impl FromStr for BlockType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|block| block.to_string() == text);
        found.ok_or_else(|| "expected q8_0, q6_k, q5_k, q4_k".to_owned())
    }
}

#[inline(always)]
fn each_block<const BYTES: usize, const NUMBERS: usize>(
    blocks: &[u8],
    numbers: &mut [f32],
    widen: impl Fn(&[u8; BYTES], &mut [f32; NUMBERS]),
) {
    for (block, numbers) in blocks.as_chunks().0.iter().zip(numbers.as_chunks_mut().0) {
        widen(block, numbers);
    }
}

fn each_unpacked<const BYTES: usize, const NUMBERS: usize, const GROUPS: usize>(
    blocks: &[u8],
    integers: &mut [i16],
    groups: &mut [Affine],
    unpack: impl Fn(&[u8; BYTES], &mut [i16; NUMBERS]) -> [Affine; GROUPS],
) {
    let blocks = blocks.as_chunks().0.iter().zip(integers.as_chunks_mut().0);
    for ((block, integers), groups) in blocks.zip(groups.as_chunks_mut().0) {
        *groups = unpack(block, integers);
    }
}

/// A float16 at a place of a block.
#[inline(always)]
fn half_at(block: &[u8], at: usize) -> f32 {
    widen(u16::from_le_bytes([block[at], block[at + 1]]))
}

/// A float16 in float32. Unlike that of `half`, this asks nothing of the processor, and so is compiled into its callers.
#[inline(always)]
fn widen(half: u16) -> f32 {
    const INFINITE: u32 = 0x7c00 << 13;
    let magnitude = u32::from(half & 0x7fff) << 13;
    // The exponents of the two types begin 112 apart; multiplying makes subnormal numbers normal, too.
    let rebased = (f32::from_bits(magnitude) * f32::from_bits((127 + 112) << 23)).to_bits();
    let bits = if magnitude >= INFINITE { magnitude | 0x7f80_0000 } else { rebased };
    f32::from_bits(bits | u32::from(half & 0x8000) << 16)
}

/// Scale, then 32 signed bytes.
#[inline(always)]
fn q8_0(block: &[u8; Q8_0_BYTES], numbers: &mut [f32; 32]) {
    let scale = half_at(block, 0);
    for (number, &byte) in numbers.iter_mut().zip(&block[2..]) {
        *number = f32::from(byte as i8) * scale;
    }
}

/// What the numbers of 32 are made of: `scale · q − offset`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Affine {
    /// What an integer counts.
    pub scale: f32,
    /// What is taken off.
    pub offset: f32,
}

/// The eight scales and offsets of a Q4_K or Q5_K block: two float16 factors, then twelve bytes that pack eight
/// scales and eight offsets of 6 bits. The first four have their bytes to themselves; the upper two bits of these
/// belong to the last four, whose lower bits share the last four bytes.
#[inline(always)]
fn affines(block: &[u8]) -> [Affine; 8] {
    let (scale, offset, packed) = (half_at(block, 0), half_at(block, 2), &block[4..16]);
    let mut affines = [Affine::default(); 8];
    for (group, affine) in affines.iter_mut().enumerate() {
        let (scale_bits, offset_bits) = if group < 4 {
            (packed[group] & 63, packed[group + 4] & 63)
        } else {
            let low = packed[group + 4];
            ((low & 15) | (packed[group - 4] >> 6 << 4), (low >> 4) | (packed[group] >> 6 << 4))
        };
        *affine = Affine { scale: scale * f32::from(scale_bits), offset: offset * f32::from(offset_bits) };
    }
    affines
}

/// Groups two by two: 32 bytes hold one in their lower and the next in their upper halves.
#[inline(always)]
fn q4_k_integers(block: &[u8; Q4_K_BYTES]) -> [u8; K] {
    let mut integers = [0; K];
    let pairs = integers.as_chunks_mut::<64>().0;
    for (integers, nibbles) in pairs.iter_mut().zip(block[16..].as_chunks::<32>().0) {
        for lane in 0..32 {
            integers[lane] = nibbles[lane] & 15;
            integers[32 + lane] = nibbles[lane] >> 4;
        }
    }
    integers
}

/// As Q4_K, with a fifth bit: bit `g` of the 32 bytes before belongs to group `g`.
#[inline(always)]
fn q5_k_integers(block: &[u8; Q5_K_BYTES]) -> [u8; K] {
    let mut integers = [0; K];
    let (fifths, nibbles) = (&block[16..48], block[48..].as_chunks::<32>().0);
    for (pair, (integers, nibbles)) in integers.as_chunks_mut::<64>().0.iter_mut().zip(nibbles).enumerate() {
        for lane in 0..32 {
            let bits = fifths[lane] >> (2 * pair);
            integers[lane] = (nibbles[lane] & 15) | (bits & 1) << 4;
            integers[32 + lane] = (nibbles[lane] >> 4) | (bits & 2) << 3;
        }
    }
    integers
}

/// Halves of 128 numbers. In each, 64 bytes hold the lower four bits and 32 bytes the upper two.
#[inline(always)]
fn q6_k_integers(block: &[u8; Q6_K_BYTES]) -> [i8; K] {
    let mut integers = [0; K];
    let (lows, highs) = (block[..128].as_chunks::<64>().0, block[128..192].as_chunks::<32>().0);
    for ((integers, low), high) in integers.as_chunks_mut::<128>().0.iter_mut().zip(lows).zip(highs) {
        for lane in 0..32 {
            let six = [
                (low[lane] & 15) | (high[lane] & 3) << 4,
                (low[lane + 32] & 15) | (high[lane] >> 2 & 3) << 4,
                (low[lane] >> 4) | (high[lane] >> 4 & 3) << 4,
                (low[lane + 32] >> 4) | (high[lane] >> 6) << 4,
            ];
            for (quarter, six) in six.into_iter().enumerate() {
                integers[32 * quarter + lane] = six as i8 - 32;
            }
        }
    }
    integers
}

#[inline(always)]
fn q4_k(block: &[u8; Q4_K_BYTES], numbers: &mut [f32; K]) {
    scaled(&q4_k_integers(block), &affines(block), numbers);
}

#[inline(always)]
fn q5_k(block: &[u8; Q5_K_BYTES], numbers: &mut [f32; K]) {
    scaled(&q5_k_integers(block), &affines(block), numbers);
}

/// Groups of 32 that share a scale and an offset.
#[inline(always)]
fn scaled(integers: &[u8; K], groups: &[Affine; 8], numbers: &mut [f32; K]) {
    let integers = integers.as_chunks::<32>().0.iter().zip(groups);
    for (numbers, (integers, group)) in numbers.as_chunks_mut::<32>().0.iter_mut().zip(integers) {
        for lane in 0..32 {
            numbers[lane] = group.scale * f32::from(integers[lane]) - group.offset;
        }
    }
}

/// Sixteen numbers share a signed scale.
#[inline(always)]
fn q6_k(block: &[u8; Q6_K_BYTES], numbers: &mut [f32; K]) {
    let factor = half_at(block, Q6_K_BYTES - 2);
    let integers = q6_k_integers(block);
    let integers = integers.as_chunks::<16>().0.iter().zip(&block[192..208]);
    for (numbers, (integers, scale)) in numbers.as_chunks_mut::<16>().0.iter_mut().zip(integers) {
        let scale = factor * f32::from(*scale as i8);
        for lane in 0..16 {
            numbers[lane] = scale * f32::from(integers[lane]);
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::quantized::{GgmlDType, QStorage, QTensor};
    use candle_core::{Device, Tensor};
    use half::f16;
    use proptest::prelude::*;

    use super::*;

    fn ggml(block: BlockType) -> GgmlDType {
        match block {
            BlockType::Q8_0 => GgmlDType::Q8_0,
            BlockType::Q6K => GgmlDType::Q6K,
            BlockType::Q5K => GgmlDType::Q5K,
            BlockType::Q4K => GgmlDType::Q4K,
        }
    }

    #[test]
    fn half_precision_widens_exactly() {
        for bits in 0..=u16::MAX {
            let expected = f16::from_bits(bits).to_f32();
            assert!(
                widen(bits).to_bits() == expected.to_bits() || expected.is_nan() && widen(bits).is_nan(),
                "{bits:#06x}"
            );
        }
    }

    #[test]
    fn sizes_are_those_of_ggml() {
        for block in BlockType::ALL {
            let ggml = ggml(block);
            assert_eq!((block.numbers(), block.bytes()), (ggml.block_size(), ggml.type_size()), "{block}");
            assert_eq!(block.to_string().parse(), Ok(block));
        }
        assert!("q3_k".parse::<BlockType>().is_err());
    }

    fn assert_equals_candle(block: BlockType, bytes: &[u8]) {
        let storage = QStorage::from_data(bytes.into(), &Device::Cpu, ggml(block)).unwrap();
        let mut found = vec![0.0; bytes.len() / block.bytes() * block.numbers()];
        let tensor = QTensor::new(storage, found.len()).unwrap().dequantize(&Device::Cpu).unwrap();
        block.dequantize(bytes, &mut found);
        let bits = |numbers: &[f32]| numbers.iter().map(|number| number.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&found), bits(&tensor.to_vec1().unwrap()), "{block}");
    }

    /// Where the float16 factors of a block are.
    fn factors(block: BlockType) -> &'static [usize] {
        match block {
            BlockType::Q8_0 => &[0],
            BlockType::Q5K | BlockType::Q4K => &[0, 2],
            BlockType::Q6K => &[208],
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn quantized_numbers_equal_those_of_candle(numbers in prop::collection::vec(-3f32..3.0, 512)) {
            let tensor = Tensor::new(numbers.as_slice(), &Device::Cpu).unwrap();
            for block in BlockType::ALL {
                assert_equals_candle(block, &QTensor::quantize(&tensor, ggml(block)).unwrap().data().unwrap());
            }
        }

        #[test]
        fn unpacked_integers_make_the_numbers(numbers in prop::collection::vec(-3f32..3.0, 512)) {
            let tensor = Tensor::new(numbers.as_slice(), &Device::Cpu).unwrap();
            for block in BlockType::ALL {
                let bytes = QTensor::quantize(&tensor, ggml(block)).unwrap().data().unwrap().to_vec();
                let (mut widened, mut integers, mut groups) = ([0.0; 512], [0; 512], [Affine::default(); 16]);
                block.dequantize(&bytes, &mut widened);
                block.unpack(&bytes, &mut integers, &mut groups);
                for (place, number) in widened.into_iter().enumerate() {
                    let Affine { scale, offset } = groups[place / 32];
                    let made = scale * f32::from(integers[place]) - offset;
                    prop_assert!((made - number).abs() < 1e-5, "{made} {number} {block}");
                }
            }
        }

        /// Every pattern of bits, with factors that are numbers.
        #[test]
        fn any_bytes_mean_what_they_mean_to_candle(
            bytes in prop::collection::vec(any::<u8>(), Q6_K_BYTES),
            factor in -1000f32..1000.0,
        ) {
            for block in BlockType::ALL {
                let mut bytes = bytes[..block.bytes()].to_vec();
                for &at in factors(block) {
                    bytes[at..at + 2].copy_from_slice(&f16::from_f32(factor).to_le_bytes());
                }
                assert_equals_candle(block, &bytes);
            }
        }
    }
}
