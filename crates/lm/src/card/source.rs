//! A checkpoint as the kernels' loader reads it.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeSet;

use candle_core::{DType, Device, Tensor};
use safetensors::View as _;
use zonos_cuda::{HostTensor, Kind, Source};
use zonos_weights::{BlockType, Checkpoint, ElementType, Weights};

use crate::Result;

/// The tensors of a checkpoint, with its matrices in an element type that may be asked for.
pub(super) struct Tensors<'a> {
    checkpoint: &'a Checkpoint,
    dtype: Option<DType>,
    used: RefCell<BTreeSet<String>>,
}

impl<'a> Tensors<'a> {
    pub(super) fn new(checkpoint: &'a Checkpoint, dtype: Option<DType>) -> Self {
        Self { checkpoint, dtype, used: RefCell::default() }
    }

    /// Fails when the files hold a tensor that nothing asked for.
    pub(super) fn check_all_used(&self) -> Result<()> {
        let used = self.used.borrow();
        let names = self.checkpoint.names().into_iter().filter(|name| !used.contains(*name));
        let names: Vec<String> = names.map(str::to_owned).collect();
        match names.is_empty() {
            true => Ok(()),
            false => Err(zonos_weights::Error::Unknown { path: self.checkpoint.path().to_owned(), names }.into()),
        }
    }

    /// How the tensor is stored; float32 for random ones, which are drawn in any type.
    fn stored(&self, name: &str) -> Option<ElementType> {
        match self.checkpoint.names().is_empty() {
            true => Some(DType::F32.into()),
            false => self.checkpoint.raw(name).ok().map(|raw| raw.element),
        }
    }

    /// What the tensor is to be. What decides rather than carries keeps its type.
    fn wanted(&self, name: &str) -> Option<Wanted> {
        let stored = self.stored(name)?;
        let wanted = self.dtype.filter(|_| is_matrix(name)).map_or(stored, ElementType::Plain);
        Some(match wanted {
            ElementType::Plain(dtype) => Wanted { dtype, kind: kind(dtype), as_stored: stored == wanted },
            ElementType::Blocks(block) if is_multiplied(name) => {
                Wanted { dtype: DType::F16, kind: kind_of_blocks(block), as_stored: true }
            }
            ElementType::Blocks(_) => Wanted { dtype: DType::F16, kind: Kind::F16, as_stored: false },
        })
    }

    fn converted(&self, name: &str, shapes: &[&[usize]], dtype: DType) -> Result<Tensor> {
        let weights: Weights = self.checkpoint.weights(&Device::Cpu, Some(dtype));
        let stored = weights.shape(name)?.filter(|found| shapes.contains(found));
        Ok(weights.get(name, stored.or(shapes.first().copied()).unwrap_or_default())?)
    }
}

/// What a tensor is to be on the card.
struct Wanted {
    dtype: DType,
    kind: Kind,
    /// Whether its bytes are those of the file.
    as_stored: bool,
}

impl Source for Tensors<'_> {
    fn kind(&self, name: &str) -> Option<Kind> {
        self.wanted(name).map(|wanted| wanted.kind)
    }

    fn tensor(&self, name: &str, shapes: &[&[usize]]) -> std::result::Result<Option<HostTensor<'_>>, String> {
        let Some(Wanted { dtype, kind, as_stored }) = self.wanted(name) else { return Ok(None) };
        self.used.borrow_mut().insert(name.to_owned());
        if let (true, Ok(raw)) = (as_stored, self.checkpoint.raw(name)) {
            let (shape, bytes) = (Cow::Borrowed(raw.shape), Cow::Borrowed(raw.bytes));
            return Ok(Some(HostTensor { kind, shape, bytes }));
        }
        let tensor = self.converted(name, shapes, dtype).map_err(|error| error.to_string())?;
        let bytes = Cow::Owned(tensor.data().into_owned());
        Ok(Some(HostTensor { kind, shape: Cow::Owned(tensor.dims().to_vec()), bytes }))
    }
}

/// Whether a tensor is one of the large matrices, which an element type is asked for; routers are not.
fn is_matrix(name: &str) -> bool {
    let of_attention = ["wq", "wk", "wv", "wkv", "wo", "gater"].iter().any(|part| name.contains(&format!(".{part}.")));
    let of_feed_forward = [".w_in.", ".w_out.", ".w1.", ".w3.", ".experts."].iter().any(|part| name.contains(part));
    let at_the_ends = ["multi_embedder.", "multi_output.", "speaker_"].iter().any(|part| name.starts_with(part));
    (of_attention || of_feed_forward || at_the_ends) && !name.ends_with(".bias")
}

/// Whether a tensor is a matrix that rows are multiplied with, and no table that they are looked up in.
fn is_multiplied(name: &str) -> bool {
    is_matrix(name) && !name.starts_with("multi_embedder.")
}

fn kind_of_blocks(block: BlockType) -> Kind {
    match block {
        BlockType::Q8_0 => Kind::Q8_0,
        BlockType::Q6K => Kind::Q6K,
        BlockType::Q5K => Kind::Q5K,
        BlockType::Q4K => Kind::Q4K,
    }
}

fn kind(dtype: DType) -> Kind {
    match dtype {
        DType::BF16 => Kind::BF16,
        DType::F16 => Kind::F16,
        _ => Kind::F32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routers_norms_and_biases_keep_their_type() {
        for name in ["layers.0.attention.wkv.weight", "layers.3.feed_forward.experts.w13", "multi_output.weight"] {
            assert!(is_matrix(name) && is_multiplied(name), "{name}");
        }
        let table = "multi_embedder.embedders.0.weight";
        assert!(is_matrix(table) && !is_multiplied(table));
        let kept = ["layers.3.feed_forward.router.down_proj.weight", "out_norm.weight", "layers.0.attention.temp"];
        for name in kept.into_iter().chain(["speaker_projection.bias"]) {
            assert!(!is_matrix(name), "{name}");
        }
    }
}
