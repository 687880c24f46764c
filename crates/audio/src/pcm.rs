//! Samples as bytes: the sample formats, and raw PCM.

use std::io::{self, Write};
use std::path::Path;
use std::str::FromStr;

use crate::{Error, Result};

/// How one sample is stored. All formats are little-endian.
///
/// Integers are the sample times 2¹⁵ or 2²³, rounded to the nearest and held within the format's range, so that 16-bit
/// audio that is read and written again does not change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SampleFormat {
    /// Signed 16-bit integers.
    #[default]
    I16,
    /// Signed 24-bit integers, packed into three bytes.
    I24,
    /// 32-bit floats, as they are: values beyond ±1 are kept.
    F32,
}

impl SampleFormat {
    /// Bytes per sample.
    pub fn bytes(self) -> u16 {
        match self {
            Self::I16 => 2,
            Self::I24 => 3,
            Self::F32 => 4,
        }
    }

    /// Appends the bytes of `samples` to `bytes`.
    fn encode(self, samples: &[f32], bytes: &mut Vec<u8>) {
        match self {
            Self::I16 => bytes.extend(samples.iter().flat_map(|&s| (quantize(s, 15) as i16).to_le_bytes())),
            Self::I24 => bytes.extend(samples.iter().flat_map(|&s| first_three(quantize(s, 23).to_le_bytes()))),
            Self::F32 => bytes.extend(samples.iter().flat_map(|s| s.to_le_bytes())),
        }
    }
}

impl FromStr for SampleFormat {
    type Err = Error;

    /// Reads `s16` or `i16`, `s24` or `i24`, `f32`, in any case.
    fn from_str(name: &str) -> Result<Self> {
        match name.to_ascii_lowercase().as_str() {
            "s16" | "i16" => Ok(Self::I16),
            "s24" | "i24" => Ok(Self::I24),
            "f32" => Ok(Self::F32),
            _ => Err(Error::SampleFormat(name.to_owned())),
        }
    }
}

/// The nearest integer of `bits` bits and a sign.
fn quantize(sample: f32, bits: u32) -> i32 {
    let scale = f64::from(1_u32 << bits);
    (f64::from(sample) * scale).round().clamp(-scale, scale - 1.0) as i32
}

fn first_three([a, b, c, _]: [u8; 4]) -> [u8; 3] {
    [a, b, c]
}

/// Writes samples as raw PCM: no header, one channel, little-endian.
///
/// # Errors
///
/// [`Error::NonFinite`] before anything is written, [`Error::Stream`] if `writer` fails.
pub fn write_pcm(mut writer: impl Write, samples: &[f32], format: SampleFormat) -> Result<()> {
    check_finite(samples, "output")?;
    write_samples(&mut writer, samples, format).and_then(|()| writer.flush()).map_err(Error::Stream)
}

/// Writes samples as a file of raw PCM, whole or not at all.
///
/// # Errors
///
/// [`Error::NonFinite`], and the errors of [`zonos_output::write_atomically`].
pub fn save_pcm(path: impl AsRef<Path>, samples: &[f32], format: SampleFormat) -> Result<()> {
    let path = path.as_ref();
    check_finite(samples, &path.display().to_string())?;
    Ok(zonos_output::write_atomically(path, |writer| write_samples(writer, samples, format))?)
}

/// Writes the bytes of `samples`, a block at a time so that no second copy of all of them is held.
pub(crate) fn write_samples(writer: &mut impl Write, samples: &[f32], format: SampleFormat) -> io::Result<()> {
    let mut bytes = Vec::new();
    for block in samples.chunks(4096) {
        bytes.clear();
        format.encode(block, &mut bytes);
        writer.write_all(&bytes)?;
    }
    Ok(())
}

pub(crate) fn check_finite(samples: &[f32], origin: &str) -> Result<()> {
    match samples.iter().position(|sample| !sample.is_finite()) {
        Some(index) => Err(Error::NonFinite { origin: origin.to_owned(), index }),
        None => Ok(()),
    }
}
