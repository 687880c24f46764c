use rayon::prelude::*;

use super::kernel::Rows;
use super::panels::Panels;
use super::past::Past;
use super::snake::Snake;
use super::task_rows;
use crate::steps::Steps;
use crate::window::padding;

/// A convolution along time without dilation, after a Snake where there is one. What an output sees lies side by side, so
/// it is one product.
pub(crate) struct Conv {
    snake: Option<Snake>,
    /// `[kernel · inputs, outputs]`.
    weights: Panels,
    bias: Vec<f32>,
    inputs: usize,
    kernel: usize,
    steps: Steps,
}

impl Conv {
    /// `shape` is `[outputs, inputs, kernel]`, the order of `weight`.
    pub(crate) fn new(weight: &[f32], shape: [usize; 3], bias: Vec<f32>, steps: Steps, snake: Option<Snake>) -> Self {
        let [outputs, inputs, kernel] = shape;
        let at = |term: usize, output: usize| weight[(output * inputs + term % inputs) * kernel + term / inputs];
        Self { snake, weights: Panels::pack(kernel * inputs, outputs, at), bias, inputs, kernel, steps }
    }

    /// Its weights and bias, where there is nothing else to it.
    pub(super) fn into_affine(self) -> (Panels, Vec<f32>) {
        (self.weights, self.bias)
    }

    pub(super) fn begin(&self) -> Past {
        Past::new(self.inputs, self.steps.padding)
    }

    /// Appends to `y` the outputs that the piece `x` completes; all that are left if it is the `last`.
    pub(super) fn forward(&self, past: &mut Past, x: &mut Vec<f32>, y: &mut Vec<f32>, last: bool) {
        let fresh = past.receive(x);
        self.snake.iter().for_each(|snake| par_rows(fresh, self.inputs, |rows| snake.apply(rows)));
        if last {
            past.pad(x, self.steps.padding);
        }
        let (count, start) = (self.complete(past.rows(x)), y.len());
        y.resize(start + count * self.weights.columns(), 0.0);
        self.compute(x, &mut y[start..]);
        past.keep(x, count, count * self.steps.stride);
    }

    /// How many outputs so many rows make.
    fn complete(&self, rows: usize) -> usize {
        rows.checked_sub(self.kernel).map_or(0, |room| room / self.steps.stride + 1)
    }

    fn compute(&self, x: &[f32], y: &mut [f32]) {
        let (step, outputs) = (self.steps.stride * self.inputs, self.weights.columns());
        let rows = task_rows(y.len() / outputs, 1, outputs);
        y.par_chunks_mut(rows * outputs).enumerate().for_each(|(task, y)| {
            y.chunks_mut(outputs).for_each(|y| y.copy_from_slice(&self.bias));
            let x = Rows { values: &x[task * rows * step..], step, count: y.len() / outputs };
            self.weights.add(x, y);
        });
    }
}

/// Upsampling by a transposed convolution of kernel 2·rate after a Snake. Each input row and the one before it make
/// `rate` output rows: a convolution of kernel 2 with `rate` times as many channels.
pub(crate) struct Upsample {
    conv: Conv,
    rate: usize,
}

impl Upsample {
    /// `weight` is `[inputs, outputs, 2 · rate]`.
    pub(crate) fn new(weight: &[f32], inputs: usize, bias: &[f32], rate: usize, snake: Snake) -> Self {
        let outputs = bias.len();
        let at = |term: usize, column: usize| {
            // The row before reaches what it makes through the later half of the taps.
            let tap = column / outputs + if term < inputs { rate } else { 0 };
            weight[(term % inputs * outputs + column % outputs) * 2 * rate + tap]
        };
        let conv = Conv {
            snake: Some(snake),
            weights: Panels::pack(2 * inputs, rate * outputs, at),
            bias: bias.repeat(rate),
            inputs,
            kernel: 2,
            steps: Steps { stride: 1, padding: 1, dilation: 1 },
        };
        Self { conv, rate }
    }

    pub(super) fn begin(&self) -> Past {
        self.conv.begin()
    }

    /// As [`Conv::forward`]. Of all outputs the padding is cut off at both ends.
    pub(super) fn forward(&self, past: &mut Past, x: &mut Vec<f32>, y: &mut Vec<f32>, last: bool) {
        let width = self.conv.weights.columns() / self.rate;
        let (start, before) = (y.len(), past.given() * self.rate);
        self.conv.forward(past, x, y, last);
        let (cut, whole) = (padding(self.rate), past.received() * self.rate);
        y.truncate(start + (whole + cut).saturating_sub(before) * width);
        let cut = cut.saturating_sub(before).min((y.len() - start) / width);
        y.drain(start..start + cut * width);
    }
}

/// Does `work` on rows side by side.
fn par_rows(values: &mut [f32], width: usize, work: impl Fn(&mut [f32]) + Send + Sync) {
    let rows = task_rows(values.len() / width.max(1), 1, width);
    values.par_chunks_mut((rows * width).max(1)).for_each(work);
}
