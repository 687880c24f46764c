use std::hint::black_box;
use std::time::Instant;

use candle_core::{DType, Device, Tensor};
use rayon::prelude::*;
use serde::Serialize;
use zonos_lm::{Throughput, Work};

use crate::device::device_name;
use crate::{Error, Result};

/// What a machine has to offer.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// Threads that compute.
    pub threads: usize,
    /// Memory in bytes, where the system tells.
    pub memory_bytes: Option<u64>,
    /// Most memory that this process has held, with the parts of mapped files that it has read, where the system tells.
    pub peak_memory_bytes: Option<u64>,
    /// Memory that this process holds now beside mapped files, where the system tells.
    pub own_memory_bytes: Option<u64>,
}

impl Machine {
    /// Asks the system.
    pub fn now() -> Self {
        Self {
            threads: rayon::current_num_threads(),
            memory_bytes: kilobytes("/proc/meminfo", "MemTotal:"),
            peak_memory_bytes: kilobytes("/proc/self/status", "VmHWM:"),
            own_memory_bytes: kilobytes("/proc/self/status", "RssAnon:"),
        }
    }
}

/// A line such as `VmHWM:   1234 kB` of a file of the Linux kernel, in bytes.
fn kilobytes(file: &str, key: &str) -> Option<u64> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    let number: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    number.checked_mul(1024)
}

/// A card that computes.
#[derive(Clone, Debug, Serialize)]
pub struct Card {
    /// What its maker calls it.
    pub name: String,
    /// The version of its architecture, such as `9.0`.
    pub compute_capability: String,
    /// The version of its driver, where the system tells.
    pub driver: Option<String>,
    /// Its memory in bytes.
    pub memory_bytes: u64,
    /// Bytes of it that are in use, by whatever program.
    pub used_bytes: u64,
}

/// How fast the processor multiplies and adds, by all threads together, in instructions that the backbone's products use:
/// what prompts and the codec are bound by.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Arithmetic {
    /// Multiplications of float32 per second, each with an addition: for float weights, and for the codec.
    pub floats_per_second: f64,
    /// Those of 16-bit integers: for quantized weights.
    pub integers_per_second: f64,
}

impl Arithmetic {
    /// Computes for some tens of milliseconds.
    pub fn measure() -> Self {
        let Throughput { floats, integers } = Throughput::measure();
        Self { floats_per_second: floats, integers_per_second: integers }
    }

    /// Seconds that some products take at least.
    pub(crate) fn seconds(&self, work: Work) -> f64 {
        work.floats as f64 / self.floats_per_second + work.integers as f64 / self.integers_per_second
    }
}

/// How fast memory is that no cache holds: of the CPU, as all threads together read it; of a card, as it copies, what is
/// read and what is written together.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct MemoryBandwidth {
    /// Bytes per second: the best of several passes.
    pub bytes_per_second: f64,
}

/// Far more than any cache; small enough for every machine.
const BUFFER_WORDS: usize = 1 << 27;
const WORDS_PER_TASK: usize = 1 << 18;
const PASSES: usize = 5;
/// Copies on a card before the clock is read: one is over too soon.
const COPIES: usize = 16;

impl MemoryBandwidth {
    /// That of the memory that `device` computes in.
    ///
    /// # Errors
    /// When the device lacks the memory for it.
    pub fn of(device: &Device) -> Result<Self> {
        let failed = |error: candle_core::Error| Error::Device {
            name: device_name(device).to_owned(),
            reason: error.to_string(),
        };
        if device.is_cpu() { Ok(Self::measure()) } else { Self::measure_copies(device).map_err(failed) }
    }

    /// Copies 1 GiB several times over.
    fn measure_copies(device: &Device) -> candle_core::Result<Self> {
        let buffer = Tensor::zeros(2 * BUFFER_WORDS, DType::F32, device)?;
        let pass = || {
            device.synchronize()?;
            let started = Instant::now();
            (0..COPIES).try_for_each(|_| buffer.copy().map(drop))?;
            device.synchronize()?;
            candle_core::Result::Ok(started.elapsed().as_secs_f64())
        };
        let best = (0..PASSES).try_fold(f64::INFINITY, |best, _| pass().map(|seconds| seconds.min(best)))?;
        let moved = 2 * COPIES * buffer.elem_count() * DType::F32.size_in_bytes();
        Ok(Self { bytes_per_second: moved as f64 / best })
    }

    /// Reads 1 GiB of the CPU's memory several times over.
    pub fn measure() -> Self {
        let buffer: Vec<u64> = vec![1; BUFFER_WORDS];
        let pass = || {
            let started = Instant::now();
            black_box(buffer.par_chunks(WORDS_PER_TASK).map(sum).sum::<u64>());
            started.elapsed().as_secs_f64()
        };
        let best = (0..PASSES).map(|_| pass()).fold(f64::INFINITY, f64::min);
        Self { bytes_per_second: size_of_val(buffer.as_slice()) as f64 / best }
    }
}

/// Sums in lanes, which the compiler turns into vector loads.
fn sum(words: &[u64]) -> u64 {
    let (blocks, rest) = words.as_chunks::<32>();
    let mut lanes = [0u64; 32];
    for block in blocks {
        lanes.iter_mut().zip(block).for_each(|(lane, word)| *lane = lane.wrapping_add(*word));
    }
    lanes.iter().chain(rest).fold(0, |total, word| total.wrapping_add(*word))
}
