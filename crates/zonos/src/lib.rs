//! ZONOS2 text-to-speech: a line of text and a few seconds of a voice go in, 44.1 kHz speech comes out.
//!
//! ```
//! # fn main() -> zonos::Result<()> {
//! # let folder = std::env::temp_dir();
//! # let output = folder.join("zonos-doc-hello.wav");
//! let engine = zonos::Engine::load("demo")?;
//! let request = zonos::Request::new("Hello there.").seed(7).max_frames(40);
//! let speech = engine.say(&request)?;
//! speech.save(&output)?;
//! println!("{:.1} s of speech", speech.report.seconds);
//! # std::fs::remove_file(output).ok();
//! # Ok(())
//! # }
//! ```
//!
//! [`Engine`] holds a model; [`Request`] says what to speak and how; [`Speech`] is what comes of it. A [`Voice`] is
//! made from audio by [`Engine::voice`], and kept by name in a [`VoiceLibrary`]. [`Engine::stream`] hands samples out
//! while they are made; a [`Batch`] speaks many requests together.

mod batch;
pub mod bench;
mod cancel;
mod comment;
#[cfg(feature = "cuda")]
mod cuda;
mod demo;
mod device;
mod engine;
mod error;
mod guard;
mod home;
mod inventory;
mod loudness;
mod machine;
mod model;
mod parts;
mod polish;
mod reading;
mod registry;
mod request;
mod sampling;
mod seed;
mod silence;
mod speech;
mod stream;
mod utterance;
mod voices;
mod weights;

pub use batch::{Batch, Event, MAX_SLOTS, SayAll, Ticket};
pub use cancel::CancelToken;
pub use device::{DeviceChoice, Precision};
pub use engine::{Engine, EngineOptions, Progress, set_threads};
pub use error::{Error, Result};
pub use guard::Guard;
pub use home::home;
pub use inventory::{FileStatus, ModelStatus, missing_files, pull_model, remove_model, verify_model};
pub use loudness::Loudness;
pub use machine::{Arithmetic, Card, Machine, MemoryBandwidth};
pub use model::{missing_parts, part_path, preset_voices};
pub use parts::{AudioCodec, VoiceEncoder, is_saved_voice};
pub use polish::Polish;
pub use reading::{
    Level, Pauses, ReadSpeech, Reading, ReadingBatch, ReadingOptions, ReadingPart, ReadingProgress, ReadingReport,
    ReadingStream, ReadingTicket, SpokenPart,
};
pub use registry::{FileGroup, HubFile, ModelEntry, ModelPart, Registry};
pub use request::{MAX_SEED, Pace, Quality, Request};
pub use sampling::SamplingOverrides;
pub use silence::{Silence, trim_silence};
pub use speech::{Report, Speech, Timings};
pub use stream::{Chunk, SpeechStream, StreamOptions};
pub use voices::VoiceLibrary;
pub use weights::{
    CompareOptions, ComparedModel, ComparisonReport, WeightsReport, compare, convert, look_inside, quantize,
    quantize_random_full,
};

pub use zonos_audio::{
    Audio, ReadLimits, SampleFormat, WavOptions, WavWriter, read as read_audio, save_pcm, save_wav, wav_comment,
    write_pcm, write_wav,
};
pub use zonos_codec::Codes;
pub use zonos_hub::{
    Cache, HubOptions, Progress as DownloadProgress, RemoteFile, Stage as DownloadStage, Token, Verified,
};
pub use zonos_lm::{
    Background, COMPARED_FRAMES, Delivery, Fallback, FinishReason, Frames, MAX_FRAMES, QuantizeOptions,
    QuantizeProgress, QuantizeReport, Sampling, Script,
};
pub use zonos_output::{check as check_output, write_atomically};
pub use zonos_speaker::Voice;
pub use zonos_text::{Language, Normalize, Normalizer, check};
pub use zonos_weights::ElementType;

/// This program and its version, as written into files.
pub const SOFTWARE: &str = concat!("zonos ", env!("CARGO_PKG_VERSION"));
