use candle_core::{DType, Device, Tensor};
use candle_nn::ops::rms_norm;
use zonos_weights::Weights;

use crate::{Result, kernels};

/// Root-mean-square norm over the last axis, in float32.
pub(crate) struct RmsNorm {
    weight: Tensor,
    eps: f32,
}

impl RmsNorm {
    /// With the learned weight `name.weight`.
    pub(crate) fn load(weights: &Weights, name: &str, width: usize, eps: f64) -> Result<Self> {
        let weight = weights.at(name).get_f32("weight", &[width])?;
        Ok(Self { weight, eps: eps as f32 })
    }

    /// Without a weight.
    pub(crate) fn plain(width: usize, eps: f64, device: &Device) -> Result<Self> {
        let weight = Tensor::ones(width, DType::F32, device)?;
        Ok(Self { weight, eps: eps as f32 })
    }

    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        if x.device().is_cpu() {
            return Ok(kernels::rms_norm(x, &self.weight, self.eps)?);
        }
        Ok(rms_norm(&x.contiguous()?, &self.weight, self.eps)?)
    }
}
