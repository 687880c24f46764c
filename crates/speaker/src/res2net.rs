use candle_core::Tensor;

use crate::Result;
use crate::config::{Layer, SpeakerConfig};
use crate::parameters::Parameters;
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
    pub(crate) fn load(parameters: &Parameters, layer: Layer, config: &SpeakerConfig) -> Result<Self> {
        let channels = layer.channels;
        Ok(Self {
            tdnn_in: Tdnn::pointwise(&parameters.at("tdnn1"), channels, channels)?,
            res2net: Res2Net::load(&parameters.at("res2net_block"), layer, config.res2net_scale)?,
            tdnn_out: Tdnn::pointwise(&parameters.at("tdnn2"), channels, channels)?,
            excitation: SqueezeExcitation::load(&parameters.at("se_block"), channels, config.se_channels)?,
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
    fn load(parameters: &Parameters, layer: Layer, scale: usize) -> Result<Self> {
        let part = Layer { channels: layer.channels / scale, ..layer };
        let load = |index: usize| Tdnn::load(&parameters.at("blocks").at(index), part.channels, part);
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
    fn load(parameters: &Parameters, channels: usize, inner: usize) -> Result<Self> {
        Ok(Self {
            squeeze: Conv::pointwise(&parameters.at("conv1"), channels, inner)?,
            excite: Conv::pointwise(&parameters.at("conv2"), inner, channels)?,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mean = x.mean_keepdim(1)?;
        let scale = self.excite.forward(&self.squeeze.forward(&mean)?.relu()?)?;
        Ok(x.broadcast_mul(&candle_nn::ops::sigmoid(&scale)?)?)
    }
}
