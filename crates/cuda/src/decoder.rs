//! Slots that become frames.

use std::collections::VecDeque;
use std::sync::Arc;

use cudarc::driver::CudaEvent;

use crate::buffers::{RECORDS, Rows, Slots, Workspace};
use crate::cache::Layout;
use crate::device::driver;
use crate::frame::FrameKernel;
use crate::graph::{Graphs, width};
use crate::shape::MAX_ROWS;
use crate::slot::{RECORD_HEAD, SlotState, read_record};
use crate::step::{COLUMNS, Head, OWN_SHARED, Step, shared_bytes};
use crate::{Error, Frame, Kind, Model, Result, SlotOptions};

/// Steps that may be under way before their frames are taken.
const MAX_PENDING: usize = RECORDS / 2;

/// One row of a slot: its ids, behind the rows that the slot has.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Whose it is.
    pub slot: usize,
    /// An id for each codebook, then the text id.
    pub ids: &'a [u32],
}

/// Rows of a prompt that are run together.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    /// Rows of the prompt that were run before.
    pub first: usize,
    /// Ids row by row: one for each codebook, then the text id.
    pub ids: &'a [u32],
    /// Takes the place of the prompt's first row, if that is among these.
    pub voice: Option<&'a [f32]>,
    /// Whether the prompt ends with these.
    pub is_last: bool,
}

/// The slots of a model, with their caches.
///
/// A slot is driven in one of two ways. [`Decoder::start`] runs its prompt; then each [`Decoder::launch`] draws a frame
/// and runs its row on the card alone, and [`Decoder::collect`] takes the frames. Or [`Decoder::prefill`] runs its prompt
/// and the caller draws from [`Decoder::logits`] and feeds frames back with [`Decoder::feed`]. A prompt can go in pieces,
/// by [`Decoder::prefill_piece`], and steps of other slots between them.
pub struct Decoder {
    // Before what the graphs use.
    graphs: Graphs,
    /// What a step of one slot is done with, where it can be.
    pub(crate) frame: Option<FrameKernel>,
    pending: VecDeque<Launch>,
    pub(crate) rows: Rows,
    pub(crate) workspace: Workspace,
    pub(crate) slots: Slots,
    known: Vec<Known>,
    of_rows: Vec<i32>,
    model: Arc<Model>,
}

/// What the host knows of a slot.
#[derive(Clone, Copy, Default)]
struct Known {
    /// Rows in the cache that the host put there.
    rows: usize,
    /// Whether rows of its prompt are still to come.
    incomplete: bool,
    /// Steps launched since the prompt.
    launched: usize,
    /// Of these, not collected yet.
    pending: usize,
    /// Whether it draws on the card and its last frame was not collected yet.
    runs: bool,
}

/// A step under way.
struct Launch {
    done: CudaEvent,
    /// Slots, and the number of the frame that each draws.
    frames: Vec<(usize, usize)>,
}

impl Decoder {
    /// `slots` sequences of up to `capacity` rows each. All memory is allocated here, but for that of the cache: rows get
    /// theirs when they come.
    ///
    /// # Errors
    /// When the card's memory does not suffice, or a number lies outside of what the model and the kernels take.
    pub fn new(model: Arc<Model>, slots: usize, capacity: usize) -> Result<Self> {
        let shape = &model.shape;
        if slots == 0 || !(2..=shape.context).contains(&capacity) {
            let message = format!("{slots} slots of {capacity} rows: at least 1 slot of 2 to {} rows", shape.context);
            return Err(Error::Request(message));
        }
        let shared = shared_bytes(Kind::BF16, shape.widest(), COLUMNS) + OWN_SHARED;
        if shared > model.device.shared_limit {
            return Err(Error::Unsupported(format!("a block of this card has less than {shared} bytes to share")));
        }
        let mut decoder = Self {
            graphs: Graphs::default(),
            frame: None,
            pending: VecDeque::new(),
            rows: Rows::new(&model.device, shape)?,
            workspace: Workspace::new(&model.device, shape, capacity)?,
            slots: Slots::new(&model, slots, capacity)?,
            known: vec![Known::default(); slots],
            of_rows: Vec::new(),
            model,
        };
        decoder.frame = FrameKernel::new(&decoder.step())?;
        Ok(decoder)
    }

