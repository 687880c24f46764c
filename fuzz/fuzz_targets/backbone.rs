//! A GGUF file as a backbone: its keys, its names, and a frame where it loads.
#![no_main]

use candle_core::Device;
use zonos_fuzz::file;
use zonos_lm::{Backbone, Config, open_checkpoint};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(checkpoint) = open_checkpoint(&file("backbone.gguf", bytes)) else {
        return;
    };
    let Ok(config) = Config::of(&checkpoint, None) else {
        return;
    };
    if let Ok(backbone) = Backbone::load(config, checkpoint, &Device::Cpu, None) {
        let _ = backbone.bytes_per_frame();
    }
});
