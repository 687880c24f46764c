//! The parts of one reading while they are spoken: begun in a batch, joined in their order.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::join::{Joined, Joiner, Place};
use super::{Reading, ReadingPart};
use crate::comment::comment;
use crate::polish::Polisher;
use crate::{Batch, Engine, Event, FinishReason, Report, Result, Speech, Ticket, Timings};

/// How many parts may wait for those before them, for each that is spoken at a time.
const AHEAD: usize = 2;

/// What is begun, what waits for the parts before it, and what was handed out.
pub(super) struct Parts {
    engine: Engine,
    reading: Reading,
    running: Vec<(Ticket, usize)>,
    /// Spoken parts that wait for those before them.
    waiting: BTreeMap<usize, Speech>,
    /// How many parts were begun.
    begun: usize,
    /// How many parts were handed out.
    done: usize,
    joiner: Joiner,
    polisher: Polisher,
    report: ReadingReport,
    samples: usize,
    /// When the first part was begun.
    started: Instant,
}

/// A part that was spoken.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SpokenPart {
    /// What was planned.
    #[serde(flatten)]
    pub part: ReadingPart,
    /// Where its sound begins in the whole, in seconds, after the pause before it.
    pub start_s: f64,
    /// Its length.
    pub seconds: f64,
    /// The factor that brought it to its level.
    pub gain: f32,
    /// Why it ended.
    #[serde(serialize_with = "crate::speech::by_name")]
    pub finish_reason: FinishReason,
    /// The samples that continue the whole: the pause before it, and its own. A polish that depends on the end holds
    /// some back for the next.
    #[serde(skip)]
    pub samples: Vec<f32>,
}

/// How a reading came to be, as far as it has come.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReadingReport {
    /// Sums over the parts; the first reason to finish that is not the end of audio; the most attempts at a part.
    #[serde(flatten)]
    pub whole: Report,
    /// How many parts the text has.
    pub parts: usize,
    /// How many of them were handed out.
    pub parts_done: usize,
}

/// How far a reading is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReadingProgress {
    /// How many parts the text has.
    pub parts: usize,
    /// How many of them are spoken.
    pub parts_done: usize,
    /// Seconds of speech so far, parts in the making included.
    pub spoken_s: f64,
    /// How much of the text is spoken, 0–1, by the estimate of its length.
    pub share: f64,
}

impl Parts {
    pub(super) fn new(engine: &Engine, reading: Reading) -> Result<Self> {
        reading.request.conditioning(engine.backbone().config())?;
        Ok(Self {
            running: Vec::new(),
            waiting: BTreeMap::new(),
            begun: 0,
            done: 0,
            joiner: Joiner::new(&reading.options, engine.sample_rate()),
            polisher: Polisher::new(reading.request.polish, engine.sample_rate()),
            report: ReadingReport {
                whole: empty_report(engine, reading.seed),
                parts: reading.parts.len(),
                parts_done: 0,
            },
            samples: 0,
            started: Instant::now(),
            engine: engine.clone(),
            reading,
        })
    }

    pub(super) fn reading(&self) -> &Reading {
        &self.reading
    }

    pub(super) fn sample_rate(&self) -> u32 {
        self.engine.sample_rate()
    }

    pub(super) fn report(&self) -> &ReadingReport {
        &self.report
    }

    /// Says that the speech is synthetic, with model, seed and parameters.
    pub(super) fn comment(&self) -> String {
        let Reading { request, seed, .. } = &self.reading;
        let (request, sampling) = (self.engine.voiced(request), request.sampling.over(self.engine.sampling()));
        let comment = comment(&request, &sampling, self.engine.model(), *seed);
        match self.reading.options.part_seconds {
            Some(seconds) => format!("{comment}, parts of {seconds} s"),
            None => comment,
        }
    }

    /// Makes no further part.
    pub(super) fn stop(&mut self) {
        self.report.whole.finish_reason = FinishReason::Cancelled;
    }

    /// Whether nothing more comes.
    pub(super) fn is_over(&self) -> bool {
        let is_stopped = matches!(self.report.whole.finish_reason, FinishReason::Cancelled | FinishReason::TimedOut);
        is_stopped || self.done == self.reading.parts.len()
    }

    /// How many more parts may be begun now, when `slots` are spoken at a time.
    pub(super) fn startable(&self, slots: usize) -> usize {
        let ahead = (self.done + AHEAD * slots).min(self.reading.parts.len());
        if self.is_over() { 0 } else { ahead.saturating_sub(self.begun) }
    }

    /// Begins the next part.
    pub(super) fn begin(&mut self, batch: &mut Batch) -> Result<()> {
        let mut request = self.reading.part_request(self.begun);
        // The time limit is that of the whole.
        request.timeout = request.timeout.map(|timeout| timeout.saturating_sub(self.started.elapsed()));
        let ticket = batch.join(&request)?;
        self.running.push((ticket, self.begun));
        self.begun += 1;
        Ok(())
    }

    /// Takes its parts out of a batch.
    pub(super) fn leave(&mut self, batch: &mut Batch) {
        for (ticket, _) in self.running.drain(..) {
            batch.leave(ticket);
        }
    }

