//! Convolutions along time, with their weights on the card.

use super::lookup::check;
use super::shape::{CHANNELS, CONV_ROWS, CONV_THREADS, WEIGHT_STAGES, padded, rows_seen};
use super::{Layer, Source, Weights};
use crate::args::{Convolve, Pack};
use crate::launch::{Grid, convolution_name};
use crate::memory::Buffer;
use crate::{Device, Error, Result};

/// Numbers of the weights of 32 outputs and one tap, from 32 inputs.
const GRANULE: usize = CHANNELS * CHANNELS;
/// Outputs that a block can compute, the most first.
const WIDTHS: [usize; 3] = [96, 64, 32];
/// Snake divides by α and this.
const EPSILON: f32 = 1e-9;

/// How a convolution walks along time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Walk {
    /// Output as long as the input: `taps` inputs, `dilation` apart, the middle one in its place.
    Same { taps: usize, dilation: usize },
    /// `rate` outputs for each input, by a transposed convolution of 2 · rate taps and a padding of rate / 2, rounded
    /// up.
    Up { rate: usize },
}

impl Walk {
    /// Taps in a file.
    fn taps(self) -> usize {
        match self {
            Self::Same { taps, .. } => taps,
            Self::Up { rate } => 2 * rate,
        }
    }

    fn phases(self) -> usize {
        match self {
            Self::Same { .. } => 1,
            Self::Up { rate } => rate,
        }
    }

    /// Taps of a phase, and inputs from one to the next.
    fn of_phase(self) -> (usize, usize) {
        match self {
            Self::Same { taps, dilation } => (taps, dilation),
            Self::Up { .. } => (2, 1),
        }
    }

    /// The input that the first tap of the first row sees.
    fn first(self) -> i32 {
        match self {
            Self::Same { taps, dilation } => -((taps / 2 * dilation) as i32),
            Self::Up { .. } => -1,
        }
    }

    fn padding(self) -> usize {
        match self {
            Self::Same { .. } => 0,
            Self::Up { rate } => rate.div_ceil(2),
        }
    }

    pub(crate) fn time_out(self, time: usize) -> usize {
        time * self.phases()
    }

    /// Rows of each phase: in a transposed convolution the last input reaches one row further.
    fn rows(self, time: usize) -> usize {
        match self {
            Self::Same { .. } => time,
            Self::Up { .. } => time + 1,
        }
    }
}

/// A convolution on the card, with the Snake before it.
pub(crate) struct Convolution {
    inputs: usize,
    outputs: usize,
    walk: Walk,
    snake: Option<[Buffer<f32>; 2]>,
    weights: Buffer<f32>,
    bias: Buffer<f32>,
}

/// What a convolution reads and writes. Sequences are `[time, channels]`, channels filled up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Io {
    pub(crate) input: u64,
    /// Rows of the input.
    pub(crate) time: usize,
    pub(crate) output: u64,
    /// Whether the output is added to what is there.
    pub(crate) add: bool,
}

impl Convolution {
    pub(crate) fn load(
        device: &Device,
        source: &dyn Source,
        layer: Layer,
        [inputs, outputs]: [usize; 2],
        walk: Walk,
    ) -> Result<Self> {
        let name = format!("{layer:?}");
        let unreadable = |reason| Error::Unreadable { name: name.clone(), reason };
        let Weights { alpha, weight, bias } = source.layer(layer).map_err(unreadable)?;
        check(&name, &weight, inputs * outputs * walk.taps())?;
        check(&name, &bias, outputs)?;
        if !alpha.is_empty() {
            check(&name, &alpha, inputs)?;
        }
        let inverse: Vec<f32> = alpha.iter().map(|alpha| 1.0 / (alpha + EPSILON)).collect();
        let upload = |values: &[f32], len| filled_up(device, values, len);
        let snake = || Ok([upload(&alpha, padded(inputs))?, upload(&inverse, padded(inputs))?]);
        Ok(Self {
            inputs,
            outputs,
            walk,
            snake: (!alpha.is_empty()).then(snake).transpose()?,
            weights: packed(device, &weight, [inputs, outputs], walk)?,
            bias: upload(&bias, padded(outputs))?,
        })
    }

    /// Bytes on the card.
    pub(crate) fn bytes(&self) -> usize {
        let snake = self.snake.iter().flatten().map(Buffer::len).sum::<usize>();
        4 * (self.weights.len() + self.bias.len() + snake)
    }

