use std::iter::FusedIterator;

use zonos_codec::DecodeStream;
use zonos_lm::{FinishReason, Generation, MAX_FRAMES};

use crate::polish::Polisher;
use crate::utterance::Utterance;
use crate::{Engine, Error, Polish, Progress, Report, Request, Result};

/// How much of a stream comes at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamOptions {
    /// Frames of the first chunk, 1–6144. Default 1: the first samples come as soon as some are final.
    pub first_frames: usize,
    /// Frames of every chunk after it but the last, 1–6144. Default 43, half a second. On the CPU nothing is decoded
    /// twice, but a chunk reads all the codec's weights; elsewhere each chunk costs 20 frames more than it holds. So small
    /// chunks are dear.
    pub chunk_frames: usize,
}

impl Default for StreamOptions {
    fn default() -> Self {
        Self { first_frames: 1, chunk_frames: 43 }
    }
}

impl StreamOptions {
    /// Checks every value against its range.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for the first that lies outside.
    pub fn check(&self) -> Result<()> {
        for (name, frames) in [("first_frames", self.first_frames), ("chunk_frames", self.chunk_frames)] {
            if !(1..=MAX_FRAMES).contains(&frames) {
                return Err(Error::OutOfRange { name, value: frames.to_string(), range: "1 to 6144" });
            }
        }
        Ok(())
    }
}

/// A piece of a speech that is still being made.
#[derive(Clone, Debug, PartialEq)]
pub struct Chunk {
    /// One channel; full scale is ±1. Never empty.
    pub samples: Vec<f32>,
    /// How many samples of the speech came before.
    pub start: usize,
}

/// A speech that is handed out while it is made: an iterator of [`Chunk`]s. Dropping it stops the work.
///
/// Joined, the chunks are the samples of [`Engine::say`] for the same request: on the CPU bit for bit.
pub struct SpeechStream {
    utterance: Utterance,
    chunker: Chunker,
    failed: bool,
}

impl SpeechStream {
    /// Samples per second.
    pub fn sample_rate(&self) -> u32 {
        self.utterance.engine().sample_rate()
    }

    /// The seed, given or drawn.
    pub fn seed(&self) -> u64 {
        self.utterance.seed()
    }

    /// Says that the speech is synthetic, with model, seed and parameters.
    pub fn comment(&self) -> &str {
        &self.utterance.comment
    }

    /// How many frames are made.
    pub fn progress(&self) -> Progress {
        self.utterance.progress()
    }

    /// Makes no further frame. The chunks that follow hold what was made until now, and
    /// [`FinishReason::Cancelled`] is reported.
    pub fn stop(&mut self) {
        self.utterance.stop(FinishReason::Cancelled);
    }

    /// How the speech came to be, as far as it has come: final after the last chunk.
    pub fn report(&self) -> Report {
        self.chunker.report(&self.utterance)
    }

    fn advance(&mut self) -> Result<Option<Chunk>> {
        loop {
            if let Some(chunk) = self.chunker.next(&mut self.utterance)? {
                return Ok(Some(chunk));
            }
            if self.utterance.is_finished() {
                return Ok(None);
            }
            self.utterance.step()?;
            self.chunker.retry(&mut self.utterance)?;
        }
    }
}

impl Iterator for SpeechStream {
    type Item = Result<Chunk>;

    fn next(&mut self) -> Option<Result<Chunk>> {
        if self.failed {
            return None;
        }
        let next = self.advance();
        self.failed = next.is_err();
        next.transpose()
    }
}

impl FusedIterator for SpeechStream {}

impl Engine {
    /// Speaks a request and hands the samples out as they become final, in chunks of the default size.
    ///
    /// # Errors
    /// As [`Engine::say`]. What fails later comes as the iterator's last item.
    pub fn stream(&self, request: &Request) -> Result<SpeechStream> {
        self.stream_with(request, &StreamOptions::default())
    }

