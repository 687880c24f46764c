//! A saved voice; the first byte says which kind of file the rest is.
#![no_main]

use zonos_fuzz::file;
use zonos_speaker::Voice;

const NAMES: [&str; 3] = ["voice.npy", "voice.npz", "voice.safetensors"];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((kind, bytes)) = bytes.split_first() else {
        return;
    };
    if let Ok(voice) = Voice::load(file(NAMES[usize::from(*kind) % NAMES.len()], bytes)) {
        assert!(voice.as_slice().iter().all(|number| number.is_finite()));
    }
});
