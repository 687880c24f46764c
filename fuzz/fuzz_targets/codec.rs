//! A codec's weights in any layout, and a frame where they load.
#![no_main]

use candle_core::{DType, Device};
use zonos_codec::{Codec, Codes};
use zonos_fuzz::file;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(codec) = Codec::load(file("codec", bytes), &Device::Cpu, DType::F32) {
        let (codebooks, size) = (codec.n_codebooks(), codec.codebook_size());
        let codes = Codes::new(vec![0; codebooks], codebooks, size).expect("codes of the codec");
        assert_eq!(codec.decode(&codes).expect("a frame").len(), codec.hop());
    }
});
