//! By AVX-512.

use std::arch::asm;
use std::arch::x86_64::*;

use super::CHAINS;

#[target_feature(enable = "avx512f")]
pub(super) fn floats(one: f32, rounds: usize) -> [[f32; 16]; CHAINS] {
    let (one, mut sums) = (_mm512_set1_ps(one), [_mm512_setzero_ps(); CHAINS]);
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = _mm512_fmadd_ps(one, one, *sum);
        }
    }
    // SAFETY: a vector is sixteen numbers.
    unsafe { std::mem::transmute(sums) }
}

#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn integers(one: i16, rounds: usize) -> [[i32; 16]; CHAINS] {
    let (mut one, mut sums) = (_mm512_set1_epi16(one), [_mm512_setzero_si512(); CHAINS]);
    for _ in 0..rounds {
        for sum in &mut sums {
            // SAFETY: nothing is done; only the compiler does not know that the factor is the one before.
            unsafe { asm!("/* {0} */", inout(zmm_reg) one, options(nomem, nostack, preserves_flags)) };
            *sum = _mm512_add_epi32(*sum, _mm512_madd_epi16(one, one));
        }
    }
    // SAFETY: a vector is sixteen numbers.
    unsafe { std::mem::transmute(sums) }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
pub(super) fn integers_vnni(one: i16, rounds: usize) -> [[i32; 16]; CHAINS] {
    let (one, mut sums) = (_mm512_set1_epi16(one), [_mm512_setzero_si512(); CHAINS]);
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = _mm512_dpwssd_epi32(*sum, one, one);
        }
    }
    // SAFETY: a vector is sixteen numbers.
    unsafe { std::mem::transmute(sums) }
}
