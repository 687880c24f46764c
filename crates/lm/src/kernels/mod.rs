//! What the CPU computes by kernels of our own: products of rows with a weight matrix, read in the type it is stored in,
//! and attention over a cache.
//!
//! Each result is a dot product computed in one fixed order, whatever other rows are multiplied beside it: that is
//! what makes a request's frames independent of its neighbours in a batch.

mod attention;
mod block_dots;
mod blocks;
mod dot;

use std::array::from_fn;

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

pub(crate) use attention::attend_row;
pub(crate) use blocks::rows_times_blocks;
use dot::{Element, ROWS, WEIGHT_ROWS, dots};

/// Products of fewer multiplications than this are not worth waking other threads for.
const PARALLEL_FROM: usize = 1 << 17;
/// Results that one thread takes at a time.
const OUTPUTS_PER_TASK: usize = 32;

/// `x` [rows, in] in float32 times the transpose of `weight` [out, in] in f32, f16 or bf16: [rows, out] in float32.
/// CPU only; both contiguous.
pub(crate) fn rows_times_matrix(x: &Tensor, weight: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op2_no_bwd(weight, &RowsTimesMatrix)
}

struct RowsTimesMatrix;

impl CustomOp2 for RowsTimesMatrix {
    fn name(&self) -> &'static str {
        "rows-times-matrix"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let ((rows, inputs), (outputs, weight_inputs)) = (x_layout.shape().dims2()?, weight_layout.shape().dims2()?);
        if inputs != weight_inputs {
            bail!("{rows} rows of {inputs} do not fit a matrix of {outputs} × {weight_inputs}")
        }
        let x = contiguous(x.as_slice::<f32>()?, x_layout)?;
        let size = Size { rows, inputs, outputs };
        let y = match weight {
            CpuStorage::F32(weight) => product(x, contiguous(weight, weight_layout)?, size),
            CpuStorage::F16(weight) => product(x, contiguous(weight, weight_layout)?, size),
            CpuStorage::BF16(weight) => product(x, contiguous(weight, weight_layout)?, size),
            _ => bail!("a weight matrix must be f32, f16 or bf16"),
        };
        Ok((CpuStorage::F32(y), Shape::from((rows, outputs))))
    }
}

fn contiguous<'a, T>(values: &'a [T], layout: &Layout) -> Result<&'a [T]> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&values[start..end]),
        None => bail!("a matrix of layout {layout:?} is not contiguous"),
    }
}

#[derive(Clone, Copy)]
struct Size {
    rows: usize,
    inputs: usize,
    outputs: usize,
}

fn product<T: Element>(x: &[f32], weight: &[T], size: Size) -> Vec<f32> {
    by_columns(weight, size.inputs, size, |columns, weight| fill_columns(x, weight, columns, size))
}

/// Results [rows, out] that are made column by column, so that each task writes a range of its own: `task` gets some
/// columns of `size.rows` and the weights that they come from, `row_len` for each.
fn by_columns<W: Sync>(
    weight: &[W],
    row_len: usize,
    size: Size,
    task: impl Fn(&mut [f32], &[W]) + Send + Sync,
) -> Vec<f32> {
    let mut transposed = vec![0.0; size.rows * size.outputs];
    if size.rows * size.inputs * size.outputs < PARALLEL_FROM {
        task(&mut transposed, weight);
    } else {
        let columns = transposed.par_chunks_mut(OUTPUTS_PER_TASK * size.rows);
        let weights = weight.par_chunks(OUTPUTS_PER_TASK * row_len);
        columns.zip(weights).for_each(|(columns, weight)| task(columns, weight));
    }
    if size.rows == 1 { transposed } else { transpose(&transposed, size) }
}

/// All rows of `x` against some rows of weights.
fn fill_columns<T: Element>(x: &[f32], weight: &[T], columns: &mut [f32], size: Size) {
    let whole = size.rows / ROWS * ROWS;
    (0..whole).step_by(ROWS).for_each(|first| tile_product::<T, ROWS>(x, first, weight, columns, size));
    (whole..size.rows).for_each(|last| tile_product::<T, 1>(x, last, weight, columns, size));
}

/// `N` rows of `x`, which stay in the cache, against all rows of a task's `weight`.
fn tile_product<T: Element, const N: usize>(x: &[f32], first: usize, weight: &[T], columns: &mut [f32], size: Size) {
    let x = from_fn::<_, N, _>(|n| &x[(first + n) * size.inputs..][..size.inputs]);
    // Sharing loads of `x` pays for whole tiles; a single row is bound by memory, which streams best row by row.
    let together = if N == 1 { 1 } else { WEIGHT_ROWS };
    let columns = columns.chunks_mut(together * size.rows);
    for (columns, weight) in columns.zip(weight.chunks(together * size.inputs)) {
        match weight.split_at(size.inputs) {
            (only, []) => put(columns, size.rows, first, dots([only], x)),
            (one, other) => put(columns, size.rows, first, dots([one, other], x)),
        }
    }
}

/// Writes a tile of results to its place in columns of `rows`.
fn put<const W: usize, const N: usize>(columns: &mut [f32], rows: usize, first: usize, tile: [[f32; N]; W]) {
    for (column, results) in columns.chunks_exact_mut(rows).zip(tile) {
        column[first..first + N].copy_from_slice(&results);
    }
}

fn transpose(columns: &[f32], size: Size) -> Vec<f32> {
    let rows = (0..size.rows).flat_map(|row| columns.iter().skip(row).step_by(size.rows));
    rows.copied().collect()
}

#[cfg(test)]
mod tests;
