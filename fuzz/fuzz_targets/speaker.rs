//! The speaker encoder's GGUF file, and a clip where it loads.
#![no_main]

use candle_core::Device;
use zonos_fuzz::file;
use zonos_speaker::SpeakerEncoder;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(encoder) = SpeakerEncoder::load(file("speaker.gguf", bytes), &Device::Cpu) {
        let _ = encoder.embed(&vec![0.1; encoder.min_samples()]);
    }
});
