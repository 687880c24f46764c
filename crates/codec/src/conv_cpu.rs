//! Convolution on the CPU in float32: one matrix product per tile of time.
//!
//! The columns of a tile (every input value that each output position sees) are gathered with plain copies, so that
//! the product reads the weight as it is stored and writes straight into the output. The tile bounds the memory, which
//! for a kernel of 7 would otherwise be seven times the input.
//!
//! Every output is added up in one order, whatever the length of the input and wherever in it the output lies: a
//! stretch that is decoded in other windows gives the same bits.

use candle_core::{CpuStorage, CustomOp3, Layout, Shape};
use gemm::{Parallelism, gemm};
use rayon::prelude::*;

use crate::steps::Steps;

/// Values of one tile's columns (16 MiB): enough for the product to reach its speed.
const TILE_VALUES: usize = 4 << 20;
/// Fewer outputs than this make no matrix product.
const FEW_OUTPUTS: usize = 4;
/// Terms that a product adds up at once. `gemm` would cut longer sums in pieces whose length depends on the other
/// sizes; no more than this it never cuts.
const TERMS: usize = 512;

/// The operation `(x [1, in, time], weight [out, in, kernel], bias [out]) → [1, out, time']`, all contiguous.
pub(crate) struct CpuConv(pub(crate) Steps);

impl CustomOp3 for CpuConv {
    fn name(&self) -> &'static str {
        "dac-conv1d"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        let (_, inputs, time) = x_layout.shape().dims3()?;
        let (outputs, _, kernel) = weight_layout.shape().dims3()?;
        let conv = Conv { x: contiguous(x, x_layout)?, inputs, time, outputs, kernel, steps: self.0 };
        let y = conv.run(contiguous(weight, weight_layout)?, contiguous(bias, bias_layout)?);
        Ok((CpuStorage::F32(y), (1, outputs, conv.time_out()).into()))
    }
}

/// The values of a contiguous float32 tensor.
pub(crate) fn contiguous<'a>(storage: &'a CpuStorage, layout: &Layout) -> candle_core::Result<&'a [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(values), Some((start, end))) => Ok(&values[start..end]),
        _ => candle_core::bail!("a contiguous float32 tensor is needed"),
    }
}

/// `dst [m, n] += a [m, k] · b [k, n]`, row-major except as the strides say.
pub(crate) struct Product<'a> {
    pub(crate) m: usize,
    pub(crate) n: usize,
    pub(crate) k: usize,
    pub(crate) a: &'a [f32],
    /// Steps between rows and between columns of `a`.
    pub(crate) a_strides: [usize; 2],
    pub(crate) b: &'a [f32],
    /// Step between rows of `b`.
    pub(crate) b_row: usize,
}

impl Product<'_> {
    /// Adds the product to `dst`, whose rows lie `dst_row` apart. How an element is added up depends on `k` alone,
    /// as long as there are two columns or more.
    pub(crate) fn add_to(&self, dst: &mut [f32], dst_row: usize) {
        // Pieces of even length: `gemm` treats those of one or two terms in other ways.
        let terms = self.k.div_ceil(self.k.div_ceil(TERMS).max(1)).max(1);
        for first in (0..self.k).step_by(terms) {
            self.terms(first, terms.min(self.k - first)).add_at_once(dst, dst_row);
        }
    }

    /// The part of the product that `count` terms from `first` on make.
    fn terms(&self, first: usize, count: usize) -> Self {
        Self { k: count, a: &self.a[first * self.a_strides[1]..], b: &self.b[first * self.b_row..], ..*self }
    }

    fn add_at_once(&self, dst: &mut [f32], dst_row: usize) {
        let Self { m, n, k, .. } = *self;
        if m == 0 || n == 0 || k == 0 {
            return;
        }
        assert!(dst.len() >= (m - 1) * dst_row + n, "the product overruns its destination");
        assert!(self.a.len() > (m - 1) * self.a_strides[0] + (k - 1) * self.a_strides[1], "the left factor is short");
        assert!(self.b.len() >= (k - 1) * self.b_row + n, "the right factor is short");
        let [a_row, a_col] = self.a_strides.map(|stride| stride as isize);
        // SAFETY: the last element that each pointer reaches lies inside its slice (checked above), `dst` is borrowed
        // mutably and so apart from both factors, and all strides are positive.
        unsafe {
            gemm(
                m,
                n,
                k,
                dst.as_mut_ptr(),
                1,
                dst_row as isize,
                true,
                self.a.as_ptr(),
                a_col,
                a_row,
                self.b.as_ptr(),
                1,
                self.b_row as isize,
                1.0,
                1.0,
                false,
                false,
                false,
                Parallelism::Rayon(0),
            );
        }
    }
}

