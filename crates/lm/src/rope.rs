use candle_core::{Device, Tensor};
use candle_nn::rotary_emb::rope_i;

use crate::kernels::{self, HeadNorm};
use crate::{Config, Result};

/// Rotary embedding with interleaved pairs (0, 1), (2, 3), …
pub(crate) struct Rope {
    /// [context, head_dim / 2]
    cos: Tensor,
    sin: Tensor,
}

/// The rotation of each row of a batch.
pub(crate) struct Rotation {
    /// [rows, head_dim / 2]
    cos: Tensor,
    sin: Tensor,
}

impl Rope {
    pub(crate) fn new(config: &Config, device: &Device) -> Result<Self> {
        let half = config.head_dim / 2;
        let exponent = |pair: usize| 2.0 * pair as f64 / config.head_dim as f64;
        let frequencies: Vec<f64> = (0..half).map(|pair| config.rope_theta.powf(-exponent(pair))).collect();
        // The reference forms frequency and angle in float32; so do we, to round alike.
        let angle = |row: usize, frequency: f64| row as f32 * frequency as f32;
        let table = |of: fn(f32) -> f32| {
            let angles = (0..config.context).flat_map(|row| frequencies.iter().map(move |&f| of(angle(row, f))));
            Tensor::from_vec(angles.collect::<Vec<f32>>(), (config.context, half), device)
        };
        Ok(Self { cos: table(f32::cos)?, sin: table(f32::sin)? })
    }

    /// The rotations at `positions`.
    pub(crate) fn at(&self, positions: Vec<u32>) -> Result<Rotation> {
        let positions = Tensor::new(positions, self.cos.device())?;
        Ok(Rotation { cos: self.cos.index_select(&positions, 0)?, sin: self.sin.index_select(&positions, 0)? })
    }
}

impl Rotation {
    /// Norms and rotates the heads of `x` [rows, heads · head_dim] on the CPU: [heads, rows, head_dim].
    pub(crate) fn of_heads(&self, x: &Tensor, norm: HeadNorm) -> Result<Tensor> {
        Ok(kernels::normed_heads(x, norm, &self.cos, &self.sin)?)
    }

    /// Rotates `x` [heads, rows, head_dim].
    pub(crate) fn apply(&self, x: &Tensor) -> Result<Tensor> {
        Ok(rope_i(&x.unsqueeze(0)?.contiguous()?, &self.cos, &self.sin)?.squeeze(0)?)
    }
}
