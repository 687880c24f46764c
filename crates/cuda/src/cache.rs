//! Keys and values of the slots.
//!
//! Positions lie in blocks of as many as a block of attention takes, and each block holds all layers of its positions:
//! `[slots, blocks, layers, keys and values, kv_heads, SPLIT, head_dim]`. So a slot has memory for the rows that it has
//! come to, and not for the model's whole context.

use crate::shape::SPLIT;
use crate::slot_memory::{SlotMemory, page_size, slot_memory};
use crate::{Device, Kind, Result, Shape};

/// Pages that a slot's memory is cut into, unless the card's pages are larger.
const PAGES: usize = 12;

/// The cache of some slots.
pub(crate) struct Cache {
    layout: Layout,
    memory: Box<dyn SlotMemory>,
    pages_of_slot: usize,
}

/// Sizes of a slot's part.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    kind: Kind,
    layers: usize,
    kv_width: usize,
    blocks: usize,
}

impl Layout {
    pub(crate) fn new(shape: &Shape, kind: Kind, capacity: usize) -> Self {
        let blocks = capacity.div_ceil(SPLIT);
        Self { kind, layers: shape.used.len(), kv_width: shape.kv_width(), blocks }
    }

    /// Numbers of the keys, or the values, of a layer in a block.
    fn of_layer(&self) -> usize {
        self.kv_width * SPLIT
    }

    /// Numbers of a block.
    fn of_block(&self) -> usize {
        2 * self.layers * self.of_layer()
    }

    /// Bytes of the blocks that hold so many rows.
    fn bytes(&self, rows: usize) -> usize {
        rows.div_ceil(SPLIT) * self.kind.bytes_of(self.of_block())
    }

    /// Bytes of a slot whose rows are all used.
    pub(crate) fn slot_bytes(&self) -> usize {
        self.bytes(self.blocks * SPLIT)
    }
}

impl Cache {
    /// Slots without memory, where the card can give it to them later.
    pub(crate) fn new(device: &Device, layout: Layout, slots: usize) -> Result<Self> {
        let page = page_size(device, layout.slot_bytes().div_ceil(PAGES))?;
        let pages_of_slot = layout.slot_bytes().div_ceil(page);
        let memory = slot_memory(device, page, slots * pages_of_slot)?;
        Ok(Self { layout, memory, pages_of_slot })
    }

    /// Makes sure of memory for the first `rows` rows of a slot.
    pub(crate) fn reserve(&mut self, slot: usize, rows: usize) -> Result<()> {
        let first = slot * self.pages_of_slot;
        let pages = self.layout.bytes(rows).div_ceil(self.memory.page()).min(self.pages_of_slot);
        (first..first + pages).try_for_each(|page| self.memory.back(page))
    }

    /// Gives a slot's memory back, where that can be; its rows are lost.
    pub(crate) fn release(&mut self, slot: usize) -> Result<()> {
        let first = slot * self.pages_of_slot;
        self.memory.clear(first..first + self.pages_of_slot)
    }

    /// More slots, at other addresses, of which the first hold what these hold.
    pub(crate) fn grown(&self, slots: usize) -> Result<Self> {
        let Self { layout, pages_of_slot, .. } = *self;
        Ok(Self { memory: self.memory.grown(slots * pages_of_slot)?, layout, pages_of_slot })
    }

    /// Bytes of the card's memory that are in use.
    pub(crate) fn held(&self) -> usize {
        self.memory.held()
    }

    /// Addresses of the first slot's keys and values of a layer.
    pub(crate) fn of_layer(&self, layer: usize) -> (u64, u64) {
        let bytes = self.layout.kind.bytes_of(self.layout.of_layer());
        let at = |part: usize| self.memory.address() + (part * bytes) as u64;
        (at(2 * layer), at(2 * layer + 1))
    }

    /// Numbers from a slot to the next.
    pub(crate) fn slot_stride(&self) -> i64 {
        (self.pages_of_slot * self.memory.page() / self.layout.kind.bytes_of(1)) as i64
    }

    /// Numbers from a block of a slot to the next.
    pub(crate) fn block_stride(&self) -> i32 {
        self.layout.of_block() as i32
    }

    /// Sets the keys (part 0) or values (part 1) of the first layer of a slot, `[kv_heads, rows, head_dim]`.
    #[cfg(test)]
    pub(crate) fn write(&mut self, slot: usize, part: usize, rows: usize, head_dim: usize, bytes: &[u8]) -> Result<()> {
        self.reserve(slot, rows)?;
        let row = self.layout.kind.bytes_of(head_dim);
        let slot_bytes = self.pages_of_slot * self.memory.page();
        for (head, of_head) in bytes.chunks(rows * row).enumerate() {
            for (block, of_block) in of_head.chunks(SPLIT * row).enumerate() {
                let before = block * self.layout.bytes(1) + part * self.layout.kind.bytes_of(self.layout.of_layer());
                let address = self.memory.address() + (slot * slot_bytes + before + head * SPLIT * row) as u64;
                // SAFETY: within the slot's rows, which have memory.
                let copied = unsafe { cudarc::driver::result::memcpy_htod_sync(address, of_block) };
                copied.map_err(crate::device::driver("copy to the card"))?;
            }
        }
        Ok(())
    }
}
