//! Snake, the activation of DAC: x + sin²(αx) / α (Ziyin, Hartwig and Ueda, "Neural Networks Fail to Learn Periodic
//! Functions and How to Fix It", 2020).

use candle_core::Tensor;
use zonos_weights::Weights;

use crate::parameters::{values, vector};
use crate::{Result, cpu};

/// Keeps the division finite where α is 0.
pub(crate) const EPSILON: f32 = 1e-9;

/// x + sin²(αx) / (α + 1e-9), with one α for each channel.
pub(crate) struct Snake {
    /// `[1, channels, 1]`.
    alpha: Tensor,
}

impl Snake {
    pub(crate) fn load(weights: &Weights, channels: usize) -> Result<Self> {
        Ok(Self { alpha: vector(weights, "alpha", &[1, channels, 1])? })
    }

    /// The same on rows.
    pub(crate) fn into_rows(self) -> Result<cpu::Snake> {
        Ok(cpu::Snake::new(values(&self.alpha)?))
    }

    /// `x` is `[1, channels, time]`.
    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let sine = x.broadcast_mul(&self.alpha)?.sin()?;
        let inverse = (&self.alpha + f64::from(EPSILON))?.recip()?;
        Ok((x + sine.sqr()?.broadcast_mul(&inverse)?)?)
    }
}
