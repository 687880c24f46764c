//! Everything on the card that is not weights: the cache, the slots, and what a step works with.

use crate::cache::{Cache, Layout};
use crate::memory::{Buffer, Pinned};
use crate::shape::{MAX_ROWS, MAX_USED, SPLIT};
use crate::slot::{RECORD_HEAD, SlotState};
use crate::{Device, Model, Result, Shape};

/// Frames of a slot that the host may be behind; the same as in the kernels.
pub(crate) const RECORDS: usize = 64;
/// Words of the plan of the experts' products: their number, then for each its expert, its count, eight pairs, their
/// rows and their weights.
const PLAN_WORDS: usize = 1 + MAX_ROWS * MAX_USED * (1 + 1 + 8 + 8 + 8);

/// Rows on their way through the layers, `MAX_ROWS` of each.
pub(crate) struct Rows {
    pub(crate) slots: Buffer<i32>,
    pub(crate) positions: Buffer<i32>,
    pub(crate) ids: Buffer<i32>,
}

/// What a step works with, `MAX_ROWS` rows of each.
pub(crate) struct Workspace {
    pub(crate) residual: Buffer<f32>,
    pub(crate) projected: Buffer<f32>,
    pub(crate) queries: Buffer<f32>,
    pub(crate) attended: Buffer<f32>,
    pub(crate) sums: Buffer<f32>,
    pub(crate) extents: Buffer<f32>,
    /// How many blocks of a row and key head, of the router, and of a row's sampler have arrived.
    pub(crate) arrived: Buffer<u32>,
    pub(crate) router_down: Buffer<f32>,
    pub(crate) router_state: Buffer<f32>,
    pub(crate) expert_weights: Buffer<f32>,
    pub(crate) chosen: Buffer<i32>,
    pub(crate) plan: Buffer<i32>,
    pub(crate) hidden: Buffer<f32>,
    pub(crate) parts: Buffer<f32>,
    pub(crate) logits: Buffer<f32>,
    /// A voice, and what becomes of it.
    pub(crate) voice: Buffer<f32>,
    pub(crate) lda: Buffer<f32>,
    pub(crate) given: Buffer<f32>,
}

/// The slots.
pub(crate) struct Slots {
    pub(crate) count: usize,
    /// Rows of each.
    pub(crate) capacity: usize,
    pub(crate) cache: Cache,
    pub(crate) states: Buffer<SlotState>,
    pub(crate) logits: Buffer<f32>,
    pub(crate) history: Buffer<i32>,
    /// The slot of each row of a graph.
    pub(crate) of_rows: Buffer<i32>,
    pub(crate) records: Pinned<i32>,
}

impl Rows {
    pub(crate) fn new(device: &Device, shape: &Shape) -> Result<Self> {
        let what = "the rows";
        Ok(Self {
            slots: Buffer::zeros(device, what, MAX_ROWS)?,
            positions: Buffer::zeros(device, what, MAX_ROWS)?,
            ids: Buffer::zeros(device, what, MAX_ROWS * shape.row_width())?,
        })
    }
}

impl Workspace {
    pub(crate) fn new(device: &Device, shape: &Shape, capacity: usize) -> Result<Self> {
        let floats = |of_row: usize| Buffer::<f32>::zeros(device, "the rows", MAX_ROWS * of_row);
        let used = shape.most_used().max(1);
        let splits = capacity.div_ceil(SPLIT);
        let speaker = shape.speaker.unwrap_or(crate::Speaker { embedding_dim: 1, lda_dim: 1 });
        let single = |len: usize| Buffer::<f32>::zeros(device, "the voice", len);
        Ok(Self {
            residual: floats(shape.dim)?,
            projected: floats(shape.projected_width())?,
            queries: floats(shape.query_width())?,
            attended: floats(shape.query_width())?,
            sums: floats(splits * shape.query_width())?,
            extents: floats(splits * shape.heads * 2)?,
            arrived: Buffer::zeros(device, "the rows", MAX_ROWS * (shape.kv_heads + 2))?,
            router_down: floats(shape.mixture.router_dim)?,
            router_state: floats(shape.mixture.router_dim)?,
            expert_weights: floats(used)?,
            chosen: Buffer::zeros(device, "the rows", MAX_ROWS * used)?,
            plan: Buffer::zeros(device, "the rows", PLAN_WORDS)?,
            hidden: floats(used * shape.inner)?,
            parts: floats(used * shape.dim)?,
            logits: floats(shape.logits())?,
            voice: single(speaker.embedding_dim)?,
            lda: single(speaker.lda_dim)?,
            given: single(shape.dim)?,
        })
    }

    /// The router's counter of blocks.
    pub(crate) fn router_arrived(&self, shape: &Shape) -> u64 {
        self.arrived.at(MAX_ROWS * shape.kv_heads)
    }

    /// The sampler's counters of blocks, one for each row.
    pub(crate) fn sampler_arrived(&self, shape: &Shape) -> u64 {
        self.arrived.at(MAX_ROWS * (shape.kv_heads + 1))
    }
}

impl Slots {
    /// Slots whose cache has no memory yet.
    pub(crate) fn new(model: &Model, count: usize, capacity: usize) -> Result<Self> {
        let layout = Layout::new(&model.shape, model.cache_kind(), capacity);
        Self::around(model, Cache::new(&model.device, layout, count)?, count, capacity)
    }

    fn around(model: &Model, cache: Cache, count: usize, capacity: usize) -> Result<Self> {
        let (device, shape) = (&model.device, &model.shape);
        let frame = shape.codebooks;
        Ok(Self {
            count,
            capacity,
            cache,
            states: Buffer::zeros(device, "the slots", count)?,
            logits: Buffer::zeros(device, "the slots", count * shape.logits())?,
            history: Buffer::zeros(device, "the slots", count * capacity * frame)?,
            of_rows: Buffer::zeros(device, "the slots", MAX_ROWS)?,
            records: Pinned::zeros(device, count * RECORDS * (RECORD_HEAD + frame))?,
        })
    }

    /// More slots, of which the first are those of `self`. Frames that were not taken are lost.
    pub(crate) fn grown(&self, model: &Model, count: usize) -> Result<Self> {
        let count = count.max(self.count);
        let mut grown = Self::around(model, self.cache.grown(count)?, count, self.capacity)?;
        grown.states.copy_from(&self.states)?;
        grown.logits.copy_from(&self.logits)?;
        grown.history.copy_from(&self.history)?;
        Ok(grown)
    }
}
