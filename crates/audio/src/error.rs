//! What can go wrong, where, and what to do about it.

use std::io;
use std::path::PathBuf;

/// An error of reading, resampling or writing audio.
///
/// `origin` is the path of the file, or "the audio data" for bytes that came from elsewhere.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file could not be opened.
    #[error("cannot open {}: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },

    /// Reading broke off because of the disk, the pipe or the network, not because of the file's content.
    #[error("reading {origin} failed: {source}")]
    Read {
        /// Where the bytes came from.
        origin: String,
        /// Why.
        source: io::Error,
    },

    /// There is not one byte.
    #[error("{origin} is empty: give a file that holds audio")]
    Empty {
        /// Where the bytes came from.
        origin: String,
    },

    /// No known audio format begins like this.
    #[error("{origin} is in no audio format known here: give WAV, FLAC, MP3, Ogg, Opus, M4A, AIFF, CAF or WebM")]
    UnknownFormat {
        /// Where the bytes came from.
        origin: String,
    },

    /// The container is known, what it holds is not.
    #[error("{origin} cannot be decoded ({what}): convert it to WAV or FLAC")]
    Unsupported {
        /// Where the bytes came from.
        origin: String,
        /// What is not supported.
        what: String,
    },

    /// The format is known but nothing in the file could be decoded.
    #[error("{origin} is damaged, nothing in it could be decoded ({what})")]
    Damaged {
        /// Where the bytes came from.
        origin: String,
        /// What the decoder said.
        what: String,
    },

    /// The file is sound and holds no samples.
    #[error("{origin} holds no sound: it is 0 seconds long")]
    NoSamples {
        /// Where the bytes came from.
        origin: String,
    },

    /// The audio is longer than [`ReadLimits`](crate::ReadLimits) allows.
    #[error("{origin} is longer than {max_seconds} seconds: cut out the part that you need")]
    TooLong {
        /// Where the bytes came from.
        origin: String,
        /// The longest length that would have been read. Less than asked for at extreme sample rates.
        max_seconds: u32,
    },

    /// A stream has more bytes than are taken into memory.
    #[error("{origin} has more than {max_bytes} bytes: save it to a file, or cut out the part that you need")]
    TooLarge {
        /// Where the bytes came from.
        origin: String,
        /// The most bytes that would have been taken.
        max_bytes: u64,
    },

    /// More channels than anything sensible has.
    #[error("{origin} has {channels} channels, at most {max} are read: mix it down first")]
    Channels {
        /// Where the bytes came from.
        origin: String,
        /// The number of channels.
        channels: usize,
        /// The most that are read.
        max: usize,
    },

    /// A sample rate outside [`SAMPLE_RATES`](crate::SAMPLE_RATES).
    #[error(
        "{origin}: a sample rate of {rate} Hz is outside {} to {} Hz",
        crate::SAMPLE_RATES.start(),
        crate::SAMPLE_RATES.end()
    )]
    SampleRate {
        /// Where the rate came from.
        origin: String,
        /// The rate in Hz.
        rate: u32,
    },

    /// A sample is NaN or infinite.
    #[error("{origin}: sample {index} is not a finite number")]
    NonFinite {
        /// Where the samples came from or would have gone to.
        origin: String,
        /// Index of the first such sample.
        index: usize,
    },

    /// The resampler refused its parameters. Not reachable with rates in [`SAMPLE_RATES`](crate::SAMPLE_RATES).
    #[error("cannot resample from {from} to {to} Hz: {what}")]
    Resample {
        /// The rate of the input in Hz.
        from: u32,
        /// The rate asked for in Hz.
        to: u32,
        /// What the resampler said.
        what: String,
    },

    /// Not the name of a [`SampleFormat`](crate::SampleFormat).
    #[error("\"{0}\" is no sample format: say s16, s24 or f32")]
    SampleFormat(String),

    /// A WAV file counts its bytes in 32 bits.
    #[error("{samples} samples do not fit into a WAV file of at most 4 GiB: write several files, or raw PCM")]
    WavTooLong {
        /// The number of samples.
        samples: usize,
    },

    /// A file that was to be read as WAV is none.
    #[error("{} is not a WAV file", path.display())]
    NotWav {
        /// The file.
        path: PathBuf,
    },

    /// An output file could not be written. Nothing was left under its name.
    #[error(transparent)]
    Output(#[from] zonos_output::Error),

    /// An output stream took no more.
    #[error("writing audio failed: {0}")]
    Stream(#[source] io::Error),
}
