//! Codes to samples.

use std::ops::Range;

use super::convolution::{Convolution, Io, Walk};
use super::lookup::Codebooks;
use super::shape::padded;
use super::{Layer, Shape, Source};
use crate::memory::Buffer;
use crate::{Device, Error, Result};

/// A decoder on a card, with the memory that it works in.
pub struct Decoder {
    device: Device,
    shape: Shape,
    codebooks: Codebooks,
    first: Convolution,
    blocks: Vec<Block>,
    last: Convolution,
    workspace: Workspace,
}

/// Upsampling by one rate.
struct Block {
    upsampling: Convolution,
    units: Vec<Unit>,
}

/// A residual unit.
struct Unit {
    dilated: Convolution,
    pointwise: Convolution,
}

/// Room for some frames: three sequences of the widest kind, codes and samples.
struct Workspace {
    frames: usize,
    sequences: [Buffer<f32>; 3],
    codes: Buffer<i32>,
    samples: Buffer<f32>,
}

/// What [`Decoder::trace`] sees: a sequence `[time, channels]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// Numbers of a row.
    pub channels: usize,
    /// Row by row.
    pub values: Vec<f32>,
}

/// Is shown a sequence, its rows and its channels.
type See<'a> = dyn FnMut(&Buffer<f32>, usize, usize) -> Result<()> + 'a;

impl Decoder {
    /// Loads a decoder.
    ///
    /// # Errors
    /// When the kernels cannot take its shape, weights are not there or of other sizes, or the card's memory does not
    /// suffice.
    pub fn load(device: &Device, shape: &Shape, source: &dyn Source) -> Result<Self> {
        shape.check()?;
        let same = |layer, channels, dilation| {
            Convolution::load(device, source, layer, channels, Walk::Same { taps: shape.kernel, dilation })
        };
        let last = shape.width(shape.rates.len());
        Ok(Self {
            codebooks: Codebooks::load(device, shape, source)?,
            first: same(Layer::First, [shape.latent_dim, shape.dim], 1)?,
            blocks: (0..shape.rates.len())
                .map(|block| Block::load(device, shape, source, block))
                .collect::<Result<_>>()?,
            last: same(Layer::Last, [last, 1], 1)?,
            workspace: Workspace::new(device, shape, 0)?,
            shape: shape.clone(),
            device: device.clone(),
        })
    }

    /// The decoder's sizes.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Bytes of the card's memory that the convolutions' weights take.
    pub fn bytes(&self) -> u64 {
        let blocks = self.blocks.iter().flat_map(Block::convolutions);
        blocks.chain([&self.first, &self.last]).map(|convolution| convolution.bytes() as u64).sum()
    }

    /// The samples of the frames `keep` of some frames, of which the others are context. Codes are
    /// `[codebooks, frames]`.
    ///
    /// # Errors
    /// When codes or frames do not fit, the card's memory does not suffice, or on the driver.
    pub fn decode(&mut self, codes: &[u32], keep: Range<usize>) -> Result<Vec<f32>> {
        let frames = self.frames_of(codes)?;
        if keep.start > keep.end || keep.end > frames {
            return Err(Error::Request(format!("frames {keep:?} of {frames}")));
        }
        if keep.is_empty() {
            return Ok(Vec::new());
        }
        self.run(codes, frames, true, &mut |_, _, _| Ok(()))?;
        let hop = self.shape.hop();
        self.workspace.samples.read(keep.start * hop, keep.len() * hop)
    }

    /// Everything on the way, for comparison: latent vectors, after the first convolution, after each block, and the
    /// samples before the tanh.
    ///
    /// # Errors
    /// As [`Decoder::decode`].
    pub fn trace(&mut self, codes: &[u32]) -> Result<Vec<Stage>> {
        let frames = self.frames_of(codes)?;
        let mut stages = Vec::new();
        if frames > 0 {
            self.run(codes, frames, false, &mut |sequence, rows, channels| {
                let values = sequence.read(0, rows * padded(channels))?;
                let rows = values.chunks_exact(padded(channels)).flat_map(|row| row.iter().take(channels));
                stages.push(Stage { channels, values: rows.copied().collect() });
                Ok(())
            })?;
            stages.push(Stage { channels: 1, values: self.workspace.samples.read(0, frames * self.shape.hop())? });
        }
        Ok(stages)
    }

