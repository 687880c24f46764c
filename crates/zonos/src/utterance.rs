use std::time::{Duration, Instant};

use zonos_lm::{FinishReason, Generation, GenerationOptions, Prompt, step};

use crate::comment::comment;
use crate::{CancelToken, Engine, Polish, Progress, Report, Request, Result, Speech, Timings, seed};

/// One request on its way from text to speech: what [`Engine::say`], streams and batches have in common.
pub(crate) struct Utterance {
    engine: Engine,
    prompt: Prompt,
    options: GenerationOptions,
    generation: Generation,
    /// The seed of the first attempt.
    seed: u64,
    attempts: u32,
    retries: u32,
    deadline: Option<Instant>,
    cancel: Option<CancelToken>,
    clock: Clock,
    pub(crate) polish: Polish,
    pub(crate) comment: String,
}

/// When what began.
#[derive(Clone, Copy)]
struct Clock {
    started: Instant,
    /// Until the prompt was run.
    prefill: Option<Duration>,
    codec: Duration,
    first_samples: Option<Duration>,
}

impl Utterance {
    /// Checks a request. Its prompt is run by the steps that come.
    pub(crate) fn start(engine: &Engine, request: &Request) -> Result<Self> {
        let started = Instant::now();
        request.check()?;
        let request = engine.voiced(request);
        let seed = request.seed_or_drawn();
        let sampling = request.sampling.over(engine.sampling());
        let comment = comment(&request, &sampling, engine.model(), seed);
        let prompt = engine.prompt(&request)?;
        let plausible =
            request.guard.bounds(&request.spoken(), request.language, request.pace, engine.frames_per_second());
        let options = GenerationOptions { plausible, ..request.generation(seed, sampling) };
        let generation = engine.begin(&prompt, options.clone())?;
        let clock = Clock { started, prefill: None, codec: Duration::ZERO, first_samples: None };
        Ok(Self {
            engine: engine.clone(),
            prompt,
            options,
            generation,
            seed,
            attempts: 1,
            retries: request.guard.retries,
            deadline: request.timeout.and_then(|timeout| started.checked_add(timeout)),
            cancel: request.cancel.clone(),
            clock,
            polish: request.polish,
            comment,
        })
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(crate) fn generation(&self) -> &Generation {
        &self.generation
    }

    /// For a step that is taken together with others.
    pub(crate) fn generation_mut(&mut self) -> &mut Generation {
        &mut self.generation
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.generation.finish_reason().is_some()
    }

    pub(crate) fn progress(&self) -> Progress {
        Progress { frames: self.generation.frames().len(), limit: self.generation.limit() }
    }

    pub(crate) fn stop(&mut self, reason: FinishReason) {
        self.generation.stop(reason);
    }

    /// Makes one more frame, alone; before the first one it runs the prompt.
    pub(crate) fn step(&mut self) -> Result<()> {
        self.heed_caller();
        if !self.is_finished() {
            self.generation.prefill(self.engine.backbone())?;
            self.note_step();
        }
        step(self.engine.backbone(), &mut [&mut self.generation])?;
        Ok(())
    }

    /// Notes what a step brought about, for the time that the prompt took.
    pub(crate) fn note_step(&mut self) {
        if self.generation.is_prefilled() {
            self.clock.prefill.get_or_insert_with(|| self.clock.started.elapsed());
        }
    }

    /// Stops when the caller cancelled or the time is used up. To be asked between frames.
    pub(crate) fn heed_caller(&mut self) {
        if self.cancel.as_ref().is_some_and(CancelToken::is_cancelled) {
            self.generation.stop(FinishReason::Cancelled);
        } else if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            self.generation.stop(FinishReason::TimedOut);
        }
    }

    /// Begins again with another seed when the length does not fit the text and attempts are left.
    pub(crate) fn retry(&mut self) -> Result<()> {
        let is_odd = matches!(self.generation.finish_reason(), Some(FinishReason::Runaway | FinishReason::EarlyEnd));
        if is_odd && self.attempts <= self.retries {
            let options =
                GenerationOptions { seed: seed::of_attempt(self.seed, self.attempts), ..self.options.clone() };
            self.generation = self.engine.begin(&self.prompt, options)?;
            self.attempts += 1;
        }
        Ok(())
    }

    /// Runs codec work and adds up its time.
    pub(crate) fn sound<T>(&mut self, work: impl FnOnce(&Engine, &Generation) -> Result<T>) -> Result<T> {
        let started = Instant::now();
        let result = work(&self.engine, &self.generation);
        self.clock.codec += started.elapsed();
        result
    }

    /// Notes that samples are there, for the latency of the first.
    pub(crate) fn note_samples(&mut self) {
        self.clock.first_samples.get_or_insert_with(|| self.clock.started.elapsed());
    }

    /// The whole speech at once.
    pub(crate) fn speech(&mut self) -> Result<Speech> {
        let polish = self.polish;
        let (codes, samples) = self.sound(|engine, generation| {
            let codes = engine.codes(&generation.aligned_from(0))?;
            let mut samples = engine.decode(&codes)?;
            polish.apply(&mut samples, engine.sample_rate());
            Ok((codes, samples))
        })?;
        self.note_samples();
        let report = self.report(codes.frames(), samples.len());
        let (sample_rate, comment) = (self.engine.sample_rate(), self.comment.clone());
        Ok(Speech { samples, sample_rate, codes, comment, report })
    }

    /// What it came to, with so many audible frames and samples.
    pub(crate) fn report(&self, frames: usize, samples: usize) -> Report {
        let seconds = samples as f64 / f64::from(self.engine.sample_rate());
        let timings = self.clock.timings();
        Report {
            model: self.engine.model().to_owned(),
            seed: self.seed,
            attempts: self.attempts,
            frames,
            seconds,
            real_time_factor: (seconds > 0.0).then(|| timings.total_s() / seconds),
            finish_reason: self.generation.finish_reason().unwrap_or(FinishReason::Cancelled),
            prompt_rows: self.prompt.rows(),
            timings,
        }
    }
}

impl Clock {
    fn timings(&self) -> Timings {
        let prefill = self.prefill.unwrap_or_else(|| self.started.elapsed());
        let decode = self.started.elapsed().saturating_sub(prefill + self.codec);
        Timings {
            prefill_s: prefill.as_secs_f64(),
            decode_s: decode.as_secs_f64(),
            codec_s: self.codec.as_secs_f64(),
            first_audio_s: self.first_samples.map(|first| first.as_secs_f64()),
        }
    }
}
