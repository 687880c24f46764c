//! Where results go: standard output, or files that appear whole or not at all.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;
use zonos::{SampleFormat, WavOptions, WavWriter};

use crate::exit::usage;
use crate::interrupt;

/// Endings that ask for a format which is not written.
const OTHER_FORMATS: [&str; 9] = ["mp3", "flac", "ogg", "opus", "m4a", "aac", "aiff", "webm", "wma"];

/// What is said where standard output takes no more.
pub const UNWRITTEN: &str = "cannot write to standard output";

/// Where audio goes.
#[derive(Clone, Debug)]
pub enum Output {
    Stdout,
    File(PathBuf),
    /// It is only played.
    Nowhere,
}

impl From<OsString> for Output {
    fn from(name: OsString) -> Self {
        if name == "-" { Self::Stdout } else { Self::File(name.into()) }
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Stdout => f.write_str("-"),
            Self::File(path) => path.display().fmt(f),
            Self::Nowhere => f.write_str("played"),
        }
    }
}

/// How audio is to be written.
#[derive(Clone)]
pub struct SoundFormat {
    pub options: WavOptions,
    /// Without a WAV header.
    pub raw: bool,
}

/// Takes samples that are to be written.
pub type Take<'a> = dyn FnMut(&[f32]) -> Result<()> + 'a;

/// Finished audio and how it is to be written.
pub struct Sound<'a> {
    pub samples: &'a [f32],
    pub options: WavOptions,
    /// Without a WAV header.
    pub raw: bool,
}

impl Output {
    /// Whether audio can go there, before any of it is made.
    pub fn check(&self, raw: bool) -> Result<()> {
        match self {
            Self::Stdout if io::stdout().is_terminal() => {
                Err(usage("`-o -` writes audio to standard output, which is a terminal: redirect it, or name a file"))
            }
            Self::Stdout | Self::Nowhere => Ok(()),
            Self::File(path) => check_ending(path, raw).and_then(|()| check_file(path)),
        }
    }

    pub fn is_stdout(&self) -> bool {
        matches!(self, Self::Stdout)
    }

    pub fn is_file(&self) -> bool {
        matches!(self, Self::File(_))
    }

    /// Writes audio.
    pub fn write(&self, sound: &Sound) -> Result<()> {
        let Sound { samples, options, raw } = sound;
        let written = match (self, raw) {
            (Self::Stdout, true) => zonos::write_pcm(stdout(), samples, options.format),
            (Self::Stdout, false) => zonos::write_wav(stdout(), samples, options),
            (Self::File(path), true) => held(|| zonos::save_pcm(path, samples, options.format)),
            (Self::File(path), false) => held(|| zonos::save_wav(path, samples, options)),
            (Self::Nowhere, _) => Ok(()),
        };
        Ok(written.map_err(zonos::Error::from)?)
    }
}

impl Output {
    /// Writes audio that comes piece by piece from `make`. A file appears whole, when `make` is done, or not at all;
    /// raw samples go to standard output as they come, a WAV file goes there at the end.
    pub fn write_pieces<T>(&self, format: &SoundFormat, make: impl FnOnce(&mut Take) -> Result<T>) -> Result<T> {
        match self {
            Self::File(path) => file_of_pieces(path, format, make),
            Self::Nowhere => make(&mut |_| Ok(())),
            Self::Stdout if format.raw => make(&mut |samples| write_samples(samples, format.options.format)),
            Self::Stdout => {
                let mut all = Vec::new();
                let made = make(&mut |samples| {
                    all.extend_from_slice(samples);
                    Ok(())
                })?;
                self.write(&Sound { samples: &all, options: format.options.clone(), raw: false })?;
                Ok(made)
            }
        }
    }
}

fn file_of_pieces<T>(path: &Path, format: &SoundFormat, make: impl FnOnce(&mut Take) -> Result<T>) -> Result<T> {
    let mut failed = None;
    let written = zonos::write_atomically(path, |file| {
        pieces(file, format, make).map_err(|error| {
            failed = Some(error);
            io::Error::other("stopped")
        })
    });
    match failed {
        Some(error) => Err(error),
        None => Ok(written.map_err(zonos::Error::from)?),
    }
}

fn pieces<T>(file: &mut BufWriter<File>, format: &SoundFormat, make: impl FnOnce(&mut Take) -> Result<T>) -> Result<T> {
    if format.raw {
        return make(&mut |samples| {
            Ok(zonos::write_pcm(&mut *file, samples, format.options.format).map_err(zonos::Error::from)?)
        });
    }
    let mut wav = WavWriter::new(file, &format.options).map_err(zonos::Error::from)?;
    let made = make(&mut |samples| Ok(wav.push(samples).map_err(zonos::Error::from)?))?;
    wav.finish().map_err(zonos::Error::from)?;
    Ok(made)
}

/// Writes samples to standard output as they are, without a header.
fn write_samples(samples: &[f32], format: SampleFormat) -> Result<()> {
    Ok(zonos::write_pcm(stdout(), samples, format).map_err(zonos::Error::from)?)
}

fn check_ending(path: &Path, raw: bool) -> Result<()> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    if raw || !OTHER_FORMATS.contains(&ending.as_str()) {
        return Ok(());
    }
    Err(usage(format!("cannot write {ending} files: name a .wav file in the place of {}", path.display())))
}

/// Whether a file can be written, before it is made.
pub fn check_file(path: &Path) -> Result<()> {
    Ok(zonos::check_output(path).map_err(zonos::Error::from)?)
}

/// Writes a file that Ctrl-C does not cut short.
pub fn held<T>(write: impl FnOnce() -> T) -> T {
    let _held = interrupt::hold();
    write()
}

/// Standard output, for what is written in many pieces.
pub fn stdout() -> BufWriter<StdoutLock<'static>> {
    BufWriter::new(io::stdout().lock())
}

/// Writes text to standard output.
pub fn print(text: &str) -> Result<()> {
    print_bytes(text.as_bytes())
}

/// Writes bytes to standard output.
pub fn print_bytes(bytes: &[u8]) -> Result<()> {
    let mut stdout = stdout();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).context(UNWRITTEN)
}

/// Writes a value as JSON to standard output.
pub fn print_json(value: &impl Serialize) -> Result<()> {
    print(&format!("{}\n", serde_json::to_string_pretty(value)?))
}