    /// Whether a request of the batch is one of its parts.
    pub(super) fn owns(&self, ticket: Ticket) -> bool {
        self.running.iter().any(|(running, _)| *running == ticket)
    }

    /// Notes what came of a request of the batch, if it is one of its parts.
    pub(super) fn take(&mut self, ticket: Ticket, event: Event) -> Result<()> {
        let Some(place) = self.running.iter().position(|(running, _)| *running == ticket) else { return Ok(()) };
        match event {
            Event::Spoken(speech) => {
                let (_, number) = self.running.swap_remove(place);
                if let reason @ (FinishReason::Cancelled | FinishReason::TimedOut) = speech.report.finish_reason {
                    self.report.whole.finish_reason = reason;
                }
                self.waiting.insert(number, *speech);
                Ok(())
            }
            Event::Failed(error) => Err(error),
            Event::Chunk(_) | Event::Ended(_) => Ok(()),
        }
    }

    /// The next part, if it is spoken and was not handed out.
    pub(super) fn next(&mut self) -> Result<Option<SpokenPart>> {
        if self.is_over() {
            return Ok(None);
        }
        self.waiting.remove(&self.done).map(|speech| self.hand_out(speech)).transpose()
    }

    /// Joins the next part to the whole.
    fn hand_out(&mut self, speech: Speech) -> Result<SpokenPart> {
        let place = self.place();
        let Joined { samples: joined, pause, gain } = self.joiner.join(speech.samples, place)?;
        let rate = f64::from(self.sample_rate());
        let start_s = (self.samples + pause) as f64 / rate;
        let seconds = (joined.len() - pause) as f64 / rate;
        self.samples += joined.len();
        let mut samples = self.polisher.push(&joined);
        if place.is_last {
            samples.extend(self.polisher.finish());
        }
        self.sum_up(&speech.report, samples.len());
        let part = self.reading.parts.get(self.done).cloned();
        self.done += 1;
        self.report.parts_done = self.done;
        let part = part.unwrap_or(ReadingPart { span: 0..0, seed: 0, expected_s: 0.0, pause: Duration::ZERO });
        Ok(SpokenPart { part, start_s, seconds, gain, finish_reason: speech.report.finish_reason, samples })
    }

    fn place(&self) -> Place {
        let parts = &self.reading.parts;
        let pause_of = |number: usize| parts.get(number).map_or(Duration::ZERO, |part| part.pause);
        let is_last = self.done + 1 == parts.len();
        Place {
            before: self.done.checked_sub(1).map_or(self.reading.lead, pause_of),
            after: if is_last { pause_of(self.done) } else { Duration::ZERO },
            is_first: self.done == 0,
            is_last,
        }
    }

    fn sum_up(&mut self, part: &Report, samples: usize) {
        let elapsed = self.started.elapsed();
        let whole = &mut self.report.whole;
        whole.attempts = whole.attempts.max(part.attempts);
        whole.frames += part.frames;
        whole.prompt_rows += part.prompt_rows;
        whole.seconds += samples as f64 / f64::from(self.engine.sample_rate());
        whole.real_time_factor = (whole.seconds > 0.0).then(|| elapsed.as_secs_f64() / whole.seconds);
        if whole.finish_reason == FinishReason::EndOfAudio {
            whole.finish_reason = part.finish_reason;
        }
        whole.timings.prefill_s += part.timings.prefill_s;
        whole.timings.codec_s += part.timings.codec_s;
        // Parts that are spoken side by side share the time of their frames.
        let other = Duration::from_secs_f64(whole.timings.prefill_s + whole.timings.codec_s);
        whole.timings.decode_s = elapsed.saturating_sub(other).as_secs_f64();
        whole.timings.first_audio_s.get_or_insert(elapsed.as_secs_f64());
    }

    pub(super) fn progress(&self, batch: &Batch) -> ReadingProgress {
        let parts = &self.reading.parts;
        let expected = |part: &ReadingPart| part.expected_s;
        let (mut spoken_s, mut read) =
            (self.report.whole.seconds, parts.iter().take(self.done).map(expected).sum::<f64>());
        for (number, speech) in &self.waiting {
            spoken_s += speech.report.seconds;
            read += parts.get(*number).map_or(0.0, expected);
        }
        for (ticket, number) in &self.running {
            let frames = batch.progress(*ticket).map_or(0, |progress| progress.frames);
            let seconds = frames as f64 / self.engine.frames_per_second();
            spoken_s += seconds;
            read += parts.get(*number).map_or(0.0, expected).min(seconds);
        }
        let all: f64 = parts.iter().map(expected).sum();
        let share = if all > 0.0 { (read / all).min(1.0) } else { 0.0 };
        ReadingProgress { parts: parts.len(), parts_done: self.done + self.waiting.len(), spoken_s, share }
    }
}

fn empty_report(engine: &Engine, seed: u64) -> Report {
    Report {
        model: engine.model().to_owned(),
        seed,
        attempts: 1,
        frames: 0,
        seconds: 0.0,
        real_time_factor: None,
        finish_reason: FinishReason::EndOfAudio,
        prompt_rows: 0,
        timings: Timings::default(),
    }
}
