//! Resampling to the speaker encoder's rate, in input samples per second.
#![allow(clippy::unwrap_used)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use zonos_audio::resample;

const SECONDS: usize = 10;
const TO: u32 = 24_000;

fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("resample to 24 kHz");
    for from in [16_000, 22_050, 44_100, 48_000] {
        let clip: Vec<f32> = (0..SECONDS * from as usize).map(|i| (i as f32 * 0.05).sin() * 0.5).collect();
        group.throughput(Throughput::Elements(clip.len() as u64));
        group.bench_function(format!("10 s from {from} Hz"), |bencher| {
            bencher.iter(|| resample(&clip, from, TO).unwrap());
        });
    }
}

criterion_group!(group, benches);
criterion_main!(group);
