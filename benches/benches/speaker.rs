//! The speaker encoder of the released size and its front end, in samples per second: real time is 24,000.
#![allow(clippy::unwrap_used)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use zonos_benches::device;
use zonos_speaker::{SpeakerConfig, SpeakerEncoder};

const SECONDS: usize = 10;

fn benches(criterion: &mut Criterion) {
    let encoder = SpeakerEncoder::random(1, &SpeakerConfig::default(), &device()).unwrap();
    let rate = encoder.sample_rate() as usize;
    let clip: Vec<f32> =
        (0..SECONDS * rate).map(|i| (i as f32 * 0.05).sin() * (i as f32 * 0.000_3).cos() * 0.5).collect();
    let mut group = criterion.benchmark_group("speaker");
    group.throughput(Throughput::Elements(clip.len() as u64)).sample_size(10);
    group.bench_function("log-mel, 10 s", |bencher| {
        bencher.iter(|| encoder.log_mel().compute(&clip, &device()).unwrap());
    });
    group.bench_function("full, 10 s", |bencher| bencher.iter(|| encoder.embed(&clip).unwrap()));
}

criterion_group!(group, benches);
criterion_main!(group);
