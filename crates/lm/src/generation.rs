use std::sync::Arc;

use candle_core::Tensor;

use crate::delay::undelay;
use crate::prompt::Pieces;
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
    /// How long the speech can sensibly be; `None` takes any length.
    pub plausible: Option<PlausibleLength>,
}

/// How long the speech of a text can sensibly be, in frames. What the text says is for the caller to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlausibleLength {
    /// An end of audio with fewer audible frames is [`FinishReason::EarlyEnd`].
    pub shortest: usize,
    /// After this many delayed frames without an end of audio it is [`FinishReason::Runaway`].
    pub longest: usize,
}

/// Writes a generation's frames in the place of the sampler: from the seed and the delayed frames made so far, the ids
/// of the next. The model computes as always. With it tests have a model say what they like.
pub type Script = Arc<dyn Fn(u64, &Frames) -> Vec<u32> + Send + Sync>;

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
    /// The model said that the audio ends, long before the text can have been spoken.
    EarlyEnd,
    /// The model went on for far longer than the text takes.
    Runaway,
    /// The caller's time was used up.
    TimedOut,
    /// The caller stopped it.
    Cancelled,
}

impl FinishReason {
    /// A stable name for programs: `end_of_audio`, `max_frames`, `context_full`, `early_end`, `runaway`, `timed_out` or
    /// `cancelled`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EndOfAudio => "end_of_audio",
            Self::MaxFrames => "max_frames",
            Self::ContextFull => "context_full",
            Self::EarlyEnd => "early_end",
            Self::Runaway => "runaway",
            Self::TimedOut => "timed_out",
            Self::Cancelled => "cancelled",
        }
    }
}

/// One request on its way: its cache, what it has made, and the logits of its next frame.
pub struct Generation {
    options: GenerationOptions,
    codes: usize,
    pad: u32,
    /// Until all of it was run.
    prompt: Option<Prompt>,
    cache: KvCache,
    logits: Vec<f32>,
    frames: Frames,
    ending: EndOfAudio,
    limit: usize,
    limit_reason: FinishReason,
    finish: Option<FinishReason>,
    script: Option<Script>,
    /// Whether the card draws its frames; decided with the first.
    drawn_on_card: bool,
}

impl Generation {
    /// A request whose prompt is run by the steps that come: see [`step`].
    ///
    /// # Errors
    /// When an option is out of range, the prompt leaves no room for audio, or the device lacks memory for it.
    pub fn new(backbone: &Backbone, prompt: &Prompt, options: GenerationOptions) -> Result<Self> {
        let config = backbone.config();
        options.check(config)?;
        let (rows, context) = (prompt.rows(), config.context);
        let room = context.checked_sub(rows).ok_or(Error::PromptTooLong { rows, context })?;
        let (limit, limit_reason) = limit(&options, room);
        Ok(Self {
            options,
            codes: config.codebook_size,
            pad: config.audio_pad,
            prompt: Some(prompt.clone()),
            cache: backbone.cache_for(prompt)?,
            logits: Vec::new(),
            frames: Frames::new(config.codebooks),
            ending: EndOfAudio::new(config.end_of_audio),
            limit,
            limit_reason,
            finish: None,
            script: None,
            drawn_on_card: false,
        })
    }

    /// As [`Generation::new`], and runs the prompt.
    ///
    /// # Errors
    /// As [`Generation::new`], and on the device.
    pub fn start(backbone: &Backbone, prompt: &Prompt, options: GenerationOptions) -> Result<Self> {
        let mut generation = Self::new(backbone, prompt, options)?;
        generation.prefill(backbone)?;
        Ok(generation)
    }

    /// Whether all of the prompt was run.
    pub fn is_prefilled(&self) -> bool {
        self.prompt.is_none()
    }

    /// Runs what is left of the prompt.
    ///
    /// # Errors
    /// On the device.
    pub fn prefill(&mut self, backbone: &Backbone) -> Result<()> {
        self.prefill_piece(backbone, usize::MAX)
    }

    /// Runs at most so many rows of what is left of the prompt.
    fn prefill_piece(&mut self, backbone: &Backbone, rows: usize) -> Result<()> {
        let Some(prompt) = &self.prompt else { return Ok(()) };
        if let Some(logits) = backbone.prefill_piece(prompt, &mut self.cache, rows)? {
            self.logits = logits.flatten_all()?.to_vec1()?;
            self.prompt = None;
        }
        Ok(())
    }

