use candle_core::{DType, Tensor};
use zonos_weights::{Quantized, Weights};

use crate::Result;
use crate::kernels::{rows_times_blocks, rows_times_matrix};
use crate::work::Work;

/// A weight matrix [out, in] with an optional bias: the only place that knows how weights are stored and multiplied.
pub(crate) struct Matrix {
    weight: Storage,
    bias: Option<Tensor>,
}

/// How weights are kept.
enum Storage {
    /// [out, in], in the type that they are multiplied in.
    Plain(Tensor),
    /// Where they lie in their file, multiplied as they are; on the CPU only.
    Blocks(Quantized),
}

impl Matrix {
    /// `name.weight` in the element type of `weights`.
    pub(crate) fn load(weights: &Weights, name: &str, outputs: usize, inputs: usize) -> Result<Self> {
        Self::stored(&weights.at(name), "weight", &[outputs, inputs])
    }

    /// `name.weight` [parts, out, in], as one matrix of all the rows.
    pub(crate) fn load_stack(weights: &Weights, name: &str, shape: [usize; 3]) -> Result<Self> {
        Self::stored(&weights.at(name), "weight", &shape)
    }

    /// Element `index` of the tensor `name` of the whole shape [count, out, in].
    pub(crate) fn load_part(weights: &Weights, name: &str, shape: [usize; 3], index: usize) -> Result<Self> {
        let part = blocks(weights, name, &shape)?.and_then(|whole| whole.part(index));
        Ok(Self::new(match part {
            Some(part) => Storage::Blocks(part),
            None => Storage::Plain(weights.get_part(name, &shape, index)?),
        }))
    }

    /// `name.weight` in float32, for what decides rather than carries.
    pub(crate) fn load_f32(weights: &Weights, name: &str, outputs: usize, inputs: usize) -> Result<Self> {
        Ok(Self::new(Storage::Plain(weights.at(name).get_f32("weight", &[outputs, inputs])?)))
    }

    fn stored(weights: &Weights, name: &str, shape: &[usize]) -> Result<Self> {
        Ok(Self::new(match blocks(weights, name, shape)? {
            Some(blocks) => Storage::Blocks(blocks),
            None => Storage::Plain(weights.get(name, shape)?.flatten_to(shape.len() - 2)?),
        }))
    }

    fn new(weight: Storage) -> Self {
        Self { weight, bias: None }
    }

    /// Adds `name.bias` [outputs].
    pub(crate) fn with_bias(mut self, weights: &Weights, name: &str, outputs: usize) -> Result<Self> {
        self.bias = Some(weights.at(name).get_f32("bias", &[outputs])?);
        Ok(self)
    }

    /// The element type of the weights; `None` where they are in blocks.
    pub(crate) fn dtype(&self) -> Option<DType> {
        match &self.weight {
            Storage::Plain(weight) => Some(weight.dtype()),
            Storage::Blocks(_) => None,
        }
    }

    /// The products of one row.
    pub(crate) fn work(&self) -> Work {
        match &self.weight {
            Storage::Plain(weight) => {
                let floats = weight.elem_count() as u64;
                Work { bytes: floats * weight.dtype().size_in_bytes() as u64, floats, ..Work::default() }
            }
            Storage::Blocks(blocks) => {
                let integers = blocks.shape().iter().product::<usize>() as u64;
                Work { bytes: blocks.bytes().len() as u64, integers, ..Work::default() }
            }
        }
    }

    /// `x` [rows, in] to [rows, out], both in float32. On the CPU no row depends on the others.
    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let y = match &self.weight {
            Storage::Plain(weight) => product(x, weight)?,
            Storage::Blocks(blocks) => rows_times_blocks(x, blocks)?,
        };
        Ok(match &self.bias {
            Some(bias) => y.broadcast_add(bias)?,
            None => y,
        })
    }
}

/// The tensor where it lies, when it is in blocks and can stay so: on the CPU, unless another type is asked for.
fn blocks(weights: &Weights, name: &str, shape: &[usize]) -> Result<Option<Quantized>> {
    if !weights.device().is_cpu() || weights.dtype().is_some() {
        return Ok(None);
    }
    Ok(weights.get_quantized(name, shape)?)
}

fn product(x: &Tensor, weight: &Tensor) -> Result<Tensor> {
    if x.device().is_cpu() {
        return Ok(rows_times_matrix(x, weight)?);
    }
    let y = x.to_dtype(weight.dtype())?.matmul(&weight.t()?)?;
    Ok(y.to_dtype(DType::F32)?)
}
