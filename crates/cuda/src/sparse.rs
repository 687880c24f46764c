//! Addresses on the card that get memory when they need it.

use std::ops::Range;
use std::sync::Arc;

use cudarc::driver::sys;
use sys::CUmemAllocationGranularity_flags_enum as Granularity;

use crate::device::driver;
use crate::slot_memory::SlotMemory;
use crate::{Device, Error, Result};

/// Pieces of memory that are kept for the next page that needs one.
const SPARE: usize = 4;

/// A stretch of the card's addresses, in pages of one size. A page has memory only after it was asked for.
pub(crate) struct Sparse {
    device: Device,
    what: &'static str,
    address: u64,
    page: usize,
    pages: Vec<Option<Arc<Piece>>>,
    spare: Vec<Arc<Piece>>,
}

/// Memory of the card without an address.
struct Piece {
    device: Device,
    handle: sys::CUmemGenericAllocationHandle,
}

impl Sparse {
    /// `count` pages of a multiple of [`granularity`], without memory. `what` is said when memory does not
    /// suffice.
    pub(crate) fn new(device: &Device, what: &'static str, page: usize, count: usize) -> Result<Self> {
        device.bind()?;
        let mut address = 0;
        let len = page * count.max(1);
        // SAFETY: the driver writes the address; the stretch is freed once, by `drop`.
        let reserved = unsafe { sys::cuMemAddressReserve(&mut address, len, 0, 0, 0) };
        reserved.result().map_err(driver("reserve addresses"))?;
        let pages = (0..count.max(1)).map(|_| None).collect();
        Ok(Self { device: device.clone(), what, address, page, pages, spare: Vec::new() })
    }

    fn at(&self, index: usize) -> u64 {
        self.address + (index * self.page) as u64
    }

    fn map(&mut self, index: usize, piece: Arc<Piece>) -> Result<()> {
        let address = self.at(index);
        // SAFETY: a free page of this stretch; the piece has the size of a page and outlives the mapping.
        unsafe { sys::cuMemMap(address, self.page, 0, piece.handle, 0) }.result().map_err(driver("map memory"))?;
        if let Some(page) = self.pages.get_mut(index) {
            *page = Some(piece);
        }
        let access = sys::CUmemAccessDesc {
            location: location(&self.device),
            flags: sys::CUmemAccess_flags::CU_MEM_ACCESS_FLAGS_PROT_READWRITE,
        };
        // SAFETY: the page was mapped; the driver reads one description.
        let allowed = unsafe { sys::cuMemSetAccess(address, self.page, &access, 1) };
        allowed.result().map_err(|error| {
            self.unmap(index);
            driver("allow access to memory")(error)
        })
    }

    fn unmap(&mut self, index: usize) -> Option<Arc<Piece>> {
        let piece = self.pages.get_mut(index)?.take()?;
        // SAFETY: the page was mapped, and the caller has waited for what used it. Nothing can be done about an error.
        let _ = unsafe { sys::cuMemUnmap(self.at(index), self.page) };
        Some(piece)
    }
}

impl SlotMemory for Sparse {
    fn address(&self) -> u64 {
        self.address
    }

    fn page(&self) -> usize {
        self.page
    }

    /// Spare pieces count, too.
    fn held(&self) -> usize {
        (self.pages.iter().flatten().count() + self.spare.len()) * self.page
    }

    fn back(&mut self, index: usize) -> Result<()> {
        if !matches!(self.pages.get(index), Some(None)) {
            return Ok(());
        }
        self.device.bind()?;
        let piece = match self.spare.pop() {
            Some(piece) => piece,
            None => Arc::new(Piece::new(&self.device, self.what, self.page)?),
        };
        self.map(index, piece)
    }

    /// Takes the memory of the pages away.
    fn clear(&mut self, pages: Range<usize>) -> Result<()> {
        if !pages.clone().any(|index| matches!(self.pages.get(index), Some(Some(_)))) {
            return Ok(());
        }
        // Nothing that still runs may use them.
        self.device.synchronize()?;
        self.device.bind()?;
        for index in pages {
            if let Some(piece) = self.unmap(index)
                && self.spare.len() < SPARE
            {
                self.spare.push(piece);
            }
        }
        Ok(())
    }

    /// The first pages share the memory of these.
    fn grown(&self, count: usize) -> Result<Box<dyn SlotMemory>> {
        let mut grown = Self::new(&self.device, self.what, self.page, count.max(self.pages.len()))?;
        for (index, piece) in self.pages.iter().enumerate() {
            if let Some(piece) = piece {
                grown.map(index, piece.clone())?;
            }
        }
        Ok(Box::new(grown))
    }
}

impl Drop for Sparse {
    fn drop(&mut self) {
        if self.device.synchronize().is_ok() && self.device.bind().is_ok() {
            (0..self.pages.len()).for_each(|index| drop(self.unmap(index)));
            // SAFETY: reserved by `new`, and nothing is mapped there now.
            let _ = unsafe { sys::cuMemAddressFree(self.address, self.page * self.pages.len()) };
        }
    }
}

impl Piece {
    fn new(device: &Device, what: &'static str, bytes: usize) -> Result<Self> {
        let mut handle = 0;
        // SAFETY: the driver reads the properties and writes the handle, which is released once, by `drop`.
        let made = unsafe { sys::cuMemCreate(&mut handle, bytes, &properties(device), 0) };
        match made {
            sys::CUresult::CUDA_ERROR_OUT_OF_MEMORY => {
                let free = device.free_memory().unwrap_or(0) >> 20;
                Err(Error::Memory { what, needed: (bytes >> 20) as u64, free })
            }
            made => {
                made.result().map_err(driver("allocate memory"))?;
                Ok(Self { device: device.clone(), handle })
            }
        }
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        if self.device.bind().is_ok() {
            // SAFETY: made by `new`; memory that is still mapped goes when it is unmapped.
            let _ = unsafe { sys::cuMemRelease(self.handle) };
        }
    }
}

/// Bytes that pages are a multiple of.
pub(crate) fn granularity(device: &Device) -> Result<usize> {
    device.bind()?;
    let mut bytes = 0;
    let least = Granularity::CU_MEM_ALLOC_GRANULARITY_MINIMUM;
    // SAFETY: the driver reads the properties and writes one number.
    let asked = unsafe { sys::cuMemGetAllocationGranularity(&mut bytes, &properties(device), least) };
    asked.result().map_err(driver("ask for the size of pages"))?;
    Ok(bytes.max(1))
}

fn properties(device: &Device) -> sys::CUmemAllocationProp {
    // SAFETY: numbers, a pointer and enumerations of which zero is a value.
    let mut properties: sys::CUmemAllocationProp = unsafe { std::mem::zeroed() };
    properties.type_ = sys::CUmemAllocationType::CU_MEM_ALLOCATION_TYPE_PINNED;
    properties.location = location(device);
    properties
}

fn location(device: &Device) -> sys::CUmemLocation {
    let kind = sys::CUmemLocationType_enum::CU_MEM_LOCATION_TYPE_DEVICE as i32;
    // SAFETY: a kind that exists and a number, which is how the driver's header declares it; later versions of the header
    // wrap the number in a union.
    unsafe { std::mem::transmute([kind, device.stream.context().cu_device()]) }
}
