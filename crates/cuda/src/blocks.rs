//! Blocks of 256 numbers that share factors, from the order of files to that of the card.
//!
//! A block has its scales first, then what each lane of a warp reads of it, together, then its factor. The card brings
//! these pieces to their places in tiles: the kernels' `blocks.cuh` says where. Nothing is rounded and no byte is added.

use std::num::NonZero;
use std::thread;

use crate::Kind;

/// Numbers of a block.
pub(crate) const NUMBERS: usize = 256;
/// Bytes of a block's scales on the card.
const SCALES: usize = 16;
/// Bytes of its lower bits, four of each number.
const LOWER: usize = NUMBERS / 2;
/// Blocks that a thread arranges at least.
const FEW: usize = 1 << 12;

/// Bytes of a block; `None` for what is not in such blocks.
pub(crate) fn bytes(kind: Kind) -> Option<usize> {
    match kind {
        Kind::Q4K => Some(144),
        Kind::Q5K => Some(176),
        Kind::Q6K => Some(210),
        _ => None,
    }
}

/// The blocks of a file in the order that the card takes, from which it brings them to their places; `None` for what is
/// not in such blocks.
pub(crate) fn arrange(kind: Kind, file: &[u8]) -> Option<Vec<u8>> {
    let block = bytes(kind)?;
    let mut blocks = vec![0; file.len() / block * block];
    let share = (file.len() / block).div_ceil(thread::available_parallelism().map_or(1, NonZero::get)).max(FEW);
    thread::scope(|scope| {
        for (from, to) in file.chunks(share * block).zip(blocks.chunks_mut(share * block)) {
            scope.spawn(move || {
                from.chunks_exact(block).zip(to.chunks_exact_mut(block)).for_each(|(from, to)| one(kind, from, to));
            });
        }
    });
    Some(blocks)
}

fn one(kind: Kind, from: &[u8], to: &mut [u8]) {
    let (scales, bits) = to.split_at_mut(SCALES);
    let (lower, upper) = bits.split_at_mut(LOWER);
    match kind {
        Kind::Q6K => {
            let (upper, factor) = upper.split_at_mut(NUMBERS / 4);
            scales.copy_from_slice(&from[192..208]);
            factor.copy_from_slice(&from[208..]);
            fill(lower, 4, |number| six_lower(from, number));
            fill(upper, 2, |number| six_upper(from, number));
        }
        Kind::Q5K => {
            scales.copy_from_slice(&from[..SCALES]);
            fill(lower, 4, |number| nibble(&from[48..], number));
            fill(upper, 1, |number| from[16 + number % 32] >> (number / 32) & 1);
        }
        _ => {
            scales.copy_from_slice(&from[..SCALES]);
            fill(lower, 4, |number| nibble(&from[16..], number));
        }
    }
}

/// Four bits of a number in Q4_K and Q5_K: 32 bytes hold 32 numbers in their lower and the next 32 in their upper halves.
fn nibble(bytes: &[u8], number: usize) -> u8 {
    bytes[number / 64 * 32 + number % 32] >> (number % 64 / 32 * 4) & 15
}

/// The lower four bits of a number in Q6_K: of each 128, 64 bytes hold the first 64 in their lower halves.
fn six_lower(block: &[u8], number: usize) -> u8 {
    block[number / 128 * 64 + number % 64] >> (number % 128 / 64 * 4) & 15
}

/// Its upper two bits: of each 128, 32 bytes hold four each, 32 numbers apart.
fn six_upper(block: &[u8], number: usize) -> u8 {
    block[128 + number / 128 * 32 + number % 32] >> (number % 128 / 32 * 2) & 3
}

