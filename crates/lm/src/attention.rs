use candle_core::{D, DType, Tensor};
use candle_nn::ops::{sigmoid, softmax_last_dim};
use zonos_weights::Weights;

use crate::Result;
use crate::cache::Span;
use crate::config::Config;
use crate::kernels::{self, HeadNorm};
use crate::matrix::Matrix;
use crate::norm::RmsNorm;
use crate::pair::Pair;
use crate::rope::Rotation;
use crate::work::Work;

/// Epsilon of the norm of queries and keys; not in the configuration.
pub(crate) const QK_NORM_EPS: f64 = 1e-6;

/// Causal grouped-query attention with normed queries and keys, a learned temperature and a gate for each head.
pub(crate) struct Attention {
    heads: usize,
    kv_heads: usize,
    head_dim: usize,
    query: Matrix,
    /// Keys, then values.
    key_value: Pair,
    output: Matrix,
    gate: Matrix,
    /// Magnitude by head, [1, heads, 1].
    temperature: Tensor,
    /// The same as numbers.
    magnitudes: Vec<f32>,
    qk_norm: RmsNorm,
}

impl Attention {
    pub(crate) fn load(weights: &Weights, config: &Config) -> Result<Self> {
        let temperature = temperature(weights, config.heads)?;
        let (dim, heads, kv_heads, head_dim) = (config.dim, config.heads, config.kv_heads, config.head_dim);
        Ok(Self {
            heads,
            kv_heads,
            head_dim,
            query: Matrix::load(weights, "wq", heads * head_dim, dim)?,
            key_value: key_value(weights, kv_heads * head_dim, dim)?,
            output: Matrix::load(weights, "wo", dim, heads * head_dim)?,
            gate: Matrix::load(weights, "gater", heads, dim)?,
            magnitudes: temperature.flatten_all()?.to_vec1()?,
            temperature,
            qk_norm: RmsNorm::plain(head_dim, QK_NORM_EPS, weights.device())?,
        })
    }

    /// The products of one row.
    pub(crate) fn work_per_row(&self) -> Work {
        let others: Work = [&self.query, &self.output, &self.gate].into_iter().map(Matrix::work).sum();
        others + self.key_value.work()
    }

    /// `x` [rows, dim], normed; `spans` tell which rows belong to which sequence.
    pub(crate) fn forward(&self, x: &Tensor, layer: usize, rotation: &Rotation, spans: &mut [Span]) -> Result<Tensor> {
        let (query, key, value) = self.project(x, rotation)?;
        let mut outputs = Vec::with_capacity(spans.len());
        let mut start = 0;
        for span in spans {
            let own = |tensor: &Tensor| tensor.narrow(1, start, span.rows);
            let filled = span.cache.rows();
            let cache = span.cache.layer(layer);
            let (keys, values) = cache.append(filled, &own(&key)?, &own(&value)?)?;
            outputs.push(self.attend(&own(&query)?, &keys, &values)?);
            start += span.rows;
        }
        self.output.forward(&self.gated(&Tensor::cat(&outputs, 0)?, &self.gate.forward(x)?)?)
    }

    /// `heads` [rows, heads, head_dim] times their gates, [rows, heads · head_dim].
    fn gated(&self, heads: &Tensor, gates: &Tensor) -> Result<Tensor> {
        if heads.device().is_cpu() {
            return Ok(kernels::gated_heads(heads, gates)?);
        }
        Ok(heads.broadcast_mul(&sigmoid(gates)?.unsqueeze(D::Minus1)?)?.flatten_from(1)?)
    }

