//! A tiny model and requests that differ in everything.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use zonos::{
    Audio, Delivery, Engine, EngineOptions, Frames, Guard, Pace, Polish, Request, Sampling, Script, Speech, Voice,
};

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").join(path)
}

/// The tiny reference model, loaded once.
pub fn tiny() -> &'static Engine {
    static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
        let options = EngineOptions {
            codec: Some(fixture("vocoder/dac_tiny.safetensors")),
            speaker_encoder: Some(fixture("speaker")),
            ..EngineOptions::model(fixture("backbone_tiny").to_str().unwrap())
        };
        Engine::with_options(&options).unwrap()
    });
    &ENGINE
}

fn voice() -> Voice {
    static VOICE: LazyLock<Voice> = LazyLock::new(|| {
        let tone = (0..24_000).map(|i| (i as f32 * 0.1).sin() * 0.4).collect();
        tiny().embed(Audio { samples: tone, sample_rate: 24_000, source_channels: 1 }).unwrap()
    });
    VOICE.clone()
}

/// A request whose text, voice, length, pace, sampling and polish follow from its number, which is its seed.
pub fn request(number: u64, frames: usize) -> Request {
    let mut request = Request::new("Word after word. ".repeat(1 + number as usize % 3)).seed(number).max_frames(frames);
    request.guard = Guard { watch_length: false, ..Guard::default() };
    match number % 5 {
        0 => {}
        1 => request.voice = Some(voice()),
        2 => request = request.sampling(Sampling { top_k: 7, min_p: 0.0, ..Sampling::default() }),
        3 => request.pace = Pace::Bucket(number as usize % 8),
        _ => {
            request.voice = Some(voice());
            request.delivery = Delivery::Expressive;
            request.polish = Polish { trim_silence: true, volume: 0.7, fade_out_ms: 30.0 };
        }
    }
    request
}

/// What matters of a speech: not how long it took.
pub fn essence(speech: &Speech) -> (Vec<u32>, Vec<u32>, &'static str) {
    let bits = speech.samples.iter().map(|sample| sample.to_bits()).collect();
    (bits, speech.codes.as_slice().to_vec(), speech.report.finish_reason.as_str())
}

/// A model that ends its speech of `audible` frames where the seed's entry of `by_seed` says, and never without one.
pub fn ending_at(audible: impl Fn(u64) -> Option<usize> + Send + Sync + 'static) -> Engine {
    let script: Script = Arc::new(move |seed: u64, made: &Frames| {
        let step = made.len() as u32;
        let ends = audible(seed) == Some(made.len());
        (0..9).map(|codebook| if ends && codebook == 0 { 1024 } else { (step * 37 + codebook * 5) % 1024 }).collect()
    });
    tiny().scripted(script)
}
