//! Products with quantized weights, by integers: activations are rounded to 15 bits, groups of 32 of them are
//! multiplied with the integers of the blocks and added up exactly, and only then scales come in.
//!
//! Sums of the groups are added up in one order, so that a result has the same bits on every processor, whatever rows are
//! multiplied beside it.

#[cfg(target_arch = "x86_64")]
mod amx;
// Sums stay in registers only while nothing borrows them: no iterators, no closures around them.
#[cfg(target_arch = "x86_64")]
#[expect(clippy::needless_range_loop)]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod multiply;
// As above.
#[cfg(target_arch = "aarch64")]
#[allow(clippy::needless_range_loop)]
mod neon;
mod panel;
mod plain;
mod rounded;
#[cfg(test)]
mod tests;

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};
use zonos_weights::{BlockType, Quantized};

#[cfg(test)]
use self::multiply::span_bytes;
use self::multiply::{MOST_ROWS, Spans, dot, fill, multiply, panels_from};
use self::panel::{Panel, ROWS, Sums};
use self::rounded::{GROUPS, Rounded, SPAN};
use super::contiguous;
use super::instructions::{Instructions, ask_for};
use super::outputs::{Columns, Size, by_columns, columns_of};

/// `x` [rows, in] in float32 times the transpose of `weight` [.., in], whose leading dimensions count as rows: [rows,
/// out] in float32. CPU only.
pub(crate) fn rows_times_blocks(x: &Tensor, weight: &Quantized) -> Result<Tensor> {
    x.contiguous()?.apply_op1_no_bwd(&RowsTimesBlocks(weight))
}

struct RowsTimesBlocks<'a>(&'a Quantized);

impl CustomOp1 for RowsTimesBlocks<'_> {
    fn name(&self) -> &'static str {
        "rows-times-blocks"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (rows, inputs) = layout.shape().dims2()?;
        let Some((&weight_inputs, leading)) = self.0.shape().split_last() else { bail!("a matrix without rows") };
        let outputs = leading.iter().product();
        if inputs != weight_inputs {
            bail!("{rows} rows of {inputs} do not fit a matrix of {outputs} × {weight_inputs}")
        }
        let x = contiguous(x.as_slice::<f32>()?, layout)?;
        let weights = Weights { block: self.0.block_type(), bytes: self.0.bytes(), inputs };
        let y = product(Instructions::best(), x, weights, Size { rows, inputs, outputs });
        Ok((CpuStorage::F32(y), Shape::from((rows, outputs))))
    }
}

/// Rows of whole blocks.
#[derive(Clone, Copy)]
struct Weights<'a> {
    block: BlockType,
    bytes: &'a [u8],
    /// Numbers in a row.
    inputs: usize,
}

impl<'a> Weights<'a> {
    fn row_bytes(self) -> usize {
        self.inputs / self.block.numbers() * self.block.bytes()
    }

    fn row(self, row: usize) -> &'a [u8] {
        &self.bytes[row * self.row_bytes()..][..self.row_bytes()]
    }

    /// Asks for one of some equal pieces of the rows.
    fn ask_for(self, rows: std::ops::Range<usize>, piece: usize, pieces: usize) {
        let bytes = &self.bytes[rows.start * self.row_bytes()..rows.end * self.row_bytes()];
        if let Some(piece) = bytes.chunks(bytes.len().div_ceil(pieces).max(1)).nth(piece) {
            ask_for(piece);
        }
    }
}

/// Rows of activations that go through the panels together: they and their sums stay in the nearest cache.
const ROWS_TOGETHER: usize = 16;
#[cfg(target_arch = "x86_64")]
const _: () = assert!(ROWS_TOGETHER.is_multiple_of(rounded::HALVED_ROWS), "whole tiles of AMX");

fn product(instructions: Instructions, x: &[f32], weights: Weights, size: Size) -> Vec<f32> {
    let x = Rounded::new(instructions, x, size.inputs);
    #[cfg(target_arch = "x86_64")]
    let x =
        if instructions == Instructions::Amx && size.rows >= panels_from(instructions) { x.with_halves() } else { x };
    by_columns(size, columns_of(size), |columns| match size.rows {
        rows if rows < panels_from(instructions) => by_rows(instructions, &x, weights, rows, columns),
        rows => by_panels(instructions, &x, weights, rows, columns),
    })
}

/// Each row of weights as it lies, unpacked for a few rows of `x` at a time.
fn by_rows(instructions: Instructions, x: &Rounded, weights: Weights, rows: usize, mut columns: Columns) {
    for column in columns.range() {
        for first in (0..rows).step_by(MOST_ROWS) {
            let few = Few { instructions, x, weights, first, column };
            match rows - first {
                1 => few.multiply::<1>(&mut columns),
                2 => few.multiply::<2>(&mut columns),
                3 => few.multiply::<3>(&mut columns),
                _ => few.multiply::<MOST_ROWS>(&mut columns),
            }
        }
    }
}

/// A row of weights and some rows of activations from the first on.
struct Few<'a> {
    instructions: Instructions,
    x: &'a Rounded,
    weights: Weights<'a>,
    first: usize,
    column: usize,
}

impl Few<'_> {
    fn multiply<const C: usize>(self, columns: &mut Columns) {
        let x = std::array::from_fn::<_, C, _>(|row| self.x.row(self.first + row));
        let sums = dot(self.instructions, self.weights.block, self.weights.row(self.column), x);
        for (row, sums) in sums.iter().enumerate() {
            columns.put(self.first + row, self.column, &[total(sums)]);
        }
    }
}

/// Sixteen rows of weights at a time, unpacked once for all rows of `x`. Meanwhile the next come out of memory.
fn by_panels(instructions: Instructions, x: &Rounded, weights: Weights, rows: usize, mut columns: Columns) {
    let (mut staged, mut panels) = ([[0; SPAN]; ROWS], Panel::of_spans(instructions, x.spans()));
    let range = columns.range();
    let panel_rows = |first: usize| first.min(range.end)..(first + ROWS).min(range.end);
    weights.ask_for(panel_rows(range.start), 0, 1);
    for first in range.clone().step_by(ROWS) {
        let count = panel_rows(first).len();
        for (span, panel) in panels.iter_mut().enumerate() {
            weights.ask_for(panel_rows(first + ROWS), span, x.spans());
            fill(instructions, weights.block, |row| weights.row(first + row), count, span, &mut staged, panel);
        }
        for first_row in (0..rows).step_by(ROWS_TOGETHER) {
            let mut sums = [[[0.0; ROWS]; GROUPS]; ROWS_TOGETHER];
            let sums = &mut sums[..ROWS_TOGETHER.min(rows - first_row)];
            for (span, panel) in panels.iter().enumerate() {
                multiply(instructions, panel, Spans { rows: x, first: first_row, span }, sums);
            }
            for (row, sums) in sums.iter().enumerate() {
                columns.put(first_row + row, first, &totals(sums)[..count]);
            }
        }
    }
}

/// Adds up what the groups of all spans came to.
fn total([a, b, c, d, e, f, g, h]: &[f32; GROUPS]) -> f32 {
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

/// As [`total`], for each row of a panel.
fn totals([a, b, c, d, e, f, g, h]: &Sums) -> [f32; ROWS] {
    let mut totals = [0.0; ROWS];
    for row in 0..ROWS {
        totals[row] = ((a[row] + e[row]) + (c[row] + g[row])) + ((b[row] + f[row]) + (d[row] + h[row]));
    }
    totals
}
