//! Products of panels by AVX-512. Single rows are bound by memory, for which 256 bits are enough.

use std::arch::x86_64::*;

use super::multiply::Tiles;
use super::panel::{Panel, Sums};
use super::rounded::{GROUP, GROUPS, Span};

/// Products of panels, by 32 integers at a time, in one step.
pub(super) struct Vnni;

impl Tiles for Vnni {
    const MOST: usize = 8;

    unsafe fn tile<const C: usize>(panel: &Panel, x: [Span; C], sums: &mut [Sums; C]) {
        // SAFETY: as the trait demands.
        unsafe { multiply_vnni(panel, x, sums) }
    }
}

/// As above, on processors that add in a second step.
pub(super) struct Avx512;

impl Tiles for Avx512 {
    const MOST: usize = 8;

    unsafe fn tile<const C: usize>(panel: &Panel, x: [Span; C], sums: &mut [Sums; C]) {
        // SAFETY: as the trait demands.
        unsafe { multiply(panel, x, sums) }
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn multiply_vnni<const C: usize>(panel: &Panel, x: [Span; C], sums: &mut [Sums; C]) {
    for group in 0..GROUPS {
        let mut products = [_mm512_setzero_si512(); C];
        for pair in GROUP / 2 * group..GROUP / 2 * (group + 1) {
            let weights = pairs(panel, pair);
            for c in 0..C {
                products[c] = _mm512_dpwssd_epi32(products[c], weights, pair_of(x[c], pair));
            }
        }
        for c in 0..C {
            add(panel, x[c], group, products[c], &mut sums[c]);
        }
    }
}

#[target_feature(enable = "avx512f,avx512bw")]
fn multiply<const C: usize>(panel: &Panel, x: [Span; C], sums: &mut [Sums; C]) {
    for group in 0..GROUPS {
        let mut products = [_mm512_setzero_si512(); C];
        for pair in GROUP / 2 * group..GROUP / 2 * (group + 1) {
            let weights = pairs(panel, pair);
            for c in 0..C {
                let product = _mm512_madd_epi16(weights, pair_of(x[c], pair));
                products[c] = _mm512_add_epi32(products[c], product);
            }
        }
        for c in 0..C {
            add(panel, x[c], group, products[c], &mut sums[c]);
        }
    }
}

/// The same two numbers of all rows of a panel.
#[inline]
#[target_feature(enable = "avx512f")]
fn pairs(panel: &Panel, pair: usize) -> __m512i {
    // SAFETY: sixteen pairs lie there.
    unsafe { _mm512_loadu_si512(panel.pairs[pair].as_ptr().cast()) }
}

/// Two numbers of a row of activations, for all rows of a panel.
#[inline]
#[target_feature(enable = "avx512f")]
fn pair_of(x: Span, pair: usize) -> __m512i {
    debug_assert!(2 * pair + 1 < x.numbers.len(), "a pair of the span");
    // SAFETY: callers name one of the span's 128 pairs.
    _mm512_set1_epi32(unsafe { x.numbers.as_ptr().add(2 * pair).cast::<i32>().read_unaligned() })
}

/// Scales the exact products of a group and adds them to the sums.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn add(panel: &Panel, x: Span, group: usize, products: __m512i, sums: &mut Sums) {
    // SAFETY: sixteen rows each.
    unsafe {
        let sums = sums[group].as_mut_ptr();
        let factor = _mm512_mul_ps(_mm512_loadu_ps(panel.scales[group].as_ptr()), _mm512_set1_ps(x.scales[group]));
        let offset = _mm512_loadu_ps(panel.offsets[group].as_ptr());
        let total = _mm512_fmadd_ps(_mm512_cvtepi32_ps(products), factor, _mm512_loadu_ps(sums));
        _mm512_storeu_ps(sums, _mm512_fnmadd_ps(offset, _mm512_set1_ps(x.sums[group]), total));
    }
}
