use std::collections::{HashMap, VecDeque};
use std::iter::Fuse;

use zonos_lm::{FinishReason, Generation, step};

use crate::stream::Chunker;
use crate::utterance::Utterance;
use crate::{Chunk, Engine, Error, Progress, Report, Request, Result, Speech, StreamOptions};

/// Most requests that one batch can hold.
pub const MAX_SLOTS: usize = 1024;

/// Requests that are spoken together: each step makes one frame for all of them and reads the model's weights once.
///
/// Requests of any length, voice, seed and parameters join and leave between steps. On the CPU each gets, bit for bit,
/// what it would get alone. A batch belongs to one thread at a time; several batches of one engine may run on several
/// threads.
///
/// ```
/// # fn main() -> zonos::Result<()> {
/// use zonos::{Batch, Engine, Event, Request};
///
/// let mut batch = Batch::new(&Engine::load("demo")?, 2)?;
/// batch.join(&Request::new("One.").seed(1).max_frames(20))?;
/// batch.join(&Request::new("Two.").seed(2).max_frames(30))?;
/// while !batch.is_empty() {
///     for (ticket, event) in batch.step()? {
///         if let Event::Spoken(speech) = event {
///             println!("{ticket:?}: {:.2} s", speech.report.seconds);
///         }
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct Batch {
    engine: Engine,
    slots: Vec<Option<Slot>>,
    issued: u64,
}

/// Stands for a request in a [`Batch`]. No two requests of a batch have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(u64);

/// What came of a request in a [`Batch`]. All but [`Event::Chunk`] are its last, and free its slot.
#[derive(Debug)]
pub enum Event {
    /// More samples of a streamed request.
    Chunk(Chunk),
    /// A streamed request has ended.
    Ended(Report),
    /// A request that is not streamed is spoken.
    Spoken(Box<Speech>),
    /// It could not be spoken; the others go on.
    Failed(Error),
}

struct Slot {
    ticket: Ticket,
    utterance: Utterance,
    /// For streamed requests.
    chunker: Option<Chunker>,
}

impl Batch {
    /// A batch of up to `slots` requests, 1–1024.
    ///
    /// # Errors
    /// When `slots` is out of range.
    pub fn new(engine: &Engine, slots: usize) -> Result<Self> {
        if !(1..=MAX_SLOTS).contains(&slots) {
            return Err(Error::OutOfRange { name: "slots", value: slots.to_string(), range: "1 to 1024" });
        }
        Ok(Self { engine: engine.clone(), slots: (0..slots).map(|_| None).collect(), issued: 0 })
    }

    /// How many more requests can join.
    pub fn free(&self) -> usize {
        self.slots.len() - self.len()
    }

