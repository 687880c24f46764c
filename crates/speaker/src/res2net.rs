use candle_core::Tensor;
use zonos_weights::Weights;

use crate::Result;
use crate::config::{Layer, SpeakerConfig};
use crate::tdnn::{Conv, Tdnn};

/// An SE-Res2Net block of ECAPA-TDNN: a pointwise layer, a Res2Net layer, a pointwise layer and a squeeze-excitation,
/// added to the input.
pub(crate) struct Block {
    tdnn_in: Tdnn,
    res2net: Res2Net,
    tdnn_out: Tdnn,
    excitation: SqueezeExcitation,
}

impl Block {
    pub(crate) fn load(weights: &Weights, layer: Layer, config: &SpeakerConfig) -> Result<Self> {
        let channels = layer.channels;
        Ok(Self {
            tdnn_in: Tdnn::pointwise(&weights.at("tdnn1"), channels, channels)?,
            res2net: Res2Net::load(&weights.at("res2net_block"), layer, config.res2net_scale)?,
            tdnn_out: Tdnn::pointwise(&weights.at("tdnn2"), channels, channels)?,
            excitation: SqueezeExcitation::load(&weights.at("se_block"), channels, config.se_channels)?,
        })
    }

    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let y = self.res2net.forward(&self.tdnn_in.forward(x)?)?;
        let y = self.excitation.forward(&self.tdnn_out.forward(&y)?)?;
        Ok((x + y)?)
    }
}

/// The channels in parts: the first passes through, each other part goes through its own layer together with what the
/// part before gave (Gao et al., "Res2Net: A New Multi-scale Backbone Architecture", 2019).
struct Res2Net {
    layers: Vec<Tdnn>,
}

impl Res2Net {
    fn load(weights: &Weights, layer: Layer, scale: usize) -> Result<Self> {
        let part = Layer { channels: layer.channels / scale, ..layer };
        let load = |index: usize| Tdnn::load(&weights.at("blocks").at(index), part.channels, part);
        Ok(Self { layers: (0..scale - 1).map(load).collect::<Result<_>>()? })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mut parts = x.chunk(self.layers.len() + 1, 0)?.into_iter();
        let mut outputs: Vec<Tensor> = parts.next().into_iter().collect();
        for (index, (part, layer)) in parts.zip(&self.layers).enumerate() {
            // The second part is the first that is computed: nothing came before it.
            let input = if index == 0 { part } else { (part + &outputs[index])? };
            outputs.push(layer.forward(&input)?);
        }
        Ok(Tensor::cat(&outputs, 0)?)
    }
}

/// Scales each channel by what all channels are on average over time (Hu, Shen and Sun, "Squeeze-and-Excitation
/// Networks", 2017).
struct SqueezeExcitation {
    squeeze: Conv,
    excite: Conv,
}

impl SqueezeExcitation {
    fn load(weights: &Weights, channels: usize, inner: usize) -> Result<Self> {
        Ok(Self {
            squeeze: Conv::pointwise(&weights.at("conv1"), channels, inner)?,
            excite: Conv::pointwise(&weights.at("conv2"), inner, channels)?,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mean = x.mean_keepdim(1)?;
        let scale = self.excite.forward(&self.squeeze.forward(&mean)?.relu()?)?;
        Ok(x.broadcast_mul(&candle_nn::ops::sigmoid(&scale)?)?)
    }
}
