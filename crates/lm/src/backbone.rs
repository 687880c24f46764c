use candle_core::{DType, Device, Tensor};
use zonos_weights::{Checkpoint, Weights};

use crate::block::Block;
use crate::cache::Span;
use crate::embedding::Embedding;
use crate::matrix::Matrix;
use crate::norm::RmsNorm;
use crate::rope::Rope;
use crate::{Config, Error, KvCache, Observer, Prompt, Result, init, names};

/// Prompt rows that go through the layers together. Bounds the memory of attention over long prompts.
const PREFILL_ROWS: usize = 512;

/// The transformer: rows of ids in, logits of the next frame out.
pub struct Backbone {
    config: Config,
    embedding: Embedding,
    rope: Rope,
    blocks: Vec<Block>,
    output_norm: RmsNorm,
    head: Matrix,
    cache_dtype: DType,
    device: Device,
}

impl Backbone {
    /// Loads a checkpoint of the published names or a GGUF file, onto a device, as `dtype` or, with `None`, as stored.
    /// Routers and norms are kept in float32.
    ///
    /// Quantized matrices stay where they lie in the mapped file and are widened with every product: on the CPU, and
    /// without a `dtype`. Elsewhere they are widened while loading, to `dtype` or float16.
    ///
    /// # Errors
    /// When a tensor is missing, has another shape than `config` asks for, or is unknown.
    pub fn load(config: Config, checkpoint: Checkpoint, device: &Device, dtype: Option<DType>) -> Result<Self> {
        let checkpoint = names::rename(checkpoint, &config)?;
        let backbone = Self::build(config, &checkpoint.weights(device, dtype))?;
        checkpoint.check_all_used()?;
        Ok(backbone)
    }

    /// A model of random weights: the same seed, configuration and element type give the same model.
    ///
    /// # Errors
    /// When the device lacks memory.
    pub fn random(config: Config, seed: u64, device: &Device, dtype: DType) -> Result<Self> {
        Self::load(config, random_checkpoint(seed), device, Some(dtype))
    }

    fn build(config: Config, weights: &Weights) -> Result<Self> {
        let layers = weights.at("layers");
        let head = Matrix::load(weights, "multi_output", config.codebooks * config.audio_vocab(), config.dim)?;
        let device = weights.device().clone();
        Ok(Self {
            embedding: Embedding::load(weights, &config)?,
            blocks: (0..config.layers).map(|n| Block::load(&layers.at(n), &config, n)).collect::<Result<_>>()?,
            // After the weights have shown that the head's width is what the configuration says.
            rope: Rope::new(&config, &device)?,
            output_norm: RmsNorm::load(weights, "out_norm", config.dim, config.norm_eps)?,
            cache_dtype: if device.is_cpu() { DType::F32 } else { head.dtype() },
            head,
            config,
            device,
        })
    }

    /// The shape of the model.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Where the model computes.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Bytes of matrices that decoding one frame reads, as they are stored: what memory bandwidth bounds.
    pub fn bytes_per_frame(&self) -> u64 {
        self.head.bytes() + self.blocks.iter().map(Block::bytes_per_row).sum::<u64>()
    }

    /// An empty cache for one sequence.
    ///
    /// # Errors
    /// When the device lacks memory.
    pub fn new_cache(&self) -> Result<KvCache> {
        KvCache::new(&self.config, self.cache_dtype, &self.device)
    }

    /// Runs a prompt into an empty cache. Returns the logits of the first frame, [codebooks, audio ids], float32.
    ///
    /// # Errors
    /// When the prompt does not fit the context, or on the device.
    pub fn prefill(&self, prompt: &Prompt, cache: &mut KvCache) -> Result<Tensor> {
        let hidden = self.run_prompt(prompt, cache, &mut ())?;
        let last = hidden.narrow(0, hidden.dim(0)? - 1, 1)?;
        Ok(self.logits(&last)?.squeeze(0)?)
    }

    /// As [`Backbone::prefill`], but returns the logits after every row, [rows, codebooks, audio ids], and shows
    /// everything between to an observer. Prompts of more than 512 rows are seen in pieces of that size.
    ///
    /// # Errors
    /// As [`Backbone::prefill`].
    pub fn observe(&self, prompt: &Prompt, cache: &mut KvCache, observer: &mut dyn Observer) -> Result<Tensor> {
        let hidden = self.run_prompt(prompt, cache, observer)?;
        self.logits(&hidden)
    }

