//! Exact products of bytes with activations of 15 bits, by what the processor has.

use std::arch::aarch64::*;
use std::arch::asm;

use super::panel::{OCTET, Octet};
use crate::kernels::blocks::rounded::Span;

/// A way to multiply.
pub(in crate::kernels::blocks) trait Products {
    /// Calls a function compiled for these instructions: it must be inlined always.
    ///
    /// # Safety
    /// The processor must have the instructions.
    unsafe fn compiled<R>(function: impl FnOnce() -> R) -> R;

    /// The products of some sixteens of weights with the activations from `at` on, added up to four numbers.
    ///
    /// # Safety
    /// The processor must have the instructions, and the span as many numbers from `at` on.
    unsafe fn row<const N: usize>(weights: [int8x16_t; N], x: Span, at: usize) -> int32x4_t;

    /// Those of eight rows of a panel, from row `first` on, some octets of each, with the activations from `at` on: a sum
    /// for each row, four together.
    ///
    /// # Safety
    /// As above, and the panel must have the rows.
    unsafe fn eight_rows<const C: usize>(
        octets: &[Octet],
        first: usize,
        x: [Span; C],
        at: usize,
    ) -> [[int32x4_t; 2]; C];
}

/// By words of 16 bits, on every processor.
pub(in crate::kernels::blocks) struct Words;

impl Products for Words {
    #[target_feature(enable = "neon")]
    unsafe fn compiled<R>(function: impl FnOnce() -> R) -> R {
        function()
    }

    #[inline]
    #[target_feature(enable = "neon")]
    unsafe fn row<const N: usize>(weights: [int8x16_t; N], x: Span, at: usize) -> int32x4_t {
        let mut sums = [vdupq_n_s32(0); 2];
        for index in 0..N {
            let words = [vmovl_s8(vget_low_s8(weights[index])), vmovl_high_s8(weights[index])];
            for half in 0..2 {
                // SAFETY: as the trait demands.
                let x = unsafe { vld1q_s16(x.numbers.as_ptr().add(at + 16 * index + OCTET * half)) };
                sums[half] = multiply_words(sums[half], words[half], x);
            }
        }
        vaddq_s32(sums[0], sums[1])
    }

    #[inline]
    #[target_feature(enable = "neon")]
    unsafe fn eight_rows<const C: usize>(
        octets: &[Octet],
        first: usize,
        x: [Span; C],
        at: usize,
    ) -> [[int32x4_t; 2]; C] {
        let mut results = [[vdupq_n_s32(0); 2]; C];
        for four in 0..2 {
            let mut sums = [[vdupq_n_s32(0); 4]; C];
            for (index, octet) in octets.iter().enumerate() {
                let words = four_rows(octet, first + 4 * four);
                for c in 0..C {
                    // SAFETY: as the trait demands.
                    let x = unsafe { vld1q_s16(x[c].numbers.as_ptr().add(at + OCTET * index)) };
                    for row in 0..4 {
                        sums[c][row] = multiply_words(sums[c][row], words[row], x);
                    }
                }
            }
            for c in 0..C {
                results[c][four] = add_across(sums[c]);
            }
        }
        results
    }
}

/// Two rows of an octet.
#[inline]
#[target_feature(enable = "neon")]
fn two_rows(octet: &Octet, first: usize) -> int8x16_t {
    let rows = &octet.0[first..first + 2];
    // SAFETY: sixteen numbers.
    unsafe { vld1q_s8(rows.as_ptr().cast()) }
}

/// Four rows of an octet as words.
#[inline]
#[target_feature(enable = "neon")]
fn four_rows(octet: &Octet, first: usize) -> [int16x8_t; 4] {
    let (two, more) = (two_rows(octet, first), two_rows(octet, first + 2));
    [vmovl_s8(vget_low_s8(two)), vmovl_high_s8(two), vmovl_s8(vget_low_s8(more)), vmovl_high_s8(more)]
}

/// Eight rows of an octet, two by two.
#[inline]
#[target_feature(enable = "neon")]
fn by_twos(octet: &Octet, first: usize) -> [int8x16_t; 4] {
    [two_rows(octet, first), two_rows(octet, first + 2), two_rows(octet, first + 4), two_rows(octet, first + 6)]
}

/// The sum of each of four vectors.
#[inline]
#[target_feature(enable = "neon")]
pub(super) fn add_across([a, b, c, d]: [int32x4_t; 4]) -> int32x4_t {
    vpaddq_s32(vpaddq_s32(a, b), vpaddq_s32(c, d))
}

#[inline]
#[target_feature(enable = "neon")]
fn multiply_words(sum: int32x4_t, weights: int16x8_t, x: int16x8_t) -> int32x4_t {
    vmlal_high_s16(vmlal_s16(sum, vget_low_s16(weights), vget_low_s16(x)), weights, x)
}

/// By the dot products of four bytes. A sum of upper bytes counts 256 times, and then the lower ones come to it.
pub(in crate::kernels::blocks) struct Dot;

impl Products for Dot {
    #[target_feature(enable = "neon,dotprod")]
    unsafe fn compiled<R>(function: impl FnOnce() -> R) -> R {
        function()
    }

