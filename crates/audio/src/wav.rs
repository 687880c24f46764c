//! WAV files: one channel, any [`SampleFormat`], and a comment.
//!
//! Where the number of samples is known before the first byte is written, the header is right from the start and the
//! output can be a pipe; [`WavWriter`] takes samples as they come and goes back to the header at the end.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::pcm::{check_finite, write_samples};
use crate::resample::check_rate;
use crate::{Error, Result, SampleFormat};

/// How a WAV file is written. The default is 16 bits at 44.1 kHz without notes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WavOptions {
    /// Samples per second, in [`SAMPLE_RATES`](crate::SAMPLE_RATES).
    pub sample_rate: u32,
    /// How a sample is stored.
    pub format: SampleFormat,
    /// A comment on the content (`ICMT`), which [`wav_comment`] reads back.
    pub comment: Option<String>,
    /// The program that made the file (`ISFT`).
    pub software: Option<String>,
}

impl Default for WavOptions {
    fn default() -> Self {
        Self { sample_rate: 44_100, format: SampleFormat::default(), comment: None, software: None }
    }
}

/// Writes one channel as a WAV file.
///
/// # Errors
///
/// [`Error::NonFinite`], [`Error::SampleRate`] and [`Error::WavTooLong`] before anything is written, [`Error::Stream`]
/// if `writer` fails.
pub fn write_wav(mut writer: impl Write, samples: &[f32], options: &WavOptions) -> Result<()> {
    check_finite(samples, "output")?;
    let layout = Layout::new(samples.len(), options, "output")?;
    layout.write(&mut writer, samples).and_then(|()| writer.flush()).map_err(Error::Stream)
}

/// Writes one channel as a WAV file, whole or not at all.
///
/// # Errors
///
/// Those of [`write_wav`] and of [`zonos_output::write_atomically`].
pub fn save_wav(path: impl AsRef<Path>, samples: &[f32], options: &WavOptions) -> Result<()> {
    let path = path.as_ref();
    let origin = path.display().to_string();
    check_finite(samples, &origin)?;
    let layout = Layout::new(samples.len(), options, &origin)?;
    Ok(zonos_output::write_atomically(path, |writer| layout.write(writer, samples))?)
}

/// A WAV file whose samples come piece by piece; its sizes are filled in at the end.
pub struct WavWriter<W> {
    writer: W,
    options: WavOptions,
    samples: usize,
}

impl<W: Write + Seek> WavWriter<W> {
    /// Begins a file at the writer's beginning.
    ///
    /// # Errors
    ///
    /// [`Error::SampleRate`], and [`Error::Stream`] if `writer` fails.
    pub fn new(mut writer: W, options: &WavOptions) -> Result<Self> {
        Layout::new(0, options, "output")?.write_head(&mut writer).map_err(Error::Stream)?;
        Ok(Self { writer, options: options.clone(), samples: 0 })
    }

    /// Adds samples.
    ///
    /// # Errors
    ///
    /// [`Error::NonFinite`] and [`Error::WavTooLong`] before any of these is written, [`Error::Stream`] if the writer
    /// fails.
    pub fn push(&mut self, samples: &[f32]) -> Result<()> {
        check_finite(samples, "output")?;
        Layout::new(self.samples + samples.len(), &self.options, "output")?;
        write_samples(&mut self.writer, samples, self.options.format).map_err(Error::Stream)?;
        self.samples += samples.len();
        Ok(())
    }

    /// Ends the file and returns its writer.
    ///
    /// # Errors
    ///
    /// [`Error::Stream`] if the writer fails.
    pub fn finish(mut self) -> Result<W> {
        let layout = Layout::new(self.samples, &self.options, "output")?;
        self.complete(&layout).map_err(Error::Stream)?;
        Ok(self.writer)
    }

    fn complete(&mut self, layout: &Layout) -> io::Result<()> {
        layout.write_tail(&mut self.writer)?;
        self.writer.seek(SeekFrom::Start(0))?;
        layout.write_head(&mut self.writer)?;
        self.writer.flush()
    }
}

/// A WAV file with all sizes worked out and checked.
struct Layout {
    format: SampleFormat,
    sample_rate: u32,
    data_len: u32,
    notes: Vec<u8>,
    riff_len: u32,
}

impl Layout {
    /// For `samples` samples.
    fn new(samples: usize, options: &WavOptions, origin: &str) -> Result<Self> {
        check_rate(options.sample_rate, origin)?;
        let notes = notes(options);
        let data_len = samples as u64 * u64::from(options.format.bytes());
        let header = 4 + 8 + format_chunk(options.format, options.sample_rate).len() as u64 + 8;
        let riff_len = header + data_len.next_multiple_of(2) + notes.len() as u64;
        let (Ok(data_len), Ok(riff_len)) = (u32::try_from(data_len), u32::try_from(riff_len)) else {
            return Err(Error::WavTooLong { samples });
        };
        let (format, sample_rate) = (options.format, options.sample_rate);
        Ok(Self { format, sample_rate, data_len, notes, riff_len })
    }

