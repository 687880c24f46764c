//! Texts of any length: a plan of parts that are spoken one at a time or side by side, and joined.

mod batch;
mod join;
mod options;
mod parts;
mod run;

use std::collections::HashMap;
use std::ops::Range;
use std::time::Duration;

use serde::Serialize;
use zonos_text::{PlanOptions, plan, spoken_bytes};

use crate::{Polish, Request, Result, Voice, seed};

pub use batch::{ReadSpeech, ReadingBatch, ReadingTicket};
pub use options::{Level, Pauses, ReadingOptions};
pub use parts::{ReadingProgress, ReadingReport, SpokenPart};
pub use run::ReadingStream;

/// A request whose text was cut into parts: what [`Engine::read`](crate::Engine::read) speaks.
///
/// Every part has a seed of its own, made of the request's seed, the part's text, and how often the same text came
/// before. So a part sounds the same whatever is written before and after it.
///
/// ```
/// # fn main() -> zonos::Result<()> {
/// use zonos::{Engine, Reading, ReadingOptions, Request};
///
/// let engine = Engine::load("demo")?;
/// let request = Request::new("A long text. [pause 0.5s]\n\nWith paragraphs.").seed(7).max_frames(20);
/// for part in engine.read(Reading::plan(request, &ReadingOptions::default())?)? {
///     let part = part?;
///     println!("{:?} begins after {:.2} s", part.part.span, part.start_s);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Reading {
    /// The request without its text.
    request: Request,
    text: String,
    seed: u64,
    lead: Duration,
    parts: Vec<ReadingPart>,
    options: ReadingOptions,
}

/// A part of a [`Reading`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReadingPart {
    /// Its bytes in the text.
    pub span: Range<usize>,
    /// Its seed: the part alone, with this seed, gives the same frames.
    pub seed: u64,
    /// Seconds that it takes to speak, estimated.
    pub expected_s: f64,
    /// The pause after it.
    #[serde(skip)]
    pub pause: Duration,
}

impl Reading {
    /// Cuts the text of a request into parts. A seed is drawn if the request has none.
    ///
    /// # Errors
    /// When there is nothing to say, or a parameter or a pause mark is out of range.
    pub fn plan(request: Request, options: &ReadingOptions) -> Result<Self> {
        request.check()?;
        options.check()?;
        let seed = request.seed_or_drawn();
        let (text, request) = (request.text, Request { text: String::new(), seed: Some(seed), ..request });
        let pace = options::pace_of(&request);
        let mut reading =
            Self { request, seed, lead: Duration::ZERO, parts: Vec::new(), options: options.clone(), text };
        match options.part_seconds {
            Some(seconds) => reading.cut(seconds, pace)?,
            None => reading.parts.push(ReadingPart {
                span: 0..reading.text.len(),
                seed,
                expected_s: spoken_bytes(&reading.text) as f64 / pace,
                pause: Duration::ZERO,
            }),
        }
        Ok(reading)
    }

    fn cut(&mut self, seconds: f64, pace: f64) -> Result<()> {
        let options = PlanOptions {
            language: self.request.language,
            seconds,
            bytes_per_second: pace,
            pause_marks: self.options.pause_marks,
        };
        let plan = plan(&self.text, &options)?;
        let mut occurrences: HashMap<&str, u32> = HashMap::new();
        let parts = plan.parts.into_iter().map(|part| {
            let text = self.text.get(part.span.clone()).unwrap_or_default();
            let occurrence = occurrences.entry(text).or_default();
            let seed = seed::of_part(self.seed, text, *occurrence);
            *occurrence += 1;
            let pause = part.pause.unwrap_or_else(|| self.options.pauses.after(part.boundary));
            ReadingPart { span: part.span, seed, expected_s: spoken_bytes(text) as f64 / pace, pause }
        });
        self.parts = parts.collect();
        self.lead = plan.lead;
        Ok(())
    }

    /// Speaks in this voice.
    pub fn voice(mut self, voice: Voice) -> Self {
        self.request.voice = Some(voice);
        self
    }

    /// The request's seed, given or drawn.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The parts in their order; at least one.
    pub fn parts(&self) -> &[ReadingPart] {
        &self.parts
    }

    /// The text of a part; nothing for a number that no part has.
    pub fn part_text(&self, number: usize) -> &str {
        self.parts.get(number).and_then(|part| self.text.get(part.span.clone())).unwrap_or_default()
    }

    /// Seconds that all of it takes, pauses included, estimated.
    pub fn expected_seconds(&self) -> f64 {
        let part = |part: &ReadingPart| part.expected_s + part.pause.as_secs_f64();
        self.lead.as_secs_f64() + self.parts.iter().map(part).sum::<f64>()
    }

    /// The request that gives the same samples, where the text is one part and nothing is to be done to its sound but the
    /// request's own polish: for [`Engine::stream`](crate::Engine::stream), which hands them out earlier.
    pub fn as_one_request(&self) -> Option<Request> {
        let ReadingOptions { level, lead_silence, tail_silence, .. } = self.options;
        let is_plain = lead_silence.is_none() && tail_silence.is_none() && !matches!(level, Level::Lufs(_));
        let is_alone = matches!(self.parts.as_slice(), [part] if part.pause.is_zero()) && self.lead.is_zero();
        (is_plain && is_alone).then(|| Request { polish: self.request.polish, ..self.part_request(0) })
    }

    /// What is asked of the model for one part. The sound is polished when the parts are joined.
    pub fn part_request(&self, number: usize) -> Request {
        Request {
            text: self.part_text(number).to_owned(),
            seed: self.parts.get(number).map(|part| part.seed),
            polish: Polish::default(),
            ..self.request.clone()
        }
    }
}
