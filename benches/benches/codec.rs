//! The codec, in frames per second of audio: real time is 86.13.
#![allow(clippy::unwrap_used)]

use candle_core::DType;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use zonos_benches::device;
use zonos_codec::{Codec, CodecConfig, Codes, DecodeStream, Stages};

const FRAMES: usize = 86;
/// Frames of a stream's chunks; 43 is the default.
const CHUNKS: [usize; 2] = [8, 43];

fn codes(codec: &Codec) -> Codes {
    let codes = (0..FRAMES * codec.n_codebooks()).map(|i| (i * 7919 % codec.codebook_size()) as u32);
    Codes::new(codes.collect(), codec.n_codebooks(), codec.codebook_size()).unwrap()
}

/// All samples, chunk by chunk.
fn streamed(codec: &Codec, codes: &Codes, chunk: usize) -> Vec<f32> {
    let mut stream = DecodeStream::new(codec);
    stream.push(&codes.to_frames());
    stream.finish();
    let mut samples = Vec::new();
    while stream.ready() > 0 {
        samples.extend(stream.decode(codec, chunk).unwrap());
    }
    samples
}

fn bench(criterion: &mut Criterion, name: &str, config: &CodecConfig) {
    let codec = Codec::random(1, config, &device(), DType::F32).unwrap();
    let codes = codes(&codec);
    let samples = codec.decode(&codes).unwrap();
    let mut group = criterion.benchmark_group("codec");
    group.throughput(Throughput::Elements(FRAMES as u64)).sample_size(10);
    // Both directions end with a copy to the host, which waits for the device.
    group.bench_function(format!("{name}, decode"), |bencher| bencher.iter(|| codec.decode(&codes).unwrap()));
    for chunk in CHUNKS {
        let id = format!("{name}, decode in chunks of {chunk}");
        group.bench_function(id, |bencher| bencher.iter(|| streamed(&codec, &codes, chunk)));
    }
    if codec.can_encode() {
        group.bench_function(format!("{name}, encode"), |bencher| bencher.iter(|| codec.encode(&samples).unwrap()));
    }
}

fn benches(criterion: &mut Criterion) {
    let full = CodecConfig::released();
    let tiny = CodecConfig {
        latent_dim: 64,
        decoder: Stages { dim: 64, ..full.decoder.clone() },
        encoder: full.encoder.clone().map(|encoder| Stages { dim: 4, ..encoder }),
        ..full.clone()
    };
    bench(criterion, "tiny", &tiny);
    bench(criterion, "full", &full);
}

criterion_group!(group, benches);
criterion_main!(group);