    fn write(&self, writer: &mut impl Write, samples: &[f32]) -> io::Result<()> {
        self.write_head(writer)?;
        write_samples(writer, samples, self.format)?;
        self.write_tail(writer)
    }

    /// All that comes before the samples.
    fn write_head(&self, writer: &mut impl Write) -> io::Result<()> {
        writer.write_all(b"RIFF")?;
        writer.write_all(&self.riff_len.to_le_bytes())?;
        writer.write_all(b"WAVE")?;
        writer.write_all(&chunk(b"fmt ", &format_chunk(self.format, self.sample_rate)))?;
        writer.write_all(b"data")?;
        writer.write_all(&self.data_len.to_le_bytes())
    }

    /// All that comes after them. Notes are here, for simple readers expect the samples at a fixed place.
    fn write_tail(&self, writer: &mut impl Write) -> io::Result<()> {
        if self.data_len % 2 == 1 {
            writer.write_all(&[0])?;
        }
        writer.write_all(&self.notes)
    }
}

/// The content of the `fmt ` chunk, for one channel.
fn format_chunk(format: SampleFormat, sample_rate: u32) -> Vec<u8> {
    let tag: u16 = if format == SampleFormat::F32 { 3 } else { 1 };
    let bytes = format.bytes();
    let mut chunk = Vec::with_capacity(16);
    chunk.extend(tag.to_le_bytes());
    chunk.extend(1_u16.to_le_bytes());
    chunk.extend(sample_rate.to_le_bytes());
    chunk.extend((sample_rate * u32::from(bytes)).to_le_bytes());
    chunk.extend(bytes.to_le_bytes());
    chunk.extend((bytes * 8).to_le_bytes());
    chunk
}

/// The `LIST` chunk of type `INFO`, or nothing if there is nothing to note.
fn notes(options: &WavOptions) -> Vec<u8> {
    let mut list = b"INFO".to_vec();
    for (id, text) in [(b"ICMT", &options.comment), (b"ISFT", &options.software)] {
        if let Some(text) = text {
            list.extend(chunk(id, &terminated(text)));
        }
    }
    if list.len() == 4 { Vec::new() } else { chunk(b"LIST", &list) }
}

/// The text with the closing zero that `INFO` texts have; a zero within would end it early.
fn terminated(text: &str) -> Vec<u8> {
    text.bytes().filter(|&byte| byte != 0).chain([0]).collect()
}

/// A chunk: its name, its length, its content, and a byte of padding if the length is odd.
fn chunk(id: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut chunk = id.to_vec();
    chunk.extend((content.len() as u32).to_le_bytes());
    chunk.extend(content);
    chunk.resize(chunk.len().next_multiple_of(2), 0);
    chunk
}

/// The longest `LIST` chunk that is read: a comment of ours is far smaller.
const MAX_NOTES: u32 = 1 << 20;

/// Reads the comment (`ICMT`) of a WAV file, if there is one.
///
/// # Errors
///
/// [`Error::Open`], [`Error::NotWav`], or [`Error::Read`] if the disk fails. A file that ends early has no comment.
pub fn wav_comment(path: impl AsRef<Path>) -> Result<Option<String>> {
    let path = path.as_ref();
    let mut file = File::open(path).map_err(|source| Error::Open { path: path.to_owned(), source })?;
    let mut head = [0; 12];
    match file.read_exact(&mut head) {
        Ok(()) if head.starts_with(b"RIFF") && head.ends_with(b"WAVE") => {}
        _ => {
            return Err(Error::NotWav { path: path.to_owned() });
        }
    }
    match find_comment(&mut file) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        found => found.map_err(|source| Error::Read { origin: path.display().to_string(), source }),
    }
}

fn find_comment(file: &mut File) -> io::Result<Option<String>> {
    loop {
        let (id, len) = read_chunk_head(file)?;
        if &id == b"LIST" && len <= MAX_NOTES {
            let mut list = vec![0; len as usize];
            file.read_exact(&mut list)?;
            if let Some(comment) = list.strip_prefix(b"INFO").and_then(comment_in) {
                return Ok(Some(comment));
            }
            file.seek(SeekFrom::Current(i64::from(len % 2)))?;
        } else {
            file.seek(SeekFrom::Current(i64::from(len) + i64::from(len % 2)))?;
        }
    }
}

fn read_chunk_head(file: &mut File) -> io::Result<([u8; 4], u32)> {
    let (mut id, mut len) = ([0; 4], [0; 4]);
    file.read_exact(&mut id)?;
    file.read_exact(&mut len)?;
    Ok((id, u32::from_le_bytes(len)))
}

/// The text of the `ICMT` chunk among the chunks of a list.
fn comment_in(mut list: &[u8]) -> Option<String> {
    while let Some((head, rest)) = list.split_first_chunk::<8>() {
        let (id, len) = head.split_at(4);
        let len = u32::from_le_bytes(len.try_into().ok()?) as usize;
        let content = rest.get(..len)?;
        if id == b"ICMT" {
            let text = content.split(|&byte| byte == 0).next().unwrap_or_default();
            return Some(String::from_utf8_lossy(text).into_owned());
        }
        list = rest.get(len.next_multiple_of(2)..)?;
    }
    None
}
