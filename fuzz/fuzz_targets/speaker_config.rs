//! The `config.json` beside a speaker encoder that is whole.
#![no_main]

use std::sync::LazyLock;

use candle_core::Device;
use zonos_fuzz::{file, fixture};
use zonos_speaker::SpeakerEncoder;

static WEIGHTS: LazyLock<Vec<u8>> = LazyLock::new(|| fixture("gguf/speaker_encoder/model.safetensors"));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    file("config.json", bytes);
    let _ = SpeakerEncoder::load(file("model.safetensors", &WEIGHTS), &Device::Cpu);
});
