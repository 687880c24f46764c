//! Decode in frames per second and bytes of weights per second; prefill in rows per second.
#![allow(clippy::unwrap_used)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use zonos_benches::{full_backbone, print_bandwidth, prompt, synchronize, tiny_backbone};
use zonos_lm::{Backbone, Generation, GenerationOptions, Prompt, step};

const PROMPT_ROWS: usize = 120;

fn start(backbone: &Backbone, prompt: &Prompt, seed: u64) -> Generation {
    let options = GenerationOptions { seed, ignore_end: true, ..GenerationOptions::default() };
    Generation::start(backbone, prompt, options).unwrap()
}

/// One frame of a batch. Contexts are begun again before they are full.
fn decode(criterion: &mut Criterion, name: &str, backbone: &Backbone, batch: usize) {
    let prompt = prompt(backbone.config(), PROMPT_ROWS);
    let begin = || (0..batch as u64).map(|seed| start(backbone, &prompt, seed)).collect::<Vec<_>>();
    let mut generations = begin();
    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::ElementsAndBytes { elements: batch as u64, bytes: backbone.bytes_per_frame() });
    group.sample_size(20).bench_function(format!("{name}, batch {batch}"), |bencher| {
        bencher.iter(|| {
            if generations.iter().any(|generation| generation.finish_reason().is_some()) {
                generations = begin();
            }
            step(backbone, &mut generations.iter_mut().collect::<Vec<_>>()).unwrap();
            synchronize(backbone.device());
        });
    });
}

fn prefill(criterion: &mut Criterion, name: &str, backbone: &Backbone) {
    let prompt = prompt(backbone.config(), PROMPT_ROWS);
    let mut group = criterion.benchmark_group("prefill");
    group.throughput(Throughput::Elements(prompt.rows() as u64));
    group.sample_size(10).bench_function(format!("{name}, {} rows", prompt.rows()), |bencher| {
        bencher.iter(|| {
            backbone.prefill(&prompt, &mut backbone.new_cache().unwrap()).unwrap();
            synchronize(backbone.device());
        });
    });
}

fn benches(criterion: &mut Criterion) {
    print_bandwidth();
    let models = [("tiny", Some(tiny_backbone())), ("full", full_backbone())];
    for (name, backbone) in models.iter().filter_map(|(name, backbone)| Some((name, backbone.as_ref()?))) {
        decode(criterion, name, backbone, 1);
        decode(criterion, name, backbone, 8);
        prefill(criterion, name, backbone);
    }
}

criterion_group!(group, benches);
criterion_main!(group);
