//! Voices for ZONOS2: log-mel front end and ECAPA-TDNN speaker encoder.
//!
//! A [`SpeakerEncoder`] hears a few seconds of mono audio at 24 kHz and gives a [`Voice`]: one vector that says how the
//! speaker sounds, not what was said. Voices can be saved, loaded, averaged and blended. What the backbone makes of the
//! vector (two projections) belongs to the backbone.
//!
//! The network is ECAPA-TDNN (Desplanques, Thienpondt and Demuynck, "ECAPA-TDNN: Emphasized Channel Attention,
//! Propagation and Aggregation in TDNN Based Speaker Verification", 2020), without batch norm.
//!
//! ```
//! use candle_core::Device;
//! use zonos_speaker::{SpeakerConfig, SpeakerEncoder, Voice};
//!
//! let config = SpeakerConfig { channels: vec![32, 32, 32, 32, 96], embedding_dim: 64, ..SpeakerConfig::default() };
//! let encoder = SpeakerEncoder::random(1, &config, &Device::Cpu)?;
//! let low: Vec<f32> = (0..24_000).map(|index| (index as f32 * 0.03).sin() * 0.5).collect();
//! let high: Vec<f32> = (0..24_000).map(|index| (index as f32 * 0.1).sin() * 0.5).collect();
//! let between = Voice::blend(&encoder.embed(&low)?, &encoder.embed(&high)?, 0.5)?;
//! assert_eq!(between.dim(), 64);
//! # Ok::<(), zonos_speaker::Error>(())
//! ```

mod config;
mod encoder;
mod error;
mod gguf;
mod mel;
mod parameters;
mod pooling;
mod random;
mod res2net;
mod tdnn;
mod voice;
mod voice_file;

pub use config::SpeakerConfig;
pub use encoder::{EncoderTrace, SpeakerEncoder};
pub use error::{Error, Result};
pub use gguf::GGUF_ARCHITECTURE;
pub use mel::LogMel;
pub use voice::Voice;
