//! The inner loop of every product on the CPU: a few rows times sixteen or thirty-two columns of weights, added to what
//! is there. One version for each instruction set, chosen at run time.
//!
//! Each result is one chain of multiply-adds over the terms in their order. It does not depend on the rows and columns
//! computed beside it, nor, where the processor fuses multiply and add, on the instruction set.

use super::isa::Isa;
use super::lanes::NATIVE_FMA;

/// Columns that lie side by side in packed weights.
pub(super) const PANEL: usize = 16;

/// The most rows of a tile in any version.
const MOST_ROWS: usize = 12;

impl Isa {
    /// Rows whose sums fit the registers, and panels beside each other.
    fn tile(self) -> (usize, usize) {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => (MOST_ROWS, 2),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => (6, 1),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => (6, 1),
            Self::Plain => (4, 1),
        }
    }
}

/// Rows of equal length in a slice, the beginnings `step` apart: they may overlap.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub(super) values: &'a [f32],
    pub(super) step: usize,
    pub(super) count: usize,
}

/// Adds `x [count, terms] · weights [terms, columns]` to `y`, whose rows lie `y_step` apart. `panels` holds the terms of
/// each panel of [`PANEL`] columns; the last may have fewer columns than that.
pub(super) fn add_product(isa: Isa, x: Rows, panels: &[&[f32]], terms: usize, y: &mut [f32], y_step: usize) {
    let (most_rows, width) = isa.tile();
    // Tiles of nearly equal height: short ones waste the weights that they load.
    let height = x.count.div_ceil(x.count.div_ceil(most_rows).max(1)).max(1);
    for (place, group) in panels.chunks(width).enumerate() {
        let first = place * width * PANEL;
        let columns = (y_step - first).min(group.len() * PANEL);
        for row in (0..x.count).step_by(height) {
            let tile = Rows { values: &x.values[row * x.step..], step: x.step, count: height.min(x.count - row) };
            add_tile(isa, tile, group, terms, &mut y[row * y_step + first..], y_step, columns);
        }
    }
}

/// One tile. Where the last panel has fewer columns than it could, by way of a tile that has them all.
fn add_tile(isa: Isa, x: Rows, panels: &[&[f32]], terms: usize, y: &mut [f32], y_step: usize, columns: usize) {
    let width = panels.len() * PANEL;
    if columns == width {
        return add_whole_tile(isa, x, panels, terms, y, y_step);
    }
    let mut whole = [0.0; MOST_ROWS * 2 * PANEL];
    let rows = y.chunks(y_step).take(x.count);
    rows.zip(whole.chunks_mut(width)).for_each(|(y, whole)| whole[..columns].copy_from_slice(&y[..columns]));
    add_whole_tile(isa, x, panels, terms, &mut whole, width);
    let rows = y.chunks_mut(y_step).take(x.count);
    rows.zip(whole.chunks(width)).for_each(|(y, whole)| y[..columns].copy_from_slice(&whole[..columns]));
}

fn add_whole_tile(isa: Isa, x: Rows, panels: &[&[f32]], terms: usize, y: &mut [f32], y_step: usize) {
    if x.count == 0 || terms == 0 {
        return;
    }
    assert!(x.values.len() >= (x.count - 1) * x.step + terms, "the rows are short");
    assert!(panels.iter().all(|panel| panel.len() >= terms * PANEL), "the weights are short");
    assert!(y.len() >= (x.count - 1) * y_step + panels.len() * PANEL, "the tile overruns its destination");
    match (isa, panels) {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor has AVX-512F, or the variant would not be, and all slices reach far enough.
        (Isa::Avx512, &[left, right]) => unsafe { x86::pair_of_rows(x, [left, right], terms, y, y_step) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above; a processor with AVX-512F has AVX2 and FMA.
        (Isa::Avx512 | Isa::Avx2, &[panel]) => unsafe { x86::panel_of_rows(x, panel, terms, y, y_step) },
        #[cfg(target_arch = "aarch64")]
        // SAFETY: every such processor has the instructions, and all slices reach far enough.
        (Isa::Neon, &[panel]) => unsafe { neon::panel_of_rows(x, panel, terms, y, y_step) },
        _ => panels.iter().enumerate().for_each(|(place, panel)| {
            plain_tile(x, &panel[..terms * PANEL], &mut y[place * PANEL..], y_step);
        }),
    }
}

/// For every other processor, and what the other versions are tested against.
fn plain_tile(x: Rows, panel: &[f32], y: &mut [f32], y_step: usize) {
    for row in 0..x.count {
        let mut sums = [0.0; PANEL];
        let y = &mut y[row * y_step..][..PANEL];
        sums.copy_from_slice(y);
        let x = &x.values[row * x.step..];
        for (&x, weights) in x.iter().zip(panel.as_chunks::<PANEL>().0) {
            let add = |sum: f32, weight: f32| if NATIVE_FMA { x.mul_add(weight, sum) } else { x * weight + sum };
            sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum = add(*sum, *weight));
        }
        y.copy_from_slice(&sums);
    }
}

