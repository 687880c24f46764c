use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use candle_core::{DType, Device, Tensor};

use crate::files::{checkpoint_files, gguf_files};
use crate::mapped::{Entries, Entry, MappedFile};
use crate::metadata::{MetaValue, Metadata};
use crate::quantized::Quantized;
use crate::random::{InitRule, Random};
use crate::view::Weights;
use crate::{ElementType, Error, Result, Table, gguf, pth, safetensors};

/// A set of named tensors: mapped files, or values drawn from a seed.
pub struct Checkpoint {
    path: PathBuf,
    source: Source,
    metadata: Metadata,
    is_gguf: bool,
    used: Mutex<BTreeSet<String>>,
}

/// A tensor as it is stored.
#[derive(Clone, Copy, Debug)]
pub struct RawTensor<'a> {
    /// How its numbers are stored.
    pub element: ElementType,
    /// Its shape, in numbers.
    pub shape: &'a [usize],
    /// Its numbers, little endian.
    pub bytes: &'a [u8],
}

enum Source {
    Files(Entries),
    Random(Random),
}

impl Checkpoint {
    /// Opens a `.safetensors`, `.pth` or `.gguf` file, or a folder: its `model.safetensors`, else its numbered parts
    /// (`model-*.safetensors`), else its `model.pth`, else its only `.safetensors`, `.pth` or `.gguf` file. Of a file,
    /// the content decides what it is, not the name.
    ///
    /// Nothing is read beyond the headers; tensors are taken from the mapped files when they are asked for.
    ///
    /// # Errors
    /// When nothing of these is there, a file is damaged, or two parts hold the same name.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let mut checkpoint = Self::empty(path.to_owned());
        for file in checkpoint_files(path)? {
            checkpoint.add(&MappedFile::open(&file)?)?;
        }
        Ok(checkpoint)
    }

    /// Opens a file that is part of the program, such as one by `include_bytes!`; `name` stands for it in messages.
    /// The bytes are not copied. They may begin at any address.
    ///
    /// # Errors
    /// When the bytes are damaged or of no known format.
    pub fn from_static(name: &str, bytes: &'static [u8]) -> Result<Self> {
        let mut checkpoint = Self::empty(PathBuf::from(name));
        checkpoint.add(&MappedFile::of_static(name, bytes))?;
        Ok(checkpoint)
    }

    /// Opens a file, or what [`Checkpoint::open`] finds in a folder, else the folder's only GGUF file of this
    /// architecture.
    ///
    /// # Errors
    /// As [`Checkpoint::open`], and when several files are of the architecture.
    pub fn open_or_find(path: impl AsRef<Path>, architecture: &str) -> Result<Self> {
        match Self::open(path) {
            Err(Error::NoCheckpoint { path }) if path.is_dir() => {
                Self::find_gguf(&path, architecture)?.ok_or(Error::NoCheckpoint { path })
            }
            opened => opened,
        }
    }

    /// The GGUF file of a folder whose metadata names this architecture; `None` when none does. Files that are no
    /// GGUF files, or damaged ones, are passed over.
    ///
    /// # Errors
    /// When the folder cannot be read, or several files are of the architecture.
    pub fn find_gguf(folder: impl AsRef<Path>, architecture: &str) -> Result<Option<Self>> {
        let files = gguf_files(folder.as_ref())?.into_iter().filter_map(|file| Self::open(file).ok());
        let mut found: Vec<_> = files.filter(|file| file.architecture() == Some(architecture)).collect();
        match found.len() {
            0 | 1 => Ok(found.pop()),
            _ => Err(Error::Several { files: found.into_iter().map(|file| file.path).collect() }),
        }
    }

    /// Tensors of any name and shape with values drawn from `seed`: the same name, shape and seed give the same
    /// values, whatever else is asked for.
    pub fn random(seed: u64, rule: InitRule) -> Self {
        let path = PathBuf::from(format!("random weights (seed {seed})"));
        Self { source: Source::Random(Random { seed, rule }), ..Self::empty(path) }
    }

    fn empty(path: PathBuf) -> Self {
        let source = Source::Files(Entries::new());
        Self { path, source, metadata: Metadata::default(), is_gguf: false, used: Mutex::default() }
    }

    /// Adds the tensors of one more file.
    fn add(&mut self, file: &Arc<MappedFile>) -> Result<()> {
        let (found, metadata) = read_entries(file)?;
        self.metadata = metadata;
        self.is_gguf = file.bytes().starts_with(gguf::MAGIC);
        if let Source::Files(entries) = &mut self.source {
            for (name, entry) in found {
                insert(entries, name, entry, &self.path)?;
            }
        }
        Ok(())
    }

    /// Renames every tensor; `None` drops it. Random tensors have the names that are asked for, so nothing changes.
    ///
    /// # Errors
    /// When two tensors end up with the same name.
    pub fn rename(mut self, rule: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let Source::Files(old) = self.source else {
            return Ok(self);
        };
        let mut entries = Entries::new();
        for (name, entry) in old {
            if let Some(name) = rule(&name) {
                insert(&mut entries, name, entry, &self.path)?;
            }
        }
        self.source = Source::Files(entries);
        self.used = Mutex::default();
        Ok(self)
    }

    /// What was opened, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the file says beside its tensors: the keys and values of a GGUF file; the arguments that descript's archives
    /// keep, as `metadata.kwargs.*`; nothing for other kinds.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Whether it is a GGUF file.
    pub fn is_gguf(&self) -> bool {
        self.is_gguf
    }

    /// The architecture that a GGUF file names.
    pub fn architecture(&self) -> Option<&str> {
        self.metadata.get("general.architecture").and_then(MetaValue::as_str)
    }

    /// The names that a file holds, sorted; none for random tensors, which answer to any name.
    pub fn names(&self) -> Vec<&str> {
        match &self.source {
            Source::Files(entries) => entries.keys().map(String::as_str).collect(),
            Source::Random(_) => Vec::new(),
        }
    }

    /// Bytes of all tensors as stored; 0 for random tensors.
    pub fn bytes(&self) -> u64 {
        match &self.source {
            Source::Files(entries) => entries.values().map(|entry| entry.bytes().len() as u64).sum(),
            Source::Random(_) => 0,
        }
    }

    /// A view from the root: tensors go to `device`, as `dtype` or, with `None`, as stored.
    pub fn weights(&self, device: &Device, dtype: Option<DType>) -> Weights<'_> {
        Weights::new(self, device.clone(), dtype)
    }

    /// Fails when the files hold a tensor that nothing asked for: a sign of a wrong configuration.
    ///
    /// # Errors
    /// [`Error::Unknown`] with the names.
    pub fn check_all_used(&self) -> Result<()> {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let unused = |name: &&str| !used.contains(*name);
        let names: Vec<String> = self.names().into_iter().filter(unused).map(str::to_owned).collect();
        if names.is_empty() { Ok(()) } else { Err(Error::Unknown { path: self.path.clone(), names }) }
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        match &self.source {
            Source::Files(entries) => entries.contains_key(name),
            Source::Random(_) => true,
        }
    }

    /// The stored shape; `None` for random tensors, which take any.
    pub(crate) fn shape(&self, name: &str) -> Result<Option<&[usize]>> {
        match &self.source {
            Source::Files(_) => Ok(Some(&self.entry(name)?.shape)),
            Source::Random(_) => Ok(None),
        }
    }

    /// How a tensor is stored; `None` for random tensors, which come in any type.
    pub(crate) fn element_type(&self, name: &str) -> Result<Option<ElementType>> {
        match &self.source {
            Source::Files(_) => Ok(Some(self.entry(name)?.element)),
            Source::Random(_) => Ok(None),
        }
    }

    /// The bytes of a tensor as stored, row by row.
    ///
    /// # Errors
    /// When it is missing, or random.
    pub fn raw(&self, name: &str) -> Result<RawTensor<'_>> {
        let entry = self.entry(name)?;
        Ok(RawTensor { element: entry.element, shape: &entry.shape, bytes: entry.bytes() })
    }

    /// A tensor of the whole `shape` as it lies, if it is in blocks.
    pub(crate) fn quantized(&self, name: &str, shape: &[usize]) -> Result<Option<Quantized>> {
        let Source::Files(_) = &self.source else { return Ok(None) };
        let quantized = Quantized::of(self.stored(name, shape)?.clone());
        if quantized.is_some() {
            self.mark_used(name);
        }
        Ok(quantized)
    }

    /// A tensor of the whole `shape` as it lies; `None` for random ones.
    pub(crate) fn table(&self, name: &str, shape: &[usize]) -> Result<Option<Table>> {
        let Source::Files(_) = &self.source else { return Ok(None) };
        let table = Table::new(name, self.stored(name, shape)?.clone());
        self.mark_used(name);
        Ok(Some(table))
    }

    pub(crate) fn tensor(&self, name: &str, shape: &[usize], dtype: Option<DType>, device: &Device) -> Result<Tensor> {
        self.mark_used(name);
        match &self.source {
            Source::Files(_) => self.stored(name, shape)?.tensor(name, dtype, device),
            Source::Random(random) => random.whole(name, shape).tensor(name, dtype.unwrap_or(DType::F32), device),
        }
    }

    /// Element `index` of the first axis of the tensor `name` of the whole `shape`.
    pub(crate) fn part(
        &self,
        name: &str,
        shape: &[usize],
        index: usize,
        dtype: Option<DType>,
        device: &Device,
    ) -> Result<Tensor> {
        self.mark_used(name);
        let no_part = || Error::Part { name: name.to_owned(), shape: shape.to_vec(), index };
        match &self.source {
            Source::Files(_) => {
                let part = self.stored(name, shape)?.part(index).ok_or_else(no_part)?;
                part.tensor(name, dtype, device)
            }
            Source::Random(random) => {
                let part = random.part(name, shape, index).ok_or_else(no_part)?;
                part.tensor(name, dtype.unwrap_or(DType::F32), device)
            }
        }
    }

    fn entry(&self, name: &str) -> Result<&Entry> {
        let entry = match &self.source {
            Source::Files(entries) => entries.get(name),
            Source::Random(_) => None,
        };
        entry.ok_or_else(|| Error::Missing { name: name.to_owned(), path: self.path.clone() })
    }

    fn stored(&self, name: &str, shape: &[usize]) -> Result<&Entry> {
        let entry = self.entry(name)?;
        if entry.shape == shape {
            return Ok(entry);
        }
        let (expected, found) = (shape.to_vec(), entry.shape.clone());
        Err(Error::Shape { name: name.to_owned(), path: self.path.clone(), expected, found })
    }

    fn mark_used(&self, name: &str) {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned());
    }
}

