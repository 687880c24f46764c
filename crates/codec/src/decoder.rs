use candle_core::Tensor;
use zonos_weights::Weights;

use crate::conv::{Conv1d, ConvTranspose1d};
use crate::residual::ResidualUnit;
use crate::snake::Snake;
use crate::steps::Steps;
use crate::window::{DILATIONS, KERNEL};
use crate::{Result, Stages};

/// Latent vectors to samples.
pub(crate) struct Decoder {
    pub(crate) conv_in: Conv1d,
    pub(crate) blocks: Vec<Block>,
    pub(crate) snake_out: Snake,
    pub(crate) conv_out: Conv1d,
}

/// Upsampling by one rate.
pub(crate) struct Block {
    pub(crate) snake: Snake,
    pub(crate) upsample: ConvTranspose1d,
    pub(crate) units: Vec<ResidualUnit>,
}

impl Decoder {
    pub(crate) fn load(weights: &Weights, stages: &Stages, latent_dim: usize) -> Result<Self> {
        let model = weights.at("model");
        let width = |block: usize| stages.dim >> block;
        let count = stages.rates.len();
        let load = |(index, rate): (usize, &usize)| {
            Block::load(&model.at(index + 1).at("block"), width(index), width(index + 1), *rate)
        };
        Ok(Self {
            conv_in: Conv1d::load(&model.at(0), [stages.dim, latent_dim, KERNEL], Steps::same(KERNEL, 1))?,
            blocks: stages.rates.iter().enumerate().map(load).collect::<Result<_>>()?,
            snake_out: Snake::load(&model.at(count + 1), width(count))?,
            conv_out: Conv1d::load(&model.at(count + 2), [1, width(count), KERNEL], Steps::same(KERNEL, 1))?,
        })
    }

    /// `z [1, latent, frames]` to the samples before the tanh, `[1, 1, frames · hop]`. `see` is shown what comes out
    /// of the first convolution and of each block.
    pub(crate) fn forward(&self, z: &Tensor, mut see: impl FnMut(&Tensor)) -> Result<Tensor> {
        let mut x = self.conv_in.forward(z)?;
        see(&x);
        for block in &self.blocks {
            x = block.forward(&x)?;
            see(&x);
        }
        self.conv_out.forward(&self.snake_out.forward(&x)?)
    }
}

impl Block {
    fn load(weights: &Weights, inputs: usize, outputs: usize, rate: usize) -> Result<Self> {
        let unit = |(index, dilation): (usize, &usize)| ResidualUnit::load(&weights.at(index + 2), outputs, *dilation);
        Ok(Self {
            snake: Snake::load(&weights.at(0), inputs)?,
            upsample: ConvTranspose1d::load(&weights.at(1), inputs, outputs, rate)?,
            units: DILATIONS.iter().enumerate().map(unit).collect::<Result<_>>()?,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let x = self.upsample.forward(&self.snake.forward(x)?)?;
        self.units.iter().try_fold(x, |x, unit| unit.forward(&x))
    }
}
