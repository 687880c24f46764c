use std::ops::Range;

use super::pipeline::{Flow, Layer, Pipeline};
use super::tiles::{PERIOD, decoder_tiles};
use crate::decoder::{Block, Decoder};
use crate::quantizer::Quantizer;
use crate::window::{DILATIONS, decoder_context};
use crate::{Codes, Result};

/// The most frames that go through all layers together: enough rows for the weights that are read, and few enough for what
/// is between two layers to stay in the cache. A stream's default chunk is one such piece.
const FRAMES_AT_ONCE: usize = 48;

/// Layers of a block: upsampling and residual units.
const BLOCK: usize = 1 + DILATIONS.len();

/// The decoder with its tables of codes.
pub(crate) struct CpuDecoder {
    /// What each code adds: `[codebooks, codes, latent]`.
    tables: Vec<f32>,
    /// What is added to the sum, `[latent]`.
    bias: Vec<f32>,
    codes: usize,
    pipeline: Pipeline,
    rates: Vec<usize>,
}

/// A sequence that is being decoded.
#[derive(Clone, Debug)]
pub(crate) struct Decoding(Flow);

/// What the decoder computes on its way, as rows.
pub(crate) struct CpuTrace {
    pub(crate) z: Vec<f32>,
    /// After the first convolution and after each block: how many rows, and their values.
    pub(crate) stages: Vec<(usize, Vec<f32>)>,
    pub(crate) pre_tanh: Vec<f32>,
}

impl CpuDecoder {
    pub(crate) fn new(quantizer: &Quantizer, decoder: Decoder, rates: &[usize]) -> Result<Self> {
        let (tables, bias, codes) = quantizer.tables()?;
        Ok(Self { tables, bias, codes, pipeline: Pipeline::new(layers(decoder, rates)?), rates: rates.to_vec() })
    }

    fn context(&self) -> usize {
        decoder_context(&self.rates)
    }

    fn hop(&self) -> usize {
        self.rates.iter().product()
    }

    /// Before the first frame.
    pub(crate) fn begin(&self) -> Decoding {
        Decoding(self.pipeline.begin())
    }

    /// The samples, after the tanh, that the frames `codes` complete; all that are left if they are the `last`.
    pub(crate) fn push(&self, decoding: &mut Decoding, codes: &Codes, last: bool) -> Vec<f32> {
        let mut samples = Vec::with_capacity(codes.frames() * self.hop());
        let frames = codes.frames();
        let pieces = frames.div_ceil(FRAMES_AT_ONCE).max(1);
        for piece in 0..pieces {
            let range = frames * piece / pieces..frames * (piece + 1) / pieces;
            let last = last && range.end == frames;
            let z = self.latent(&codes.slice(range));
            samples.extend(self.pipeline.push(&mut decoding.0, &z, last, |_, _| ()));
        }
        samples.iter_mut().for_each(|sample| *sample = sample.tanh());
        samples
    }

    /// The samples of the frames `range`, as they are in the whole.
    pub(crate) fn range(&self, codes: &Codes, range: Range<usize>) -> Vec<f32> {
        let start = self.start(range.start);
        let end = (range.end + self.context()).min(codes.frames());
        let mut samples = self.push(&mut self.begin(), &codes.slice(start..end), end == codes.frames());
        samples.truncate((range.end - start) * self.hop());
        samples.drain(..(range.start - start) * self.hop());
        samples
    }

    /// A frame before `frame` from where on it can be decoded as in the whole: its context lies behind, also that of the
    /// rows which are made together with its own, and tiles begin there.
    fn start(&self, frame: usize) -> usize {
        frame.saturating_sub(self.context() + PERIOD) / PERIOD * PERIOD
    }

    /// Everything that is computed for `codes`, in one piece.
    pub(crate) fn trace(&self, codes: &Codes) -> CpuTrace {
        let z = self.latent(codes);
        let (mut stages, mut time) = (Vec::new(), codes.frames());
        let mut rates = self.rates.iter();
        let pre_tanh = self.pipeline.push(&mut self.pipeline.begin(), &z, true, |place, rows| {
            if place % BLOCK == 0 {
                stages.push((time, rows.to_vec()));
                time *= rates.next().unwrap_or(&1);
            }
        });
        CpuTrace { z, stages, pre_tanh }
    }

    /// Frames to rows: the sum of what their codes stand for.
    fn latent(&self, codes: &Codes) -> Vec<f32> {
        let width = self.bias.len();
        let frames = codes.to_frames();
        let mut rows = self.bias.repeat(codes.frames());
        for (row, frame) in rows.chunks_mut(width).zip(frames.chunks(codes.n_codebooks())) {
            for (codebook, code) in frame.iter().enumerate() {
                let entry = &self.tables[(codebook * self.codes + *code as usize) * width..][..width];
                row.iter_mut().zip(entry).for_each(|(sum, value)| *sum += value);
            }
        }
        rows
    }
}

fn layers(decoder: Decoder, rates: &[usize]) -> Result<Vec<Layer>> {
    let Decoder { conv_in, blocks, snake_out, conv_out } = decoder;
    let mut layers = vec![Layer::Conv(conv_in.into_rows(None)?)];
    for (block, at_once) in blocks.into_iter().zip(decoder_tiles(rates)) {
        let Block { snake, upsample, units } = block;
        layers.push(Layer::Upsample(upsample.into_rows(snake.into_rows()?)?));
        for (unit, at_once) in units.into_iter().zip(at_once) {
            layers.push(Layer::Unit(unit.into_rows(at_once)?));
        }
    }
    layers.push(Layer::Conv(conv_out.into_rows(Some(snake_out.into_rows()?))?));
    Ok(layers)
}
