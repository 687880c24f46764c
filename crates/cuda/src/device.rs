//! The card: its context, one stream for everything, and the kernels, loaded once.

use std::sync::Arc;

use cudarc::driver::sys::{self, CUdevice_attribute_enum as Attribute};
use cudarc::driver::{CudaContext, CudaStream, DriverError};

use crate::launch::Kernels;
use crate::{Error, Result};

/// A card, and the stream that all work goes to. Cheap to clone.
#[derive(Clone)]
pub struct Device {
    pub(crate) stream: Arc<CudaStream>,
    pub(crate) kernels: Arc<Kernels>,
    /// Whether a kernel's blocks may start before the kernel before it has ended: they know how to wait for it then.
    pub(crate) overlaps: bool,
    /// Bytes of shared memory that a block can have.
    pub(crate) shared_limit: usize,
    pub(crate) multiprocessors: usize,
    /// Whether addresses can be had without memory, which is mapped later.
    pub(crate) maps_memory: bool,
}

/// What the driver says, with what was asked of it.
pub(crate) fn driver(what: &'static str) -> impl Fn(DriverError) -> Error {
    move |error| {
        let reason = error.error_string().map(|text| text.to_string_lossy().into_owned());
        Error::Driver { what, reason: reason.unwrap_or_else(|_| format!("{error:?}")) }
    }
}

impl Device {
    /// The card of a number, from 0, with a stream of its own.
    ///
    /// # Errors
    /// When there is no such card or driver, or the kernels were not built for it.
    pub fn open(ordinal: usize) -> Result<Self> {
        let context = CudaContext::new(ordinal).map_err(driver("open the card"))?;
        Self::on(&context)
    }

    /// A card that others use, too, with a stream of its own.
    ///
    /// # Errors
    /// When the kernels were not built for it.
    pub fn on(context: &Arc<CudaContext>) -> Result<Self> {
        let stream = context.new_stream().map_err(driver("make a stream"))?;
        let attribute = |attribute| context.attribute(attribute).map_err(driver("ask for the card's limits"));
        let shared = attribute(Attribute::CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN)?;
        let shared_limit = usize::try_from(shared).unwrap_or(0);
        let kernels = Arc::new(Kernels::load(context, shared_limit)?);
        let multiprocessors = attribute(Attribute::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT)?;
        let multiprocessors = usize::try_from(multiprocessors).unwrap_or(1).max(1);
        let maps_memory = attribute(Attribute::CU_DEVICE_ATTRIBUTE_VIRTUAL_ADDRESS_MANAGEMENT_SUPPORTED)? != 0;
        Ok(Self { stream, overlaps: kernels.for_hopper, kernels, shared_limit, multiprocessors, maps_memory })
    }

    /// The card's name.
    ///
    /// # Errors
    /// On the driver.
    pub fn name(&self) -> Result<String> {
        self.stream.context().name().map_err(driver("ask for the card's name"))
    }

    /// Bytes of the card's memory that are free.
    ///
    /// # Errors
    /// On the driver.
    pub fn free_memory(&self) -> Result<u64> {
        let (free, _) = self.stream.context().mem_get_info().map_err(driver("ask for free memory"))?;
        Ok(free as u64)
    }

    /// Waits until all work is done.
    ///
    /// # Errors
    /// On the driver, or when a kernel failed.
    pub fn synchronize(&self) -> Result<()> {
        self.stream.synchronize().map_err(driver("wait for the card"))
    }

    /// Makes the context the calling thread's.
    pub(crate) fn bind(&self) -> Result<()> {
        self.stream.context().bind_to_thread().map_err(driver("use the card's context"))
    }

    pub(crate) fn raw_stream(&self) -> sys::CUstream {
        self.stream.cu_stream()
    }
}
