use crate::codec::DecoderKind;
use crate::cpu::Decoding;
use crate::{Codec, Codes, Result};

/// Decodes frames while they come. The samples are those of the whole: a frame is decoded once
/// [`Codec::context_frames`] frames after it are there.
///
/// On the CPU in float32 each layer keeps what it still needs, so nothing is computed twice. Elsewhere each piece is
/// decoded with its context on both sides. Holds no more frames than the context and those that wait.
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
    /// Where layers keep what they need.
    flow: Option<Flow>,
}

/// What went into a decoder that keeps its place.
#[derive(Clone, Debug)]
struct Flow {
    decoding: Decoding,
    /// Of the frames held: how many went in.
    taken: usize,
    /// Samples that came out and were not asked for yet.
    samples: Vec<f32>,
    /// Whether all went in.
    ended: bool,
}

impl DecodeStream {
    /// Nothing yet, for one codec.
    pub fn new(codec: &Codec) -> Self {
        let flow = match codec.decoder() {
            DecoderKind::Cpu(decoder) => {
                Some(Flow { decoding: decoder.begin(), taken: 0, samples: Vec::new(), ended: false })
            }
            _ => None,
        };
        Self {
            frames: Vec::new(),
            codebooks: codec.n_codebooks(),
            codebook_size: codec.codebook_size(),
            context: codec.context_frames(),
            done: 0,
            complete: false,
            flow,
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
        let samples = match (codec.decoder(), &mut self.flow) {
            (DecoderKind::Cpu(decoder), Some(flow)) => {
                codec.check_codes(&codes)?;
                let taken = (end + self.context).min(codes.frames()).max(flow.taken);
                let last = self.complete && taken == codes.frames() && !flow.ended;
                let fresh = codes.slice(flow.taken..taken);
                flow.taken = taken;
                flow.ended |= last;
                flow.samples.extend(decoder.push(&mut flow.decoding, &fresh, last));
                flow.samples.drain(..(end - self.done) * codec.hop()).collect()
            }
            _ => codec.decode_range(&codes, self.done..end)?,
        };
        self.forget(end);
        Ok(samples)
    }

    /// Forgets what is not needed any more when the frames up to `end` are decoded.
    fn forget(&mut self, end: usize) {
        let forgotten = match &mut self.flow {
            Some(flow) => {
                flow.taken -= end;
                end
            }
            None => end.saturating_sub(self.context),
        };
        self.frames.drain(..forgotten * self.codebooks);
        self.done = end - forgotten;
    }

    fn held(&self) -> usize {
        self.frames.len() / self.codebooks
    }
}