    /// Queries [heads, rows, head_dim], keys and values [kv_heads, rows, head_dim].
    fn project(&self, x: &Tensor, rotation: &Rotation) -> Result<(Tensor, Tensor, Tensor)> {
        let query = self.query.forward(x)?;
        let (key, value) = self.key_value.forward(x)?;
        let value = self.split(&value, self.kv_heads)?.transpose(0, 1)?;
        if x.device().is_cpu() {
            let norm = HeadNorm { width: self.head_dim, eps: QK_NORM_EPS as f32, magnitudes: None };
            let query_norm = HeadNorm { magnitudes: Some(&self.magnitudes), ..norm };
            return Ok((rotation.of_heads(&query, query_norm)?, rotation.of_heads(&key, norm)?, value));
        }
        let query = self.qk_norm.forward(&self.split(&query, self.heads)?)?.broadcast_mul(&self.temperature)?;
        let key = self.qk_norm.forward(&self.split(&key, self.kv_heads)?)?;
        Ok((rotation.apply(&query.transpose(0, 1)?)?, rotation.apply(&key.transpose(0, 1)?)?, value))
    }

    fn split(&self, x: &Tensor, heads: usize) -> Result<Tensor> {
        Ok(x.contiguous()?.reshape((x.dim(0)?, heads, self.head_dim))?)
    }

    /// Attention of the newest rows of one sequence over all its rows: [rows, heads, head_dim].
    fn attend(&self, query: &Tensor, keys: &Tensor, values: &Tensor) -> Result<Tensor> {
        let (rows, seen) = (query.dim(1)?, keys.dim(1)?);
        let scale = 1.0 / (self.head_dim as f64).sqrt();
        if query.device().is_cpu() {
            return Ok(kernels::attend(query, keys, values, scale as f32)?);
        }
        let group = self.heads / self.kv_heads;
        // Query heads that share keys lie next to each other: one product serves the group.
        let query = query.to_dtype(keys.dtype())?.contiguous()?;
        let query = query.reshape((self.kv_heads, group * rows, self.head_dim))?;
        let scores = (query.matmul(&keys.t()?)?.to_dtype(DType::F32)? * scale)?;
        let scores = if rows > 1 { self.mask(&scores, rows, seen)? } else { scores };
        let weights = softmax_last_dim(&scores)?.to_dtype(values.dtype())?;
        let output = weights.matmul(values)?.to_dtype(DType::F32)?;
        Ok(output.reshape((self.heads, rows, self.head_dim))?.transpose(0, 1)?)
    }

    /// Hides rows that come after each query.
    fn mask(&self, scores: &Tensor, rows: usize, seen: usize) -> Result<Tensor> {
        let past = seen - rows;
        let hidden = |query: usize, key: usize| {
            if key > past + query { f32::NEG_INFINITY } else { 0.0 }
        };
        let mask = (0..rows).flat_map(|query| (0..seen).map(move |key| hidden(query, key))).collect::<Vec<_>>();
        let mask = Tensor::from_vec(mask, (1, rows, seen), scores.device())?;
        let by_head = scores.reshape((self.heads, rows, seen))?.broadcast_add(&mask)?;
        Ok(by_head.reshape(scores.shape())?)
    }
}

/// Keys and values, together in one tensor as published, or apart.
fn key_value(weights: &Weights, outputs: usize, inputs: usize) -> Result<Pair> {
    if weights.at("wkv").contains("weight") || !weights.at("wk").contains("weight") {
        return Ok(Pair::Stacked(Matrix::load_stack(weights, "wkv", [2, outputs, inputs])?));
    }
    let load = |name| Matrix::load(weights, name, outputs, inputs);
    Ok(Pair::Separate(load("wk")?, load("wv")?))
}

/// The magnitude that queries of each head are multiplied with, [1, heads, 1]; stored so, or as a list.
fn temperature(weights: &Weights, heads: usize) -> Result<Tensor> {
    let is_list = weights.shape("temp")?.is_some_and(|shape| shape.len() == 1);
    let shape = if is_list { vec![heads] } else { vec![1, heads, 1] };
    Ok(weights.get_f32("temp", &shape)?.abs()?.reshape((1, heads, 1))?)
}
