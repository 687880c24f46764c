//! Tensors as the layers need them, in whatever form the file has them.

use candle_core::Tensor;
use zonos_weights::Weights;

use crate::Result;

/// The name of a convolution's weight: with weight norm that of its direction, else that of the weight itself. Random
/// weights, which have any name, have a weight norm.
pub(crate) fn weight_name(weights: &Weights, module: &str) -> String {
    let [plain, direction] = ["weight", "weight_v"].map(|name| match module {
        "" => name.to_owned(),
        module => format!("{module}.{name}"),
    });
    if weights.contains(&plain) && !weights.contains(&direction) { plain } else { direction }
}

/// The weight of a convolution in float32: as stored, or under weight norm `g · v / ‖v‖`, the norm over all axes but the
/// first (Salimans and Kingma, "Weight Normalization", 2016).
///
/// The first axis of a transposed convolution is its *input*.
pub(crate) fn convolution(weights: &Weights, shape: [usize; 3]) -> Result<Tensor> {
    let name = weight_name(weights, "");
    let stored = weights.get_f32(&name, &shape)?;
    if name == "weight" {
        return Ok(stored);
    }
    let g = weights.get_f32("weight_g", &[shape[0], 1, 1])?;
    let norm = stored.sqr()?.sum_keepdim((1, 2))?.sqrt()?;
    Ok(stored.broadcast_mul(&g.div(&norm)?)?)
}

/// The numbers of a float32 tensor.
pub(crate) fn values(tensor: &Tensor) -> Result<Vec<f32>> {
    Ok(tensor.flatten_all()?.to_vec1()?)
}

/// A tensor of `shape`, which has one axis of length above 1. Files may have more or fewer axes of length 1 around it.
pub(crate) fn vector(weights: &Weights, name: &str, shape: &[usize]) -> Result<Tensor> {
    let long = |shape: &[usize]| shape.iter().copied().filter(|&len| len != 1).collect::<Vec<_>>();
    match weights.shape(name)?.filter(|stored| long(stored) == long(shape)) {
        Some(stored) => Ok(weights.get(name, stored)?.reshape(shape)?),
        None => Ok(weights.get(name, shape)?),
    }
}
