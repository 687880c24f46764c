use candle_core::Tensor;

use crate::delay::undelay;
use crate::sampling::{Sampling, sample};
use crate::{Backbone, Config, EndOfAudio, Error, Frames, KvCache, Prompt, Result};

/// The most frames that can be asked for: 71 s, the released context.
pub const MAX_FRAMES: usize = 6144;

/// How a request is to be generated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GenerationOptions {
    /// How codes are drawn.
    pub sampling: Sampling,
    /// The same seed, prompt and options give the same frames, whatever else runs.
    pub seed: u64,
    /// Delayed frames to make at most, 1–6144; `None` for what the context leaves.
    pub max_frames: Option<usize>,
    /// Goes on after the end of audio, for measurements.
    pub ignore_end: bool,
}

impl GenerationOptions {
    fn check(&self, config: &Config) -> Result<()> {
        self.check_ranges()?;
        self.sampling.check(config)
    }

    /// Checks what has the same range for every model.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for the first parameter that lies outside.
    pub fn check_ranges(&self) -> Result<()> {
        self.sampling.check_ranges()?;
        match self.max_frames {
            Some(frames) if !(1..=MAX_FRAMES).contains(&frames) => {
                Err(Error::out_of_range("max_frames", frames, format!("1 to {MAX_FRAMES}")))
            }
            _ => Ok(()),
        }
    }
}

/// Why a generation stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinishReason {
    /// The model said that the audio ends.
    EndOfAudio,
    /// As many frames as were asked for.
    MaxFrames,
    /// The model's context is full.
    ContextFull,
    /// The caller stopped it.
    Cancelled,
}

impl FinishReason {
    /// A stable name for programs: `end_of_audio`, `max_frames`, `context_full` or `cancelled`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EndOfAudio => "end_of_audio",
            Self::MaxFrames => "max_frames",
            Self::ContextFull => "context_full",
            Self::Cancelled => "cancelled",
        }
    }
}

/// One request on its way: its cache, what it has made, and the logits of its next frame.
pub struct Generation {
    options: GenerationOptions,
    codes: usize,
    pad: u32,
    cache: KvCache,
    logits: Vec<f32>,
    frames: Frames,
    ending: EndOfAudio,
    limit: usize,
    limit_reason: FinishReason,
    finish: Option<FinishReason>,
}

impl Generation {
    /// Runs the prompt.
    ///
    /// # Errors
    /// When an option is out of range, the prompt leaves no room for audio, or on the device.
    pub fn start(backbone: &Backbone, prompt: &Prompt, options: GenerationOptions) -> Result<Self> {
        let config = backbone.config();
        options.check(config)?;
        let mut cache = backbone.new_cache()?;
        let logits = backbone.prefill(prompt, &mut cache)?;
        let room = config.context - prompt.rows();
        let (limit, limit_reason) = match options.max_frames {
            Some(frames) if frames <= room => (frames, FinishReason::MaxFrames),
            _ => (room, FinishReason::ContextFull),
        };
        Ok(Self {
            options,
            codes: config.codebook_size,
            pad: config.audio_pad,
            cache,
            logits: logits.flatten_all()?.to_vec1()?,
            frames: Frames::new(config.codebooks),
            ending: EndOfAudio::new(config.end_of_audio),
            limit,
            limit_reason,
            finish: None,
        })
    }

    /// The delayed frames made so far.
    pub fn frames(&self) -> &Frames {
        &self.frames
    }

    /// Most frames that this request can still grow to.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Why it stopped, once it has.
    pub fn finish_reason(&self) -> Option<FinishReason> {
        self.finish
    }

    /// Stops it where it is.
    pub fn cancel(&mut self) {
        self.finish.get_or_insert(FinishReason::Cancelled);
    }

    /// What was made; cancels if it is not finished.
    pub fn into_generated(mut self) -> Generated {
        self.cancel();
        Generated {
            frames: self.frames,
            end: self.ending.end().filter(|_| !self.options.ignore_end),
            finish: self.finish.unwrap_or(FinishReason::Cancelled),
            codes: self.codes,
            pad: self.pad,
        }
    }

    /// Draws the next frame from the logits at hand.
    fn draw(&mut self) {
        let frame = sample(&self.logits, &self.options.sampling, &self.frames, self.codes, self.options.seed);
        self.frames.push(&frame);
        let ended = self.ending.observe(&frame) && !self.options.ignore_end;
        if ended {
            self.finish = Some(FinishReason::EndOfAudio);
        } else if self.frames.len() >= self.limit {
            self.finish = Some(self.limit_reason);
        }
    }
}

/// Makes one more frame in every generation that is not finished: all draw, then all that go on share one step of the
/// backbone. Finished ones are left alone. Each gets the frames that it would get alone.
///
/// # Errors
/// On the device.
pub fn step(backbone: &Backbone, generations: &mut [&mut Generation]) -> Result<()> {
    let unfinished = |generation: &&mut Generation| generation.finish.is_none();
    let mut running: Vec<&mut Generation> = Vec::with_capacity(generations.len());
    for generation in generations.iter_mut().map(|generation| &mut **generation).filter(unfinished) {
        generation.draw();
        if generation.finish.is_none() {
            running.push(generation);
        }
    }
    if running.is_empty() { Ok(()) } else { advance(backbone, &mut running) }
}

/// Feeds the newest frame of each and keeps the logits of the next.
fn advance(backbone: &Backbone, running: &mut [&mut Generation]) -> Result<()> {
    let mut newest = Vec::with_capacity(running.len());
    let mut caches = Vec::with_capacity(running.len());
    for generation in running.iter_mut() {
        newest.push(generation.frames.last().unwrap_or_default());
        caches.push(&mut generation.cache);
    }
    let logits: Tensor = backbone.decode(&newest, &mut caches)?;
    let rows: Vec<Vec<f32>> = logits.flatten_from(1)?.to_vec2()?;
    running.iter_mut().zip(rows).for_each(|(generation, row)| generation.logits = row);
    Ok(())
}

/// Generates one request to its end. `on_frame` sees the frames after each step; `false` cancels.
///
/// # Errors
/// As [`Generation::start`] and [`step`].
pub fn generate(
    backbone: &Backbone,
    prompt: &Prompt,
    options: &GenerationOptions,
    mut on_frame: impl FnMut(&Frames) -> bool,
) -> Result<Generated> {
    let mut generation = Generation::start(backbone, prompt, options.clone())?;
    while generation.finish.is_none() {
        step(backbone, &mut [&mut generation])?;
        if !on_frame(&generation.frames) {
            generation.cancel();
        }
    }
    Ok(generation.into_generated())
}

/// What a request came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Generated {
    /// The delayed frames as they were drawn.
    pub frames: Frames,
    /// How many aligned frames are audible, if the model said.
    pub end: Option<usize>,
    /// Why it stopped.
    pub finish: FinishReason,
    codes: usize,
    pad: u32,
}

impl Generated {
    /// The aligned codes that can be heard: up to the end of audio or, without one, all moments of which every
    /// codebook is known. Ids that are no codes are lowered to the last code.
    pub fn aligned(&self) -> Frames {
        let complete = (self.frames.len() + 1).saturating_sub(self.frames.codebooks());
        let mut aligned = undelay(&self.frames, self.pad);
        aligned.truncate(self.end.unwrap_or(complete).min(complete));
        aligned.clamp(self.codes as u32 - 1);
        aligned
    }
}
