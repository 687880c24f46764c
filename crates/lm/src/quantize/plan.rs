//! Which tensors a file gets, where they come from and how they are stored.

use candle_core::DType;
use zonos_weights::{BlockType, ElementType, TensorHead, Weights};

use super::source::{Source, Take};
use super::{Fallback, QuantizeOptions};
use crate::config::{MoeConfig, SpeakerConfig};
use crate::{Config, Error, Result, gguf};

/// A tensor of the file.
pub(super) struct Item {
    pub(super) head: TensorHead,
    pub(super) source: Source,
    pub(super) fallback: Option<Fallback>,
}

/// All tensors that a model of this configuration has, each found in the layout that the checkpoint has it in.
///
/// # Errors
/// When one is missing or has another shape.
pub(super) fn plan(config: &Config, weights: &Weights, options: &QuantizeOptions) -> Result<Vec<Item>> {
    let mut planner = Planner { config, weights, options, items: Vec::new() };
    planner.root()?;
    for layer in 0..config.layers {
        planner.layer(layer)?;
    }
    Ok(planner.items)
}

struct Planner<'a> {
    config: &'a Config,
    weights: &'a Weights<'a>,
    options: &'a QuantizeOptions,
    items: Vec<Item>,
}

impl Planner<'_> {
    fn root(&mut self) -> Result<()> {
        let (dim, codebooks, ids) = (self.config.dim, self.config.codebooks, self.config.audio_vocab());
        for column in 0..codebooks {
            self.whole(&format!("multi_embedder.embedders.{column}.weight"), &[ids, dim])?;
        }
        self.whole(&format!("multi_embedder.embedders.{codebooks}.weight"), &[self.config.text_vocab + 1, dim])?;
        if let Some(SpeakerConfig { embedding_dim, lda_dim }) = self.config.speaker {
            self.affine("speaker_lda_projection", lda_dim, embedding_dim)?;
            self.affine("speaker_projection", dim, lda_dim)?;
        }
        self.whole("out_norm.weight", &[dim])?;
        self.whole("multi_output.weight", &[codebooks * ids, dim])
    }

    fn layer(&mut self, layer: usize) -> Result<()> {
        let dim = self.config.dim;
        let prefix = format!("layers.{layer}");
        self.whole(&format!("{prefix}.attention_norm.weight"), &[dim])?;
        self.whole(&format!("{prefix}.ffn_norm.weight"), &[dim])?;
        self.attention(&format!("{prefix}.attention"))?;
        match &self.config.moe {
            Some(moe) if moe.used[layer] > 0 => {
                self.experts(&format!("{prefix}.feed_forward.experts"), moe.experts)?;
                self.router(&format!("{prefix}.feed_forward.router"), moe, layer)
            }
            _ => self.dense(&format!("{prefix}.feed_forward")),
        }
    }

    fn attention(&mut self, prefix: &str) -> Result<()> {
        let Config { dim, heads, kv_heads, head_dim, .. } = *self.config;
        self.whole(&format!("{prefix}.wq.weight"), &[heads * head_dim, dim])?;
        self.pair(prefix, "wkv", ["wk", "wv"], [kv_heads * head_dim, dim])?;
        self.whole(&format!("{prefix}.wo.weight"), &[dim, heads * head_dim])?;
        self.whole(&format!("{prefix}.gater.weight"), &[heads, dim])?;
        let name = format!("{prefix}.temp");
        let is_list = self.weights.shape(&name)?.is_some_and(|shape| shape.len() == 1);
        let shape = if is_list { vec![heads] } else { vec![1, heads, 1] };
        self.add(&name, Source { name: name.clone(), shape, take: Take::Magnitudes })
    }

    fn dense(&mut self, prefix: &str) -> Result<()> {
        let Config { dim, inner, .. } = *self.config;
        // In the joined tensor what is gated comes first, then the gate.
        self.pair(prefix, "w_in", ["w3", "w1"], [inner, dim])?;
        self.whole(&format!("{prefix}.w_out.weight"), &[dim, inner])
    }

    fn experts(&mut self, prefix: &str, count: usize) -> Result<()> {
        let Config { dim, inner, .. } = *self.config;
        let name = |name: &str| format!("{prefix}.{name}");
        let has = |tensor: &str| self.weights.contains(&name(tensor));
        let joined =
            [("w13", [Take::EverySecond(0), Take::EverySecond(1)]), ("gate_up_proj", [Take::Half(0), Take::Half(1)])];
        let joined = joined.into_iter().find(|(tensor, _)| has(tensor));
        let down = if has("w2") || !has("down_proj") { "w2" } else { "down_proj" };
        for (index, target) in ["w1", "w3"].into_iter().enumerate() {
            let (source, rows, take) = match joined {
                Some((tensor, takes)) => (tensor, 2 * inner, takes[index]),
                None => (target, inner, Take::All),
            };
            self.add(&name(target), Source { name: name(source), shape: vec![count, rows, dim], take })?;
        }
        self.add(&name("w2"), Source { name: name(down), shape: vec![count, dim, inner], take: Take::All })
    }

    fn router(&mut self, prefix: &str, moe: &MoeConfig, layer: usize) -> Result<()> {
        let width = moe.router_dim;
        self.affine(&format!("{prefix}.down_proj"), width, self.config.dim)?;
        self.affine(&format!("{prefix}.router_mlp.0"), width, width)?;
        self.affine(&format!("{prefix}.router_mlp.2"), width, width)?;
        self.whole(&format!("{prefix}.router_mlp.4.weight"), &[moe.experts, width])?;
        self.whole(&format!("{prefix}.rmsnorm_eda.weight"), &[width])?;
        self.whole(&format!("{prefix}.balancing_biases"), &[moe.experts])?;
        if moe.used[..layer].iter().any(|&used| used > 0) {
            self.whole(&format!("{prefix}.router_states_scale"), &[width])?;
        }
        Ok(())
    }

    fn affine(&mut self, name: &str, outputs: usize, inputs: usize) -> Result<()> {
        self.whole(&format!("{name}.weight"), &[outputs, inputs])?;
        self.whole(&format!("{name}.bias"), &[outputs])
    }

    /// Two matrices [rows, columns], which may lie joined in one tensor.
    fn pair(&mut self, prefix: &str, joined: &str, names: [&str; 2], shape: [usize; 2]) -> Result<()> {
        let full = |name: &str| format!("{prefix}.{name}.weight");
        let apart = !self.weights.contains(&full(joined)) && self.weights.contains(&full(names[0]));
        for (index, name) in names.into_iter().enumerate() {
            let source = match apart {
                true => Source { name: full(name), shape: shape.to_vec(), take: Take::All },
                false => Source { name: full(joined), shape: [&[2], &shape[..]].concat(), take: Take::Part(index) },
            };
            self.add(&full(name), source)?;
        }
        Ok(())
    }

    fn whole(&mut self, name: &str, shape: &[usize]) -> Result<()> {
        self.add(name, Source { name: name.to_owned(), shape: shape.to_vec(), take: Take::All })
    }

    /// Adds the tensor of this published name.
    fn add(&mut self, target: &str, source: Source) -> Result<()> {
        self.check_shape(&source)?;
        let name = gguf::gguf_name(target, self.config.codebooks)
            .ok_or_else(|| Error::Config(format!("GGUF files have no name for {target}")))?;
        let shape = source.taken();
        let wanted = self.wanted(&name, &source)?;
        let row = shape.last().copied().unwrap_or(1);
        let element = storable(wanted, row);
        let fallback = Fallback { tensor: name.clone(), row, wanted, stored: element };
        let fallback = (wanted != element).then_some(fallback);
        self.items.push(Item { head: TensorHead { name, element, shape }, source, fallback });
        Ok(())
    }

    /// Asks before anything is written.
    fn check_shape(&self, source: &Source) -> Result<()> {
        match self.weights.shape(&source.name)? {
            Some(found) if found != source.shape => Err(zonos_weights::Error::Shape {
                name: source.name.clone(),
                path: self.weights.path().to_owned(),
                expected: source.shape.clone(),
                found: found.to_vec(),
            }
            .into()),
            _ => Ok(()),
        }
    }

    fn wanted(&self, name: &str, source: &Source) -> Result<ElementType> {
        Ok(match Role::of(name) {
            Role::Expert => self.options.experts,
            Role::Spine => self.options.spine,
            Role::Head => self.options.head.map_or_else(|| self.half(source), Ok)?,
            Role::Exact => DType::F32.into(),
            Role::Half => self.half(source)?,
        })
    }

    /// 16 bits: those of the release where the spine keeps them, too.
    fn half(&self, source: &Source) -> Result<ElementType> {
        let bf16 = ElementType::Plain(DType::BF16);
        let both = self.weights.element_type(&source.name)? == Some(bf16) && self.options.spine == bf16;
        Ok(if both { bf16 } else { DType::F16.into() })
    }
}

