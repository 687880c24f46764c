use std::borrow::Cow;
use std::time::Duration;

use zonos_lm::{Background, Conditioning, Config, Delivery, GenerationOptions, Sampling};
use zonos_speaker::Voice;
use zonos_text::{Language, MAX_TEXT_BYTES, Normalize, Normalizer, validate};

use crate::polish::Polish;
use crate::{CancelToken, Error, Guard, Result, SamplingOverrides, seed};

/// The largest seed, as in the hosted API.
pub const MAX_SEED: u64 = i32::MAX as u64;

/// What to say, and how. Everything but the text has the defaults of the reference.
#[derive(Clone, Debug)]
pub struct Request {
    /// What to say.
    pub text: String,
    /// The language of the text, for normalization.
    pub language: Language,
    /// Whether numbers, dates and the like are written out as they are spoken.
    pub normalize: bool,
    /// Whose voice; without one, that which the model has for it, else the model chooses.
    pub voice: Option<Voice>,
    /// How codes are drawn, where it differs from the model's defaults.
    pub sampling: SamplingOverrides,
    /// 0–2147483647; drawn when absent. The same seed, request, build and device give the same speech.
    pub seed: Option<u64>,
    /// Frames of 11.6 ms to make at most, 1–6144; `None` for what the model's context leaves.
    pub max_frames: Option<usize>,
    /// How fast to speak.
    pub pace: Pace,
    /// Qualities of the sound by feature name, over the model's defaults.
    pub quality: Vec<(String, Quality)>,
    /// The background of the voice's clip.
    pub background: Background,
    /// Accurate or expressive.
    pub delivery: Delivery,
    /// What is done to the finished sound.
    pub polish: Polish,
    /// What is done about speech that is too long or too short for its text.
    pub guard: Guard,
    /// The longest that it may take, from the call on; then it stops before its next frame, with
    /// [`FinishReason::TimedOut`](crate::FinishReason::TimedOut) and what was made until then. `None` for no limit.
    pub timeout: Option<Duration>,
    /// Stops it from elsewhere, with [`FinishReason::Cancelled`](crate::FinishReason::Cancelled) and what was made
    /// until then.
    pub cancel: Option<CancelToken>,
}

/// How fast to speak.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Pace {
    /// As the model sees fit.
    #[default]
    Free,
    /// Bucket of the speaking rate.
    Bucket(usize),
    /// UTF-8 bytes of text per second.
    BytesPerSecond(f64),
    /// A factor: 1 is neutral, 2 twice as fast.
    Speed(f64),
}

/// A target for a quality feature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Quality {
    /// As the model sees fit.
    Free,
    /// A bucket of the feature.
    Bucket(usize),
    /// A value in the feature's unit (LUFS, dB, seconds, Hz).
    Value(f64),
}

impl Request {
    /// A text with defaults for everything else.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            language: Language::AmericanEnglish,
            normalize: true,
            voice: None,
            sampling: SamplingOverrides::default(),
            seed: None,
            max_frames: None,
            pace: Pace::default(),
            quality: Vec::new(),
            background: Background::default(),
            delivery: Delivery::default(),
            polish: Polish::default(),
            guard: Guard::default(),
            timeout: None,
            cancel: None,
        }
    }

    /// Speaks in this voice.
    pub fn voice(mut self, voice: Voice) -> Self {
        self.voice = Some(voice);
        self
    }

    /// Sets the language.
    pub fn language(mut self, language: Language) -> Self {
        self.language = language;
        self
    }

    /// Sets the seed.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Sets sampling parameters: all of them with a [`Sampling`], some with [`SamplingOverrides`].
    pub fn sampling(mut self, sampling: impl Into<SamplingOverrides>) -> Self {
        self.sampling = sampling.into();
        self
    }

    /// Limits the length, in frames of 11.6 ms.
    pub fn max_frames(mut self, frames: usize) -> Self {
        self.max_frames = Some(frames);
        self
    }

    /// Limits the time that it may take.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Stops when the token is cancelled.
    pub fn cancel(mut self, token: CancelToken) -> Self {
        self.cancel = Some(token);
        self
    }

    /// Checks all that does not depend on the model, so that mistakes are told before one is loaded.
    ///
    /// # Errors
    /// When there is nothing to say or a parameter is out of range.
    pub fn check(&self) -> Result<()> {
        validate(&self.text, MAX_TEXT_BYTES)?;
        self.polish.check()?;
        self.guard.check()?;
        if let Some(seed) = self.seed.filter(|&seed| seed > MAX_SEED) {
            return Err(Error::OutOfRange { name: "seed", value: seed.to_string(), range: "0 to 2147483647" });
        }
        Ok(self.generation(0, self.sampling.over(&Sampling::default())).check_ranges()?)
    }

    /// The text as it is spoken.
    pub(crate) fn spoken(&self) -> Cow<'_, str> {
        if self.normalize {
            Normalizer::new(self.language).normalize(&self.text)
        } else {
            Cow::Borrowed(self.text.as_str())
        }
    }

    /// What the prompt tells a model.
    pub(crate) fn conditioning(&self, config: &Config) -> Result<Conditioning> {
        let mut conditioning =
            Conditioning { background: self.background, delivery: self.delivery, ..Conditioning::defaults(config) };
        match self.pace {
            Pace::Free => {}
            Pace::Bucket(bucket) => conditioning.set_rate_bucket(config, bucket)?,
            Pace::BytesPerSecond(rate) => conditioning.set_rate(config, rate)?,
            Pace::Speed(factor) => conditioning.set_speed(config, factor)?,
        }
        for (feature, quality) in &self.quality {
            match quality {
                Quality::Free => conditioning.set_quality_bucket(config, feature, None)?,
                Quality::Bucket(bucket) => conditioning.set_quality_bucket(config, feature, Some(*bucket))?,
                Quality::Value(value) => conditioning.set_quality(config, feature, *value)?,
            }
        }
        Ok(conditioning)
    }

    pub(crate) fn generation(&self, seed: u64, sampling: Sampling) -> GenerationOptions {
        GenerationOptions { sampling, seed, max_frames: self.max_frames, ..GenerationOptions::default() }
    }

    /// The seed given, or one drawn.
    pub(crate) fn seed_or_drawn(&self) -> u64 {
        self.seed.unwrap_or_else(seed::drawn)
    }
}