    /// Bytes of the card's memory that one slot takes when all its rows are used.
    pub fn slot_bytes(model: &Model, capacity: usize) -> u64 {
        let shape = &model.shape;
        let frames = capacity * shape.codebooks * size_of::<i32>();
        (Layout::new(shape, model.cache_kind(), capacity).slot_bytes() + frames + 4 * shape.logits()) as u64
    }

    /// Bytes of the card's memory that keys and values take now.
    pub fn cache_bytes(&self) -> u64 {
        self.slots.cache.held() as u64
    }

    /// The model.
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// Number of slots.
    pub fn slots(&self) -> usize {
        self.slots.count
    }

    /// Rows that a slot holds.
    pub fn capacity(&self) -> usize {
        self.slots.capacity
    }

    /// Gives the memory of a slot's rows back. It needs a prompt then.
    ///
    /// # Errors
    /// When there is no such slot, steps of it are under way, or on the driver.
    pub fn release(&mut self, slot: usize) -> Result<()> {
        self.check_slot(slot)?;
        self.check_idle(slot)?;
        self.known[slot] = Known::default();
        self.slots.cache.release(slot)
    }

    /// Makes it at least so many slots; those there are keep what they hold.
    ///
    /// # Errors
    /// When steps are under way, or the card's memory does not suffice: nothing has changed then.
    pub fn grow(&mut self, slots: usize) -> Result<()> {
        if !self.pending.is_empty() {
            return Err(Error::Request("steps are under way: collect their frames".into()));
        }
        if slots > self.slots.count {
            let grown = self.slots.grown(&self.model, slots)?;
            self.model.device.synchronize()?;
            // They hold addresses of what is replaced.
            self.graphs = Graphs::default();
            self.of_rows.clear();
            self.slots = grown;
            self.known.resize(slots, Known::default());
            self.frame = FrameKernel::new(&self.step())?;
        }
        Ok(())
    }

    /// Runs a prompt from the slot's first row, `ids` row by row; a voice takes the place of the first row. The slot
    /// then draws its frames on the card.
    ///
    /// # Errors
    /// When slot, ids, voice or options do not fit, steps of the slot are under way, or on the driver.
    pub fn start(&mut self, slot: usize, ids: &[u32], voice: Option<&[f32]>, options: &SlotOptions) -> Result<()> {
        self.check_prompt(slot, &whole(ids, voice))?;
        self.slot_state(ids.len() / self.model.shape.row_width(), options)?;
        self.prefill(slot, ids, voice)?;
        self.draw(slot, options)
    }

    /// Lets a slot whose prompt [`Decoder::prefill`] ran draw its frames on the card.
    ///
    /// # Errors
    /// When the slot has no prompt or draws already, options do not fit, or on the driver.
    pub fn draw(&mut self, slot: usize, options: &SlotOptions) -> Result<()> {
        self.check_slot(slot)?;
        let Known { rows, incomplete, launched, runs, .. } = self.known[slot];
        if rows == 0 || incomplete || launched > 0 || runs {
            return Err(Error::Request(format!("slot {slot} has no prompt, or draws already")));
        }
        let state = self.slot_state(rows, options)?;
        self.slots.states.write(slot, &[state])?;
        self.known[slot].runs = true;
        Ok(())
    }

    fn slot_state(&self, rows: usize, options: &SlotOptions) -> Result<SlotState> {
        SlotState::new(options, self.model.shape.codebooks, rows, self.slots.capacity)
    }

    /// Runs a prompt from the slot's first row, as [`Decoder::start`], for a caller that draws by itself.
    ///
    /// # Errors
    /// As [`Decoder::start`].
    pub fn prefill(&mut self, slot: usize, ids: &[u32], voice: Option<&[f32]>) -> Result<()> {
        self.prefill_piece(slot, &whole(ids, voice))
    }

    /// Runs the next rows of a prompt, from the slot's first row or behind those that were run before. Steps of other
    /// slots may come between the pieces, which give the bits of the whole.
    ///
    /// # Errors
    /// As [`Decoder::start`], and when others than the rows before were run.
    pub fn prefill_piece(&mut self, slot: usize, piece: &Piece) -> Result<()> {
        self.run_piece(slot, piece, |_, last| last.map_or(Head::None, Head::Row), |_, _| Ok(()))
    }

