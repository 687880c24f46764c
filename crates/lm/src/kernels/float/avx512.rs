//! Products by AVX-512.

use std::arch::x86_64::*;

use half::{bf16, f16};

use super::element::Element;
use super::multiply::{PAIR, Tiles};
use super::{LANES, Lanes};

/// Loading and widening a vector of sixteen numbers.
pub(crate) trait Load: Sized {
    /// # Safety
    /// They must be readable at `at`, and the processor must have AVX-512F.
    unsafe fn load16(at: *const Self) -> __m512;
}

impl Load for f32 {
    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn load16(at: *const Self) -> __m512 {
        // SAFETY: as the trait demands.
        unsafe { _mm512_loadu_ps(at) }
    }
}

impl Load for bf16 {
    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn load16(at: *const Self) -> __m512 {
        // SAFETY: as the trait demands.
        let bits = unsafe { _mm256_loadu_si256(at.cast()) };
        _mm512_castsi512_ps(_mm512_slli_epi32::<16>(_mm512_cvtepu16_epi32(bits)))
    }
}

impl Load for f16 {
    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn load16(at: *const Self) -> __m512 {
        // SAFETY: as the trait demands.
        _mm512_cvtph_ps(unsafe { _mm256_loadu_si256(at.cast()) })
    }
}

/// How far ahead of what is multiplied memory is asked for, in bytes.
const AHEAD: usize = 2048;

/// Sixteen numbers at a time.
pub(super) struct Avx512;

impl Tiles for Avx512 {
    const MOST: usize = 8;

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
#[target_feature(enable = "avx512f")]
unsafe fn tile<T: Element, const C: usize, const MEMORY: bool>(
    weights: [&[T]; PAIR],
    x: [&[f32]; C],
    sums: [&mut [Lanes; PAIR]; C],
) {
    let mut totals = [[_mm512_setzero_ps(); PAIR]; C];
    for c in 0..C {
        for row in 0..PAIR {
            // SAFETY: all of the lanes.
            totals[c][row] = unsafe { _mm512_loadu_ps(sums[c][row].as_ptr()) };
        }
    }
    for at in (0..weights[0].len()).step_by(LANES) {
        // SAFETY: all rows hold whole lanes.
        let loaded = unsafe { [T::load16(weights[0].as_ptr().add(at)), T::load16(weights[1].as_ptr().add(at))] };
        for c in 0..C {
            // SAFETY: as above.
            let x = unsafe { _mm512_loadu_ps(x[c].as_ptr().add(at)) };
            totals[c][0] = _mm512_fmadd_ps(loaded[0], x, totals[c][0]);
            totals[c][1] = _mm512_fmadd_ps(loaded[1], x, totals[c][1]);
        }
        if MEMORY {
            for weights in weights {
                _mm_prefetch::<_MM_HINT_T0>(weights.as_ptr().wrapping_add(at).cast::<i8>().wrapping_add(AHEAD));
            }
        }
    }
    for c in 0..C {
        for row in 0..PAIR {
            // SAFETY: all of the lanes.
            unsafe { _mm512_storeu_ps(sums[c][row].as_mut_ptr(), totals[c][row]) };
        }
    }
}

/// Widens numbers.
///
/// # Safety
/// `to` must have room for all, and the processor must have AVX-512F.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn widen<T: Element>(from: &[T], to: &mut [f32]) {
    let whole = from.len() / LANES * LANES;
    for at in (0..whole).step_by(LANES) {
        // SAFETY: sixteen numbers are there, and room for them.
        unsafe { _mm512_storeu_ps(to.as_mut_ptr().add(at), T::load16(from.as_ptr().add(at))) };
    }
    to[whole..].iter_mut().zip(&from[whole..]).for_each(|(to, from)| *to = from.widen());
}
