//! How a long text is read.

use std::time::Duration;

use zonos_text::{Boundary, bytes_per_second};

use crate::{Error, MAX_SLOTS, Pace, Request, Result};

/// How a text is read that may be longer than the model can speak at once.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadingOptions {
    /// Seconds that a part takes at most, by an estimate from its bytes and its language, 2–45. `None` leaves the text
    /// whole and as it is, without pause marks, and speaks it with the request's own seed.
    pub part_seconds: Option<f64>,
    /// Whether `[pause 0.8s]` in the text is a pause.
    pub pause_marks: bool,
    /// Pauses between parts.
    pub pauses: Pauses,
    /// How loud the parts are.
    pub level: Level,
    /// Silence that stays at the beginning, at most; `None` for what the model makes.
    pub lead_silence: Option<Duration>,
    /// Silence that stays at the end, at most; `None` for what the model makes.
    pub tail_silence: Option<Duration>,
    /// Parts that are spoken side by side, 1–1024. Changes how fast they come, not what they sound like.
    pub slots: usize,
}

/// Pauses between the end of one part and the beginning of the next, up to ten seconds each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pauses {
    /// Within a clause, where it is too long for one part.
    pub word: Duration,
    /// Between clauses, where a sentence is too long for one part.
    pub clause: Duration,
    /// Between sentences.
    pub sentence: Duration,
    /// Between paragraphs.
    pub paragraph: Duration,
}

/// How loud parts are.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Level {
    /// As the model makes them.
    Free,
    /// As loud as the first.
    #[default]
    AsFirst,
    /// Integrated loudness in LUFS, −40 to −5. No part depends on another then.
    Lufs(f64),
}

impl Default for ReadingOptions {
    fn default() -> Self {
        Self {
            part_seconds: Some(20.0),
            pause_marks: true,
            pauses: Pauses::default(),
            level: Level::default(),
            lead_silence: None,
            tail_silence: None,
            slots: 1,
        }
    }
}

impl Default for Pauses {
    fn default() -> Self {
        let millis = Duration::from_millis;
        Self { word: millis(50), clause: millis(150), sentence: millis(350), paragraph: millis(800) }
    }
}

impl Pauses {
    pub(crate) fn after(&self, boundary: Boundary) -> Duration {
        match boundary {
            Boundary::Character | Boundary::End => Duration::ZERO,
            Boundary::Word => self.word,
            Boundary::Clause => self.clause,
            Boundary::Sentence => self.sentence,
            Boundary::Paragraph => self.paragraph,
        }
    }
}

impl ReadingOptions {
    /// Checks every value against its range.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for the first that lies outside.
    pub fn check(&self) -> Result<()> {
        let Pauses { word, clause, sentence, paragraph } = self.pauses;
        let seconds = |duration: Duration| duration.as_secs_f64();
        let lengths = [
            word,
            clause,
            sentence,
            paragraph,
            self.lead_silence.unwrap_or_default(),
            self.tail_silence.unwrap_or_default(),
        ];
        let longest = lengths.into_iter().map(seconds).fold(0.0, f64::max);
        fits("part", self.part_seconds.unwrap_or(20.0), (2.0, 45.0), "2 to 45 seconds")?;
        fits("pause or silence", longest, (0.0, 10.0), "0 to 10 seconds")?;
        fits("slots", self.slots as f64, (1.0, MAX_SLOTS as f64), "1 to 1024")?;
        match self.level {
            Level::Lufs(target) => fits("loudness", target, (-40.0, -5.0), "-40 to -5 LUFS"),
            Level::Free | Level::AsFirst => Ok(()),
        }
    }
}

fn fits(name: &'static str, value: f64, (least, most): (f64, f64), range: &'static str) -> Result<()> {
    match (least..=most).contains(&value) {
        true => Ok(()),
        false => Err(Error::OutOfRange { name, value: value.to_string(), range }),
    }
}

/// Bytes that a request speaks in a second, as far as can be told without its model.
pub(crate) fn pace_of(request: &Request) -> f64 {
    const SLOWEST: f64 = 4.0;
    const FASTEST: f64 = 60.0;
    let usual = bytes_per_second(request.language);
    match request.pace {
        Pace::Free | Pace::Bucket(_) => usual,
        Pace::BytesPerSecond(rate) => rate.clamp(SLOWEST, FASTEST),
        Pace::Speed(factor) => (usual * factor).clamp(SLOWEST, FASTEST),
    }
}