    /// How many requests there are.
    pub fn len(&self) -> usize {
        self.slots.iter().flatten().count()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes a request in. Its prompt is run by the steps that come, before its first frame and between those of the
    /// others, in pieces that let them go on. It comes out whole, as [`Event::Spoken`].
    ///
    /// # Errors
    /// As [`Engine::say`], and [`Error::BatchFull`]. The requests that are in already go on.
    pub fn join(&mut self, request: &Request) -> Result<Ticket> {
        self.admit(request, None)
    }

    /// As [`Batch::join`], but it comes out in chunks while it is made.
    ///
    /// # Errors
    /// As [`Batch::join`], and when a size is out of range.
    pub fn join_stream(&mut self, request: &Request, options: &StreamOptions) -> Result<Ticket> {
        let chunker = Chunker::new(&self.engine, request.polish, options)?;
        self.admit(request, Some(chunker))
    }

    fn admit(&mut self, request: &Request, chunker: Option<Chunker>) -> Result<Ticket> {
        let slots = self.slots.len();
        let free = self.slots.iter_mut().find(|slot| slot.is_none()).ok_or(Error::BatchFull { slots })?;
        let utterance = Utterance::start(&self.engine, request)?;
        let ticket = Ticket(self.issued);
        self.issued += 1;
        *free = Some(Slot { ticket, utterance, chunker });
        Ok(ticket)
    }

    /// Stops a request where it is: its last event comes with the next step, with what was made of it and
    /// [`FinishReason::Cancelled`]. Nothing happens to one that has left.
    pub fn stop(&mut self, ticket: Ticket) {
        if let Some(slot) = self.slots.iter_mut().flatten().find(|slot| slot.ticket == ticket) {
            slot.utterance.stop(FinishReason::Cancelled);
        }
    }

    /// Takes a request out at once; nothing more comes of it. Returns whether it was there.
    pub fn leave(&mut self, ticket: Ticket) -> bool {
        let own = |slot: &Option<Slot>| slot.as_ref().is_some_and(|slot| slot.ticket == ticket);
        self.slots.iter_mut().find(|slot| own(slot)).and_then(Option::take).is_some()
    }

    /// How far a request is, while it is there.
    pub fn progress(&self, ticket: Ticket) -> Option<Progress> {
        let slot = self.slots.iter().flatten().find(|slot| slot.ticket == ticket)?;
        Some(slot.utterance.progress())
    }

    /// Makes one more frame of every request whose prompt was run, and tells what came of it. Prompts are run in the order in
    /// which the requests joined.
    ///
    /// # Errors
    /// When the device fails; the requests that were in are lost then.
    pub fn step(&mut self) -> Result<Vec<(Ticket, Event)>> {
        self.step_all().inspect_err(|_| self.slots.iter_mut().for_each(|slot| *slot = None))?;
        let mut events = Vec::new();
        for place in &mut self.slots {
            let Some(slot) = place else { continue };
            let ticket = slot.ticket;
            let own = slot.events().unwrap_or_else(|error| vec![Event::Failed(error)]);
            let has_left = own.last().is_some_and(|event| !matches!(event, Event::Chunk(_)));
            events.extend(own.into_iter().map(|event| (ticket, event)));
            if has_left {
                *place = None;
            }
        }
        Ok(events)
    }

    fn step_all(&mut self) -> Result<()> {
        let mut slots: Vec<&mut Slot> = self.slots.iter_mut().flatten().collect();
        slots.sort_by_key(|slot| slot.ticket);
        let mut running: Vec<&mut Generation> = slots
            .into_iter()
            .map(|slot| {
                slot.utterance.heed_caller();
                slot.utterance.generation_mut()
            })
            .collect();
        Ok(step(self.engine.backbone(), &mut running)?)
    }
}

impl Slot {
    /// What the newest step brought about.
    fn events(&mut self) -> Result<Vec<Event>> {
        self.utterance.note_step();
        let Some(chunker) = &mut self.chunker else {
            self.utterance.retry()?;
            return self.utterance.is_finished().then(|| self.utterance.speech()).into_iter().map(spoken).collect();
        };
        chunker.retry(&mut self.utterance)?;
        let mut events = Vec::new();
        while let Some(chunk) = chunker.next(&mut self.utterance)? {
            events.push(Event::Chunk(chunk));
        }
        if self.utterance.is_finished() {
            events.push(Event::Ended(chunker.report(&self.utterance)));
        }
        Ok(events)
    }
}

fn spoken(speech: Result<Speech>) -> Result<Event> {
    Ok(Event::Spoken(Box::new(speech?)))
}

impl Engine {
    /// Speaks many requests, `slots` of them at a time, and gives each result with its place in the sequence as soon as
    /// it is there. Requests are taken from the iterator when there is room.
    ///
    /// # Errors
    /// When `slots` is not 1–1024. What is wrong with one request is its result, and the others go on; should the
    /// device fail, the requests that were being spoken fail with it.
    pub fn say_all<I>(&self, requests: I, slots: usize) -> Result<SayAll<I::IntoIter>>
    where
        I: IntoIterator<Item = Request>,
    {
        Ok(SayAll {
            batch: Batch::new(self, slots)?,
            requests: requests.into_iter().fuse(),
            taken: 0,
            places: HashMap::new(),
            done: VecDeque::new(),
        })
    }
}

/// The speeches of many requests, in the order in which they are finished: see [`Engine::say_all`].
pub struct SayAll<I> {
    batch: Batch,
    requests: Fuse<I>,
    taken: usize,
    places: HashMap<Ticket, usize>,
    done: VecDeque<(usize, Result<Speech>)>,
}

impl<I: Iterator<Item = Request>> SayAll<I> {
    /// Fills the slots that are free.
    fn admit(&mut self) {
        while self.batch.free() > 0 && self.done.is_empty() {
            let Some(request) = self.requests.next() else { return };
            let place = self.taken;
            self.taken += 1;
            match self.batch.join(&request) {
                Ok(ticket) => drop(self.places.insert(ticket, place)),
                Err(error) => self.done.push_back((place, Err(error))),
            }
        }
    }

    fn step(&mut self) {
        match self.batch.step() {
            Ok(events) => events.into_iter().for_each(|(ticket, event)| self.note(ticket, event)),
            Err(error) => self.fail(&error.to_string()),
        }
    }

    fn note(&mut self, ticket: Ticket, event: Event) {
        let result = match event {
            Event::Spoken(speech) => Ok(*speech),
            Event::Failed(error) => Err(error),
            // Nothing here is streamed.
            Event::Chunk(_) | Event::Ended(_) => return,
        };
        self.done.extend(self.places.remove(&ticket).map(|place| (place, result)));
    }

    fn fail(&mut self, reason: &str) {
        let failed = self.places.drain().map(|(_, place)| (place, Err(Error::BatchFailed(reason.to_owned()))));
        self.done.extend(failed);
    }
}

impl<I: Iterator<Item = Request>> Iterator for SayAll<I> {
    type Item = (usize, Result<Speech>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(done) = self.done.pop_front() {
                return Some(done);
            }
            self.admit();
            if self.done.is_empty() {
                if self.batch.is_empty() {
                    return None;
                }
                self.step();
            }
        }
    }
}
