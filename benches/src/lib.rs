//! What the benchmarks share. Random weights throughout: speed does not depend on what they have learned.
//!
//! `ZONOS_BENCH_FULL=bf16` (or `f16`, `f32`) adds models of the released size; they need 16 GB (32 GB in f32). It may also be
//! the path of a GGUF file, such as `zonos quantize --random full` writes.
//! Speeds of memory-bound stages are to be read beside the machine's read bandwidth, printed by [`print_bandwidth`].
#![allow(clippy::expect_used)]

use std::path::Path;

use candle_core::{DType, Device};
use zonos::MemoryBandwidth;
use zonos_lm::{Backbone, Conditioning, Config, Prompt, open_checkpoint};

/// A small backbone with every mechanism of the released one, in float32.
pub fn tiny_backbone() -> Backbone {
    let params = include_str!("../../tests/fixtures/backbone_tiny/params.json");
    let config = Config::parse(params).expect("a valid configuration");
    Backbone::random(config, 1, &device(), DType::F32).expect("memory for a tiny model")
}

/// The backbone that `ZONOS_BENCH_FULL` asks for.
pub fn full_backbone() -> Option<Backbone> {
    Some(match std::env::var("ZONOS_BENCH_FULL").ok()?.as_str() {
        "f32" => random_backbone(DType::F32),
        "f16" => random_backbone(DType::F16),
        "bf16" => random_backbone(DType::BF16),
        path => {
            let checkpoint = open_checkpoint(Path::new(path)).expect("f32, f16, bf16 or the path of a GGUF file");
            let config = Config::of(&checkpoint, None).expect("a model of speech");
            Backbone::load(config, checkpoint, &device(), None).expect("memory for a full-size model")
        }
    })
}

/// A backbone of the released size.
fn random_backbone(dtype: DType) -> Backbone {
    let config = Config::released().expect("a valid configuration");
    Backbone::random(config, 1, &device(), dtype).expect("memory for a full-size model")
}

/// A prompt of at least `rows` rows, without a voice.
pub fn prompt(config: &Config, rows: usize) -> Prompt {
    let marks = 20;
    let text = "a".repeat(rows.saturating_sub(marks));
    Prompt::build(config, &text, None, &Conditioning::defaults(config)).expect("a prompt that fits")
}

/// The best device of this build.
pub fn device() -> Device {
    Device::new_cuda(0).or_else(|_| Device::new_metal(0)).unwrap_or(Device::Cpu)
}

/// Waits until the device has done everything that it was asked to do.
pub fn synchronize(device: &Device) {
    device.synchronize().expect("a working device");
}

/// Prints how fast this machine reads memory, measured now.
pub fn print_bandwidth() {
    let bandwidth = MemoryBandwidth::measure().bytes_per_second;
    println!(
        "read bandwidth of this machine: {:.1} GB/s ({:.2} GiB/s)",
        bandwidth / 1e9,
        bandwidth / (1u64 << 30) as f64
    );
}
