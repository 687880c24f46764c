//! What a run is given: text and voices.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use zonos::{EngineOptions, Voice, VoiceEncoder, VoiceLibrary, is_saved_voice, preset_voices};

use crate::args::TextArgs;
use crate::exit::usage;

/// No text to speak is longer; what is longer is no text.
const MAX_TEXT: u64 = 64 << 20;

/// A text and what it is called in messages.
pub struct TextSource<'a> {
    pub name: String,
    pub reader: BufReader<Box<dyn Read + 'a>>,
}

impl TextArgs {
    /// Opens the text for reading line by line.
    pub fn open(&self) -> Result<TextSource<'_>> {
        match (&self.text, &self.file) {
            (Some(text), _) if text != "-" => Ok(TextSource::new("the text", Cursor::new(text.as_str()))),
            (None, Some(path)) if path.as_os_str() != "-" => TextSource::file(path),
            _ => Ok(TextSource::new("standard input", io::stdin().lock())),
        }
    }

    /// Reads the whole text, without the byte order mark and the line ends around it that files have.
    pub fn read(&self) -> Result<String> {
        let TextSource { name, reader } = self.open()?;
        let mut bytes = Vec::new();
        reader.take(MAX_TEXT).read_to_end(&mut bytes).with_context(|| format!("cannot read {name}"))?;
        let text = utf8(&bytes, &name)?;
        Ok(text.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n']).to_owned())
    }
}

impl<'a> TextSource<'a> {
    fn new(name: &str, reader: impl Read + 'a) -> Self {
        Self { name: name.to_owned(), reader: BufReader::new(Box::new(reader)) }
    }

    fn file(path: &Path) -> Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Self::new(&path.display().to_string(), file))
    }
}

/// The text in bytes, which come from `name`.
pub fn utf8<'a>(bytes: &'a [u8], name: &str) -> Result<&'a str> {
    std::str::from_utf8(bytes)
        .map_err(|error| usage(format!("{name} is not UTF-8 text (byte {}): convert it", error.valid_up_to())))
}

/// A voice as it is named on the command line.
pub enum VoiceSource {
    Saved(Voice),
    Audio(PathBuf),
}

/// Finds voices by the names of the library, by those of the model, and as files, so that mistakes are told before a model
/// is loaded.
pub fn find_voices(names: &[String], options: &EngineOptions) -> Result<Vec<VoiceSource>> {
    names.iter().map(|name| find_voice(name, options)).collect()
}

/// A path that is there, or has a separator or an ending, is a file; all else is a name.
fn find_voice(name: &str, options: &EngineOptions) -> Result<VoiceSource> {
    let path = Path::new(name);
    let library = VoiceLibrary::open_default()?;
    let is_path = path.components().count() > 1 || path.is_file();
    if !is_path && (path.extension().is_none() || library.file(name).is_ok()) {
        // A model that is not known is told when it is needed.
        let presets = preset_voices(options).unwrap_or_default();
        return Ok(VoiceSource::Saved(library.load_or_preset(name, &presets)?));
    }
    if is_saved_voice(path) {
        return Ok(VoiceSource::Saved(Voice::load(path).map_err(zonos::Error::from)?));
    }
    File::open(path).with_context(|| format!("cannot read voice {name}"))?;
    Ok(VoiceSource::Audio(path.to_owned()))
}

/// Turns what was found into voices, with a speaker encoder that is loaded only if there is audio.
pub fn make_voices(sources: Vec<VoiceSource>, options: &EngineOptions) -> Result<Vec<Voice>> {
    let is_audio = |source: &VoiceSource| matches!(source, VoiceSource::Audio(_));
    let encoder = sources.iter().any(is_audio).then(|| VoiceEncoder::load(options)).transpose()?;
    let make = |source| match source {
        VoiceSource::Saved(voice) => Ok(voice),
        VoiceSource::Audio(path) => Ok(encoder.as_ref().ok_or(zonos::Error::NoSpeakerEncoder)?.hear(path)?),
    };
    sources.into_iter().map(make).collect()
}

/// One voice of several: their mean.
pub fn mean(voices: &[Voice]) -> Result<Voice> {
    Ok(Voice::mean(voices).map_err(zonos::Error::from)?)
}
