//! Transposed convolution on the CPU in float32: one matrix product, then each output adds its two taps.

use candle_core::{CpuStorage, CustomOp3, Layout, Shape};
use rayon::prelude::*;

use crate::conv_cpu::{Product, contiguous};
use crate::window::padding;

/// The operation `(x [1, in, time], weight [in, out, 2·rate], bias [out]) → [1, out, time · rate]`, all contiguous.
pub(crate) struct CpuTranspose {
    pub(crate) rate: usize,
}

impl CustomOp3 for CpuTranspose {
    fn name(&self) -> &'static str {
        "dac-conv-transpose1d"
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
        let (_, outputs, kernel) = weight_layout.shape().dims3()?;
        let (x, weight) = (contiguous(x, x_layout)?, contiguous(weight, weight_layout)?);
        let (m, k) = (outputs * kernel, inputs);
        let mut taps = vec![0.0; m * time];
        Product { m, n: time, k, a: weight, a_strides: [1, m], b: x, b_row: time }.add_to(&mut taps, time);
        let y = self.overlap(&taps, contiguous(bias, bias_layout)?, time);
        Ok((CpuStorage::F32(y), (1, outputs, time * self.rate).into()))
    }
}

impl CpuTranspose {
    /// Adds up `taps`, `[out, 2·rate, time]`: input `i` reaches the outputs from `i·rate − padding` on.
    fn overlap(&self, taps: &[f32], bias: &[f32], time: usize) -> Vec<f32> {
        let mut y = vec![0.0; bias.len() * time * self.rate];
        let rows = y.par_chunks_mut((time * self.rate).max(1)).zip(taps.par_chunks((2 * self.rate * time).max(1)));
        rows.zip(bias).for_each(|((row, taps), &bias)| {
            row.fill(bias);
            for (tap, values) in taps.chunks(time).enumerate() {
                self.add_tap(tap, values, row);
            }
        });
        y
    }

    fn add_tap(&self, tap: usize, values: &[f32], row: &mut [f32]) {
        let padding = padding(self.rate);
        // The first inputs whose output through this tap is not cut off, and that output.
        let skipped = padding.saturating_sub(tap).div_ceil(self.rate);
        let first = skipped * self.rate + tap - padding;
        let outputs = row.iter_mut().skip(first).step_by(self.rate);
        outputs.zip(values.iter().skip(skipped)).for_each(|(out, value)| *out += value);
    }
}