struct Conv<'a> {
    /// `[inputs, time]`.
    x: &'a [f32],
    inputs: usize,
    time: usize,
    outputs: usize,
    kernel: usize,
    steps: Steps,
}

impl Conv<'_> {
    fn time_out(&self) -> usize {
        let Steps { stride, padding, dilation } = self.steps;
        let reach = dilation * (self.kernel - 1) + 1;
        (self.time + 2 * padding).checked_sub(reach).map_or(0, |room| room / stride + 1)
    }

    fn run(&self, weight: &[f32], bias: &[f32]) -> Vec<f32> {
        let time = self.time_out();
        let mut y = vec![0.0; self.outputs * time];
        y.par_chunks_mut(time.max(1)).zip(bias).for_each(|(row, &bias)| row.fill(bias));
        if self.outputs < FEW_OUTPUTS {
            self.add_by_taps(weight, &mut y);
        } else if self.kernel == 1 && self.steps.stride == 1 {
            self.product(weight, self.x, time).add_to(&mut y, time);
        } else {
            self.add_by_tiles(weight, &mut y);
        }
        y
    }

    /// The product of the whole weight with `columns`, `[inputs · kernel, width]`.
    fn product<'a>(&self, weight: &'a [f32], columns: &'a [f32], width: usize) -> Product<'a> {
        let k = self.inputs * self.kernel;
        Product { m: self.outputs, n: width, k, a: weight, a_strides: [k, 1], b: columns, b_row: width }
    }

    fn add_by_tiles(&self, weight: &[f32], y: &mut [f32]) {
        let (time, rows) = (self.time_out(), self.inputs * self.kernel);
        let most = (TILE_VALUES / rows.max(1)).max(64);
        // Even tiles: a last one of a single column would be added up in another order.
        let width = time.div_ceil(time.div_ceil(most).max(1)).max(1);
        let mut columns = vec![0.0; rows * width];
        for start in (0..time).step_by(width) {
            let width = width.min(time - start);
            let columns = &mut columns[..rows * width];
            columns.par_chunks_mut(width).enumerate().for_each(|(row, values)| {
                self.gather(row / self.kernel, row % self.kernel, start, values);
            });
            self.product(weight, columns, width).add_to(&mut y[start..], time);
        }
    }

    /// What outputs from `start` on see of one input channel through one tap; zero outside of the input.
    fn gather(&self, input: usize, tap: usize, start: usize, values: &mut [f32]) {
        let (row, Steps { stride, .. }) = (self.row(input), self.steps);
        let (head, seen) = self.seen(tap, start, values.len());
        let (zeros, rest) = values.split_at_mut(head);
        let (middle, tail) = rest.split_at_mut(seen.len());
        zeros.fill(0.0);
        tail.fill(0.0);
        if stride == 1 {
            middle.copy_from_slice(&row[seen]);
        } else {
            let first = seen.start;
            middle.iter_mut().enumerate().for_each(|(index, value)| *value = row[first + index * stride]);
        }
    }

    /// Of `len` outputs from `start` on: how many see the padding before the input through `tap`, then which inputs
    /// the following ones see (one in `stride`; the range has one entry for each output).
    fn seen(&self, tap: usize, start: usize, len: usize) -> (usize, std::ops::Range<usize>) {
        let Steps { stride, padding, dilation } = self.steps;
        let offset = tap * dilation;
        let head = padding.saturating_sub(offset + start * stride).div_ceil(stride).min(len);
        let first = (start + head) * stride + offset;
        let first = first.saturating_sub(padding).min(self.time);
        let count = self.time.saturating_sub(first).div_ceil(stride).min(len - head);
        (head, first..first + count)
    }

    /// One pass over time for every weight, for the few outputs of a last layer.
    fn add_by_taps(&self, weight: &[f32], y: &mut [f32]) {
        const CHUNK: usize = 1 << 12;
        let (time, stride) = (self.time_out(), self.steps.stride);
        let weights = weight.chunks_exact((self.inputs * self.kernel).max(1));
        for (row, weights) in y.chunks_mut(time.max(1)).zip(weights) {
            row.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, out)| {
                for (place, weight) in weights.iter().enumerate() {
                    let (head, seen) = self.seen(place % self.kernel, chunk * CHUNK, out.len());
                    let inputs = self.row(place / self.kernel)[seen.start..].iter().step_by(stride);
                    out[head..].iter_mut().zip(inputs.take(seen.len())).for_each(|(out, x)| *out += weight * x);
                }
            });
        }
    }

    fn row(&self, input: usize) -> &[f32] {
        &self.x[input * self.time..][..self.time]
    }
}
