//! Read, resample and write audio for ZONOS2.
//!
//! - [`read`], [`read_from`] and [`read_bytes`] decode an audio file of any common format to one channel of `f32`.
//! - [`resample`] changes the sample rate without moving anything in time.
//! - [`save_wav`], [`save_pcm`] and their `write_*` siblings write samples down.

mod decode;
mod error;
mod opus;
mod pcm;
mod read;
mod resample;
mod wav;

pub use error::Error;
pub use pcm::{SampleFormat, save_pcm, write_pcm};
pub use read::{Audio, ReadLimits, read, read_bytes, read_from};
pub use resample::resample;
pub use wav::{WavOptions, WavWriter, save_wav, wav_comment, write_wav};

/// The result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The sample rates that can be read and resampled, in Hz.
pub const SAMPLE_RATES: std::ops::RangeInclusive<u32> = 4_000..=768_000;
