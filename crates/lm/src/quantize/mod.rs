//! Writing a model as a GGUF file of the published names and keys, with experts in quantized blocks.

mod encode;
mod plan;
mod source;

use std::collections::BTreeSet;
use std::path::Path;

use candle_core::{DType, Device};
use zonos_weights::{BlockType, Checkpoint, ElementType, TensorHead, Weights, write_gguf};

use crate::{Config, Error, Result, gguf, names};

#[cfg(test)]
pub(crate) use encode::ggml_type;
use plan::{Item, plan};

/// How a model is to be stored. Routers, embeddings and the speaker projections always take 16 bits; norms, biases and
/// temperatures 32.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuantizeOptions {
    /// Experts: blocks, f16 or bf16.
    pub experts: ElementType,
    /// Attention and dense layers: f16, bf16 or `q8_0`. Coarser blocks flip the choice of experts.
    pub spine: ElementType,
    /// The head, which gives the logits: f16, bf16 or `q8_0`; where nothing is said, 16 bits.
    pub head: Option<ElementType>,
    /// The model's name in the file.
    pub name: String,
}

/// How far a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuantizeProgress {
    /// Bytes of tensors made so far.
    pub done: u64,
    /// Bytes of all tensors.
    pub total: u64,
}

/// What became of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuantizeReport {
    /// Tensors written.
    pub tensors: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Tensors whose rows do not fill the blocks that were asked for.
    pub fallbacks: Vec<Fallback>,
}

/// A tensor that is stored in another way than was asked for, because its rows are not whole blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fallback {
    /// Its name in the file.
    pub tensor: String,
    /// Numbers in each row.
    pub row: usize,
    /// What was asked for.
    pub wanted: ElementType,
    /// What it is stored as.
    pub stored: ElementType,
}

impl QuantizeOptions {
    fn check(&self) -> Result<()> {
        let half = [DType::F16, DType::BF16].map(ElementType::Plain);
        let q8_0 = ElementType::Blocks(BlockType::Q8_0);
        if self.experts.is_plain() && !half.contains(&self.experts) {
            return Err(Error::out_of_range("type of experts", self.experts, "q4_k, q5_k, q6_k, q8_0, f16 or bf16"));
        }
        for (part, wanted) in [("type of the spine", Some(self.spine)), ("type of the head", self.head)] {
            if let Some(wanted) = wanted.filter(|wanted| *wanted != q8_0 && !half.contains(wanted)) {
                return Err(Error::out_of_range(part, wanted, "f16, bf16 or q8_0"));
            }
        }
        Ok(())
    }
}

/// Writes a checkpoint of any kind as a GGUF file, whole or not at all. Tensors are read, stored and forgotten one after
/// the other, stacks of experts one by one. `on_progress` stops the writing with `false`.
///
/// # Errors
/// When an option is out of range, the checkpoint does not fit its configuration, a number does not fit its type, the
/// file cannot be written, or it was stopped.
pub fn quantize(
    config: &Config,
    checkpoint: Checkpoint,
    path: &Path,
    options: &QuantizeOptions,
    mut on_progress: impl FnMut(QuantizeProgress) -> bool,
) -> Result<QuantizeReport> {
    options.check()?;
    let checkpoint = names::rename(checkpoint, config)?;
    let weights = checkpoint.weights(&Device::Cpu, Some(DType::F32));
    let items = plan(config, &weights, options)?;
    check_all_planned(&checkpoint, &items)?;
    let heads: Vec<TensorHead> = items.iter().map(|item| item.head.clone()).collect();
    let sizes = heads.iter().map(TensorHead::bytes).collect::<zonos_weights::Result<Vec<_>>>()?;
    let total = sizes.iter().map(|&size| size as u64).sum();
    let mut done = 0;
    let metadata = gguf::describe(config, &options.name)?;
    write_gguf(path, &metadata, &heads, |index, file| {
        pieces(&weights, &items[index], |bytes| {
            file.write_all(bytes).map_err(|source| Error::Write { path: path.to_owned(), source })?;
            done += bytes.len() as u64;
            if on_progress(QuantizeProgress { done, total }) {
                Ok(())
            } else {
                Err(zonos_weights::Error::Stopped.into())
            }
        })
    })?;
    let fallbacks = items.into_iter().filter_map(|item| item.fallback).collect();
    Ok(QuantizeReport { tensors: heads.len(), bytes: total, fallbacks })
}

/// The bytes of a tensor, piece by piece.
fn pieces(weights: &Weights, item: &Item, mut put: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    for piece in 0..item.source.pieces() {
        let numbers: Vec<f32> = item.source.read(weights, piece)?.flatten_all()?.to_vec1()?;
        put(&encode::encode(&item.source.name, &numbers, item.head.element)?)?;
    }
    Ok(())
}

/// A tensor that would be left out is a sign of a wrong configuration.
fn check_all_planned(checkpoint: &Checkpoint, items: &[Item]) -> Result<()> {
    let planned: BTreeSet<&str> = items.iter().map(|item| item.source.name.as_str()).collect();
    let unknown = checkpoint.names().into_iter().filter(|name| !planned.contains(name));
    let names: Vec<String> = unknown.map(str::to_owned).collect();
    if names.is_empty() {
        return Ok(());
    }
    Err(zonos_weights::Error::Unknown { path: checkpoint.path().to_owned(), names }.into())
}
