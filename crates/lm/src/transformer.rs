use candle_core::{DType, Device, Tensor};
use zonos_weights::Weights;

use crate::block::Block;
use crate::cache::{Span, cache_dtype};
use crate::embedding::Embedding;
use crate::matrix::Matrix;
use crate::norm::RmsNorm;
use crate::prompt::{Piece, Pieces};
use crate::rope::Rope;
use crate::work::Work;
use crate::{Config, Error, KvCache, Observer, Prompt, Result};

/// Prompt rows that go through the layers together. Bounds the memory of attention over long prompts.
const PREFILL_ROWS: usize = 512;
/// A piece reads nearly all experts' weights: with fewer rows, those who speak would wait nearly as long for each.
const PIECES: Pieces = Pieces { rows: 32, ..Pieces::WHOLE };

/// The backbone by tensor operations, on any device.
pub(crate) struct Transformer {
    config: Config,
    embedding: Embedding,
    rope: Rope,
    blocks: Vec<Block>,
    output_norm: RmsNorm,
    head: Matrix,
    cache_dtype: DType,
    device: Device,
}

impl Transformer {
    pub(crate) fn load(config: Config, weights: &Weights) -> Result<Self> {
        let layers = weights.at("layers");
        let head = Matrix::load(weights, "multi_output", config.codebooks * config.audio_vocab(), config.dim)?;
        let device = weights.device().clone();
        Ok(Self {
            embedding: Embedding::load(weights, &config)?,
            blocks: (0..config.layers).map(|n| Block::load(&layers.at(n), &config, n)).collect::<Result<_>>()?,
            // After the weights have shown that the head's width is what the configuration says.
            rope: Rope::new(&config, &device)?,
            output_norm: RmsNorm::load(weights, "out_norm", config.dim, config.norm_eps)?,
            cache_dtype: cache_dtype(&head, &device),
            head,
            config,
            device,
        })
    }

    /// Bytes of matrices that decoding one frame reads, as they are stored: what memory bandwidth bounds.
    pub(crate) fn bytes_per_frame(&self) -> u64 {
        self.work_of_prompt(1).bytes
    }

    /// The products of a prompt. Its bytes are those of rows that share no weights.
    pub(crate) fn work_of_prompt(&self, rows: usize) -> Work {
        self.head.work() + self.blocks.iter().map(Block::work_per_row).sum::<Work>() * rows as u64
    }

    /// An empty cache for one sequence.
    pub(crate) fn new_cache(&self) -> Result<KvCache> {
        KvCache::new(&self.config, self.cache_dtype, &self.device)
    }

    /// How prompts go between frames.
    pub(crate) fn pieces(&self) -> Pieces {
        PIECES
    }

    /// Runs the next rows of a prompt; with its last ones come the logits of the first frame.
    pub(crate) fn prefill(&self, piece: &Piece, cache: &mut KvCache) -> Result<Option<Tensor>> {
        let hidden = self.run_rows(piece, cache, &mut ())?;
        if !piece.is_last {
            return Ok(None);
        }
        let last = hidden.narrow(0, hidden.dim(0)? - 1, 1)?;
        Ok(Some(self.logits(&last)?.squeeze(0)?))
    }

    /// Runs a prompt; the logits after every row.
    pub(crate) fn observe(&self, prompt: &Prompt, cache: &mut KvCache, observer: &mut dyn Observer) -> Result<Tensor> {
        let hidden = self.run_rows(&prompt.piece(0, prompt.rows()), cache, observer)?;
        self.logits(&hidden)
    }

    /// Continues each sequence by one row of `ids`.
    pub(crate) fn decode(&self, ids: &[u32], caches: &mut [&mut KvCache]) -> Result<Tensor> {
        let x = self.embedding.forward(ids, None)?;
        let mut spans: Vec<Span> = caches.iter_mut().map(|cache| Span { cache, rows: 1 }).collect();
        let hidden = self.forward(x, &mut spans, &mut ())?;
        self.logits(&hidden)
    }

    fn run_rows(&self, piece: &Piece, cache: &mut KvCache, observer: &mut dyn Observer) -> Result<Tensor> {
        let x = self.embedding.forward(piece.ids, piece.voice)?;
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