/// Calls `$tile::<N>` for the `N` that `$count` is.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! by_count {
    ($count:expr, $tile:ident, $arguments:tt, $($n:literal)*) => {
        match $count {
            $($n => $tile::<$n> $arguments,)*
            _ => unreachable!("more rows than fit a tile"),
        }
    };
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        _mm256_broadcast_ss, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm512_fmadd_ps, _mm512_loadu_ps,
        _mm512_set1_ps, _mm512_storeu_ps,
    };
    use std::array::from_fn;

    use super::{PANEL, Rows};

    /// Terms of one pass of the loop.
    const UNROLL: usize = 4;

    /// # Safety
    /// AVX2 and FMA; `x` has at most 6 rows of `terms` values, `panel` as many rows of 16, `y` room for 16 in each row.
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn panel_of_rows(x: Rows, panel: &[f32], terms: usize, y: &mut [f32], y_step: usize) {
        if x.count > 6 {
            let (upper, lower) =
                (Rows { count: 6, ..x }, Rows { values: &x.values[6 * x.step..], count: x.count - 6, ..x });
            // SAFETY: both halves are parts of what the caller vouches for.
            unsafe {
                panel_of_rows(upper, panel, terms, y, y_step);
                panel_of_rows(lower, panel, terms, &mut y[6 * y_step..], y_step);
            }
            return;
        }
        let (values, weights, y) = (x.values.as_ptr(), panel.as_ptr(), y.as_mut_ptr());
        // SAFETY: the caller's.
        unsafe { by_count!(x.count, panel_tile, (values, x.step, weights, terms, y, y_step), 1 2 3 4 5 6) }
    }

    /// # Safety
    /// As [`panel_of_rows`], `N` rows.
    #[target_feature(enable = "avx2,fma")]
    unsafe fn panel_tile<const N: usize>(
        x: *const f32,
        step: usize,
        weights: *const f32,
        terms: usize,
        y: *mut f32,
        y_step: usize,
    ) {
        // SAFETY: every offset lies inside what the caller vouches for.
        unsafe {
            let mut sums: [[_; 2]; N] = from_fn(|row| from_fn(|half| _mm256_loadu_ps(y.add(row * y_step + half * 8))));
            let mut add = |term: usize| {
                let weights = from_fn::<_, 2, _>(|half| _mm256_loadu_ps(weights.add(term * PANEL + half * 8)));
                for (row, sums) in sums.iter_mut().enumerate() {
                    let x = _mm256_broadcast_ss(&*x.add(row * step + term));
                    sums[0] = _mm256_fmadd_ps(x, weights[0], sums[0]);
                    sums[1] = _mm256_fmadd_ps(x, weights[1], sums[1]);
                }
            };
            let whole = terms / UNROLL * UNROLL;
            (0..whole).step_by(UNROLL).for_each(|first| (0..UNROLL).for_each(|term| add(first + term)));
            (whole..terms).for_each(add);
            for (row, sums) in sums.into_iter().enumerate() {
                _mm256_storeu_ps(y.add(row * y_step), sums[0]);
                _mm256_storeu_ps(y.add(row * y_step + 8), sums[1]);
            }
        }
    }

    /// # Safety
    /// AVX-512F; `x` has at most 12 rows of `terms` values, each panel as many rows of 16, `y` room for 32 in each row.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn pair_of_rows(x: Rows, panels: [&[f32]; 2], terms: usize, y: &mut [f32], y_step: usize) {
        let (values, weights, y) = (x.values.as_ptr(), panels.map(<[f32]>::as_ptr), y.as_mut_ptr());
        // SAFETY: the caller's.
        unsafe {
            by_count!(x.count, pair_tile, (values, x.step, weights, terms, y, y_step), 1 2 3 4 5 6 7 8 9 10 11 12);
        }
    }

    /// # Safety
    /// As [`pair_of_rows`], `N` rows.
    #[target_feature(enable = "avx512f")]
    unsafe fn pair_tile<const N: usize>(
        x: *const f32,
        step: usize,
        weights: [*const f32; 2],
        terms: usize,
        y: *mut f32,
        y_step: usize,
    ) {
        // SAFETY: every offset lies inside what the caller vouches for.
        unsafe {
            let mut sums: [[_; 2]; N] =
                from_fn(|row| from_fn(|panel| _mm512_loadu_ps(y.add(row * y_step + panel * PANEL))));
            // Two pointers that move on spare the addresses of twelve rows.
            let (mut upper, mut lower) = (x, x.add(N / 2 * step));
            for term in 0..terms {
                let weights = weights.map(|panel| _mm512_loadu_ps(panel.add(term * PANEL)));
                for (row, sums) in sums.iter_mut().enumerate() {
                    let x = if row < N / 2 { upper.add(row * step) } else { lower.add((row - N / 2) * step) };
                    let x = _mm512_set1_ps(*x);
                    sums[0] = _mm512_fmadd_ps(x, weights[0], sums[0]);
                    sums[1] = _mm512_fmadd_ps(x, weights[1], sums[1]);
                }
                (upper, lower) = (upper.add(1), lower.add(1));
            }
            for (row, sums) in sums.into_iter().enumerate() {
                _mm512_storeu_ps(y.add(row * y_step), sums[0]);
                _mm512_storeu_ps(y.add(row * y_step + PANEL), sums[1]);
            }
        }
    }
}

