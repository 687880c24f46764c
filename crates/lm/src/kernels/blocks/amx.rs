//! Products of panels by AMX. Its tiles hold bytes, so that activations go as halves, and so do weights of more than
//! eight bits. What the halves come to is put together as integers: all of it is exact.

use std::arch::x86_64::*;
use std::array::from_fn;

use zonos_weights::BlockType;

use super::avx2::transpose;
use super::avx512::add;
use super::multiply::Spans;
use super::panel::{Panel, Quads, QuadsOfGroup, ROWS, Staged, Sums};
use super::rounded::{GROUP, GROUPS, HALF_BITS, HALVED_ROWS, Halves, Span};

/// Turns the staged rows, so that the same four numbers of all rows lie together.
#[target_feature(enable = "avx2,avx512f,avx512bw")]
pub(super) fn turn(block: BlockType, staged: &Staged, quads: &mut Quads) {
    // Those of Q6_K have the scales of sixteens in them.
    quads.are_halves = block == BlockType::Q6K;
    let below = _mm512_set1_epi16((1 << HALF_BITS) - 1);
    for group in 0..GROUPS {
        // SAFETY: a group of a row has 32 numbers.
        let numbers = |row: usize| unsafe { _mm512_loadu_si512(staged[row].as_ptr().add(GROUP * group).cast()) };
        if quads.are_halves {
            turn_group(|row| _mm512_and_si512(numbers(row), below), &mut quads.lower[group]);
            turn_group(|row| _mm512_srai_epi16::<HALF_BITS>(numbers(row)), &mut quads.upper[group]);
        } else {
            turn_group(numbers, &mut quads.lower[group]);
        }
    }
}

/// Turns a group of all rows of numbers that bytes can hold.
#[inline]
#[target_feature(enable = "avx2,avx512f,avx512bw")]
fn turn_group(numbers: impl Fn(usize) -> __m512i, quads: &mut QuadsOfGroup) {
    for first in [0, ROWS / 2] {
        let bytes = |row: usize| _mm512_cvtepi16_epi8(numbers(first + row));
        let turned = transpose([bytes(0), bytes(1), bytes(2), bytes(3), bytes(4), bytes(5), bytes(6), bytes(7)]);
        for (quads, turned) in quads.iter_mut().zip(turned) {
            // SAFETY: there is room for the quads of eight rows.
            unsafe { _mm256_storeu_si256(quads[first..].as_mut_ptr().cast(), turned) };
        }
    }
}

/// Adds the products of a panel with a span of as many rows of activations as there are sums to these. The first of the
/// rows must be the first of a tile.
#[target_feature(enable = "avx512f")]
pub(super) fn multiply(quads: &Quads, panel: &Panel, x: Spans, sums: &mut [Sums]) {
    let mut products = Products::default();
    for (tile, sums) in sums.chunks_mut(HALVED_ROWS).enumerate() {
        let (first, last) = (x.first + HALVED_ROWS * tile, sums.len() - 1);
        let rows: [Span; HALVED_ROWS] = from_fn(|row| x.rows.row(first + row.min(last)).span(x.span));
        for (group, halves) in x.rows.halves(first / HALVED_ROWS, x.span).iter().enumerate() {
            products.fill(quads, group, halves);
            for (row, (x, sums)) in rows.iter().zip(sums.iter_mut()).enumerate() {
                add(panel, *x, group, products.of(row, quads.are_halves), sums);
            }
        }
    }
}

/// What a group of some rows of activations comes to with the halves of a panel, by row of the panel: upper and lower
/// halves of the activations in turn.
#[derive(Default)]
#[repr(C, align(64))]
struct Products {
    lower: [[i32; ROWS]; 2 * HALVED_ROWS],
    upper: [[i32; ROWS]; 2 * HALVED_ROWS],
}

impl Products {
    #[inline]
    fn fill(&mut self, quads: &Quads, group: usize, x: &Halves) {
        quads.registers.multiply(&x.0, &quads.lower[group], &mut self.lower);
        if quads.are_halves {
            quads.registers.multiply(&x.0, &quads.upper[group], &mut self.upper);
        }
    }

    /// The products of a row, whole again.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn of(&self, row: usize, are_halves: bool) -> __m512i {
        let lower = join(&self.lower, row);
        if are_halves { shift_and_add(join(&self.upper, row), lower) } else { lower }
    }
}

/// The products of a row of activations, of its halves.
#[inline]
#[target_feature(enable = "avx512f")]
fn join(products: &[[i32; ROWS]; 2 * HALVED_ROWS], row: usize) -> __m512i {
    // SAFETY: sixteen numbers.
    let products = |at: usize| unsafe { _mm512_loadu_si512(products[at].as_ptr().cast()) };
    shift_and_add(products(2 * row), products(2 * row + 1))
}

/// Upper halves and lower ones as whole numbers. What does not fit in between comes back with the last sum, which does.
#[inline]
#[target_feature(enable = "avx512f")]
fn shift_and_add(upper: __m512i, lower: __m512i) -> __m512i {
    _mm512_add_epi32(_mm512_slli_epi32::<HALF_BITS>(upper), lower)
}
