//! Many readings whose parts share the slots of one batch.

use super::Reading;
use super::parts::{Parts, ReadingReport};
use crate::{Batch, Engine, Error, Result};

/// Readings that are spoken together: their parts share the slots of one [`Batch`], those of the first reading first.
/// Each reading gets, on the CPU bit for bit, what it would get alone.
pub struct ReadingBatch {
    engine: Engine,
    batch: Batch,
    slots: usize,
    running: Vec<Running>,
    issued: u64,
}

/// Stands for a reading in a [`ReadingBatch`]. No two readings of a batch have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReadingTicket(u64);

/// A reading that is spoken.
#[derive(Clone, Debug)]
pub struct ReadSpeech {
    /// One channel; full scale is ±1.
    pub samples: Vec<f32>,
    /// Samples per second.
    pub sample_rate: u32,
    /// Says that the speech is synthetic, with model, seed and parameters.
    pub comment: String,
    /// How it came to be.
    pub report: ReadingReport,
}

struct Running {
    ticket: ReadingTicket,
    parts: Parts,
    samples: Vec<f32>,
    failed: Option<Error>,
}

impl ReadingBatch {
    /// A batch of up to `slots` parts at a time, 1–1024.
    ///
    /// # Errors
    /// When `slots` is out of range.
    pub fn new(engine: &Engine, slots: usize) -> Result<Self> {
        let batch = Batch::new(engine, slots)?;
        Ok(Self { engine: engine.clone(), batch, slots, running: Vec::new(), issued: 0 })
    }

    /// Whether a slot is free that the parts of the readings which are in do not need.
    pub fn has_room(&self) -> bool {
        let wanted: usize = self.running.iter().map(|running| running.parts.startable(self.slots)).sum();
        self.batch.free() > wanted
    }

    /// Whether there are no readings.
    pub fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// Takes a reading in. Its own number of slots does not count.
    ///
    /// # Errors
    /// When a parameter does not fit the model.
    pub fn join(&mut self, reading: Reading) -> Result<ReadingTicket> {
        let parts = Parts::new(&self.engine, reading)?;
        let ticket = ReadingTicket(self.issued);
        self.issued += 1;
        self.running.push(Running { ticket, parts, samples: Vec::new(), failed: None });
        Ok(ticket)
    }

    /// Makes one more frame of every part that is being spoken, and gives the readings that are over. What is wrong with
    /// one is its result, and the others go on.
    ///
    /// # Errors
    /// When the device fails; the readings that were in are lost then.
    pub fn step(&mut self) -> Result<Vec<(ReadingTicket, Result<ReadSpeech>)>> {
        self.begin_parts();
        let events = self.batch.step().inspect_err(|_| self.running.clear())?;
        for (ticket, event) in events {
            if let Some(running) = self.running.iter_mut().find(|running| running.parts.owns(ticket)) {
                running.attempt(|parts| parts.take(ticket, event));
            }
        }
        self.running.iter_mut().for_each(Running::collect);
        let over = self.running.extract_if(.., |running| running.is_over());
        let over: Vec<Running> = over.collect();
        Ok(over.into_iter().map(|running| running.close(&mut self.batch)).collect())
    }

    fn begin_parts(&mut self) {
        for running in &mut self.running {
            while self.batch.free() > 0 && !running.is_over() && running.parts.startable(self.slots) > 0 {
                running.attempt(|parts| parts.begin(&mut self.batch));
            }
        }
    }
}

impl Running {
    /// Does something; what goes wrong ends the reading.
    fn attempt<T: Default>(&mut self, work: impl FnOnce(&mut Parts) -> Result<T>) -> T {
        work(&mut self.parts).unwrap_or_else(|error| {
            self.failed.get_or_insert(error);
            T::default()
        })
    }

    /// Joins the parts that are spoken.
    fn collect(&mut self) {
        while let Some(part) = self.attempt(Parts::next) {
            self.samples.extend(part.samples);
        }
    }

    fn is_over(&self) -> bool {
        self.failed.is_some() || self.parts.is_over()
    }

    fn close(mut self, batch: &mut Batch) -> (ReadingTicket, Result<ReadSpeech>) {
        self.parts.leave(batch);
        let speech = ReadSpeech {
            samples: self.samples,
            sample_rate: self.parts.sample_rate(),
            comment: self.parts.comment(),
            report: self.parts.report().clone(),
        };
        (self.ticket, self.failed.map_or(Ok(speech), Err))
    }
}