    /// Makes sure of memory for a slot's first rows.
    ///
    /// # Errors
    /// When there is no such slot, it holds fewer rows, or the card's memory does not suffice.
    pub fn reserve(&mut self, slot: usize, rows: usize) -> Result<()> {
        self.check_slot(slot)?;
        self.check_room(rows)?;
        self.slots.cache.reserve(slot, rows)
    }

    /// As [`Decoder::prefill`], and returns the logits after every row, row by row.
    ///
    /// # Errors
    /// As [`Decoder::start`].
    pub fn observe(&mut self, slot: usize, ids: &[u32], voice: Option<&[f32]>) -> Result<Vec<f32>> {
        let mut all = Vec::new();
        let take = |decoder: &Self, rows: usize| {
            all.extend(decoder.workspace.logits.read(0, rows * decoder.model.shape.logits())?);
            Ok(())
        };
        self.run_piece(slot, &whole(ids, voice), |_, _| Head::Rows, take)?;
        Ok(all)
    }

    /// Runs rows of a prompt, as many at a time as a step takes. `head` says which logits of a step are wanted, from its
    /// rows and, of the last step, its last row; `after` sees each step.
    fn run_piece(
        &mut self,
        slot: usize,
        piece: &Piece,
        head: impl Fn(usize, Option<usize>) -> Head,
        mut after: impl FnMut(&Self, usize) -> Result<()>,
    ) -> Result<()> {
        self.check_prompt(slot, piece)?;
        let voice = piece.voice.filter(|_| piece.first == 0);
        if let Some(voice) = voice {
            self.workspace.voice.write(0, voice)?;
            self.step().project_voice()?;
        }
        let width = self.model.shape.row_width();
        let end = piece.first + piece.ids.len() / width;
        self.known[slot] = Known { rows: piece.first, incomplete: true, ..Known::default() };
        self.slots.cache.reserve(slot, end)?;
        for (number, ids) in piece.ids.chunks(MAX_ROWS * width).enumerate() {
            let (first, count) = (piece.first + number * MAX_ROWS, ids.len() / width);
            let whose = (first..first + count).map(|position| (slot, position));
            self.write_rows(whose, ids)?;
            let last = (first + count == end && piece.is_last).then(|| count - 1);
            let given_row = (first == 0 && voice.is_some()).then_some(0);
            self.step().run(count, given_row, first + count, head(count, last))?;
            after(self, count)?;
        }
        self.known[slot] = Known { rows: end, incomplete: !piece.is_last, ..Known::default() };
        Ok(())
    }

    /// Adds one row to each of some slots. Their logits are those of the frames after.
    ///
    /// # Errors
    /// When rows do not fit, a slot comes twice or draws on the card, or on the driver.
    pub fn feed(&mut self, rows: &[Row]) -> Result<()> {
        self.check_distinct(rows.iter().map(|row| row.slot))?;
        for row in rows {
            self.check_ids(row.ids, 1)?;
            let known = self.known[row.slot];
            if known.runs || known.incomplete || known.rows == 0 || known.rows >= self.slots.capacity {
                return Err(Error::Request(format!("slot {} cannot take a row", row.slot)));
            }
        }
        let ids: Vec<u32> = rows.iter().flat_map(|row| row.ids.iter().copied()).collect();
        let whose: Vec<_> = rows.iter().map(|row| (row.slot, self.known[row.slot].rows)).collect();
        let seen = whose.iter().map(|(_, position)| position + 1).max().unwrap_or(1);
        whose.iter().try_for_each(|&(slot, position)| self.slots.cache.reserve(slot, position + 1))?;
        self.write_rows(whose.into_iter(), &ids)?;
        self.step().run(rows.len(), None, seen, Head::Slots)?;
        rows.iter().for_each(|row| self.known[row.slot].rows += 1);
        Ok(())
    }

    /// The logits of some slots' next frames, slot by slot and codebook by codebook, when all work before is done.
    ///
    /// # Errors
    /// When there is no such slot, or on the driver.
    pub fn logits(&self, slots: &[usize]) -> Result<Vec<f32>> {
        let width = self.model.shape.logits();
        let mut all = Vec::with_capacity(slots.len() * width);
        for &slot in slots {
            self.check_slot(slot)?;
            all.extend(self.slots.logits.read(slot * width, width)?);
        }
        Ok(all)
    }