    /// Continues each sequence by one delayed frame. Returns the logits of the frames after, [sequences, codebooks,
    /// audio ids], float32. No row depends on the others.
    ///
    /// # Errors
    /// When a frame does not fit the model, a context is full, or on the device.
    pub fn decode(&self, frames: &[&[u32]], caches: &mut [&mut KvCache]) -> Result<Tensor> {
        self.check_frames(frames, caches.len())?;
        let ids: Vec<u32> =
            frames.iter().flat_map(|frame| frame.iter().copied().chain([self.config.text_pad()])).collect();
        let x = self.embedding.forward(&ids, None)?;
        let mut spans: Vec<Span> = caches.iter_mut().map(|cache| Span { cache, rows: 1 }).collect();
        let hidden = self.forward(x, &mut spans, &mut ())?;
        self.logits(&hidden)
    }

    fn check_frames(&self, frames: &[&[u32]], caches: usize) -> Result<()> {
        if frames.is_empty() || frames.len() != caches {
            return Err(Error::out_of_range(
                "number of frames",
                frames.len(),
                format!("one for each of {caches} caches"),
            ));
        }
        let (codebooks, ids) = (self.config.codebooks, self.config.audio_vocab() as u32);
        for frame in frames {
            if frame.len() != codebooks || frame.iter().any(|&id| id >= ids) {
                return Err(Error::out_of_range("frame", format!("{frame:?}"), format!("{codebooks} ids below {ids}")));
            }
        }
        Ok(())
    }

    fn run_prompt(&self, prompt: &Prompt, cache: &mut KvCache, observer: &mut dyn Observer) -> Result<Tensor> {
        let x = self.embedding.forward(prompt.ids(), prompt.voice())?;
        let rows = x.dim(0)?;
        let mut pieces = Vec::with_capacity(rows.div_ceil(PREFILL_ROWS));
        for start in (0..rows).step_by(PREFILL_ROWS) {
            let piece = x.narrow(0, start, PREFILL_ROWS.min(rows - start))?;
            let span = Span { rows: piece.dim(0)?, cache: &mut *cache };
            pieces.push(self.forward(piece, &mut [span], observer)?);
        }
        Ok(Tensor::cat(&pieces, 0)?)
    }

    /// Rows [rows, dim] through all blocks and the last norm.
    fn forward(&self, mut x: Tensor, spans: &mut [Span], observer: &mut dyn Observer) -> Result<Tensor> {
        let rotation = self.rope.at(self.positions(spans)?)?;
        observer.embedding(&x);
        let mut router_state = None;
        for block in &self.blocks {
            x = block.forward(&x, &rotation, spans, &mut router_state, observer)?;
        }
        spans.iter_mut().for_each(|span| span.cache.advance(span.rows));
        let x = self.output_norm.forward(&x)?;
        observer.output(&x);
        Ok(x)
    }

    /// The position of each row in its sequence.
    fn positions(&self, spans: &[Span]) -> Result<Vec<u32>> {
        let mut positions = Vec::new();
        for span in spans {
            let (first, end) = (span.cache.rows(), span.cache.rows() + span.rows);
            if end > self.config.context {
                return Err(Error::PromptTooLong { rows: end, context: self.config.context });
            }
            positions.extend(first as u32..end as u32);
        }
        Ok(positions)
    }

    /// [rows, dim] to [rows, codebooks, audio ids].
    fn logits(&self, hidden: &Tensor) -> Result<Tensor> {
        let cap = self.config.logit_softcap;
        let logits = self.head.forward(hidden)?;
        let logits = ((logits / cap)?.tanh()? * cap)?;
        Ok(logits.reshape((hidden.dim(0)?, self.config.codebooks, self.config.audio_vocab()))?)
    }
}

/// The weights of [`Backbone::random`], of any configuration.
pub fn random_checkpoint(seed: u64) -> Checkpoint {
    Checkpoint::random(seed, init::rule)
}