    /// How many frames the codes are.
    fn frames_of(&self, codes: &[u32]) -> Result<usize> {
        let known = codes.iter().all(|&code| (code as usize) < self.shape.entries);
        if !known || !codes.len().is_multiple_of(self.shape.codebooks) {
            return Err(Error::Request("codes that are not of this codec".to_owned()));
        }
        Ok(codes.len() / self.shape.codebooks)
    }

    /// Computes all samples, `bounded` by tanh or not. `see` is shown each sequence with its rows and channels.
    fn run(&mut self, codes: &[u32], frames: usize, bounded: bool, see: &mut See) -> Result<()> {
        self.workspace.reserve(&self.device, &self.shape, frames)?;
        let codes: Vec<i32> = codes.iter().map(|&code| code as i32).collect();
        self.workspace.codes.write(0, &codes)?;
        let (device, shape, work) = (&self.device, &self.shape, &self.workspace);
        let [mut current, mut next, hidden] = work.sequences.each_ref();
        self.codebooks.run(device, shape, work.codes.address(), frames, next.address())?;
        see(next, frames, shape.latent_dim)?;
        let io = Io { input: next.address(), time: frames, output: current.address(), add: false };
        self.first.run(device, io)?;
        see(current, frames, shape.dim)?;
        let mut time = frames;
        for (index, (block, rate)) in self.blocks.iter().zip(&shape.rates).enumerate() {
            let io = Io { input: current.address(), time, output: next.address(), add: false };
            time *= rate;
            block.run(device, io, hidden.address(), time)?;
            std::mem::swap(&mut current, &mut next);
            see(current, time, shape.width(index + 1))?;
        }
        let io = Io { input: current.address(), time, output: work.samples.address(), add: false };
        self.last.run_first(device, io, bounded)
    }
}

impl Block {
    fn load(device: &Device, shape: &Shape, source: &dyn Source, block: usize) -> Result<Self> {
        let (inputs, outputs) = (shape.width(block), shape.width(block + 1));
        let load = |layer, inputs, walk| Convolution::load(device, source, layer, [inputs, outputs], walk);
        let unit = |(unit, &dilation): (usize, &usize)| {
            let dilated = Walk::Same { taps: shape.kernel, dilation };
            let pointwise = Walk::Same { taps: 1, dilation: 1 };
            Ok(Unit {
                dilated: load(Layer::Dilated { block, unit }, outputs, dilated)?,
                pointwise: load(Layer::Pointwise { block, unit }, outputs, pointwise)?,
            })
        };
        let rate = shape.rates.get(block).copied().unwrap_or(1);
        Ok(Self {
            upsampling: load(Layer::Upsampling { block }, inputs, Walk::Up { rate })?,
            units: shape.dilations.iter().enumerate().map(unit).collect::<Result<_>>()?,
        })
    }

    fn convolutions(&self) -> impl Iterator<Item = &Convolution> {
        let units = self.units.iter().flat_map(|unit| [&unit.dilated, &unit.pointwise]);
        units.chain([&self.upsampling])
    }

    /// Upsamples to `time` rows, then adds what each unit makes of them.
    fn run(&self, device: &Device, io: Io, hidden: u64, time: usize) -> Result<()> {
        self.upsampling.run(device, io)?;
        for unit in &self.units {
            unit.dilated.run(device, Io { input: io.output, time, output: hidden, add: false })?;
            unit.pointwise.run(device, Io { input: hidden, time, output: io.output, add: true })?;
        }
        Ok(())
    }
}

impl Workspace {
    fn new(device: &Device, shape: &Shape, frames: usize) -> Result<Self> {
        let what = "a window of the codec";
        let sequence = || Buffer::new(device, what, frames * shape.most_numbers());
        Ok(Self {
            frames,
            sequences: [sequence()?, sequence()?, sequence()?],
            codes: Buffer::new(device, what, frames * shape.codebooks)?,
            samples: Buffer::new(device, what, frames * shape.hop())?,
        })
    }

    /// Makes room for so many frames, if there is none yet.
    fn reserve(&mut self, device: &Device, shape: &Shape, frames: usize) -> Result<()> {
        if frames > self.frames {
            // What is there goes first, so that both need not fit.
            *self = Self::new(device, shape, 0)?;
            *self = Self::new(device, shape, frames)?;
        }
        Ok(())
    }
}