    /// As [`Engine::stream`], in chunks of a size of your choice.
    ///
    /// # Errors
    /// As [`Engine::stream`], and when a size is out of range.
    pub fn stream_with(&self, request: &Request, options: &StreamOptions) -> Result<SpeechStream> {
        let chunker = Chunker::new(self, request.polish, options)?;
        Ok(SpeechStream { utterance: Utterance::start(self, request)?, chunker, failed: false })
    }

    /// As [`Engine::stream_with`], to a function that is called with each chunk; `false` stops the work at once.
    ///
    /// # Errors
    /// As [`Engine::stream_with`].
    pub fn stream_to(
        &self,
        request: &Request,
        options: &StreamOptions,
        mut on_chunk: impl FnMut(Chunk) -> bool,
    ) -> Result<Report> {
        let mut stream = self.stream_with(request, options)?;
        while let Some(chunk) = stream.next() {
            if !on_chunk(chunk?) {
                stream.stop();
                break;
            }
        }
        Ok(stream.report())
    }
}

/// Turns the frames of an utterance into chunks while they come.
pub(crate) struct Chunker {
    options: StreamOptions,
    decoder: DecodeStream,
    polisher: Polisher,
    /// Aligned frames taken from the generation.
    taken: usize,
    /// Frames decoded.
    decoded: usize,
    /// Samples handed out.
    sent: usize,
    ended: bool,
}

impl Chunker {
    pub(crate) fn new(engine: &Engine, polish: Polish, options: &StreamOptions) -> Result<Self> {
        options.check()?;
        Ok(Self {
            options: *options,
            decoder: engine.codec().stream(),
            polisher: Polisher::new(polish, engine.sample_rate()),
            taken: 0,
            decoded: 0,
            sent: 0,
            ended: false,
        })
    }

    /// The next chunk that is final, if there is one. After the end of the utterance there is one until there is none.
    pub(crate) fn next(&mut self, utterance: &mut Utterance) -> Result<Option<Chunk>> {
        self.take(utterance.generation());
        while let Some(frames) = self.due(utterance.is_finished()) {
            let samples = utterance.sound(|engine, _| self.decode(engine, frames))?;
            if !samples.is_empty() {
                utterance.note_samples();
                let start = self.sent;
                self.sent += samples.len();
                return Ok(Some(Chunk { samples, start }));
            }
        }
        Ok(None)
    }

    /// Lets the utterance begin again, if it should and nothing was handed out yet.
    pub(crate) fn retry(&mut self, utterance: &mut Utterance) -> Result<()> {
        if self.decoded > 0 || !utterance.is_finished() {
            return Ok(());
        }
        utterance.retry()?;
        if !utterance.is_finished() {
            self.decoder = utterance.engine().codec().stream();
            self.taken = 0;
        }
        Ok(())
    }

    pub(crate) fn report(&self, utterance: &Utterance) -> Report {
        utterance.report(self.taken, self.sent)
    }

    fn take(&mut self, generation: &Generation) {
        let frames = generation.aligned_from(self.taken);
        self.taken += frames.len();
        self.decoder.push(frames.ids());
    }

    /// How many frames are to be decoded now.
    fn due(&mut self, finished: bool) -> Option<usize> {
        let wanted = if self.decoded == 0 { self.options.first_frames } else { self.options.chunk_frames };
        if finished && !self.ended {
            self.decoder.finish();
        }
        let ready = self.decoder.ready();
        let last = finished && ready <= wanted;
        (ready >= wanted || last && !self.ended).then(|| {
            self.ended |= last;
            ready.min(wanted)
        })
    }

    fn decode(&mut self, engine: &Engine, frames: usize) -> Result<Vec<f32>> {
        let mut samples = self.polisher.push(&engine.codec().decode_next(&mut self.decoder, frames)?);
        self.decoded += frames;
        if self.ended {
            samples.extend(self.polisher.finish());
        }
        Ok(samples)
    }
}
