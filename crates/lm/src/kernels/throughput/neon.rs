//! By the vectors of 64-bit ARM processors.

use std::arch::aarch64::*;
use std::arch::asm;

use super::CHAINS;

#[target_feature(enable = "neon")]
pub(super) fn floats(one: f32, rounds: usize) -> [[f32; 4]; CHAINS] {
    let (one, mut sums) = (vdupq_n_f32(one), [vdupq_n_f32(0.0); CHAINS]);
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = vfmaq_f32(*sum, one, one);
        }
    }
    // SAFETY: a vector is four numbers.
    unsafe { std::mem::transmute(sums) }
}

/// Each lane takes two steps for its two products.
#[target_feature(enable = "neon")]
pub(super) fn integers(one: i16, rounds: usize) -> [[i32; 4]; CHAINS] {
    let (mut one, mut sums) = (vdup_n_s16(one), [vdupq_n_s32(0); CHAINS]);
    for _ in 0..rounds {
        for sum in &mut sums {
            // SAFETY: nothing is done; only the compiler does not know that the factor is the one before.
            unsafe { asm!("/* {0:v} */", inout(vreg) one, options(nomem, nostack, preserves_flags)) };
            *sum = vmlal_s16(vmlal_s16(*sum, one, one), one, one);
        }
    }
    // SAFETY: a vector is four numbers.
    unsafe { std::mem::transmute(sums) }
}
