//! By AVX2.

use std::arch::asm;
use std::arch::x86_64::*;

use super::CHAINS;

#[target_feature(enable = "avx2,fma")]
pub(super) fn floats(one: f32, rounds: usize) -> [[f32; 8]; CHAINS] {
    let (one, mut sums) = (_mm256_set1_ps(one), [_mm256_setzero_ps(); CHAINS]);
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = _mm256_fmadd_ps(one, one, *sum);
        }
    }
    // SAFETY: a vector is eight numbers.
    unsafe { std::mem::transmute(sums) }
}

#[target_feature(enable = "avx2")]
pub(super) fn integers(one: i16, rounds: usize) -> [[i32; 8]; CHAINS] {
    let (mut one, mut sums) = (_mm256_set1_epi16(one), [_mm256_setzero_si256(); CHAINS]);
    for _ in 0..rounds {
        for sum in &mut sums {
            // SAFETY: nothing is done; only the compiler does not know that the factor is the one before.
            unsafe { asm!("/* {0} */", inout(ymm_reg) one, options(nomem, nostack, preserves_flags)) };
            *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(one, one));
        }
    }
    // SAFETY: a vector is eight numbers.
    unsafe { std::mem::transmute(sums) }
}
