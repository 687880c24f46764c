//! Where encoded audio comes from: a file, a stream, or memory.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;

use crate::{Error, Result, decode, resample};

/// The most bytes that are taken from a stream, which has to be held in memory: some formats begin at their end.
const MAX_STREAM_BYTES: u64 = 1 << 30;

/// What bytes are called that did not come from a named file.
const UNNAMED: &str = "the audio data";

/// How much is read before giving up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadLimits {
    /// The longest audio in seconds. Longer audio is an [`Error::TooLong`], found without decoding the rest.
    ///
    /// Whatever is set here, at most 2²⁷ frames are read: 600 seconds at 220 kHz.
    pub max_seconds: u32,
}

impl Default for ReadLimits {
    /// Ten minutes.
    fn default() -> Self {
        Self { max_seconds: 600 }
    }
}

/// Decoded audio, mixed down to one channel.
///
/// The mix is the mean of all channels, made while decoding: more channels take no more memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Audio {
    /// The samples. Full scale is ±1; float files may exceed it. All are finite, and there is at least one.
    pub samples: Vec<f32>,
    /// Samples per second.
    pub sample_rate: u32,
    /// How many channels the source had at its beginning.
    pub source_channels: usize,
}

impl Audio {
    /// The length in seconds.
    pub fn seconds(&self) -> f64 {
        self.samples.len() as f64 / f64::from(self.sample_rate)
    }

    /// The samples at another rate, without a copy if they have it already.
    ///
    /// # Errors
    ///
    /// Those of [`resample`].
    pub fn into_rate(self, rate: u32) -> Result<Vec<f32>> {
        if self.sample_rate == rate { Ok(self.samples) } else { resample(&self.samples, self.sample_rate, rate) }
    }
}

/// Reads an audio file.
///
/// The format is recognized by content; the name does not matter. Known are WAV (8 to 32 bits, float, A-law, µ-law,
/// ADPCM), AIFF, CAF, FLAC, MP3, AAC (low complexity), ALAC, Vorbis and Opus, in their own files or in Ogg, MP4 and
/// Matroska/WebM. The delay of the encoder is taken out where the file states it and the format's reader minds it:
/// AAC in MP4 begins some 20 to 50 ms late.
///
/// Damaged packets are skipped and a file that ends early gives what it has. Only the first link of a chained Ogg
/// file is read.
///
/// # Errors
///
/// All variants of [`Error`] that have an `origin`, and [`Error::Open`]. They name the path.
pub fn read(path: impl AsRef<Path>, limits: &ReadLimits) -> Result<Audio> {
    let path = path.as_ref();
    let origin = path.display().to_string();
    let (file, len) = open(path).map_err(|source| Error::Open { path: path.to_owned(), source })?;
    match len {
        Some(0) => Err(Error::Empty { origin }),
        Some(_) => decode::decode(Box::new(file), &origin, limits),
        None => read_stream(file, &origin, limits),
    }
}

/// Reads audio from a stream such as standard input, to its end.
///
/// The whole stream, at most 1 GiB, is taken into memory first. For the rest, see [`read()`].
///
/// # Errors
///
/// [`Error::TooLarge`], [`Error::Read`], and those of [`read_bytes`].
pub fn read_from(source: impl Read, limits: &ReadLimits) -> Result<Audio> {
    read_stream(source, UNNAMED, limits)
}

/// Reads audio that is in memory already, as [`read()`] does.
///
/// # Errors
///
/// All variants of [`Error`] that have an `origin`.
pub fn read_bytes(bytes: &[u8], limits: &ReadLimits) -> Result<Audio> {
    read_memory(bytes, UNNAMED, limits)
}

/// Opens a file; the length is that of a regular file, and `None` for a pipe or a device.
fn open(path: &Path) -> io::Result<(File, Option<u64>)> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok((file, metadata.is_file().then_some(metadata.len())))
}

fn read_stream(source: impl Read, origin: &str, limits: &ReadLimits) -> Result<Audio> {
    let mut bytes = Vec::new();
    source
        .take(MAX_STREAM_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| Error::Read { origin: origin.to_owned(), source })?;
    if bytes.len() as u64 > MAX_STREAM_BYTES {
        return Err(Error::TooLarge { origin: origin.to_owned(), max_bytes: MAX_STREAM_BYTES });
    }
    read_memory(&bytes, origin, limits)
}

fn read_memory(bytes: &[u8], origin: &str, limits: &ReadLimits) -> Result<Audio> {
    if bytes.is_empty() {
        return Err(Error::Empty { origin: origin.to_owned() });
    }
    decode::decode(Box::new(Cursor::new(bytes)), origin, limits)
}
