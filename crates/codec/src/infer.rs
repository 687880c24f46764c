//! The sizes of a model, read off the shapes of its tensors.

use zonos_weights::Weights;

use crate::parameters::weight_name;
use crate::{CodecConfig, Error, Result, Stages};

/// Sizes of the model whose tensors lie under `weights`, which must be stored tensors and not random ones.
pub(crate) fn config(weights: &Weights) -> Result<CodecConfig> {
    let quantizers = weights.at("quantizer").at("quantizers");
    let [codebook_size, codebook_dim] = shape(&quantizers, "0.codebook.weight")?;
    let decoder = weights.at("decoder").at("model");
    let [decoder_dim, latent_dim, _] = shape(&decoder, &weight_name(&decoder, "0"))?;
    let config = CodecConfig {
        n_codebooks: count(|index| quantizers.contains(&format!("{index}.codebook.weight"))),
        codebook_size,
        codebook_dim,
        latent_dim,
        decoder: Stages { dim: decoder_dim, rates: rates(&decoder, "block.1")? },
        encoder: encoder(&weights.at("encoder").at("block"))?,
        ..CodecConfig::released()
    };
    config.check()?;
    Ok(config)
}

fn encoder(blocks: &Weights) -> Result<Option<Stages>> {
    let first = weight_name(blocks, "0");
    if !blocks.contains(&first) {
        return Ok(None);
    }
    let [dim, ..] = shape::<3>(blocks, &first)?;
    Ok(Some(Stages { dim, rates: rates(blocks, "block.4")? }))
}

/// The strides of the blocks 1, 2, …: half of the kernels of their strided convolutions, `module`.
fn rates(blocks: &Weights, module: &str) -> Result<Vec<usize>> {
    let full = |index: usize| weight_name(blocks, &format!("{}.{module}", index + 1));
    let rate = |index: usize| match shape(blocks, &full(index))? {
        [_, _, kernel] if kernel % 2 == 0 => Ok(kernel / 2),
        [_, _, kernel] => Err(Error::Config(format!("`{}` has an odd kernel, {kernel}", full(index)))),
    };
    (0..count(|index| blocks.contains(&full(index)))).map(rate).collect()
}

fn count(exists: impl Fn(usize) -> bool) -> usize {
    (0..).take_while(|&index| exists(index)).count()
}

fn shape<const N: usize>(weights: &Weights, name: &str) -> Result<[usize; N]> {
    let found = weights.shape(name)?.unwrap_or_default();
    found.try_into().map_err(|_| Error::Config(format!("`{name}` has shape {found:?}, not {N} dimensions")))
}
