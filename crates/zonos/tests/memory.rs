//! What a stream holds does not grow with its length. On its own, since the system tells the memory of a process.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use zonos::{Engine, EngineOptions, Guard, Machine, Request};

/// Growth that the allocator may cause by itself.
const SLACK_BYTES: u64 = 4 << 20;

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").join(path)
}

/// Streams requests one after the other until there are so many seconds of speech.
fn stream(engine: &Engine, seconds: f64, first_seed: u64) {
    let mut request = Request::new("Word after word.").max_frames(400);
    request.guard = Guard { watch_length: false, ..Guard::default() };
    let mut samples = 0;
    for seed in first_seed.. {
        if samples as f64 >= seconds * 44_100.0 {
            return;
        }
        let chunks = engine.stream(&request.clone().seed(seed)).unwrap();
        samples += chunks.map(|chunk| chunk.unwrap().samples.len()).sum::<usize>();
    }
}

#[test]
fn memory_stays_flat() {
    let options = EngineOptions {
        codec: Some(fixture("vocoder/dac_tiny.safetensors")),
        ..EngineOptions::model(fixture("backbone_tiny").to_str().unwrap())
    };
    let engine = Engine::with_options(&options).unwrap();
    let peak = || Machine::now().peak_memory_bytes.unwrap();
    stream(&engine, 12.0, 0);
    let early = peak();
    stream(&engine, 108.0, 1000);
    let late = peak();
    println!("peak memory after 12 s of speech: {early} bytes, after 120 s: {late} bytes");
    assert!(late <= early + SLACK_BYTES, "{early} bytes became {late}");
}
