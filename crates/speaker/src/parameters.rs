use candle_core::Tensor;
use zonos_weights::Weights;

use crate::Result;

/// The encoder's tensors below a name prefix, in float32, however their file orders axes.
#[derive(Clone)]
pub(crate) struct Parameters<'a> {
    weights: Weights<'a>,
    axes: Axes,
}

/// The order of axes of a convolution's weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Axes {
    /// `[out, in, kernel]`, as PyTorch has them.
    KernelLast,
    /// `[kernel, out, in]`, as the published GGUF file has them.
    KernelFirst,
}

impl<'a> Parameters<'a> {
    pub(crate) fn new(weights: Weights<'a>, axes: Axes) -> Self {
        Self { weights, axes }
    }

    /// Those one level down.
    pub(crate) fn at(&self, name: impl std::fmt::Display) -> Self {
        Self { weights: self.weights.at(name), axes: self.axes }
    }

    /// The weight of a convolution, `[out, in, kernel]`.
    pub(crate) fn weight(&self, [out, inputs, kernel]: [usize; 3]) -> Result<Tensor> {
        Ok(match self.axes {
            Axes::KernelLast => self.weights.get_f32("weight", &[out, inputs, kernel])?,
            Axes::KernelFirst => {
                self.weights.get_f32("weight", &[kernel, out, inputs])?.permute((1, 2, 0))?.contiguous()?
            }
        })
    }

    /// The bias of a convolution, `[out]`.
    pub(crate) fn bias(&self, out: usize) -> Result<Tensor> {
        Ok(self.weights.get_f32("bias", &[out])?)
    }
}
