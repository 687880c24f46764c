//! NVIDIA cards: opens one, or says in one sentence why that cannot be.

use std::ffi::c_int;
use std::fs;
use std::sync::Arc;

use candle_core::cuda_backend::CudaError;
use candle_core::cuda_backend::cudarc::driver::{CudaContext, DriverError, result, sys};
use candle_core::{DType, Device, Tensor};
use sys::cudaError_enum as Status;

use crate::Card;

/// What the program's kernels are compiled for, such as `90`; where the build detected it itself, nobody knows.
const COMPILED_FOR: Option<&str> = option_env!("CUDA_COMPUTE_CAP");
/// From here on kernels use what one architecture alone has.
const FIRST_EXACT: i32 = 90;
/// Where Linux tells the version of the driver.
const DRIVER_VERSION: &str = "/sys/module/nvidia/version";

/// Opens card `ordinal`, once it has shown that it runs this program's kernels.
///
/// # Errors
/// The reason, for people.
pub(crate) fn open(ordinal: usize) -> Result<Device, String> {
    check_driver()?;
    check_ordinal(ordinal)?;
    let context = CudaContext::new(ordinal).map_err(|error| said(error.0))?;
    check_architecture(&context)?;
    let device = on_one_stream(ordinal).map_err(|error| explain(&error))?;
    try_kernel(&device).map_err(|error| explain(&error))?;
    Ok(device)
}

/// The card with a single stream, whatever threads use it: work is done in the order in which it is asked for.
fn on_one_stream(ordinal: usize) -> candle_core::Result<Device> {
    let device = Device::new_cuda_with_stream(ordinal)?;
    let stream = device.as_cuda_device()?.cuda_stream();
    // SAFETY: events keep several streams from each other's memory. This device has one, which orders everything.
    unsafe { stream.context().disable_event_tracking() };
    // A card that refuses it works all the same.
    keep_freed_memory(stream.context()).ok();
    Ok(device)
}

/// Keeps freed memory for the next tensors. Unless told so, the driver gives it back each time that the CPU waits for the
/// card, which is many times a frame.
fn keep_freed_memory(context: &Arc<CudaContext>) -> Result<(), DriverError> {
    let mut threshold = u64::MAX;
    let attribute = sys::CUmemPool_attribute::CU_MEMPOOL_ATTR_RELEASE_THRESHOLD;
    // SAFETY: the device belongs to a living context, and this attribute is read as 64 bits from where the pointer leads.
    unsafe {
        let pool = result::device::get_default_mem_pool(context.cu_device())?;
        result::mem_pool::set_attribute(pool, attribute, (&raw mut threshold).cast())
    }
}

/// What `device` is, where it is a card.
pub(crate) fn card(device: &Device) -> Option<Card> {
    let stream = device.as_cuda_device().ok()?.cuda_stream();
    let context = stream.context();
    let (major, minor) = context.compute_capability().ok()?;
    let (free, total) = context.mem_get_info().ok()?;
    Some(Card {
        name: context.name().ok()?,
        compute_capability: format!("{major}.{minor}"),
        driver: fs::read_to_string(DRIVER_VERSION).ok().map(|version| version.trim().to_owned()),
        memory_bytes: total as u64,
        used_bytes: (total - free) as u64,
    })
}

/// Whether there is a driver that takes kernels of this program's version.
fn check_driver() -> Result<(), String> {
    result::init().map_err(|error| said(error.0))?;
    let (known, needed) = (driver_version()?, sys::CUDA_VERSION as c_int);
    if known >= needed {
        return Ok(());
    }
    let name = |version| format!("{}.{}", version / 1000, version % 1000 / 10);
    Err(format!("the driver is too old: it knows CUDA {}, this build needs {}", name(known), name(needed)))
}

fn driver_version() -> Result<c_int, String> {
    let mut version = 0;
    // SAFETY: the call writes one integer to where the pointer leads, and keeps nothing.
    let status = unsafe { sys::cuDriverGetVersion(&mut version) };
    status.result().map_err(|error| said(error.0))?;
    Ok(version)
}

fn check_ordinal(ordinal: usize) -> Result<(), String> {
    match CudaContext::device_count().map_err(|error| said(error.0))? {
        0 => Err(said(Status::CUDA_ERROR_NO_DEVICE)),
        count if ordinal < count as usize => Ok(()),
        1 => Err("there is one card, number 0".to_owned()),
        count => Err(format!("there are {count} cards, numbered from 0")),
    }
}

