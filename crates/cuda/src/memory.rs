//! Memory on the card, and memory of the host that the card reaches.

use std::ffi::c_void;
use std::marker::PhantomData;

use cudarc::driver::{result, sys};

use crate::device::driver;
use crate::{Device, Error, Result};

/// Plain numbers, which any pattern of bits is a value of.
///
/// # Safety
/// Only for types without padding that take any bits.
pub(crate) unsafe trait Plain: Copy {}
// SAFETY: numbers.
unsafe impl Plain for u8 {}
// SAFETY: numbers.
unsafe impl Plain for i32 {}
// SAFETY: numbers.
unsafe impl Plain for u32 {}
// SAFETY: numbers.
unsafe impl Plain for u64 {}
// SAFETY: numbers.
unsafe impl Plain for f32 {}
// SAFETY: numbers of which the widest is aligned at its place, without padding (14 words and an aligned double one).
unsafe impl Plain for crate::slot::SlotState {}

/// `len` values on the card; freed when dropped.
pub(crate) struct Buffer<T> {
    device: Device,
    address: u64,
    len: usize,
    of: PhantomData<T>,
}

// SAFETY: an address on the card, which any thread may use.
unsafe impl<T> Send for Buffer<T> {}
// SAFETY: shared use only hands the address out.
unsafe impl<T> Sync for Buffer<T> {}

impl<T: Plain> Buffer<T> {
    /// Values that are not set. `what` is said when the memory does not suffice.
    pub(crate) fn new(device: &Device, what: &'static str, len: usize) -> Result<Self> {
        device.bind()?;
        let bytes = (len * size_of::<T>()).max(16);
        // SAFETY: the context is bound; the address is freed once, by `drop`.
        let made = unsafe { result::malloc_sync(bytes) };
        let address = match made {
            Err(error) if error.0 == sys::CUresult::CUDA_ERROR_OUT_OF_MEMORY => {
                let free = device.free_memory().unwrap_or(0) >> 20;
                return Err(Error::Memory { what, needed: (bytes >> 20) as u64, free });
            }
            made => made.map_err(driver("allocate memory"))?,
        };
        Ok(Self { device: device.clone(), address, len, of: PhantomData })
    }

    /// Values whose bits are all zero.
    pub(crate) fn zeros(device: &Device, what: &'static str, len: usize) -> Result<Self> {
        let buffer = Self::new(device, what, len)?;
        // SAFETY: the range is this buffer's.
        let set = unsafe { result::memset_d8_async(buffer.address, 0, len * size_of::<T>(), device.raw_stream()) };
        set.map_err(driver("clear memory"))?;
        Ok(buffer)
    }

    /// Given values.
    pub(crate) fn of(device: &Device, what: &'static str, values: &[T]) -> Result<Self> {
        let mut buffer = Self::new(device, what, values.len())?;
        buffer.write(0, values)?;
        Ok(buffer)
    }

    pub(crate) fn address(&self) -> u64 {
        self.address
    }

    /// The address of a value.
    pub(crate) fn at(&self, index: usize) -> u64 {
        self.address + (index * size_of::<T>()) as u64
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Sets values from `first` on, in the order of the stream. The host's may change at once.
    pub(crate) fn write(&mut self, first: usize, values: &[T]) -> Result<()> {
        self.check(first, values.len())?;
        self.device.bind()?;
        // SAFETY: checked to lie in this buffer; the driver has copied pageable memory when it returns.
        let copied = unsafe { result::memcpy_htod_async(self.at(first), values, self.device.raw_stream()) };
        copied.map_err(driver("copy to the card"))
    }

    /// `len` values from `first` on, when all work before is done.
    pub(crate) fn read(&self, first: usize, len: usize) -> Result<Vec<T>> {
        self.check(first, len)?;
        self.device.synchronize()?;
        self.device.bind()?;
        let mut values = Vec::with_capacity(len);
        // SAFETY: room for `len` values, which the copy sets all; any bits are a value.
        let copied = unsafe {
            values.set_len(len);
            result::memcpy_dtoh_sync(&mut values, self.at(first))
        };
        copied.map_err(driver("copy from the card"))?;
        Ok(values)
    }

    /// Sets the first values to all of another buffer, in the order of the stream.
    pub(crate) fn copy_from(&mut self, other: &Self) -> Result<()> {
        self.check(0, other.len)?;
        let bytes = other.len * size_of::<T>();
        // SAFETY: checked to lie in both buffers.
        let copied = unsafe { result::memcpy_dtod_async(self.address, other.address, bytes, self.device.raw_stream()) };
        copied.map_err(driver("copy on the card"))
    }

    fn check(&self, first: usize, len: usize) -> Result<()> {
        let fits = first.checked_add(len).is_some_and(|end| end <= self.len);
        let message = || format!("{len} values from {first} do not lie in a buffer of {}", self.len);
        if fits { Ok(()) } else { Err(Error::Request(message())) }
    }
}

impl<T> Drop for Buffer<T> {
    fn drop(&mut self) {
        if self.device.bind().is_ok() {
            // SAFETY: allocated by `new`; the driver waits for work that uses it. Nothing can be done about an error.
            let _ = unsafe { result::free_sync(self.address) };
        }
    }
}

/// Memory of the host that does not move and that the card can read and write.
pub(crate) struct Pinned<T> {
    device: Device,
    values: *mut T,
    address: u64,
    len: usize,
}

// SAFETY: the memory belongs to this value alone; what the card does to it is ordered by who uses it.
unsafe impl<T> Send for Pinned<T> {}

impl<T: Plain> Pinned<T> {
    /// `len` values whose bits are all zero.
    pub(crate) fn zeros(device: &Device, len: usize) -> Result<Self> {
        device.bind()?;
        let bytes = len.max(1) * size_of::<T>();
        let flags = sys::CU_MEMHOSTALLOC_PORTABLE | sys::CU_MEMHOSTALLOC_DEVICEMAP;
        // SAFETY: the context is bound; freed once, by `drop`; large enough for the bytes that are cleared.
        let values = unsafe {
            let values = result::malloc_host(bytes, flags).map_err(driver("allocate pinned memory"))?.cast::<T>();
            std::ptr::write_bytes(values.cast::<u8>(), 0, bytes);
            values
        };
        let mut pinned = Self { device: device.clone(), values, address: 0, len };
        // SAFETY: the memory was allocated as mapped.
        let got = unsafe { sys::cuMemHostGetDevicePointer_v2(&mut pinned.address, values.cast::<c_void>(), 0) };
        got.result().map_err(driver("map pinned memory"))?;
        Ok(pinned)
    }

    /// The address that kernels use.
    pub(crate) fn address(&self) -> u64 {
        self.address
    }

    /// Reads a value that a kernel may have written; the caller has waited for it.
    pub(crate) fn read(&self, index: usize) -> Option<T> {
        // SAFETY: in range; volatile, since the card writes it unseen by the compiler.
        (index < self.len).then(|| unsafe { self.values.add(index).read_volatile() })
    }

    /// All values; the caller knows that the card uses none of them.
    pub(crate) fn values_mut(&mut self) -> &mut [T] {
        // SAFETY: `len` values that were set when allocated, borrowed like this value.
        unsafe { std::slice::from_raw_parts_mut(self.values, self.len) }
    }
}

impl<T> Drop for Pinned<T> {
    fn drop(&mut self) {
        if self.device.bind().is_ok() && self.device.synchronize().is_ok() {
            // SAFETY: allocated by `zeros`, and no work that uses it is left.
            let _ = unsafe { result::free_host(self.values.cast::<c_void>()) };
        }
    }
}
