use candle_core::{DType, Device, Tensor};
use zonos_weights::Checkpoint;

use crate::card::Card;
use crate::prompt::Pieces;
use crate::transformer::Transformer;
use crate::{Config, Error, KvCache, Observer, Prompt, Result, Work, init, names};

/// The transformer: rows of ids in, logits of the next frame out.
pub struct Backbone {
    config: Config,
    device: Device,
    computation: Computation,
}

/// What computes.
enum Computation {
    /// Operations on tensors.
    Operators(Box<Transformer>),
    /// Kernels of our own on an NVIDIA card.
    Kernels(Card),
}

impl Backbone {
    /// Loads a checkpoint of the published names or a GGUF file, onto a device, as `dtype` or, with `None`, as stored.
    /// Routers and norms are kept in float32.
    ///
    /// Quantized matrices stay where they lie in the mapped file and are multiplied as they are: on the CPU, and without a
    /// `dtype`. Elsewhere they are widened while loading, to `dtype` or float16. On an NVIDIA card, kernels of
    /// our own compute where they take the model, and multiply by Q8_0 as it is.
    ///
    /// # Errors
    /// When a tensor is missing, has another shape than `config` asks for, or is unknown.
    pub fn load(config: Config, checkpoint: Checkpoint, device: &Device, dtype: Option<DType>) -> Result<Self> {
        let checkpoint = names::rename(checkpoint, &config)?;
        match Card::load(device, &config, &checkpoint, dtype)? {
            Some(card) => Ok(Self { config, device: device.clone(), computation: Computation::Kernels(card) }),
            None => Self::transformer(config, &checkpoint, device, dtype),
        }
    }

    /// As [`Backbone::load`], but computed by tensor operations on any device: what kernels are held against.
    ///
    /// # Errors
    /// As [`Backbone::load`].
    pub fn by_operators(config: Config, checkpoint: Checkpoint, device: &Device, dtype: Option<DType>) -> Result<Self> {
        Self::transformer(config.clone(), &names::rename(checkpoint, &config)?, device, dtype)
    }

    fn transformer(config: Config, checkpoint: &Checkpoint, device: &Device, dtype: Option<DType>) -> Result<Self> {
        let transformer = Transformer::load(config.clone(), &checkpoint.weights(device, dtype))?;
        checkpoint.check_all_used()?;
        Ok(Self { config, device: device.clone(), computation: Computation::Operators(Box::new(transformer)) })
    }

    /// A model of random weights: the same seed, configuration and element type give the same model.
    ///
    /// # Errors
    /// When the device lacks memory.
    pub fn random(config: Config, seed: u64, device: &Device, dtype: DType) -> Result<Self> {
        Self::load(config, random_checkpoint(seed), device, Some(dtype))
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
        match &self.computation {
            Computation::Operators(transformer) => transformer.bytes_per_frame(),
            Computation::Kernels(card) => card.bytes_per_frame(),
        }
    }

    /// What a prompt of so many rows has to multiply on the CPU; `None` where kernels on a card compute.
    pub fn work_of_prompt(&self, rows: usize) -> Option<Work> {
        match &self.computation {
            Computation::Operators(transformer) => Some(transformer.work_of_prompt(rows)),
            Computation::Kernels(_) => None,
        }
    }

    /// An empty cache for one sequence.
    ///
    /// # Errors
    /// When the device lacks memory.
    pub fn new_cache(&self) -> Result<KvCache> {
        match &self.computation {
            Computation::Operators(transformer) => transformer.new_cache(),
            Computation::Kernels(card) => card.new_cache(),
        }
    }

    /// An empty cache for a prompt. Where memory is handed out in steps, it has that of the prompt's rows.
    pub(crate) fn cache_for(&self, prompt: &Prompt) -> Result<KvCache> {
        let cache = self.new_cache()?;
        if let Computation::Kernels(card) = &self.computation {
            card.reserve(&cache, prompt.rows())?;
        }
        Ok(cache)
    }

    /// Runs a prompt into an empty cache. Returns the logits of the first frame, [codebooks, audio ids], float32.
    ///
    /// # Errors
    /// When the prompt does not fit the context, the cache is not empty, or on the device.
    pub fn prefill(&self, prompt: &Prompt, cache: &mut KvCache) -> Result<Tensor> {
        let held = cache.rows();
        let message = || Error::out_of_range("number of rows in the cache", held, "0 before a prompt");
        if held > 0 { Err(message()) } else { self.prefill_piece(prompt, cache, usize::MAX)?.ok_or_else(message) }
    }

    /// Runs the next rows of a prompt, at most `rows`: the cache tells how many were run before. With the last ones come
    /// the logits of the first frame, as from [`Backbone::prefill`]: on the CPU and by kernels on a card bit for bit.
    ///
    /// # Errors
    /// As [`Backbone::prefill`], and when no rows are left.
    pub fn prefill_piece(&self, prompt: &Prompt, cache: &mut KvCache, rows: usize) -> Result<Option<Tensor>> {
        let piece = prompt.piece(cache.rows(), rows);
        if piece.ids.is_empty() {
            let range = format!("at least 1 of those that are left behind {} of {}", cache.rows(), prompt.rows());
            return Err(Error::out_of_range("number of rows", rows, range));
        }
        match &self.computation {
            Computation::Operators(transformer) => transformer.prefill(&piece, cache),
            Computation::Kernels(card) => card.prefill(&piece, cache),
        }
    }

    /// How prompts go between the frames of those who speak.
    pub(crate) fn pieces(&self) -> Pieces {
        match &self.computation {
            Computation::Operators(transformer) => transformer.pieces(),
            Computation::Kernels(card) => card.pieces(),
        }
    }

    /// As [`Backbone::prefill`], but returns the logits after every row, [rows, codebooks, audio ids], and shows
    /// everything between to an observer. Prompts of more than 512 rows are seen in pieces of that size. Kernels on a card
    /// show nothing of what is between; [`Backbone::by_operators`] does.
    ///
    /// # Errors
    /// As [`Backbone::prefill`].
    pub fn observe(&self, prompt: &Prompt, cache: &mut KvCache, observer: &mut dyn Observer) -> Result<Tensor> {
        match &self.computation {
            Computation::Operators(transformer) => transformer.observe(prompt, cache, observer),
            Computation::Kernels(card) => card.observe(prompt, cache),
        }
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
        match &self.computation {
            Computation::Operators(transformer) => transformer.decode(&ids, caches),
            Computation::Kernels(card) => card.decode(&ids, caches),
        }
    }

    /// The card, where frames are drawn as well.
    pub(crate) fn card(&self) -> Option<&Card> {
        match &self.computation {
            Computation::Operators(_) => None,
            Computation::Kernels(card) => Some(card),
        }
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
}

/// The weights of [`Backbone::random`], of any configuration.
pub fn random_checkpoint(seed: u64) -> Checkpoint {
    Checkpoint::random(seed, init::rule)
}
