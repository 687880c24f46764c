//! Speaking the parts of a reading: side by side, handed out in order.

use super::Reading;
use super::parts::{Parts, ReadingProgress, ReadingReport, SpokenPart};
use crate::{Batch, Engine, Result};

/// A reading on its way: parts are spoken, up to [`slots`](crate::ReadingOptions::slots) of them side by side, and
/// handed out in their order. Joined, their samples are the whole. Dropping it stops the work.
///
/// Memory does not grow with the text: no more than twice as many parts as there are slots wait for those before them.
pub struct ReadingStream {
    batch: Batch,
    parts: Parts,
}

impl Engine {
    /// Speaks a text of any length. Nothing is computed before the first part is asked for.
    ///
    /// # Errors
    /// When a parameter does not fit the model.
    pub fn read(&self, reading: Reading) -> Result<ReadingStream> {
        ReadingStream::new(self, reading)
    }
}

impl ReadingStream {
    fn new(engine: &Engine, reading: Reading) -> Result<Self> {
        let slots = reading.options.slots.min(reading.parts.len());
        Ok(Self { parts: Parts::new(engine, reading)?, batch: Batch::new(engine, slots)? })
    }

    /// What is read.
    pub fn reading(&self) -> &Reading {
        self.parts.reading()
    }

    /// Samples per second.
    pub fn sample_rate(&self) -> u32 {
        self.parts.sample_rate()
    }

    /// Says that the speech is synthetic, with model, seed and parameters.
    pub fn comment(&self) -> String {
        self.parts.comment()
    }

    /// How it came to be, as far as it has come: final after the last part.
    pub fn report(&self) -> &ReadingReport {
        self.parts.report()
    }

    /// The next part, once it is spoken. `on_progress` is called after every frame; `false` stops the work: no further
    /// part comes then, and [`FinishReason::Cancelled`](crate::FinishReason::Cancelled) is reported.
    ///
    /// # Errors
    /// When a part does not fit the model's context, or the device fails.
    pub fn next_part(&mut self, mut on_progress: impl FnMut(ReadingProgress) -> bool) -> Result<Option<SpokenPart>> {
        while !self.parts.is_over() {
            if let Some(part) = self.parts.next()? {
                return Ok(Some(part));
            }
            let slots = self.parts.reading().options.slots;
            while self.batch.free() > 0 && self.parts.startable(slots) > 0 {
                self.parts.begin(&mut self.batch)?;
            }
            for (ticket, event) in self.batch.step()? {
                self.parts.take(ticket, event)?;
            }
            if !on_progress(self.parts.progress(&self.batch)) {
                self.parts.stop();
            }
        }
        Ok(None)
    }
}

impl Iterator for ReadingStream {
    type Item = Result<SpokenPart>;

    fn next(&mut self) -> Option<Result<SpokenPart>> {
        let next = self.next_part(|_| true);
        if next.is_err() {
            self.parts.stop();
        }
        next.transpose()
    }
}
