//! What blocks hold, in vectors.

use std::arch::aarch64::*;

use zonos_weights::BlockType;

use crate::kernels::halves::widen_halves;

/// A number for each group of a span.
pub(super) type Eight = [float32x4_t; 2];

/// A span of blocks, a quarter of it at a time: two groups.
pub(in crate::kernels::blocks) trait Blocks {
    /// Which they are.
    const TYPE: BlockType;
    /// Whether there are offsets.
    const OFFSETS: bool;
    /// Whether the sixteens of a group have scales of their own.
    const SIXTEENS: bool = false;

    /// The scales of the groups, and the offsets.
    ///
    /// # Safety
    /// A span of blocks must be readable at `span`.
    unsafe fn factors(span: *const u8) -> (Eight, Eight);

    /// The integers of a quarter, in their order.
    ///
    /// # Safety
    /// As above, and `quarter` must be less than four.
    unsafe fn integers(span: *const u8, quarter: usize) -> [int8x16_t; 4];

    /// The scales of all sixteens, where there are such.
    ///
    /// # Safety
    /// As for [`Self::factors`].
    unsafe fn sixteens(_span: *const u8) -> [i32; 16] {
        [1; 16]
    }
}

/// The lower and the upper halves of bytes.
#[inline]
#[target_feature(enable = "neon")]
fn nibbles(bytes: uint8x16_t) -> [uint8x16_t; 2] {
    [vandq_u8(bytes, vdupq_n_u8(15)), vshrq_n_u8::<4>(bytes)]
}

/// The bits from `bit` on of each byte, moved to place 4 and those after it.
#[inline]
#[target_feature(enable = "neon")]
fn to_fourth(bytes: uint8x16_t, bit: usize) -> uint8x16_t {
    vshlq_u8(bytes, vdupq_n_s8(4 - bit as i8))
}

pub(in crate::kernels::blocks) struct Q8_0;

impl Blocks for Q8_0 {
    const TYPE: BlockType = BlockType::Q8_0;
    const OFFSETS: bool = false;

    #[inline]
    #[target_feature(enable = "neon")]
    unsafe fn factors(span: *const u8) -> (Eight, Eight) {
        // SAFETY: as the trait demands; a block begins with its scale.
        let half = |block: usize| unsafe { span.add(34 * block).cast::<u16>().read_unaligned() };
        let four = |first: usize| {
            let halves = [half(first), half(first + 1), half(first + 2), half(first + 3)];
            // SAFETY: four numbers.
            widen_halves(unsafe { vld1_u16(halves.as_ptr()) })
        };
        ([four(0), four(4)], [vdupq_n_f32(0.0); 2])
    }

    #[inline]
    #[target_feature(enable = "neon")]
    unsafe fn integers(span: *const u8, quarter: usize) -> [int8x16_t; 4] {
        // SAFETY: as the trait demands; 32 bytes follow each scale.
        let sixteen = |at: usize| unsafe { vld1q_s8(span.add(68 * quarter + at).cast()) };
        [sixteen(2), sixteen(18), sixteen(36), sixteen(52)]
    }
}

pub(in crate::kernels::blocks) struct Q4K;

impl Blocks for Q4K {
    const TYPE: BlockType = BlockType::Q4K;
    const OFFSETS: bool = true;

    #[inline]
    #[target_feature(enable = "neon")]
    unsafe fn factors(span: *const u8) -> (Eight, Eight) {
        // SAFETY: as the trait demands.
        unsafe { affines(span) }
    }

    #[inline]
    #[target_feature(enable = "neon")]
    unsafe fn integers(span: *const u8, quarter: usize) -> [int8x16_t; 4] {
        // SAFETY: as the trait demands; 128 bytes after the first 16.
        let both = |part: usize| nibbles(unsafe { vld1q_u8(span.add(16 + 32 * quarter + 16 * part)) });
        let ([a, c], [b, d]) = (both(0), both(1));
        [a, b, c, d].map(|four| vreinterpretq_s8_u8(four))
    }
}

pub(in crate::kernels::blocks) struct Q5K;

impl Blocks for Q5K {
    const TYPE: BlockType = BlockType::Q5K;
    const OFFSETS: bool = true;

    #[inline]
    #[target_feature(enable = "neon")]
    unsafe fn factors(span: *const u8) -> (Eight, Eight) {
        // SAFETY: as the trait demands.
        unsafe { affines(span) }
    }

