//! The steps of a product, by whichever instructions there are.

use std::array::from_fn;

use super::element::Element;
#[cfg(target_arch = "aarch64")]
use super::neon;
use super::{LANES, Lanes, PANEL_LEN, PanelSums, plain};
#[cfg(target_arch = "x86_64")]
use super::{avx2, avx512};
use crate::kernels::instructions::Instructions;

/// Rows of weights that are multiplied together.
pub(super) const PAIR: usize = 2;

/// Products by some instructions.
pub(super) trait Tiles {
    /// The most rows of activations that go together.
    const MOST: usize;

    /// Adds the products of two rows of weights with `C` rows of activations to their sums. Where weights come out of
    /// memory, they are asked for ahead.
    ///
    /// # Safety
    /// All rows must be of one length, which is a multiple of the lanes, and the processor must have the instructions.
    unsafe fn tile<T: Element, const C: usize, const MEMORY: bool>(
        weights: [&[T]; PAIR],
        x: [&[f32]; C],
        sums: [&mut [Lanes; PAIR]; C],
    );
}

/// Adds the products of two rows of weights, as they lie in memory, with a few rows of activations to their sums.
pub(super) fn multiply<T: Element, const C: usize>(
    instructions: Instructions,
    weights: [&[T]; PAIR],
    x: [&[f32]; C],
    sums: [&mut [Lanes; PAIR]; C],
) {
    let len = weights[0].len();
    let one_length = weights.iter().all(|row| row.len() == len) && x.iter().all(|row| row.len() == len);
    assert!(one_length && len.is_multiple_of(LANES), "rows of one length, in whole lanes");
    // SAFETY: the rows are as demanded, and the processor has the instructions.
    unsafe {
        match instructions {
            Instructions::Plain => plain::Plain::tile::<T, C, true>(weights, x, sums),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => avx2::Avx2::tile::<T, C, true>(weights, x, sums),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 | Instructions::Vnni | Instructions::Amx => {
                avx512::Avx512::tile::<T, C, true>(weights, x, sums);
            }
            #[cfg(target_arch = "aarch64")]
            Instructions::Neon | Instructions::DotProducts | Instructions::MatrixProducts => {
                neon::Neon::tile::<T, C, true>(weights, x, sums);
            }
        }
    }
}

/// Adds the products of a panel with a stretch of all rows of activations, which `x` gives, to their sums.
pub(super) fn multiply_panel<'a>(
    instructions: Instructions,
    panel: &[f32],
    x: impl Fn(usize) -> &'a [f32],
    sums: &mut [PanelSums],
) {
    match instructions {
        Instructions::Plain => by_tiles::<plain::Plain>(panel, x, sums),
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx2 => by_tiles::<avx2::Avx2>(panel, x, sums),
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx512 | Instructions::Vnni | Instructions::Amx => by_tiles::<avx512::Avx512>(panel, x, sums),
        #[cfg(target_arch = "aarch64")]
        Instructions::Neon | Instructions::DotProducts | Instructions::MatrixProducts => {
            by_tiles::<neon::Neon>(panel, x, sums);
        }
    }
}

fn by_tiles<'a, T: Tiles>(panel: &[f32], x: impl Fn(usize) -> &'a [f32], sums: &mut [PanelSums]) {
    for (index, sums) in sums.chunks_mut(T::MOST).enumerate() {
        let x = |row: usize| x(index * T::MOST + row);
        match sums.len() {
            1 => by_pairs::<T, 1>(panel, x, sums),
            2 => by_pairs::<T, 2>(panel, x, sums),
            3 => by_pairs::<T, 3>(panel, x, sums),
            4 => by_pairs::<T, 4>(panel, x, sums),
            5 => by_pairs::<T, 5>(panel, x, sums),
            6 => by_pairs::<T, 6>(panel, x, sums),
            7 => by_pairs::<T, 7>(panel, x, sums),
            _ => by_pairs::<T, 8>(panel, x, sums),
        }
    }
}

fn by_pairs<'a, T: Tiles, const C: usize>(panel: &[f32], x: impl Fn(usize) -> &'a [f32], sums: &mut [PanelSums]) {
    let x: [&[f32]; C] = from_fn(x);
    let len = x.first().map_or(0, |x| x.len());
    assert!(x.iter().all(|x| x.len() == len) && len.is_multiple_of(LANES), "rows of one length, in whole lanes");
    for sums in sums.as_chunks_mut::<C>().0 {
        for (pair, rows) in panel.chunks_exact(PAIR * PANEL_LEN).enumerate() {
            let rows = [&rows[..len], &rows[PANEL_LEN..][..len]];
            let sums = sums.each_mut().map(|sums| &mut sums.as_chunks_mut().0[pair]);
            // SAFETY: the rows are as demanded, and callers name instructions that the processor has.
            unsafe { T::tile::<f32, C, false>(rows, x, sums) };
        }
    }
}

/// Widens numbers to as many in `to`.
pub(super) fn widen<T: Element>(instructions: Instructions, from: &[T], to: &mut [f32]) {
    assert!(from.len() <= to.len(), "room for all");
    match instructions {
        // SAFETY: there is room for all, and the processor has the instructions.
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx2 => unsafe { avx2::widen(from, to) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx512 | Instructions::Vnni | Instructions::Amx => unsafe { avx512::widen(from, to) },
        // SAFETY: as above.
        #[cfg(target_arch = "aarch64")]
        Instructions::Neon | Instructions::DotProducts | Instructions::MatrixProducts => unsafe {
            neon::widen(from, to);
        },
        Instructions::Plain => plain::widen(from, to),
    }
}

/// Adds up the lanes, halves onto halves.
pub(super) fn total(lanes: Lanes) -> f32 {
    let eight: [f32; 8] = from_fn(|lane| lanes[lane] + lanes[lane + 8]);
    let four: [f32; 4] = from_fn(|lane| eight[lane] + eight[lane + 4]);
    (four[0] + four[2]) + (four[1] + four[3])
}
