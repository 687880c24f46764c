//! The backbone by kernels of our own, on an NVIDIA card.

mod source;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use candle_core::{DType, Device, Tensor};
use zonos_cuda::{Decoder, Mixture, Model, Row, Shape, SlotOptions, Speaker};
use zonos_weights::Checkpoint;

use crate::attention::QK_NORM_EPS;
use crate::config::Balancing;
use crate::prompt::{Piece, Pieces};
use crate::{Config, Error, KvCache, Prompt, Result, Sampling};
use source::Tensors;

/// Sequences that one step takes.
const MAX_SLOTS: usize = 64;
/// A piece is what the kernels run at once. On an H100 two take 16 ms, which a stream does not hear, and behind 4,000 rows
/// 25 ms.
const PIECES: Pieces = Pieces { rows: 64, before_frame: 2, alone_behind: 1024 };

/// A model on a card, with room for some sequences.
pub(crate) struct Card {
    decoder: Arc<Mutex<Decoder>>,
    free: Arc<Mutex<Vec<usize>>>,
    context: usize,
    codebooks: usize,
    ids: usize,
    bytes_per_frame: u64,
}

/// The place of one sequence, given back with its memory when dropped.
pub(crate) struct Slot {
    index: usize,
    decoder: Weak<Mutex<Decoder>>,
    free: Arc<Mutex<Vec<usize>>>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(decoder) = self.decoder.upgrade() {
            // What cannot be given back serves the slot's next sequence.
            lock(&decoder).release(self.index).ok();
        }
        lock(&self.free).push(self.index);
    }
}

impl Card {
    /// Loads a model onto an NVIDIA card; `None` on other devices, and when the kernels do not compute models of this shape.
    pub(crate) fn load(
        device: &Device,
        config: &Config,
        checkpoint: &Checkpoint,
        dtype: Option<DType>,
    ) -> Result<Option<Self>> {
        let (Device::Cuda(device), shape) = (device, shape(config)) else { return Ok(None) };
        if shape.check().is_err() {
            return Ok(None);
        }
        let device = zonos_cuda::Device::on(device.cuda_stream().context())?;
        let tensors = Tensors::new(checkpoint, dtype);
        let model = Model::load(&device, &shape, &tensors)?;
        tensors.check_all_used()?;
        let bytes_per_frame = model.bytes_per_frame();
        Ok(Some(Self {
            decoder: Arc::new(Mutex::new(Decoder::new(Arc::new(model), 1, config.context)?)),
            free: Arc::new(Mutex::new(vec![0])),
            context: config.context,
            codebooks: config.codebooks,
            ids: config.audio_vocab(),
            bytes_per_frame,
        }))
    }

    pub(crate) fn bytes_per_frame(&self) -> u64 {
        self.bytes_per_frame
    }

    pub(crate) fn new_cache(&self) -> Result<KvCache> {
        let mut decoder = lock(&self.decoder);
        let mut free = lock(&self.free);
        let index = match free.pop() {
            Some(index) => index,
            None => more_slots(&mut decoder, &mut free)?,
        };
        Ok(KvCache::of_slot(Slot { index, decoder: Arc::downgrade(&self.decoder), free: self.free.clone() }))
    }

    /// Makes sure of memory for so many rows of an empty cache.
    pub(crate) fn reserve(&self, cache: &KvCache, rows: usize) -> Result<()> {
        Ok(lock(&self.decoder).reserve(self.slot_of(cache, rows)?, rows)?)
    }

    /// How prompts go between frames.
    pub(crate) fn pieces(&self) -> Pieces {
        PIECES
    }

    /// Runs the next rows of a prompt; with its last ones come the logits of the first frame.
    pub(crate) fn prefill(&self, piece: &Piece, cache: &mut KvCache) -> Result<Option<Tensor>> {
        let rows = piece.ids.len() / (self.codebooks + 1);
        let slot = self.slot_of(cache, rows)?;
        let mut decoder = lock(&self.decoder);
        let Piece { ids, voice, is_last } = *piece;
        decoder.prefill_piece(slot, &zonos_cuda::Piece { first: cache.rows(), ids, voice, is_last })?;
        cache.advance(rows);
        if !is_last {
            return Ok(None);
        }
        let logits = decoder.logits(&[slot])?;
        Ok(Some(Tensor::from_vec(logits, (self.codebooks, self.ids), &Device::Cpu)?))
    }

    pub(crate) fn observe(&self, prompt: &Prompt, cache: &mut KvCache) -> Result<Tensor> {
        let slot = self.slot_of(cache, prompt.rows())?;
        let logits = lock(&self.decoder).observe(slot, prompt.ids(), prompt.voice())?;
        cache.advance(prompt.rows());
        Ok(Tensor::from_vec(logits, (prompt.rows(), self.codebooks, self.ids), &Device::Cpu)?)
    }