    /// Has each of some slots draw a frame and run it, and returns before that is done. The graph for so many slots is
    /// captured when it is first needed.
    ///
    /// # Errors
    /// When a slot comes twice or does not draw on the card, too many steps are under way, or on the driver.
    pub fn launch(&mut self, slots: &[usize]) -> Result<()> {
        self.check_distinct(slots.iter().copied())?;
        if self.pending.len() >= MAX_PENDING {
            return Err(Error::Request(format!("{MAX_PENDING} steps are under way: collect their frames")));
        }
        if let Some(slot) = slots.iter().find(|slot| !self.known[**slot].runs) {
            return Err(Error::Request(format!("slot {slot} has no prompt, or has made its last frame")));
        }
        let width = width(slots.len()).ok_or_else(|| Error::Request("more than 64 slots in a step".into()))?;
        self.reserve_next(slots)?;
        self.write_graph_rows(slots, width)?;
        self.replay(width)?;
        let done = self.model.device.stream.record_event(None).map_err(driver("mark a step"))?;
        let frames = slots.iter().map(|&slot| (slot, self.count_launch(slot))).collect();
        self.pending.push_back(Launch { done, frames });
        Ok(())
    }

    /// Makes sure of memory for the rows that the next step writes.
    fn reserve_next(&mut self, slots: &[usize]) -> Result<()> {
        slots.iter().try_for_each(|&slot| {
            let Known { rows, launched, .. } = self.known[slot];
            self.slots.cache.reserve(slot, (rows + launched + 1).min(self.slots.capacity))
        })
    }

    /// Counts a step of a slot; the number of its frame.
    fn count_launch(&mut self, slot: usize) -> usize {
        let known = &mut self.known[slot];
        known.launched += 1;
        known.pending += 1;
        known.launched - 1
    }

    fn replay(&mut self, width: usize) -> Result<()> {
        let (rows, workspace, slots, model) = (&self.rows, &self.workspace, &self.slots, &*self.model);
        let step = Step { model, rows, workspace, slots };
        let frame = self.frame.as_ref().filter(|_| width == 1);
        self.graphs.replay(&model.device, width, || {
            step.sample(width)?;
            match frame {
                Some(frame) => frame.run(&step),
                None => step.run(width, None, slots.capacity, Head::Slots),
            }
        })
    }

    /// The step of [`Decoder::launch`], not captured, for comparison; its frames are not collected.
    #[cfg(test)]
    pub(crate) fn launch_eagerly(&mut self, slots: &[usize]) -> Result<()> {
        self.reserve_next(slots)?;
        slots.iter().for_each(|&slot| self.known[slot].launched += 1);
        self.write_graph_rows(slots, slots.len())?;
        self.step().sample(slots.len())?;
        self.step().run(slots.len(), None, self.slots.capacity, Head::Slots)
    }

    /// Steps under way.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Waits for the oldest step under way and takes its frames. A slot whose last frame was taken before gives none.
    ///
    /// # Errors
    /// On the driver.
    pub fn collect(&mut self) -> Result<Vec<Frame>> {
        let Some(launch) = self.pending.pop_front() else { return Ok(Vec::new()) };
        launch.done.synchronize().map_err(driver("wait for a step"))?;
        Ok(launch.frames.into_iter().filter_map(|(slot, number)| self.take_frame(slot, number)).collect())
    }

    fn take_frame(&mut self, slot: usize, number: usize) -> Option<Frame> {
        let words = RECORD_HEAD + self.model.shape.codebooks;
        let first = (slot * RECORDS + number % RECORDS) * words;
        let record: Vec<i32> = (first..first + words).filter_map(|at| self.slots.records.read(at)).collect();
        let known = &mut self.known[slot];
        known.pending -= 1;
        let frame = read_record(slot, &record).filter(|frame| known.runs && frame.number == number)?;
        known.runs = frame.finish.is_none();
        Some(frame)
    }

