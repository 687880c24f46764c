//! The sampler alone: one frame of nine codebooks with the default parameters, in frames per second.
#![allow(clippy::unwrap_used)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use zonos_lm::sampling::Distribution;
use zonos_lm::{Frames, Sampling};

const CODEBOOKS: usize = 9;
const IDS: usize = 1026;

fn benches(criterion: &mut Criterion) {
    let logits: Vec<f32> = (0..CODEBOOKS * IDS).map(|i| ((i * 7919) % 3001) as f32 / 100.0 - 15.0).collect();
    let made = Frames::from_ids(CODEBOOKS, (0..100 * CODEBOOKS as u32).map(|i| i * 31 % 1024).collect());
    let sampling = Sampling::default();
    let mut distribution = Distribution::default();
    let mut group = criterion.benchmark_group("sampler");
    group.throughput(Throughput::Elements(1));
    group.bench_function("defaults", |bencher| {
        bencher.iter(|| {
            for (codebook, row) in logits.chunks_exact(IDS).enumerate() {
                distribution.compute(black_box(row), &sampling, &made, codebook, 1024);
                black_box(distribution.draw(0.5));
            }
        });
    });
}

criterion_group!(group, benches);
criterion_main!(group);