#[cfg(target_arch = "aarch64")]
mod neon {
    use std::arch::aarch64::{vfmaq_n_f32, vld1q_f32, vst1q_f32};
    use std::array::from_fn;

    use super::{PANEL, Rows};

    /// Vectors side by side in a panel.
    const VECTORS: usize = PANEL / 4;

    /// # Safety
    /// `x` has at most 6 rows of `terms` values, `panel` as many rows of 16, `y` room for 16 in each row.
    #[target_feature(enable = "neon")]
    pub(super) unsafe fn panel_of_rows(x: Rows, panel: &[f32], terms: usize, y: &mut [f32], y_step: usize) {
        let (values, weights, y) = (x.values.as_ptr(), panel.as_ptr(), y.as_mut_ptr());
        // SAFETY: the caller's.
        unsafe { by_count!(x.count, panel_tile, (values, x.step, weights, terms, y, y_step), 1 2 3 4 5 6) }
    }

    /// # Safety
    /// As [`panel_of_rows`], `N` rows.
    #[target_feature(enable = "neon")]
    unsafe fn panel_tile<const N: usize>(
        x: *const f32,
        step: usize,
        weights: *const f32,
        terms: usize,
        y: *mut f32,
        y_step: usize,
    ) {
        // SAFETY: every offset lies inside what the caller vouches for.
        unsafe {
            let mut sums: [[_; VECTORS]; N] =
                from_fn(|row| from_fn(|vector| vld1q_f32(y.add(row * y_step + 4 * vector))));
            for term in 0..terms {
                let weights: [_; VECTORS] = from_fn(|vector| vld1q_f32(weights.add(term * PANEL + 4 * vector)));
                for (row, sums) in sums.iter_mut().enumerate() {
                    let x = *x.add(row * step + term);
                    for (sum, weights) in sums.iter_mut().zip(weights) {
                        *sum = vfmaq_n_f32(*sum, weights, x);
                    }
                }
            }
            for (row, sums) in sums.into_iter().enumerate() {
                for (vector, sum) in sums.into_iter().enumerate() {
                    vst1q_f32(y.add(row * y_step + 4 * vector), sum);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look like noise.
    fn noise(len: usize, seed: usize) -> Vec<f32> {
        (0..len).map(|index| ((index * 7919 + seed * 104_729) % 2003) as f32 / 1001.5 - 1.0).collect()
    }

    /// `y` and the product added to it, by `isa`.
    fn product(isa: Isa, count: usize, terms: usize, columns: usize, step: usize) -> (Vec<f32>, Vec<f32>) {
        let x = noise((count - 1) * step + terms, 1);
        let weights = noise(columns.div_ceil(PANEL) * terms * PANEL, 2);
        let panels: Vec<&[f32]> = weights.chunks(terms * PANEL).collect();
        let before = noise(count * columns, 3);
        let mut y = before.clone();
        add_product(isa, Rows { values: &x, step, count }, &panels, terms, &mut y, columns);
        let exact = |place: usize| {
            let (row, column) = (place / columns, place % columns);
            let weight = |term: usize| weights[(column / PANEL * terms + term) * PANEL + column % PANEL];
            let terms = (0..terms).map(|term| f64::from(x[row * step + term]) * f64::from(weight(term)));
            (f64::from(before[place]) + terms.sum::<f64>()) as f32
        };
        (y, (0..before.len()).map(exact).collect())
    }

    #[test]
    fn products_are_right_with_all_instructions_and_sizes() {
        for isa in Isa::available() {
            for (count, terms, columns, step) in
                [(1, 1, 1, 1), (5, 7, 16, 7), (12, 33, 32, 40), (13, 64, 48, 64), (25, 96, 90, 32), (7, 21, 33, 3)]
            {
                let (y, exact) = product(isa, count, terms, columns, step);
                let worst = y.iter().zip(exact).map(|(y, exact)| (y - exact).abs()).fold(0.0, f32::max);
                assert!(worst < 2e-5, "{isa:?}, {count} × {terms} × {columns}: {worst}");
            }
        }
    }

    #[test]
    fn the_bits_of_a_row_do_not_depend_on_the_rows_beside_it() {
        for isa in Isa::available() {
            let (alone, _) = product(isa, 1, 50, 40, 50);
            for count in 2..30 {
                let (y, _) = product(isa, count, 50, 40, 50);
                // The first rows of both are the same numbers; what y held before is, too.
                assert_eq!(y[..40], alone, "{isa:?}, {count} rows");
            }
        }
    }

    #[test]
    fn vectors_of_any_length_give_the_same_bits() {
        let all: Vec<Vec<f32>> = Isa::fused().map(|isa| product(isa, 23, 77, 70, 20).0).collect();
        assert!(all.windows(2).all(|pair| pair[0] == pair[1]));
    }
}
