//! Times the full-size codec with random weights: `cargo run --release -p zonos-codec --example codec_speed -- [frames]`.

use std::time::Instant;

use candle_core::{DType, Device};
use zonos_codec::{Codec, CodecConfig, Codes};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let frames: usize = std::env::args().nth(1).map_or(Ok(86), |frames| frames.parse())?;
    let codec = Codec::random(1, &CodecConfig::released(), &Device::Cpu, DType::F32)?;
    let ids = (0..frames * codec.n_codebooks()).map(|index| (index * 7919 % codec.codebook_size()) as u32);
    let codes = Codes::from_frames(&ids.collect::<Vec<_>>(), codec.n_codebooks(), codec.codebook_size())?;
    let seconds = (frames * codec.hop()) as f64 / f64::from(codec.sample_rate());
    println!("{frames} frames, {seconds:.2} s of audio, {} threads", rayon::current_num_threads());
    for _ in 0..3 {
        let start = Instant::now();
        let samples = codec.decode(&codes)?;
        report("decode", start, seconds, rms(&samples));
        let start = Instant::now();
        codec.encode(&samples)?;
        report("encode", start, seconds, rms(&samples));
    }
    Ok(())
}

fn report(what: &str, start: Instant, seconds: f64, rms: f64) {
    let took = start.elapsed().as_secs_f64();
    println!("{what}: {took:.3} s, {:.2}× real time, RMS {rms:.3}", seconds / took);
}

fn rms(samples: &[f32]) -> f64 {
    let squares: f64 = samples.iter().map(|&sample| f64::from(sample).powi(2)).sum();
    (squares / samples.len().max(1) as f64).sqrt()
}