/// What a tensor does in the model, which decides how many bits it gets.
enum Role {
    Expert,
    /// Matrices of attention and dense layers.
    Spine,
    /// The matrix that gives the logits.
    Head,
    /// What decides, or is looked up: 16 bits.
    Half,
    /// What is small: 32 bits.
    Exact,
}

impl Role {
    /// The role of a tensor by its name in the file.
    fn of(name: &str) -> Self {
        const SPINE: [&str; 7] = ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"];
        let last = name.strip_prefix("blk.").and_then(|rest| rest.split_once('.')).map_or(name, |(_, last)| last);
        match last.strip_suffix(".weight") {
            Some(matrix) if matrix.ends_with("_exps") => Self::Expert,
            Some(matrix) if SPINE.contains(&matrix) => Self::Spine,
            Some("output") => Self::Head,
            Some(matrix) if matrix.ends_with("norm") => Self::Exact,
            Some(_) => Self::Half,
            None => Self::Exact,
        }
    }
}

/// The wanted type if rows are whole blocks of it, else the next that they fill.
fn storable(wanted: ElementType, row: usize) -> ElementType {
    let fills = |block: BlockType| row > 0 && row.is_multiple_of(block.numbers());
    match wanted {
        ElementType::Blocks(block) if fills(block) => wanted,
        ElementType::Blocks(_) if fills(BlockType::Q8_0) => ElementType::Blocks(BlockType::Q8_0),
        ElementType::Blocks(_) => DType::F16.into(),
        plain => plain,
    }
}
