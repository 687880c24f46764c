//! Products by the vectors of 64-bit ARM processors.

use std::arch::aarch64::*;

use half::{bf16, f16};

use super::element::Element;
use super::multiply::{PAIR, Tiles};
use super::{LANES, Lanes, plain};
use crate::kernels::halves::widen_halves;

/// Loading and widening a vector of four numbers.
pub(crate) trait Load: Sized {
    /// # Safety
    /// They must be readable at `at`.
    unsafe fn load4(at: *const Self) -> float32x4_t;
}

impl Load for f32 {
    #[inline]
    #[target_feature(enable = "neon")]
    unsafe fn load4(at: *const Self) -> float32x4_t {
        // SAFETY: as the trait demands.
        unsafe { vld1q_f32(at) }
    }
}

impl Load for bf16 {
    #[inline]
    #[target_feature(enable = "neon")]
    unsafe fn load4(at: *const Self) -> float32x4_t {
        // SAFETY: as the trait demands.
        let bits = unsafe { vld1_u16(at.cast()) };
        vreinterpretq_f32_u32(vshlq_n_u32::<16>(vmovl_u16(bits)))
    }
}

impl Load for f16 {
    #[inline]
    #[target_feature(enable = "neon")]
    unsafe fn load4(at: *const Self) -> float32x4_t {
        // SAFETY: as the trait demands.
        widen_halves(unsafe { vld1_u16(at.cast()) })
    }
}

/// Vectors in the lanes.
const VECTORS: usize = LANES / 4;

/// Four numbers at a time.
pub(super) struct Neon;

impl Tiles for Neon {
    const MOST: usize = 3;

    unsafe fn tile<T: Element, const C: usize, const MEMORY: bool>(
        weights: [&[T]; PAIR],
        x: [&[f32]; C],
        sums: [&mut [Lanes; PAIR]; C],
    ) {
        // SAFETY: as the trait demands.
        unsafe { tile(weights, x, sums) }
    }
}

/// # Safety
/// As for [`Tiles::tile`].
#[target_feature(enable = "neon")]
unsafe fn tile<T: Element, const C: usize>(weights: [&[T]; PAIR], x: [&[f32]; C], sums: [&mut [Lanes; PAIR]; C]) {
    let mut totals = [[[vdupq_n_f32(0.0); VECTORS]; PAIR]; C];
    for c in 0..C {
        for row in 0..PAIR {
            for vector in 0..VECTORS {
                // SAFETY: a quarter of the lanes.
                totals[c][row][vector] = unsafe { vld1q_f32(sums[c][row].as_ptr().add(4 * vector)) };
            }
        }
    }
    for at in (0..weights[0].len()).step_by(LANES) {
        for vector in 0..VECTORS {
            let at = at + 4 * vector;
            // SAFETY: all rows hold whole lanes.
            let loaded = unsafe { [T::load4(weights[0].as_ptr().add(at)), T::load4(weights[1].as_ptr().add(at))] };
            for c in 0..C {
                // SAFETY: as above.
                let x = unsafe { vld1q_f32(x[c].as_ptr().add(at)) };
                totals[c][0][vector] = vfmaq_f32(totals[c][0][vector], loaded[0], x);
                totals[c][1][vector] = vfmaq_f32(totals[c][1][vector], loaded[1], x);
            }
        }
    }
    for c in 0..C {
        for row in 0..PAIR {
            for vector in 0..VECTORS {
                // SAFETY: a quarter of the lanes.
                unsafe { vst1q_f32(sums[c][row].as_mut_ptr().add(4 * vector), totals[c][row][vector]) };
            }
        }
    }
}

/// Widens numbers.
///
/// # Safety
/// `to` must have room for all.
#[target_feature(enable = "neon")]
pub(super) unsafe fn widen<T: Element>(from: &[T], to: &mut [f32]) {
    let whole = from.len() / 4 * 4;
    for at in (0..whole).step_by(4) {
        // SAFETY: four numbers are there, and room for them.
        unsafe { vst1q_f32(to.as_mut_ptr().add(at), T::load4(from.as_ptr().add(at))) };
    }
    plain::widen(&from[whole..], &mut to[whole..]);
}