fn check_architecture(context: &Arc<CudaContext>) -> Result<(), String> {
    let (major, minor) = context.compute_capability().map_err(|error| said(error.0))?;
    let card = 10 * major + minor;
    match COMPILED_FOR.and_then(number) {
        Some(compiled) if !runs(compiled, card) => {
            let name = context.name().unwrap_or_else(|_| "unknown".to_owned());
            Err(other_architecture(&format!("the card ({name}) is of compute capability {major}.{minor}, ")))
        }
        _ => Ok(()),
    }
}

fn other_architecture(card: &str) -> String {
    let compiled = COMPILED_FOR.unwrap_or("another");
    format!("{card}this build is for {compiled}: build for the card by setting CUDA_COMPUTE_CAP (see docs/cuda.md)")
}

/// The number in `90`, `90a` or `sm_90`.
fn number(capability: &str) -> Option<i32> {
    let digits = capability.trim_start_matches("sm_").trim_end_matches(|letter: char| letter.is_ascii_lowercase());
    digits.parse().ok()
}

/// Whether a card runs machine code for `compiled`: of the same generation, and no older.
fn runs(compiled: i32, card: i32) -> bool {
    card == compiled || (compiled < FIRST_EXACT && card / 10 == compiled / 10 && card > compiled)
}

/// Loads a kernel and runs it: nothing else shows for sure that the card takes it.
fn try_kernel(device: &Device) -> candle_core::Result<()> {
    let one = Tensor::ones(1, DType::F32, device)?;
    one.affine(1.0, 1.0)?.to_vec1::<f32>()?;
    Ok(())
}

/// What an error of candle means.
fn explain(error: &candle_core::Error) -> String {
    match cuda_error(error) {
        Some(CudaError::Cublas(_) | CudaError::Curand(_)) => {
            "libcublas or libcurand of CUDA does not open: install CUDA's libraries, or name their folder in \
             LD_LIBRARY_PATH"
                .to_owned()
        }
        Some(CudaError::Cuda(DriverError(status)) | CudaError::Load { cuda: DriverError(status), .. }) => said(*status),
        _ => error.to_string(),
    }
}

fn cuda_error(error: &candle_core::Error) -> Option<&CudaError> {
    match error {
        candle_core::Error::WithBacktrace { inner, .. } => cuda_error(inner),
        candle_core::Error::Cuda(error) => error.downcast_ref(),
        _ => None,
    }
}

/// What a status of the driver means.
fn said(status: Status) -> String {
    match status {
        // What stands in for the driver while linking says so when it finds none.
        Status::CUDA_ERROR_STUB_LIBRARY => "there is no NVIDIA driver here: libcuda.so.1 does not open".to_owned(),
        Status::CUDA_ERROR_NO_DEVICE => "the driver finds no NVIDIA card".to_owned(),
        Status::CUDA_ERROR_UNSUPPORTED_PTX_VERSION => "the driver is too old for this build".to_owned(),
        Status::CUDA_ERROR_OUT_OF_MEMORY => "the card's memory is full".to_owned(),
        Status::CUDA_ERROR_NO_BINARY_FOR_GPU | Status::CUDA_ERROR_INVALID_PTX => other_architecture(""),
        other => DriverError(other).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_code_runs_on_its_own_generation() {
        for (compiled, card) in [(80, 80), (80, 86), (86, 89), (90, 90), (120, 120)] {
            assert!(runs(compiled, card), "{compiled} on {card}");
        }
        for (compiled, card) in [(86, 80), (80, 90), (90, 89), (90, 100), (100, 103)] {
            assert!(!runs(compiled, card), "{compiled} on {card}");
        }
    }

    #[test]
    fn capabilities_are_read_as_cuda_writes_them() {
        for name in ["90", "90a", "sm_90", "sm_90a"] {
            assert_eq!(number(name), Some(90), "{name}");
        }
        assert_eq!(number("hopper"), None);
    }

    #[test]
    fn a_card_that_cannot_be_opened_says_why() {
        for ordinal in [0, 1000] {
            match open(ordinal) {
                Ok(device) => assert!(card(&device).is_some_and(|card| card.memory_bytes > card.used_bytes)),
                Err(reason) => assert!(!reason.is_empty() && !reason.contains('\n'), "{reason}"),
            }
        }
        assert!(open(1000).is_err());
    }
}
