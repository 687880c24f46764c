//! The residual vector quantizer: each codebook describes what the codebooks before it left over.

use candle_core::{D, DType, Tensor};
use zonos_weights::Weights;

use crate::conv::folded;
use crate::{CodecConfig, Result};

/// Keeps the normalization of a zero vector finite.
const NORM_EPSILON: f64 = 1e-12;

pub(crate) struct Quantizer {
    codebooks: Vec<Codebook>,
}

/// One codebook with its two projections, which are pointwise convolutions.
struct Codebook {
    /// `[size, dim]`.
    table: Tensor,
    /// The table with rows of length 1, `[dim, size]`.
    directions: Tensor,
    in_proj: Option<Affine>,
    out_proj: Affine,
}

/// `x [frames, in] → [frames, out]`.
struct Affine {
    /// `[in, out]`.
    weight: Tensor,
    bias: Tensor,
}

/// What a search for the nearest entries found.
pub(crate) struct Found {
    /// `[codebooks, frames]`, u32.
    pub(crate) codes: Tensor,
    /// The projections that the entries were chosen for, `[codebooks · dim, frames]`.
    pub(crate) latents: Tensor,
    /// The sum of the chosen entries' projections, `[latent, frames]`.
    pub(crate) z: Tensor,
}

impl Quantizer {
    pub(crate) fn load(weights: &Weights, config: &CodecConfig) -> Result<Self> {
        let load = |index: usize| Codebook::load(&weights.at("quantizers").at(index), config);
        Ok(Self { codebooks: (0..config.n_codebooks).map(load).collect::<Result<_>>()? })
    }

    /// Codes `[codebooks, frames]` (u32) to `z [latent, frames]`: the sum of the entries' projections.
    pub(crate) fn decode(&self, codes: &Tensor) -> Result<Tensor> {
        let parts = self.codebooks.iter().enumerate();
        let parts = parts.map(|(index, codebook)| codebook.decode(&codes.get(index)?));
        Ok(sum(parts)?.t()?.contiguous()?)
    }

    pub(crate) fn can_encode(&self) -> bool {
        self.codebooks.iter().all(|codebook| codebook.in_proj.is_some())
    }

    /// The codes for `latent`, `[latent, frames]`.
    pub(crate) fn encode(&self, latent: &Tensor) -> Result<Found> {
        let mut left = latent.t()?.contiguous()?;
        let (mut codes, mut latents, mut parts) = (Vec::new(), Vec::new(), Vec::new());
        for codebook in &self.codebooks {
            let projected = codebook.project(&left)?;
            let found = codebook.nearest(&projected)?;
            let part = codebook.decode(&found)?;
            left = (left - &part)?;
            codes.push(found);
            latents.push(projected.t()?);
            parts.push(part);
        }
        Ok(Found {
            codes: Tensor::stack(&codes, 0)?,
            latents: Tensor::cat(&latents, 0)?,
            z: sum(parts.into_iter().map(Ok))?.t()?.contiguous()?,
        })
    }
}

impl Codebook {
    fn load(weights: &Weights, config: &CodecConfig) -> Result<Self> {
        let (latent, dim) = (config.latent_dim, config.codebook_dim);
        let table = weights.at("codebook").get("weight", &[config.codebook_size, dim])?;
        // A file that only decodes may lack them.
        let has_input = config.encoder.is_some() || weights.contains("in_proj.weight_v");
        let in_proj = has_input.then(|| Affine::load(&weights.at("in_proj"), latent, dim)).transpose()?;
        let directions = normalized(&table)?.t()?.contiguous()?;
        Ok(Self { directions, in_proj, out_proj: Affine::load(&weights.at("out_proj"), dim, latent)?, table })
    }

    fn project(&self, left: &Tensor) -> Result<Tensor> {
        self.in_proj.as_ref().ok_or(crate::Error::NoEncoder)?.forward(left)
    }

    /// The entry of the largest cosine to each row of `projected`.
    fn nearest(&self, projected: &Tensor) -> Result<Tensor> {
        Ok(normalized(projected)?.matmul(&self.directions)?.argmax(D::Minus1)?)
    }

    /// `[frames]` to `[frames, latent]`.
    fn decode(&self, codes: &Tensor) -> Result<Tensor> {
        self.out_proj.forward(&self.table.index_select(codes, 0)?)
    }
}

impl Affine {
    fn load(weights: &Weights, inputs: usize, outputs: usize) -> Result<Self> {
        let bias = weights.get("bias", &[outputs])?;
        let weight = folded(weights, [outputs, inputs, 1])?.squeeze(2)?.t()?.contiguous()?;
        Ok(Self { weight: weight.to_dtype(bias.dtype())?, bias })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        Ok(x.matmul(&self.weight)?.broadcast_add(&self.bias)?)
    }
}

/// Rows of length 1.
fn normalized(rows: &Tensor) -> Result<Tensor> {
    let norm = rows.to_dtype(DType::F32)?.sqr()?.sum_keepdim(1)?.sqrt()?.maximum(NORM_EPSILON)?;
    Ok(rows.broadcast_div(&norm.to_dtype(rows.dtype())?)?)
}

/// The sum of at least one tensor.
fn sum(mut parts: impl Iterator<Item = Result<Tensor>>) -> Result<Tensor> {
    let empty = || crate::Error::Config("no codebooks".to_owned());
    let first = parts.next().ok_or_else(empty)??;
    parts.try_fold(first, |sum, part| Ok((sum + part?)?))
}
