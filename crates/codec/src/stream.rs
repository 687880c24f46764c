use crate::{Codec, Codes, Result};

/// Decodes frames while they come: each once, with [`Codec::context_frames`] frames of context on both sides, so that
/// the samples are those of the whole. Holds no more frames than the context and those that wait.
#[derive(Clone, Debug)]
pub struct DecodeStream {
    /// The frames that are still needed, frame by frame.
    frames: Vec<u32>,
    codebooks: usize,
    codebook_size: usize,
    context: usize,
    /// Of the frames held: how many are decoded and only context.
    done: usize,
    complete: bool,
}

impl DecodeStream {
    /// Nothing yet, for one codec.
    pub fn new(codec: &Codec) -> Self {
        Self {
            frames: Vec::new(),
            codebooks: codec.n_codebooks(),
            codebook_size: codec.codebook_size(),
            context: codec.context_frames(),
            done: 0,
            complete: false,
        }
    }

    /// Takes aligned frames in frame-major order: whole frames, one code of each codebook.
    pub fn push(&mut self, frames: &[u32]) {
        self.frames.extend_from_slice(frames);
    }

    /// Says that no frames follow: all that wait are final then.
    pub fn finish(&mut self) {
        self.complete = true;
    }

    /// How many frames could be decoded now: their samples do not depend on frames that are not here yet.
    pub fn ready(&self) -> usize {
        let lookahead = if self.complete { 0 } else { self.context };
        self.held().saturating_sub(self.done + lookahead)
    }

    /// The samples of the next `count` frames, or of those that are ready if these are fewer.
    ///
    /// # Errors
    /// When the codes do not fit the codec, or the device fails.
    pub fn decode(&mut self, codec: &Codec, count: usize) -> Result<Vec<f32>> {
        let end = self.done + count.min(self.ready());
        let codes = Codes::from_frames(&self.frames, self.codebooks, self.codebook_size)?;
        let samples = codec.decode_range(&codes, self.done..end)?;
        let forgotten = end.saturating_sub(self.context);
        self.frames.drain(..forgotten * self.codebooks);
        self.done = end - forgotten;
        Ok(samples)
    }

    fn held(&self) -> usize {
        self.frames.len() / self.codebooks
    }
}
