//! The `config.json` beside a codec that is whole.
#![no_main]

use std::sync::LazyLock;

use candle_core::{DType, Device};
use zonos_codec::Codec;
use zonos_fuzz::{file, fixture};

static WEIGHTS: LazyLock<Vec<u8>> = LazyLock::new(|| fixture("gguf/dac_44khz/model.safetensors"));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    file("config.json", bytes);
    let _ = Codec::load(file("codec", &WEIGHTS), &Device::Cpu, DType::F32);
});