    /// Takes the frames from a script, from the first one on.
    pub fn follow(&mut self, script: Script) {
        self.script = Some(script);
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

    /// Stops it where it is, unless it is finished.
    pub fn stop(&mut self, reason: FinishReason) {
        self.finish.get_or_insert(reason);
    }

    /// How many aligned frames are known for good; they are audible whatever comes.
    pub fn audible(&self) -> usize {
        audible(&self.frames, self.end())
    }

    /// The aligned frames from number `first` on that are known for good: a stretch of [`Generated::aligned`].
    pub fn aligned_from(&self, first: usize) -> Frames {
        let known = self.audible().saturating_sub(first);
        aligned(&self.frames.after(first), known, self.codes, self.pad)
    }

    fn end(&self) -> Option<usize> {
        self.ending.end().filter(|_| !self.options.ignore_end)
    }

    /// What was made; [`FinishReason::Cancelled`] if it is not finished.
    pub fn into_generated(self) -> Generated {
        Generated {
            end: self.end(),
            finish: self.finish.unwrap_or(FinishReason::Cancelled),
            frames: self.frames,
            codes: self.codes,
            pad: self.pad,
        }
    }

    /// Draws the next frame from the logits at hand.
    fn draw(&mut self) {
        let frame = match &self.script {
            Some(script) => script(self.options.seed, &self.frames),
            None => sample(&self.logits, &self.options.sampling, &self.frames, self.codes, self.options.seed),
        };
        self.push(&frame);
    }

    /// Leaves drawing to the card, if the model is on one that can and no frame was drawn here.
    fn draw_on_card(&mut self, backbone: &Backbone) -> Result<()> {
        let is_first = self.script.is_none() && self.frames.is_empty() && !self.drawn_on_card;
        if let Some(card) = backbone.card().filter(|_| is_first) {
            card.draw(&self.cache, &self.options.sampling, self.options.seed)?;
            self.drawn_on_card = true;
        }
        Ok(())
    }

    /// Takes the next frame.
    fn push(&mut self, frame: &[u32]) {
        self.frames.push(frame);
        let ended = self.ending.observe(frame) && !self.options.ignore_end;
        if ended {
            self.finish = Some(self.end_reason());
        } else if self.frames.len() >= self.limit {
            self.finish = Some(self.limit_reason);
        }
    }

    fn end_reason(&self) -> FinishReason {
        let shortest = self.options.plausible.map_or(0, |plausible| plausible.shortest);
        if self.audible() < shortest { FinishReason::EarlyEnd } else { FinishReason::EndOfAudio }
    }
}

/// Most frames to make where the context leaves `room`, and what it means to reach them.
fn limit(options: &GenerationOptions, room: usize) -> (usize, FinishReason) {
    let asked = options.max_frames.map(|frames| (frames, FinishReason::MaxFrames));
    let plausible = options.plausible.map(|plausible| (plausible.longest.max(1), FinishReason::Runaway));
    let limits = [asked, Some((room, FinishReason::ContextFull)), plausible];
    // Of equal limits the first: what was asked for is no surprise.
    limits.into_iter().flatten().min_by_key(|(frames, _)| *frames).unwrap_or((room, FinishReason::ContextFull))
}

/// How many aligned frames of `delayed` ones are known for good, with the end of audio where it is known.
fn audible(delayed: &Frames, end: Option<usize>) -> usize {
    let complete = (delayed.len() + 1).saturating_sub(delayed.codebooks());
    end.unwrap_or(complete).min(complete)
}

/// The first `count` aligned frames. Ids that are no codes are lowered to the last code.
fn aligned(delayed: &Frames, count: usize, codes: usize, pad: u32) -> Frames {
    let mut aligned = undelay(delayed, pad);
    aligned.truncate(count);
    aligned.clamp(codes as u32 - 1);
    aligned
}

/// Makes one more frame in every generation that is not finished: all draw, then all that go on share one step of the
/// backbone. Finished ones are left alone. Each gets the frames that it would get alone.
///
/// Prompts that were not run yet come first, in the order of the generations: where others speak, as much of them as
/// those can wait for, and else the first one. A generation of which rows are left makes no frame.
///
/// # Errors
/// On the device.
pub fn step(backbone: &Backbone, generations: &mut [&mut Generation]) -> Result<()> {
    let unfinished = |generation: &&mut Generation| generation.finish.is_none();
    let mut unfinished: Vec<_> =
        generations.iter_mut().map(|generation| &mut **generation).filter(unfinished).collect();
    run_prompts(backbone, &mut unfinished)?;
    unfinished.retain(|generation| generation.is_prefilled());
    make_frames(backbone, unfinished)
}

/// Runs pieces of the prompts that are left.
fn run_prompts(backbone: &Backbone, generations: &mut [&mut Generation]) -> Result<()> {
    let someone_speaks = generations.iter().any(|generation| generation.is_prefilled());
    let pieces = if someone_speaks { backbone.pieces() } else { Pieces::WHOLE };
    let mut left = pieces.before_frame;
    while let Some(next) = generations.iter_mut().find(|generation| !generation.is_prefilled()) {
        let share = pieces.share(next.cache.rows());
        if share > left {
            break;
        }
        next.prefill_piece(backbone, pieces.rows)?;
        left -= share;
    }
    Ok(())
}

fn make_frames(backbone: &Backbone, generations: Vec<&mut Generation>) -> Result<()> {
    let (mut here, mut on_card) = (Vec::with_capacity(generations.len()), Vec::new());
    for generation in generations {
        generation.draw_on_card(backbone)?;
        if generation.drawn_on_card {
            on_card.push(generation);
            continue;
        }
        generation.draw();
        if generation.finish.is_none() {
            here.push(generation);
        }
    }
    take_frames(backbone, &mut on_card)?;
    if here.is_empty() { Ok(()) } else { advance(backbone, &mut here) }
}

/// Takes the next frame of each generation that the card draws.
fn take_frames(backbone: &Backbone, running: &mut [&mut Generation]) -> Result<()> {
    let Some(card) = backbone.card().filter(|_| !running.is_empty()) else { return Ok(()) };
    let mut caches: Vec<&mut KvCache> = running.iter_mut().map(|generation| &mut generation.cache).collect();
    let frames = card.next_frames(&mut caches)?;
    running.iter_mut().zip(frames).for_each(|(generation, frame)| generation.push(&frame));
    Ok(())
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
            generation.stop(FinishReason::Cancelled);
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
        aligned(&self.frames, audible(&self.frames, self.end), self.codes, self.pad)
    }
}