    pub(crate) fn step(&self) -> Step<'_> {
        let (rows, workspace, slots) = (&self.rows, &self.workspace, &self.slots);
        Step { model: &self.model, rows, workspace, slots }
    }

    /// Names the slots of a graph's rows, if they are not those of the step before.
    fn write_graph_rows(&mut self, slots: &[usize], width: usize) -> Result<()> {
        let mut rows: Vec<i32> = slots.iter().map(|&slot| slot as i32).collect();
        rows.resize(width, -1);
        if rows != self.of_rows {
            self.slots.of_rows.write(0, &rows)?;
            self.of_rows = rows;
        }
        Ok(())
    }

    /// Names the slot and position of each row, and its ids.
    fn write_rows(&mut self, whose: impl Iterator<Item = (usize, usize)>, ids: &[u32]) -> Result<()> {
        let (slots, positions): (Vec<i32>, Vec<i32>) =
            whose.map(|(slot, position)| (slot as i32, position as i32)).unzip();
        let ids: Vec<i32> = ids.iter().map(|&id| id as i32).collect();
        self.rows.slots.write(0, &slots)?;
        self.rows.positions.write(0, &positions)?;
        self.rows.ids.write(0, &ids)
    }

    fn check_slot(&self, slot: usize) -> Result<()> {
        if slot < self.slots.count { Ok(()) } else { Err(Error::Request(format!("there is no slot {slot}"))) }
    }

    /// One to 64 different slots.
    fn check_distinct(&self, slots: impl ExactSizeIterator<Item = usize>) -> Result<()> {
        if !(1..=MAX_ROWS).contains(&slots.len()) {
            return Err(Error::Request(format!("{} slots in a step: 1 to {MAX_ROWS} can be", slots.len())));
        }
        let mut seen = vec![false; self.slots.count];
        for slot in slots {
            self.check_slot(slot)?;
            if std::mem::replace(&mut seen[slot], true) {
                return Err(Error::Request(format!("slot {slot} twice in a step")));
            }
        }
        Ok(())
    }

    fn check_idle(&self, slot: usize) -> Result<()> {
        match self.known[slot].pending {
            0 => Ok(()),
            _ => Err(Error::Request(format!("steps of slot {slot} are under way: collect their frames"))),
        }
    }

    fn check_prompt(&self, slot: usize, piece: &Piece) -> Result<()> {
        self.check_slot(slot)?;
        self.check_idle(slot)?;
        let Known { rows: before, incomplete, .. } = self.known[slot];
        if piece.first > 0 && !(incomplete && before == piece.first) {
            return Err(Error::Request(format!("slot {slot} does not hold the {} rows before", piece.first)));
        }
        let rows = piece.ids.len() / self.model.shape.row_width();
        if rows == 0 {
            return Err(Error::Request("a prompt without rows".into()));
        }
        self.check_room(piece.first + rows)?;
        self.check_ids(piece.ids, rows)?;
        let expected = self.model.shape.speaker.map_or(0, |speaker| speaker.embedding_dim);
        match piece.voice {
            Some(voice) if voice.len() != expected || expected == 0 => {
                Err(Error::Request(format!("a voice of {} numbers, this model takes {expected}", voice.len())))
            }
            _ => Ok(()),
        }
    }

    /// A prompt of so many rows, and one for a frame.
    fn check_room(&self, rows: usize) -> Result<()> {
        let message = || format!("a prompt of {rows} rows in a slot of {}", self.slots.capacity);
        if rows < self.slots.capacity { Ok(()) } else { Err(Error::Request(message())) }
    }

    /// `rows` rows of ids that the tables hold.
    fn check_ids(&self, ids: &[u32], rows: usize) -> Result<()> {
        let shape = &self.model.shape;
        let limit = |column: usize| if column < shape.codebooks { shape.audio_vocab } else { shape.text_ids };
        let fits = |(place, id): (usize, &u32)| (*id as usize) < limit(place % shape.row_width());
        if ids.len() != rows * shape.row_width() || !ids.iter().enumerate().all(fits) {
            return Err(Error::Request(format!("ids that are no {rows} rows of this model")));
        }
        Ok(())
    }
}

/// A prompt as one piece.
fn whole<'a>(ids: &'a [u32], voice: Option<&'a [f32]>) -> Piece<'a> {
    Piece { first: 0, ids, voice, is_last: true }
}
