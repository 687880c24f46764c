use candle_core::Tensor;

use crate::Result;
use crate::parameters::Parameters;
use crate::tdnn::{Conv, Tdnn};

/// Keeps the square root of a variance away from zero.
const VARIANCE_FLOOR: f64 = 1e-12;

/// Attentive statistics pooling: the mean and standard deviation of each channel over time, with weights that the
/// network itself gives to each moment (Okabe, Koshinaka and Shinoda, 2018).
pub(crate) struct Pooling {
    tdnn: Tdnn,
    /// The parts of `tdnn` for the channels, their means and their deviations, `[inner, channels]` each.
    parts: Vec<Tensor>,
    conv: Conv,
}

impl Pooling {
    pub(crate) fn load(parameters: &Parameters, channels: usize, inner: usize) -> Result<Self> {
        let tdnn = Tdnn::pointwise(&parameters.at("tdnn"), 3 * channels, inner)?;
        let conv = Conv::pointwise(&parameters.at("conv"), inner, channels)?;
        Ok(Self { parts: tdnn.conv().input_groups(3)?, tdnn, conv })
    }

    /// `[channels, time] → [2 · channels, 1]`: means, then deviations.
    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let uniform = (Tensor::ones((1, x.dim(1)?), x.dtype(), x.device())? / x.dim(1)? as f64)?;
        let (mean, deviation) = statistics(x, &uniform)?;
        let weights = self.attention(x, &mean, &deviation)?;
        let (mean, deviation) = statistics(x, &weights)?;
        Ok(Tensor::cat(&[mean, deviation], 0)?)
    }

    /// A weight for each channel and moment, from the moment beside the clip's statistics.
    ///
    /// The layer's input is `[x; mean; deviation]`, the latter two the same at every moment. They are multiplied once
    /// and not once for each moment, and the threefold input is never laid out in memory.
    fn attention(&self, x: &Tensor, mean: &Tensor, deviation: &Tensor) -> Result<Tensor> {
        let mut inner = self.tdnn.conv().bias().clone();
        for (part, statistic) in self.parts.iter().skip(1).zip([mean, deviation]) {
            inner = (inner + part.matmul(statistic)?)?;
        }
        let moments = self.parts.iter().take(1).map(|part| part.matmul(x));
        for moments in moments {
            inner = moments?.broadcast_add(&inner)?;
        }
        let scores = self.conv.forward(&inner.relu()?.tanh()?)?;
        Ok(candle_nn::ops::softmax(&scores, 1)?)
    }
}

/// Mean and population deviation over time, `[channels, 1]` each, under `weights` that add up to 1.
fn statistics(x: &Tensor, weights: &Tensor) -> Result<(Tensor, Tensor)> {
    let mean = x.broadcast_mul(weights)?.sum_keepdim(1)?;
    let spread = x.broadcast_sub(&mean)?.sqr()?;
    let variance = spread.broadcast_mul(weights)?.sum_keepdim(1)?;
    Ok((mean, variance.maximum(VARIANCE_FLOOR)?.sqrt()?))
}
