//! The memory of the slots' rows: by pages where the card can map them, else all of it at once.

use std::ops::Range;

use crate::memory::Buffer;
use crate::sparse::{Sparse, granularity};
use crate::{Device, Result};

/// What is said when memory does not suffice.
const WHAT: &str = "the cache";

/// Pages of one size at consecutive addresses, which do not change.
pub(crate) trait SlotMemory: Send {
    /// Where the first page begins.
    fn address(&self) -> u64;

    /// Bytes of a page.
    fn page(&self) -> usize;

    /// Bytes of the card's memory that are taken.
    fn held(&self) -> usize;

    /// Makes sure that a page has memory.
    fn back(&mut self, index: usize) -> Result<()>;

    /// What some pages hold is not needed any more.
    fn clear(&mut self, pages: Range<usize>) -> Result<()>;

    /// More pages, at other addresses, of which the first hold what these hold.
    fn grown(&self, count: usize) -> Result<Box<dyn SlotMemory>>;
}

/// Pages begin at multiples of this where they are not mapped, as the driver's own allocations do.
const ALIGNMENT: usize = 256;

/// The size of a page that holds at least so many bytes.
pub(crate) fn page_size(device: &Device, bytes: usize) -> Result<usize> {
    let multiple = if device.maps_memory { granularity(device)? } else { ALIGNMENT };
    Ok(bytes.max(1).next_multiple_of(multiple))
}

/// `count` pages of a size that [`page_size`] gave.
pub(crate) fn slot_memory(device: &Device, page: usize, count: usize) -> Result<Box<dyn SlotMemory>> {
    if device.maps_memory {
        return Ok(Box::new(Sparse::new(device, WHAT, page, count)?));
    }
    Ok(Box::new(Whole { device: device.clone(), page, pages: Buffer::new(device, WHAT, page * count.max(1))? }))
}

/// Pages that have their memory from the start.
struct Whole {
    device: Device,
    page: usize,
    pages: Buffer<u8>,
}

impl SlotMemory for Whole {
    fn address(&self) -> u64 {
        self.pages.address()
    }

    fn page(&self) -> usize {
        self.page
    }

    fn held(&self) -> usize {
        self.pages.len()
    }

    fn back(&mut self, _: usize) -> Result<()> {
        Ok(())
    }

    fn clear(&mut self, _: Range<usize>) -> Result<()> {
        Ok(())
    }

    fn grown(&self, count: usize) -> Result<Box<dyn SlotMemory>> {
        let mut pages = Buffer::new(&self.device, WHAT, (self.page * count).max(self.pages.len()))?;
        pages.copy_from(&self.pages)?;
        Ok(Box::new(Self { device: self.device.clone(), page: self.page, pages }))
    }
}
