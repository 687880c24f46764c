//! The residual vector quantizer: each codebook describes what the codebooks before it left over.

use candle_core::{D, DType, Tensor};
use zonos_weights::Weights;

use crate::parameters::{convolution, values, weight_name};
use crate::{CodecConfig, Result};

/// Keeps the normalization of a zero vector finite.
const NORM_EPSILON: f64 = 1e-12;

#[derive(Clone)]
pub(crate) struct Quantizer {
    codebooks: Vec<Codebook>,
    /// Where tables hold projections: the sum of the projections' biases, `[latent]`.
    bias: Option<Tensor>,
}

/// One codebook with its two projections, which are pointwise convolutions.
#[derive(Clone)]
struct Codebook {
    /// `[size, dim]`.
    table: Tensor,
    search: Option<Search>,
    /// Nothing where the table holds what it would give, but for its bias.
    out_proj: Option<Affine>,
}

/// How the entry for a vector is found.
#[derive(Clone)]
struct Search {
    in_proj: Affine,
    /// The table with rows of length 1, `[dim, size]`.
    directions: Tensor,
}

/// `x [frames, in] → [frames, out]`.
#[derive(Clone)]
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
        let quantizers = weights.at("quantizers");
        let projected = is_projected(&quantizers.at(0), config);
        let load = |index: usize| Codebook::load(&quantizers.at(index), config, projected);
        Ok(Self {
            codebooks: (0..config.n_codebooks).map(load).collect::<Result<_>>()?,
            bias: projected.then(|| weights.get("bias", &[config.latent_dim])).transpose()?,
        })
    }

    /// Codes `[codebooks, frames]` (u32) to `z [latent, frames]`: the sum of the entries' projections.
    pub(crate) fn decode(&self, codes: &Tensor) -> Result<Tensor> {
        let parts = self.codebooks.iter().enumerate();
        let parts = parts.map(|(index, codebook)| codebook.decode(&codes.get(index)?));
        let z = sum(parts)?;
        let z = self.bias.as_ref().map_or(Ok(z.clone()), |bias| z.broadcast_add(bias))?;
        Ok(z.t()?.contiguous()?)
    }

    /// What each code adds to `z`, `[codebooks, codes, latent]`, what is added to the sum, `[latent]`, and the number of
    /// codes of a codebook.
    pub(crate) fn tables(&self) -> Result<(Vec<f32>, Vec<f32>, usize)> {
        let (mut tables, mut codes) = (Vec::new(), 0);
        for codebook in &self.codebooks {
            codes = codebook.table.dim(0)?;
            tables.extend(values(&codebook.projected()?)?);
        }
        let biases = self.codebooks.iter().filter_map(|codebook| Some(Ok(codebook.out_proj.as_ref()?.bias.clone())));
        let bias = sum(biases.chain(self.bias.clone().map(Ok)))?;
        Ok((tables, values(&bias)?, codes))
    }

    /// The codes for `latent`, `[latent, frames]`.
    pub(crate) fn encode(&self, latent: &Tensor) -> Result<Found> {
        let mut left = latent.t()?.contiguous()?;
        let (mut codes, mut latents, mut parts) = (Vec::new(), Vec::new(), Vec::new());
        for codebook in &self.codebooks {
            let search = codebook.search()?;
            let projected = search.in_proj.forward(&left)?;
            let found = search.nearest(&projected)?;
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
    fn load(weights: &Weights, config: &CodecConfig, projected: bool) -> Result<Self> {
        let (latent, dim) = (config.latent_dim, config.codebook_dim);
        let table = weights.at("codebook").get("weight", &[config.codebook_size, dim])?;
        // A file that only decodes may lack them.
        let has_input = config.encoder.is_some() || weights.contains(&weight_name(weights, "in_proj"));
        let search = has_input.then(|| Search::load(&weights.at("in_proj"), &table, latent));
        let out_proj = (!projected).then(|| Affine::load(&weights.at("out_proj"), dim, latent));
        Ok(Self { search: search.transpose()?, out_proj: out_proj.transpose()?, table })
    }

    fn search(&self) -> Result<&Search> {
        self.search.as_ref().ok_or(crate::Error::NoEncoder)
    }

    /// The table with projected entries, but for the projection's bias.
    fn projected(&self) -> Result<Tensor> {
        let Some(out_proj) = &self.out_proj else { return Ok(self.table.clone()) };
        Ok(self.table.matmul(&out_proj.weight)?)
    }

    /// `[frames]` to `[frames, latent]`.
    fn decode(&self, codes: &Tensor) -> Result<Tensor> {
        let entries = self.table.index_select(codes, 0)?;
        self.out_proj.as_ref().map_or(Ok(entries.clone()), |out_proj| out_proj.forward(&entries))
    }
}

impl Search {
    fn load(in_proj: &Weights, table: &Tensor, latent: usize) -> Result<Self> {
        let directions = normalized(table)?.t()?.contiguous()?;
        Ok(Self { in_proj: Affine::load(in_proj, latent, table.dim(1)?)?, directions })
    }

    /// The entry of the largest cosine to each row of `projected`.
    fn nearest(&self, projected: &Tensor) -> Result<Tensor> {
        Ok(normalized(projected)?.matmul(&self.directions)?.argmax(D::Minus1)?)
    }
}

/// Whether tables hold projected entries, as in GGUF files, judged by the first codebook.
pub(crate) fn is_projected(first: &Weights, config: &CodecConfig) -> bool {
    config.codebook_dim == config.latent_dim && !first.contains("out_proj.bias")
}

impl Affine {
    fn load(weights: &Weights, inputs: usize, outputs: usize) -> Result<Self> {
        let bias = weights.get("bias", &[outputs])?;
        let weight = convolution(weights, [outputs, inputs, 1])?.squeeze(2)?.t()?.contiguous()?;
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
