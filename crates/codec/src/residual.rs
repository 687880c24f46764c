use candle_core::Tensor;
use zonos_weights::Weights;

use crate::Result;
use crate::conv::Conv1d;
use crate::cpu;
use crate::snake::Snake;
use crate::steps::Steps;
use crate::window::KERNEL;

/// Snake, dilated convolution, Snake, pointwise convolution, added to the input.
pub(crate) struct ResidualUnit {
    snake_in: Snake,
    conv: Conv1d,
    snake_out: Snake,
    pointwise: Conv1d,
}

impl ResidualUnit {
    pub(crate) fn load(weights: &Weights, dim: usize, dilation: usize) -> Result<Self> {
        let block = weights.at("block");
        Ok(Self {
            snake_in: Snake::load(&block.at(0), dim)?,
            conv: Conv1d::load(&block.at(1), [dim, dim, KERNEL], Steps::same(KERNEL, dilation))?,
            snake_out: Snake::load(&block.at(2), dim)?,
            pointwise: Conv1d::load(&block.at(3), [dim, dim, 1], Steps::same(1, 1))?,
        })
    }

    /// The same on rows; the dilated convolution makes 1, 2 or 4 outputs at once.
    pub(crate) fn into_rows(self, at_once: usize) -> Result<cpu::Unit> {
        let conv = self.conv.into_dilated(at_once)?;
        Ok(cpu::Unit::new(
            self.snake_in.into_rows()?,
            conv,
            self.snake_out.into_rows()?,
            self.pointwise.into_rows(None)?,
        ))
    }

    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let y = self.conv.forward(&self.snake_in.forward(x)?)?;
        let y = self.pointwise.forward(&self.snake_out.forward(&y)?)?;
        Ok((x + y)?)
    }
}