    #[inline]
    #[target_feature(enable = "neon,dotprod")]
    unsafe fn row<const N: usize>(weights: [int8x16_t; N], x: Span, at: usize) -> int32x4_t {
        let mut sum = vdupq_n_s32(0);
        for bytes in x.bytes {
            sum = vshlq_n_s32::<8>(sum);
            for index in 0..N {
                // SAFETY: as the trait demands.
                let x = unsafe { vld1q_s8(bytes.as_ptr().add(at + 16 * index)) };
                sum = dot_bytes(sum, weights[index], x);
            }
        }
        sum
    }

    #[inline]
    #[target_feature(enable = "neon,dotprod")]
    unsafe fn eight_rows<const C: usize>(
        octets: &[Octet],
        first: usize,
        x: [Span; C],
        at: usize,
    ) -> [[int32x4_t; 2]; C] {
        let mut sums = [[vdupq_n_s32(0); 4]; C];
        for byte in 0..2 {
            for c in 0..C {
                for two in 0..4 {
                    sums[c][two] = vshlq_n_s32::<8>(sums[c][two]);
                }
            }
            for (index, octet) in octets.iter().enumerate() {
                let weights = by_twos(octet, first);
                for c in 0..C {
                    // SAFETY: as the trait demands.
                    let x = unsafe { vld1q_dup_s64(x[c].bytes[byte].as_ptr().add(at + OCTET * index).cast()) };
                    for two in 0..4 {
                        sums[c][two] = dot_bytes(sums[c][two], weights[two], vreinterpretq_s8_s64(x));
                    }
                }
            }
        }
        let mut results = [[vdupq_n_s32(0); 2]; C];
        for c in 0..C {
            results[c] = [vpaddq_s32(sums[c][0], sums[c][1]), vpaddq_s32(sums[c][2], sums[c][3])];
        }
        results
    }
}

/// Adds the dot products of four bytes each. The compiler's own function is not stable yet.
#[inline]
#[target_feature(enable = "neon,dotprod")]
fn dot_bytes(sum: int32x4_t, weights: int8x16_t, x: int8x16_t) -> int32x4_t {
    let mut sum = sum;
    // SAFETY: it works on registers only, and callers see that the processor has the instruction.
    unsafe {
        asm!(
            "sdot {sum:v}.4s, {weights:v}.16b, {x:v}.16b",
            sum = inout(vreg) sum, weights = in(vreg) weights, x = in(vreg) x,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sum
}

/// Panels by products of small matrices: two rows of weights with the two bytes of eight activations at once.
pub(in crate::kernels::blocks) struct Matrix;

impl Products for Matrix {
    #[target_feature(enable = "neon,dotprod,i8mm")]
    unsafe fn compiled<R>(function: impl FnOnce() -> R) -> R {
        function()
    }

    #[inline]
    #[target_feature(enable = "neon,dotprod,i8mm")]
    unsafe fn row<const N: usize>(weights: [int8x16_t; N], x: Span, at: usize) -> int32x4_t {
        // SAFETY: as the trait demands; a processor that multiplies matrices has dot products.
        unsafe { Dot::row(weights, x, at) }
    }

    #[inline]
    #[target_feature(enable = "neon,dotprod,i8mm")]
    unsafe fn eight_rows<const C: usize>(
        octets: &[Octet],
        first: usize,
        x: [Span; C],
        at: usize,
    ) -> [[int32x4_t; 2]; C] {
        // Of each two rows the sum with upper bytes, that with lower ones, and both of the second row.
        let mut sums = [[vdupq_n_s32(0); 4]; C];
        for (index, octet) in octets.iter().enumerate() {
            let weights = by_twos(octet, first);
            for c in 0..C {
                // SAFETY: as the trait demands.
                let byte = |byte: usize| unsafe { vld1_s8(x[c].bytes[byte].as_ptr().add(at + OCTET * index)) };
                let x = vcombine_s8(byte(0), byte(1));
                for two in 0..4 {
                    sums[c][two] = multiply_matrices(sums[c][two], weights[two], x);
                }
            }
        }
        let mut results = [[vdupq_n_s32(0); 2]; C];
        for c in 0..C {
            for four in 0..2 {
                let (first, second) = (sums[c][2 * four], sums[c][2 * four + 1]);
                let upper = vshlq_n_s32::<8>(vuzp1q_s32(first, second));
                results[c][four] = vaddq_s32(upper, vuzp2q_s32(first, second));
            }
        }
        results
    }
}

/// Adds the product of 2 × 8 and 8 × 2 bytes. The compiler's own function is not stable yet.
#[inline]
#[target_feature(enable = "neon,i8mm")]
fn multiply_matrices(sum: int32x4_t, weights: int8x16_t, x: int8x16_t) -> int32x4_t {
    let mut sum = sum;
    // SAFETY: it works on registers only, and callers see that the processor has the instruction.
    unsafe {
        asm!(
            "smmla {sum:v}.4s, {weights:v}.16b, {x:v}.16b",
            sum = inout(vreg) sum, weights = in(vreg) weights, x = in(vreg) x,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sum
}