    /// Computes all outputs.
    pub(crate) fn run(&self, device: &Device, io: Io) -> Result<()> {
        let (outputs, stride) = (padded(self.outputs), padded(self.outputs));
        self.launch(
            device,
            io,
            Convolve { outputs: outputs as i32, output_stride: stride as i32, ..self.arguments(io) },
        )
    }

    /// Computes the first output alone, closely; `bounded` by tanh or not.
    pub(crate) fn run_first(&self, device: &Device, io: Io, bounded: bool) -> Result<()> {
        let arguments = Convolve { outputs: 1, output_stride: 1, bounded: i32::from(bounded), ..self.arguments(io) };
        self.launch(device, io, arguments)
    }

    fn arguments(&self, io: Io) -> Convolve {
        let (taps, step) = self.walk.of_phase();
        let [alpha, inverse] = self.snake.as_ref().map_or([0, 0], |snake| [snake[0].address(), snake[1].address()]);
        Convolve {
            input: io.input,
            alpha,
            inverse,
            weights: self.weights.address(),
            bias: self.bias.address(),
            residual: if io.add { io.output } else { 0 },
            output: io.output,
            time_in: io.time as i32,
            time_out: self.walk.time_out(io.time) as i32,
            inputs: padded(self.inputs) as i32,
            groups: (padded(self.outputs) / CHANNELS) as i32,
            taps: taps as i32,
            first: self.walk.first(),
            step: step as i32,
            rate: self.walk.phases() as i32,
            padding: self.walk.padding() as i32,
            ..Convolve::default()
        }
    }

    fn launch(&self, device: &Device, io: Io, arguments: Convolve) -> Result<()> {
        let rows = self.walk.rows(io.time).div_ceil(CONV_ROWS);
        let outputs = padded(self.outputs);
        let blocks = |width: usize| rows * self.walk.phases() * outputs / width;
        let fits = |width: &&usize| outputs.is_multiple_of(**width) && blocks(**width) >= device.multiprocessors;
        // A result does not depend on the width.
        let width = WIDTHS.iter().find(fits).copied().unwrap_or(CHANNELS);
        let (taps, step) = self.walk.of_phase();
        let shared = 4 * CHANNELS * (2 * rows_seen(taps, step) + WEIGHT_STAGES * width);
        let grid = Grid { blocks: [rows, self.walk.phases() * outputs / width, 1], threads: CONV_THREADS, shared };
        // SAFETY: weights, bias and Snake are of these sizes; the callers' sequences hold `time` rows of input and what
        // becomes of them.
        unsafe { device.launch(device.kernels.get(&convolution_name(width))?, grid, &arguments) }
    }
}

/// Values on the card, with zeros up to a length.
fn filled_up(device: &Device, values: &[f32], len: usize) -> Result<Buffer<f32>> {
    let mut buffer = Buffer::zeros(device, "the codec", len)?;
    buffer.write(0, values)?;
    Ok(buffer)
}

/// Weights of a file in the order in which the kernel reads them, phase by phase.
fn packed(device: &Device, weight: &[f32], [inputs, outputs]: [usize; 2], walk: Walk) -> Result<Buffer<f32>> {
    let stored = Buffer::of(device, "the codec", weight)?;
    let (chunks, groups) = (padded(inputs) / CHANNELS, padded(outputs) / CHANNELS);
    let (taps, _) = walk.of_phase();
    let granules = chunks * groups * taps;
    let packed = Buffer::<f32>::new(device, "the codec", walk.phases() * granules * GRANULE)?;
    for phase in 0..walk.phases() {
        let all = walk.taps();
        let (output_stride, input_stride, first_tap, tap_step) = match walk {
            Walk::Same { .. } => (inputs * all, all, 0, 1),
            Walk::Up { rate } => (all, outputs * all, phase + rate, -(rate as i32)),
        };
        let arguments = Pack {
            weights: stored.address(),
            output: packed.at(phase * granules * GRANULE),
            output_stride: output_stride as i32,
            input_stride: input_stride as i32,
            outputs: outputs as i32,
            inputs: inputs as i32,
            first_tap: first_tap as i32,
            tap_step,
            taps: taps as i32,
            chunks: chunks as i32,
        };
        let grid = Grid::new([granules, 1, 1], GRANULE / 4);
        // SAFETY: the stored weights are of these sizes, and each phase has room for its granules.
        unsafe { device.launch(device.kernels.get("codec_pack")?, grid, &arguments) }?;
    }
    // The stored weights are freed when this returns.
    device.synchronize()?;
    Ok(packed)
}
