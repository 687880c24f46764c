//! Whole requests on the built-in model: latency of the first samples, frames per second by batch size, and what
//! streaming costs over speaking at once.
#![allow(clippy::unwrap_used)]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use zonos::{Batch, Engine, Request, StreamOptions};

const FRAMES: usize = 172;

fn request(seed: u64) -> Request {
    Request::new("The quick brown fox jumps over the lazy dog.").seed(seed).max_frames(FRAMES)
}

fn first_audio(criterion: &mut Criterion, engine: &Engine) {
    criterion.bench_function("first audio, built-in", |bencher| {
        bencher.iter(|| engine.stream(&request(1)).unwrap().next().unwrap().unwrap());
    });
}

fn streaming(criterion: &mut Criterion, engine: &Engine) {
    let mut group = criterion.benchmark_group("two seconds, built-in");
    group.throughput(Throughput::Elements(FRAMES as u64)).sample_size(10);
    group.bench_function("at once", |bencher| bencher.iter(|| engine.say(&request(1)).unwrap()));
    for chunk_frames in [8, 43, 86] {
        let options = StreamOptions { chunk_frames, ..StreamOptions::default() };
        group.bench_function(format!("in chunks of {chunk_frames}"), |bencher| {
            bencher.iter(|| engine.stream_with(&request(1), &options).unwrap().map(Result::unwrap).count());
        });
    }
}

/// Frames of requests that are in already, samples included.
fn batches(criterion: &mut Criterion, engine: &Engine) {
    let mut group = criterion.benchmark_group("batch, built-in");
    group.sample_size(10);
    for slots in [1, 4, 16] {
        let joined = || {
            let mut batch = Batch::new(engine, slots).unwrap();
            for seed in 0..slots as u64 {
                batch.join(&request(seed)).unwrap();
            }
            batch
        };
        group.throughput(Throughput::Elements((slots * FRAMES) as u64));
        group.bench_function(format!("{slots} requests"), |bencher| {
            let run = |mut batch: Batch| {
                while !batch.is_empty() {
                    batch.step().unwrap();
                }
            };
            bencher.iter_batched(joined, run, BatchSize::PerIteration);
        });
    }
}

fn benches(criterion: &mut Criterion) {
    let engine = Engine::load("demo").unwrap();
    first_audio(criterion, &engine);
    streaming(criterion, &engine);
    batches(criterion, &engine);
}

criterion_group!(group, benches);
criterion_main!(group);
