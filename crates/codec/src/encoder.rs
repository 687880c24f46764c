use candle_core::Tensor;
use zonos_weights::Weights;

use crate::conv::Conv1d;
use crate::residual::ResidualUnit;
use crate::snake::Snake;
use crate::steps::Steps;
use crate::window::{DILATIONS, KERNEL};
use crate::{Result, Stages};

/// Kernel of the last convolution.
const LAST_KERNEL: usize = 3;

/// Samples to latent vectors: the decoder's mirror image.
pub(crate) struct Encoder {
    pub(crate) conv_in: Conv1d,
    pub(crate) blocks: Vec<Block>,
    pub(crate) snake_out: Snake,
    pub(crate) conv_out: Conv1d,
}

/// Downsampling by one rate.
pub(crate) struct Block {
    pub(crate) units: Vec<ResidualUnit>,
    pub(crate) snake: Snake,
    pub(crate) downsample: Conv1d,
}

impl Encoder {
    pub(crate) fn load(weights: &Weights, stages: &Stages, latent_dim: usize) -> Result<Self> {
        let model = weights.at("block");
        let count = stages.rates.len();
        let load =
            |(index, rate): (usize, &usize)| Block::load(&model.at(index + 1).at("block"), stages.dim << index, *rate);
        let (last, dim) = ([latent_dim, stages.dim << count, LAST_KERNEL], stages.dim << count);
        Ok(Self {
            conv_in: Conv1d::load(&model.at(0), [stages.dim, 1, KERNEL], Steps::same(KERNEL, 1))?,
            blocks: stages.rates.iter().enumerate().map(load).collect::<Result<_>>()?,
            snake_out: Snake::load(&model.at(count + 1), dim)?,
            conv_out: Conv1d::load(&model.at(count + 2), last, Steps::same(LAST_KERNEL, 1))?,
        })
    }

    /// Samples `[1, 1, frames · hop]` to `[1, latent, frames]`.
    pub(crate) fn forward(&self, samples: &Tensor) -> Result<Tensor> {
        let x = self.conv_in.forward(samples)?;
        let x = self.blocks.iter().try_fold(x, |x, block| block.forward(&x))?;
        self.conv_out.forward(&self.snake_out.forward(&x)?)
    }
}

impl Block {
    /// From `dim` channels to twice as many.
    fn load(weights: &Weights, dim: usize, rate: usize) -> Result<Self> {
        let unit = |(index, dilation): (usize, &usize)| ResidualUnit::load(&weights.at(index), dim, *dilation);
        Ok(Self {
            units: DILATIONS.iter().enumerate().map(unit).collect::<Result<_>>()?,
            snake: Snake::load(&weights.at(DILATIONS.len()), dim)?,
            downsample: Conv1d::load(&weights.at(DILATIONS.len() + 1), [2 * dim, dim, 2 * rate], Steps::down(rate))?,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let x = self.units.iter().try_fold(x.clone(), |x, unit| unit.forward(&x))?;
        self.downsample.forward(&self.snake.forward(&x)?)
    }
}
