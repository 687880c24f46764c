use candle_core::{DType, Tensor};
use zonos_weights::Weights;

use crate::Result;
use crate::kernels::rows_times_matrix;

/// A weight matrix [out, in] with an optional bias: the only place that knows how weights are stored and multiplied.
pub(crate) struct Matrix {
    weight: Tensor,
    bias: Option<Tensor>,
}

impl Matrix {
    pub(crate) fn new(weight: Tensor) -> Self {
        Self { weight, bias: None }
    }

    /// `name.weight` in the element type of `weights`.
    pub(crate) fn load(weights: &Weights, name: &str, outputs: usize, inputs: usize) -> Result<Self> {
        Ok(Self::new(weights.at(name).get("weight", &[outputs, inputs])?))
    }

    /// `name.weight` in float32, for what decides rather than carries.
    pub(crate) fn load_f32(weights: &Weights, name: &str, outputs: usize, inputs: usize) -> Result<Self> {
        Ok(Self::new(weights.at(name).get_f32("weight", &[outputs, inputs])?))
    }

    /// Adds `name.bias`.
    pub(crate) fn with_bias(mut self, weights: &Weights, name: &str) -> Result<Self> {
        let outputs = self.weight.dim(0)?;
        self.bias = Some(weights.at(name).get_f32("bias", &[outputs])?);
        Ok(self)
    }

    /// The element type that the weights are stored in.
    pub(crate) fn dtype(&self) -> DType {
        self.weight.dtype()
    }

    /// Bytes that one product reads.
    pub(crate) fn bytes(&self) -> u64 {
        (self.weight.elem_count() * self.weight.dtype().size_in_bytes()) as u64
    }

    /// `x` [rows, in] to [rows, out], both in float32. On the CPU no row depends on the others.
    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let y = self.product(x)?;
        Ok(match &self.bias {
            Some(bias) => y.broadcast_add(bias)?,
            None => y,
        })
    }

    fn product(&self, x: &Tensor) -> Result<Tensor> {
        if x.device().is_cpu() {
            return Ok(rows_times_matrix(x, &self.weight)?);
        }
        let y = x.to_dtype(self.weight.dtype())?.matmul(&self.weight.t()?)?;
        Ok(y.to_dtype(DType::F32)?)
    }
}
