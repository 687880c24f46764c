//! Convolutions along time. The one place that knows how a convolution is computed.

use candle_core::{DType, Device, Tensor};
use zonos_weights::Weights;

use crate::Result;
use crate::conv_cpu::CpuConv;
use crate::parameters::{convolution, vector};
use crate::steps::Steps;
use crate::transpose_cpu::CpuTranspose;
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

    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        if is_cpu_f32(x) {
            return Ok(x.contiguous()?.apply_op3_no_bwd(&self.weight, &self.bias, &CpuConv(self.steps))?);
        }
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

    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        if is_cpu_f32(x) {
            let op = CpuTranspose { rate: self.rate };
            return Ok(x.contiguous()?.apply_op3_no_bwd(&self.weight, &self.bias, &op)?);
        }
        // Cutting the padding off afterwards is much faster in candle than asking for it.
        let whole = x.conv_transpose1d(&self.weight, 0, 0, self.rate, 1, 1)?;
        let y = whole.narrow(2, padding(self.rate), x.dim(2)? * self.rate)?;
        Ok(y.broadcast_add(&self.bias.reshape((1, (), 1))?)?)
    }
}

fn is_cpu_f32(x: &Tensor) -> bool {
    matches!(x.device(), Device::Cpu) && x.dtype() == DType::F32
}
