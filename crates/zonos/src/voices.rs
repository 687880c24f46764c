use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use zonos_speaker::Voice;

use crate::error::nearest;
use crate::home::home;
use crate::{Error, Result};

const EXTENSION: &str = "safetensors";
const MAX_NAME: usize = 64;

/// Voices saved by name: a folder with one file each.
#[derive(Clone, Debug)]
pub struct VoiceLibrary {
    folder: PathBuf,
}

impl VoiceLibrary {
    /// The user's library, `voices` in [`home`](crate::home()). It need not exist yet.
    ///
    /// # Errors
    /// When there is no folder for user data.
    pub fn open_default() -> Result<Self> {
        Ok(Self::open(home()?.join("voices")))
    }

    /// The library in a folder, which need not exist yet.
    pub fn open(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The names of all voices, sorted.
    ///
    /// # Errors
    /// When the folder cannot be read. A folder that does not exist holds none.
    pub fn names(&self) -> Result<Vec<String>> {
        let items = match std::fs::read_dir(&self.folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            items => items.map_err(|source| self.failed(source))?,
        };
        let mut names = Vec::new();
        for item in items {
            let path = item.map_err(|source| self.failed(source))?.path();
            let is_voice = path.extension().is_some_and(|extension| extension == EXTENSION);
            names.extend(path.file_stem().and_then(|stem| stem.to_str()).filter(|_| is_voice).map(str::to_owned));
        }
        names.sort();
        Ok(names)
    }

    /// Loads a voice.
    ///
    /// # Errors
    /// When there is none of that name, with the nearest names, or its file is damaged.
    pub fn load(&self, name: &str) -> Result<Voice> {
        Ok(Voice::load(self.file(name)?)?)
    }

    /// Loads a voice, else one of those that come with a model, as [`preset_voices`](crate::preset_voices) gives them.
    ///
    /// # Errors
    /// As [`VoiceLibrary::load`].
    pub fn load_or_preset(&self, name: &str, presets: &BTreeMap<String, Voice>) -> Result<Voice> {
        let path = self.path(name)?;
        match presets.get(name) {
            _ if path.is_file() => Ok(Voice::load(path)?),
            Some(voice) => Ok(voice.clone()),
            None => Err(self.unknown(name, presets.keys())?),
        }
    }

    /// Saves a voice under a name, which must be new.
    ///
    /// # Errors
    /// When the name is taken or cannot be one, or the folder cannot be written to.
    pub fn add(&self, name: &str, voice: &Voice) -> Result<PathBuf> {
        let path = self.check_new(name)?;
        std::fs::create_dir_all(&self.folder).map_err(|source| self.failed(source))?;
        voice.save(&path)?;
        Ok(path)
    }

    /// Removes a voice.
    ///
    /// # Errors
    /// When there is none of that name or its file cannot be removed.
    pub fn remove(&self, name: &str) -> Result<()> {
        let path = self.file(name)?;
        std::fs::remove_file(&path).map_err(|source| Error::Library { path, source })
    }

    /// Whether a voice can be added under a name, and to which file: worth asking before long work.
    ///
    /// # Errors
    /// When the name is taken or cannot be one.
    pub fn check_new(&self, name: &str) -> Result<PathBuf> {
        let path = self.path(name)?;
        if path.exists() { Err(Error::VoiceExists(name.to_owned())) } else { Ok(path) }
    }

    /// The file of a voice.
    ///
    /// # Errors
    /// When there is none of that name, with the nearest names.
    pub fn file(&self, name: &str) -> Result<PathBuf> {
        let path = self.path(name)?;
        if path.is_file() { Ok(path) } else { Err(self.unknown(name, [])?) }
    }

    /// What is said of a name that is neither saved nor among others.
    fn unknown<'a>(&self, name: &str, others: impl IntoIterator<Item = &'a String>) -> Result<Error> {
        let names = self.names()?;
        let others = others.into_iter().map(|other| other.as_str());
        let hint = nearest(name, names.iter().map(String::as_str).chain(others));
        Ok(Error::UnknownVoice { name: name.to_owned(), hint })
    }

    /// The file of a name. Names are checked, so that none can lead out of the folder.
    fn path(&self, name: &str) -> Result<PathBuf> {
        let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        let fits =
            (1..=MAX_NAME).contains(&name.chars().count()) && !name.starts_with('.') && name.chars().all(allowed);
        if !fits {
            return Err(Error::VoiceName(name.to_owned()));
        }
        Ok(self.folder.join(format!("{name}.{EXTENSION}")))
    }

    fn failed(&self, source: std::io::Error) -> Error {
        Error::Library { path: self.folder.clone(), source }
    }

    /// Where the voices are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}
