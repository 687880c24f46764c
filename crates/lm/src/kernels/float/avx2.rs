//! Products by AVX2.

use std::arch::x86_64::*;

use half::{bf16, f16};

use super::element::Element;
use super::multiply::{PAIR, Tiles};
use super::{LANES, Lanes};

/// Loading and widening a vector of eight numbers.
pub(crate) trait Load: Sized {
    /// # Safety
    /// They must be readable at `at`, and the processor must have AVX2 and F16C.
    unsafe fn load8(at: *const Self) -> __m256;
}

impl Load for f32 {
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn load8(at: *const Self) -> __m256 {
        // SAFETY: as the trait demands.
        unsafe { _mm256_loadu_ps(at) }
    }
}

impl Load for bf16 {
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn load8(at: *const Self) -> __m256 {
        // SAFETY: as the trait demands.
        let bits = unsafe { _mm_loadu_si128(at.cast()) };
        _mm256_castsi256_ps(_mm256_slli_epi32::<16>(_mm256_cvtepu16_epi32(bits)))
    }
}

impl Load for f16 {
    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn load8(at: *const Self) -> __m256 {
        // SAFETY: as the trait demands.
        _mm256_cvtph_ps(unsafe { _mm_loadu_si128(at.cast()) })
    }
}

/// How far ahead of what is multiplied memory is asked for, in bytes.
const AHEAD: usize = 2048;

/// Eight numbers at a time.
pub(super) struct Avx2;

impl Tiles for Avx2 {
    const MOST: usize = 3;

    unsafe fn tile<T: Element, const C: usize, const MEMORY: bool>(
        weights: [&[T]; PAIR],
        x: [&[f32]; C],
        sums: [&mut [Lanes; PAIR]; C],
    ) {
        // SAFETY: as the trait demands.
        unsafe { tile::<T, C, MEMORY>(weights, x, sums) }
    }
}

/// # Safety
/// As for [`Tiles::tile`].
#[target_feature(enable = "avx2,fma,f16c")]
unsafe fn tile<T: Element, const C: usize, const MEMORY: bool>(
    weights: [&[T]; PAIR],
    x: [&[f32]; C],
    sums: [&mut [Lanes; PAIR]; C],
) {
    let mut totals = [[[_mm256_setzero_ps(); 2]; PAIR]; C];
    for c in 0..C {
        for row in 0..PAIR {
            for half in 0..2 {
                // SAFETY: half of the lanes.
                totals[c][row][half] = unsafe { _mm256_loadu_ps(sums[c][row].as_ptr().add(8 * half)) };
            }
        }
    }
    for at in (0..weights[0].len()).step_by(LANES) {
        for half in 0..2 {
            let at = at + 8 * half;
            // SAFETY: all rows hold whole lanes.
            let loaded = unsafe { [T::load8(weights[0].as_ptr().add(at)), T::load8(weights[1].as_ptr().add(at))] };
            for c in 0..C {
                // SAFETY: as above.
                let x = unsafe { _mm256_loadu_ps(x[c].as_ptr().add(at)) };
                totals[c][0][half] = _mm256_fmadd_ps(loaded[0], x, totals[c][0][half]);
                totals[c][1][half] = _mm256_fmadd_ps(loaded[1], x, totals[c][1][half]);
            }
        }
        if MEMORY {
            for weights in weights {
                _mm_prefetch::<_MM_HINT_T0>(weights.as_ptr().wrapping_add(at).cast::<i8>().wrapping_add(AHEAD));
            }
        }
    }
    for c in 0..C {
        for row in 0..PAIR {
            for half in 0..2 {
                // SAFETY: half of the lanes.
                unsafe { _mm256_storeu_ps(sums[c][row].as_mut_ptr().add(8 * half), totals[c][row][half]) };
            }
        }
    }
}

/// Widens numbers.
///
/// # Safety
/// `to` must have room for all, and the processor must have AVX2 and F16C.
#[target_feature(enable = "avx2,f16c")]
pub(super) unsafe fn widen<T: Element>(from: &[T], to: &mut [f32]) {
    let whole = from.len() / 8 * 8;
    for at in (0..whole).step_by(8) {
        // SAFETY: eight numbers are there, and room for them.
        unsafe { _mm256_storeu_ps(to.as_mut_ptr().add(at), T::load8(from.as_ptr().add(at))) };
    }
    to[whole..].iter_mut().zip(&from[whole..]).for_each(|(to, from)| *to = from.widen());
}
