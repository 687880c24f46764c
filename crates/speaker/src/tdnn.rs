use candle_core::Tensor;

use crate::Result;
use crate::config::Layer;
use crate::parameters::Parameters;

/// A convolution over time of the same length, `[in, time] → [out, time]`; the ends are reflected.
pub(crate) struct Conv {
    /// `[out, in, kernel]`.
    weight: Tensor,
    /// `[out, 1]`.
    bias: Tensor,
    layer: Layer,
}

impl Conv {
    pub(crate) fn load(parameters: &Parameters, inputs: usize, layer: Layer) -> Result<Self> {
        let Layer { channels, kernel, .. } = layer;
        let bias = parameters.bias(channels)?.unsqueeze(1)?;
        Ok(Self { weight: parameters.weight([channels, inputs, kernel])?, bias, layer })
    }

    /// A convolution of one step: each moment by itself.
    pub(crate) fn pointwise(parameters: &Parameters, inputs: usize, channels: usize) -> Result<Self> {
        Self::load(parameters, inputs, Layer { channels, kernel: 1, dilation: 1 })
    }

    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let y = if self.layer.kernel == 1 {
            self.weight.squeeze(2)?.matmul(x)?
        } else {
            let padded = reflected(x, self.layer.padding())?.unsqueeze(0)?;
            padded.conv1d(&self.weight, 0, 1, self.layer.dilation, 1)?.squeeze(0)?
        };
        Ok(y.broadcast_add(&self.bias)?)
    }

    /// The parts of a pointwise convolution that belong to each of `count` equal groups of inputs, `[out, in / count]`.
    pub(crate) fn input_groups(&self, count: usize) -> Result<Vec<Tensor>> {
        let groups = self.weight.squeeze(2)?.chunk(count, 1)?;
        Ok(groups.iter().map(Tensor::contiguous).collect::<candle_core::Result<_>>()?)
    }

    pub(crate) fn bias(&self) -> &Tensor {
        &self.bias
    }
}

/// `padding` frames mirrored at both ends; the edges are not repeated. There must be more frames than that.
fn reflected(x: &Tensor, padding: usize) -> Result<Tensor> {
    let time = x.dim(1)?;
    let (before, after) = ((1..=padding).rev(), (0..time).rev().skip(1).take(padding));
    let places: Vec<u32> = before.chain(0..time).chain(after).map(|place| place as u32).collect();
    Ok(x.index_select(&Tensor::new(places, x.device())?, 1)?)
}

/// A convolution and a ReLU.
pub(crate) struct Tdnn(Conv);

impl Tdnn {
    pub(crate) fn load(parameters: &Parameters, inputs: usize, layer: Layer) -> Result<Self> {
        Ok(Self(Conv::load(&parameters.at("conv"), inputs, layer)?))
    }

    pub(crate) fn pointwise(parameters: &Parameters, inputs: usize, channels: usize) -> Result<Self> {
        Ok(Self(Conv::pointwise(&parameters.at("conv"), inputs, channels)?))
    }

    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        Ok(self.0.forward(x)?.relu()?)
    }

    pub(crate) fn conv(&self) -> &Conv {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn reflections_do_not_repeat_the_edge() {
        let x = Tensor::new(&[[1f32, 2.0, 3.0, 4.0]], &Device::Cpu).unwrap();
        let padded: Vec<Vec<f32>> = reflected(&x, 3).unwrap().to_vec2().unwrap();
        assert_eq!(padded, [[4.0, 3.0, 2.0, 1.0, 2.0, 3.0, 4.0, 3.0, 2.0, 1.0]]);
    }
}