fn insert(entries: &mut Entries, name: String, entry: Entry, path: &Path) -> Result<()> {
    match entries.insert(name.clone(), entry) {
        None => Ok(()),
        Some(_) => Err(Error::Duplicate { name, path: path.to_owned() }),
    }
}

fn read_entries(file: &Arc<MappedFile>) -> Result<(Entries, Metadata)> {
    // The content decides; the name may say anything. Two letters would not do: a safetensors file begins with the
    // length of its header, and 19,280 bytes read as "PK".
    let bytes = file.bytes();
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return pth::entries(file);
    }
    // A safetensors header would be half a gigabyte long to begin like this.
    if bytes.starts_with(gguf::MAGIC) {
        return gguf::entries(file);
    }
    match other_format(bytes) {
        Some(reason) => Err(file.malformed(reason)),
        None => Ok((safetensors::entries(file)?, Metadata::default())),
    }
}

/// What the file is, when it is of a kind that people confuse with checkpoints.
fn other_format(bytes: &[u8]) -> Option<&'static str> {
    // Read as lengths of a safetensors header, all of these would reach beyond any file.
    let known: [(&[u8], &str); 3] = [
        (b"\x80\x02\x8a\x0al\xfc\x9cF", "a torch file from before version 1.6; load and save it with a newer torch"),
        (b"FUGG", "a big-endian GGUF file; convert it"),
        (b"version ", "perhaps the pointer that git stores for a large file; fetch the file with `git lfs pull`"),
    ];
    known.into_iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, reason)| reason)
}