    #[inline]
    #[target_feature(enable = "neon")]
    unsafe fn integers(span: *const u8, quarter: usize) -> [int8x16_t; 4] {
        // SAFETY: as the trait demands; 32 bytes of fifth bits after the first 16, then 128 bytes.
        let bytes = |at: usize| unsafe { vld1q_u8(span.add(at)) };
        let both = |part: usize| {
            let (fifths, fours) = (bytes(16 + 16 * part), nibbles(bytes(48 + 32 * quarter + 16 * part)));
            let five = |four, bit| vorrq_u8(four, vandq_u8(to_fourth(fifths, bit), vdupq_n_u8(16)));
            [five(fours[0], 2 * quarter), five(fours[1], 2 * quarter + 1)]
        };
        let ([a, c], [b, d]) = (both(0), both(1));
        [a, b, c, d].map(|five| vreinterpretq_s8_u8(five))
    }
}

pub(in crate::kernels::blocks) struct Q6K;

impl Blocks for Q6K {
    const TYPE: BlockType = BlockType::Q6K;
    const OFFSETS: bool = false;
    const SIXTEENS: bool = true;

    #[inline]
    #[target_feature(enable = "neon")]
    unsafe fn factors(span: *const u8) -> (Eight, Eight) {
        // SAFETY: as the trait demands.
        let half = unsafe { span.add(208).cast::<u16>().read_unaligned() };
        ([widen_halves(vdup_n_u16(half)); 2], [vdupq_n_f32(0.0); 2])
    }

    #[inline]
    #[target_feature(enable = "neon")]
    unsafe fn integers(span: *const u8, quarter: usize) -> [int8x16_t; 4] {
        let (half, upper) = (quarter / 2, quarter % 2);
        // SAFETY: as the trait demands; low bits take 128 bytes, high bits the 64 after.
        let bytes = |at: usize| unsafe { vld1q_u8(span.add(at)) };
        let sixteen = |place: usize| {
            let four = nibbles(bytes(64 * half + 16 * place))[upper];
            let two = to_fourth(bytes(128 + 32 * half + 16 * (place % 2)), 4 * upper + place / 2 * 2);
            let six = vorrq_u8(four, vandq_u8(two, vdupq_n_u8(0x30)));
            vsubq_s8(vreinterpretq_s8_u8(six), vdupq_n_s8(32))
        };
        [sixteen(0), sixteen(1), sixteen(2), sixteen(3)]
    }

    #[inline]
    #[target_feature(enable = "neon")]
    unsafe fn sixteens(span: *const u8) -> [i32; 16] {
        // SAFETY: as the trait demands; sixteen scales after the bits.
        let scales = unsafe { vld1q_s8(span.add(192).cast()) };
        let (low, high) = (vmovl_s8(vget_low_s8(scales)), vmovl_high_s8(scales));
        let four =
            [vmovl_s16(vget_low_s16(low)), vmovl_high_s16(low), vmovl_s16(vget_low_s16(high)), vmovl_high_s16(high)];
        let mut sixteens = [0; 16];
        for part in 0..4 {
            // SAFETY: room for sixteen numbers.
            unsafe { vst1q_s32(sixteens.as_mut_ptr().add(4 * part), four[part]) };
        }
        sixteens
    }
}

/// Eight scales and eight offsets of a Q4_K or Q5_K block.
///
/// # Safety
/// Sixteen bytes must be readable at `block`.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn affines(block: *const u8) -> (Eight, Eight) {
    // SAFETY: as demanded.
    let (halves, first, last) = unsafe {
        let last = block.add(12).cast::<u32>().read_unaligned();
        (block.cast::<u32>().read_unaligned(), vld1_u8(block.add(4)), vreinterpret_u8_u32(vdup_n_u32(last)))
    };
    // Four scales and four offsets have six bits of a byte each; the upper bits of the other four are in the same bytes,
    // their lower ones share the last four bytes.
    let low = vand_u8(first, vdup_n_u8(63));
    let four = vand_u8(vshl_u8(last, vcreate_s8(0xfcfc_fcfc_0000_0000)), vdup_n_u8(15));
    let high = vorr_u8(four, vand_u8(vshr_n_u8::<2>(first), vdup_n_u8(0x30)));
    let (low, high) = (vreinterpret_u32_u8(low), vreinterpret_u32_u8(high));
    let factors = widen_halves(vreinterpret_u16_u32(vdup_n_u32(halves)));
    let (scale, offset) = (vdupq_laneq_f32::<0>(factors), vdupq_laneq_f32::<1>(factors));
    (times(vzip1_u32(low, high), scale), times(vzip2_u32(low, high), offset))
}

/// Eight bytes times a factor.
#[inline]
#[target_feature(enable = "neon")]
fn times(bytes: uint32x2_t, factor: float32x4_t) -> Eight {
    let words = vmovl_u8(vreinterpret_u8_u32(bytes));
    let four = [vmovl_u16(vget_low_u16(words)), vmovl_high_u16(words)];
    four.map(|four| vmulq_f32(vcvtq_f32_u32(four), factor))
}