/// Sets `bits` bits of each number, in the order in which lanes read them: of each half of a block and each quarter of a
/// warp's lanes, of every 32 numbers eight.
fn fill(to: &mut [u8], bits: usize, of: impl Fn(usize) -> u8) {
    for (place, eight) in to.chunks_exact_mut(bits).enumerate() {
        let (half, quarter, group) = (place / 16, place / 4 % 4, place % 4);
        let first = 128 * half + 32 * group + 4 * quarter;
        let mut word = 0u32;
        for index in 0..8 {
            // Four of the first sixteen, four of the last; pairs of neighbours lie half a word apart.
            let number = first + index % 4 + index / 4 * 16;
            word |= u32::from(of(number)) << (bits * (index / 2 + index % 2 * 4));
        }
        eight.copy_from_slice(&word.to_le_bytes()[..bits]);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use half::f16;
    use proptest::prelude::*;

    use super::*;

    pub(crate) const KINDS: [Kind; 3] = [Kind::Q4K, Kind::Q5K, Kind::Q6K];

    /// The numbers of a file's block, by the format's description.
    pub(crate) fn widened(kind: Kind, block: &[u8]) -> Vec<f32> {
        let half = |at: usize| f16::from_le_bytes([block[at], block[at + 1]]).to_f32();
        let six_bits = |group: usize| {
            let packed = &block[4..16];
            match group {
                0..4 => (packed[group] & 63, packed[group + 4] & 63),
                _ => (
                    packed[group + 4] & 15 | packed[group - 4] >> 6 << 4,
                    packed[group + 4] >> 4 | packed[group] >> 6 << 4,
                ),
            }
        };
        let number = |number: usize| match kind {
            Kind::Q6K => {
                let six = six_lower(block, number) | six_upper(block, number) << 4;
                half(208) * f32::from(block[192 + number / 16] as i8) * (f32::from(six) - 32.0)
            }
            _ => {
                let (scale, offset) = six_bits(number / 32);
                let five = if kind == Kind::Q5K { block[16 + number % 32] >> (number / 32) & 1 } else { 0 };
                let bits = nibble(&block[if kind == Kind::Q5K { 48 } else { 16 }..], number) | five << 4;
                half(0) * f32::from(scale) * f32::from(bits) - half(2) * f32::from(offset)
            }
        };
        (0..NUMBERS).map(number).collect()
    }

    /// The number that a lane of the kernels reads.
    fn read(kind: Kind, block: &[u8], number: usize) -> u8 {
        let (half, group, within) = (number / 128, number % 128 / 32, number % 32);
        let (quarter, index) = (within % 16 / 4, within % 4 + within / 16 * 4);
        let place = (half * 4 + quarter) * 4 + group;
        let bits = |from: &[u8], width: usize| {
            let mut word = [0; 4];
            word[..width].copy_from_slice(&from[place * width..][..width]);
            (u32::from_le_bytes(word) >> (width * (index / 2 + index % 2 * 4)) & ((1 << width) - 1)) as u8
        };
        let (lower, upper) = block[SCALES..].split_at(LOWER);
        match kind {
            Kind::Q4K => bits(lower, 4),
            Kind::Q5K => bits(lower, 4) | bits(upper, 1) << 4,
            _ => bits(lower, 4) | bits(upper, 2) << 4,
        }
    }

    proptest! {
        #[test]
        fn arranged_blocks_hold_the_same_numbers(bytes in prop::collection::vec(any::<u8>(), 2 * 210)) {
            for kind in KINDS {
                let block = super::bytes(kind).unwrap();
                let file = &bytes[..2 * block];
                let blocks = arrange(kind, file).unwrap();
                prop_assert_eq!(blocks.len(), file.len());
                for (from, to) in file.chunks(block).zip(blocks.chunks(block)) {
                    for number in 0..NUMBERS {
                        let expected = match kind {
                            Kind::Q4K => nibble(&from[16..], number),
                            Kind::Q5K => nibble(&from[48..], number) | (from[16 + number % 32] >> (number / 32) & 1) << 4,
                            _ => six_lower(from, number) | six_upper(from, number) << 4,
                        };
                        prop_assert_eq!(read(kind, to, number), expected);
                    }
                }
            }
        }
    }

    #[test]
    fn scales_come_first_and_a_factor_last() {
        let file: Vec<u8> = (0..210).map(|byte| byte as u8).collect();
        let blocks = arrange(Kind::Q6K, &file).unwrap();
        assert_eq!((&blocks[..SCALES], &blocks[208..]), (&file[192..208], &file[208..]));
    }
}