    /// Continues each sequence by one row of `ids`.
    pub(crate) fn decode(&self, ids: &[u32], caches: &mut [&mut KvCache]) -> Result<Tensor> {
        let width = ids.len() / caches.len().max(1);
        let mut decoder = lock(&self.decoder);
        let mut logits = Vec::with_capacity(caches.len() * self.codebooks * self.ids);
        for (caches, ids) in caches.chunks_mut(MAX_SLOTS).zip(ids.chunks(MAX_SLOTS * width)) {
            let slots = caches.iter().map(|cache| self.slot_of(cache, 1)).collect::<Result<Vec<_>>>()?;
            let rows: Vec<Row> = slots.iter().zip(ids.chunks(width)).map(|(&slot, ids)| Row { slot, ids }).collect();
            decoder.feed(&rows)?;
            logits.extend(decoder.logits(&slots)?);
            caches.iter_mut().for_each(|cache| cache.advance(1));
        }
        Ok(Tensor::from_vec(logits, (caches.len(), self.codebooks, self.ids), &Device::Cpu)?)
    }

    /// Lets a sequence whose prompt was run draw its frames on the card. Where it ends is for the caller to see.
    pub(crate) fn draw(&self, cache: &KvCache, sampling: &Sampling, seed: u64) -> Result<()> {
        let slot = self.slot_of(cache, 0)?;
        Ok(lock(&self.decoder).draw(slot, &options(sampling, seed))?)
    }

    /// The next frame of each sequence that draws on the card, one of each slot.
    pub(crate) fn next_frames(&self, caches: &mut [&mut KvCache]) -> Result<Vec<Vec<u32>>> {
        let mut decoder = lock(&self.decoder);
        let mut frames = Vec::with_capacity(caches.len());
        for caches in caches.chunks_mut(MAX_SLOTS) {
            let slots = caches.iter().map(|cache| self.slot_of(cache, 0)).collect::<Result<Vec<_>>>()?;
            decoder.launch(&slots)?;
            let made = decoder.collect()?;
            if made.len() != slots.len() {
                return Err(Error::Config("a sequence on the card is over and was asked for more".to_owned()));
            }
            frames.extend(made.into_iter().map(|frame| frame.codes));
            caches.iter_mut().for_each(|cache| cache.advance(1));
        }
        Ok(frames)
    }

    /// The slot of a cache that takes `rows` more.
    fn slot_of(&self, cache: &KvCache, rows: usize) -> Result<usize> {
        let end = cache.rows() + rows;
        if end > self.context {
            return Err(Error::PromptTooLong { rows: end, context: self.context });
        }
        let own = cache.slot().filter(|slot| Arc::ptr_eq(&slot.free, &self.free));
        let message = || Error::Config("a cache of another model".to_owned());
        Ok(own.ok_or_else(message)?.index)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Doubles the slots, as far as steps go; the first of the new ones. The others are free.
fn more_slots(decoder: &mut Decoder, free: &mut Vec<usize>) -> Result<usize> {
    let first = decoder.slots();
    // Beyond what one step takes, each step is several.
    let slots = if first < MAX_SLOTS { 2 * first } else { first + MAX_SLOTS };
    decoder.grow(slots)?;
    free.extend((first + 1..slots).rev());
    Ok(first)
}

/// How a slot draws, for as long as its rows last.
fn options(sampling: &Sampling, seed: u64) -> SlotOptions {
    SlotOptions {
        temperature: sampling.temperature,
        top_k: sampling.top_k,
        top_p: sampling.top_p,
        min_p: sampling.min_p,
        repetition_window: sampling.repetition_window,
        repetition_penalty: sampling.repetition_penalty,
        repetition_codebooks: sampling.repetition_codebooks,
        seed,
        limit: usize::MAX,
        ignore_end: true,
    }
}

/// The shape in the words of the kernels.
fn shape(config: &Config) -> Shape {
    let mixture = config.moe.as_ref().map_or(Mixture { experts: 1, router_dim: 4, balancing: 1.0 }, |moe| Mixture {
        experts: moe.experts,
        router_dim: moe.router_dim,
        balancing: if moe.balancing == Balancing::Add { 1.0 } else { -1.0 },
    });
    let speaker =
        config.speaker.map(|speaker| Speaker { embedding_dim: speaker.embedding_dim, lda_dim: speaker.lda_dim });
    Shape {
        dim: config.dim,
        heads: config.heads,
        kv_heads: config.kv_heads,
        head_dim: config.head_dim,
        inner: config.inner,
        used: config.moe.as_ref().map_or_else(|| vec![0; config.layers], |moe| moe.used.clone()),
        mixture,
        codebooks: config.codebooks,
        audio_vocab: config.audio_vocab(),
        text_ids: config.text_vocab + 1,
        codes: config.codebook_size,
        norm_eps: config.norm_eps as f32,
        qk_norm_eps: QK_NORM_EPS as f32,
        rope_theta: config.rope_theta,
        logit_cap: config.logit_softcap as f32,
        context: config.context,
        speaker,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_released_shape_is_that_of_the_kernels() {
        assert_eq!(shape(&Config::released().unwrap()), Shape::released());
    }
}
