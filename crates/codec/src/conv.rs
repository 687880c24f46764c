//! Convolutions along time. The one place that knows how a convolution is computed.

use candle_core::Tensor;
use zonos_weights::Weights;

use crate::Result;
use crate::cpu;
use crate::parameters::{convolution, values, vector};
use crate::steps::Steps;
use crate::window::padding;

/// A convolution `[1, in, time] → [1, out, time']`.
pub(crate) struct Conv1d {
    /// `[out, in, kernel]`.
    weight: Tensor,
    /// `[out]`.
    bias: Tensor,
    steps: Steps,
}

impl Conv1d {
    /// `shape` is `[out, in, kernel]`.
    pub(crate) fn load(weights: &Weights, shape: [usize; 3], steps: Steps) -> Result<Self> {
        let bias = vector(weights, "bias", &shape[..1])?;
        Ok(Self { weight: convolution(weights, shape)?.to_dtype(bias.dtype())?, bias, steps })
    }

    /// The same on rows, after a Snake where one is given.
    pub(crate) fn into_rows(self, snake: Option<cpu::Snake>) -> Result<cpu::Conv> {
        let shape = self.weight.dims3()?.into();
        Ok(cpu::Conv::new(&values(&self.weight)?, shape, values(&self.bias)?, self.steps, snake))
    }

    /// The same on rows, where it keeps the width; 1, 2 or 4 outputs are made at once.
    pub(crate) fn into_dilated(self, at_once: usize) -> Result<cpu::Dilated> {
        Ok(cpu::Dilated::new(&values(&self.weight)?, values(&self.bias)?, self.steps.dilation, at_once))
    }

    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let Steps { stride, padding, dilation } = self.steps;
        let y = x.conv1d(&self.weight, padding, stride, dilation, 1)?;
        Ok(y.broadcast_add(&self.bias.reshape((1, (), 1))?)?)
    }
}

/// A transposed convolution `[1, in, time] → [1, out, time · rate]` with a kernel of 2·rate and a padding of
/// rate/2, rounded up.
pub(crate) struct ConvTranspose1d {
    /// `[in, out, kernel]`.
    weight: Tensor,
    /// `[out]`.
    bias: Tensor,
    rate: usize,
}

impl ConvTranspose1d {
    pub(crate) fn load(weights: &Weights, inputs: usize, outputs: usize, rate: usize) -> Result<Self> {
        let bias = vector(weights, "bias", &[outputs])?;
        let weight = convolution(weights, [inputs, outputs, 2 * rate])?.to_dtype(bias.dtype())?;
        Ok(Self { weight, bias, rate })
    }

    /// The same on rows, after a Snake.
    pub(crate) fn into_rows(self, snake: cpu::Snake) -> Result<cpu::Upsample> {
        let inputs = self.weight.dim(0)?;
        Ok(cpu::Upsample::new(&values(&self.weight)?, inputs, &values(&self.bias)?, self.rate, snake))
    }

    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        // Cutting the padding off afterwards is much faster in candle than asking for it.
        let whole = x.conv_transpose1d(&self.weight, 0, 0, self.rate, 1, 1)?;
        let y = whole.narrow(2, padding(self.rate), x.dim(2)? * self.rate)?;
        Ok(y.broadcast_add(&self.bias.reshape((1, (), 1))?)?)
    }
}
