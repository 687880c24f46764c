//! Times the full-size encoder with random weights: `cargo run --release -p zonos-speaker --example speaker_speed -- [seconds]`.

use std::time::Instant;

use candle_core::Device;
use zonos_speaker::{SpeakerConfig, SpeakerEncoder};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seconds: usize = std::env::args().nth(1).map_or(Ok(3), |seconds| seconds.parse())?;
    let encoder = SpeakerEncoder::random(1, &SpeakerConfig::default(), &Device::Cpu)?;
    let samples: Vec<f32> = (0..seconds * 24_000).map(|index| (index as f32 * 0.05).sin() * 0.3).collect();
    for _ in 0..3 {
        let start = Instant::now();
        let log_mel = encoder.log_mel().compute(&samples, &Device::Cpu)?;
        let heard = start.elapsed();
        let voice = encoder.embed_log_mel(&log_mel)?;
        let rms = (voice.as_slice().iter().map(|value| value * value).sum::<f32>() / voice.dim() as f32).sqrt();
        println!("{seconds} s: log-mel {heard:.1?}, in all {:.1?}, RMS {rms:.3}", start.elapsed());
    }
    Ok(())
}
