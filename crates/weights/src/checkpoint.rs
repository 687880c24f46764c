use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use candle_core::{DType, Device, Tensor};

use crate::mapped::{Entries, Entry, MappedFile};
use crate::random::{InitRule, Random};
use crate::view::Weights;
use crate::{Error, Result, pth, safetensors};

/// A set of named tensors: mapped files, or values drawn from a seed.
pub struct Checkpoint {
    path: PathBuf,
    source: Source,
    used: Mutex<BTreeSet<String>>,
}

enum Source {
    Files(Entries),
    Random(Random),
}

impl Checkpoint {
    /// Opens a `.safetensors` or `.pth` file, or a folder: its `model.safetensors`, else its numbered parts
    /// (`model-*.safetensors`), else its `model.pth`, else its only `.safetensors` or `.pth` file.
    ///
    /// Nothing is read beyond the headers; tensors are taken from the mapped files when they are asked for.
    ///
    /// # Errors
    /// When nothing of these is there, a file is damaged, or two parts hold the same name.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let mut entries = Entries::new();
        for file in checkpoint_files(path)? {
            for (name, entry) in read_entries(&file)? {
                insert(&mut entries, name, entry, path)?;
            }
        }
        Ok(Self::new(path.to_owned(), Source::Files(entries)))
    }

    /// Tensors of any name and shape with values drawn from `seed`: the same name, shape and seed give the same
    /// values, whatever else is asked for.
    pub fn random(seed: u64, rule: InitRule) -> Self {
        Self::new(PathBuf::from(format!("random weights (seed {seed})")), Source::Random(Random { seed, rule }))
    }

    fn new(path: PathBuf, source: Source) -> Self {
        Self { path, source, used: Mutex::default() }
    }

    /// Renames every tensor; `None` drops it. Random tensors have the names that are asked for, so nothing changes.
    ///
    /// # Errors
    /// When two tensors end up with the same name.
    pub fn rename(self, rule: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let Source::Files(old) = self.source else {
            return Ok(self);
        };
        let mut entries = Entries::new();
        for (name, entry) in old {
            if let Some(name) = rule(&name) {
                insert(&mut entries, name, entry, &self.path)?;
            }
        }
        Ok(Self::new(self.path, Source::Files(entries)))
    }

    /// What was opened, for messages.
    pub fn path(&self) -> &Path {
        &self.path
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

fn read_entries(path: &Path) -> Result<Entries> {
    let file = MappedFile::open(path)?;
    // The content decides; the name may say anything. Two letters would not do: a safetensors file begins with the
    // length of its header, and 19,280 bytes read as "PK".
    let bytes = file.bytes();
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return pth::entries(&file);
    }
    match other_format(bytes) {
        Some(reason) => Err(file.malformed(reason)),
        None => safetensors::entries(&file),
    }
}

/// What the file is, when it is of a kind that people confuse with checkpoints.
fn other_format(bytes: &[u8]) -> Option<&'static str> {
    // Read as lengths of a safetensors header, all of these would reach beyond any file.
    let known: [(&[u8], &str); 3] = [
        (b"\x80\x02\x8a\x0al\xfc\x9cF", "a torch file from before version 1.6; load and save it with a newer torch"),
        (b"GGUF\x03\0\0\0", "a GGUF file, which holds quantized blocks and not plain tensors"),
        (b"version ", "perhaps the pointer that git stores for a large file; fetch the file with `git lfs pull`"),
    ];
    known.into_iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, reason)| reason)
}

/// The files that make up the checkpoint at `path`.
fn checkpoint_files(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let single = |name| Some(vec![path.join(name)]).filter(|files| files[0].is_file());
    if let Some(files) = single("model.safetensors") {
        return Ok(files);
    }
    let parts = numbered_parts(path)?;
    if !parts.is_empty() {
        return Ok(parts.into_iter().map(|name| path.join(name)).collect());
    }
    match single("model.pth") {
        Some(files) => Ok(files),
        None => only_file(path),
    }
}

/// The folder's only file of a known kind, whatever its name: so come the codec's weights.
fn only_file(folder: &Path) -> Result<Vec<PathBuf>> {
    let io = |source| Error::Io { path: folder.to_owned(), source };
    let files = std::fs::read_dir(folder).map_err(io)?.map(|item| Ok(item.map_err(io)?.path()));
    let known = |path: &PathBuf| path.extension().is_some_and(|found| found == "safetensors" || found == "pth");
    let files = files.filter(|path| path.as_ref().map_or(true, known)).collect::<Result<Vec<_>>>()?;
    if files.len() == 1 { Ok(files) } else { Err(Error::NoCheckpoint { path: folder.to_owned() }) }
}

/// The names of the folder's parts, sorted.
fn numbered_parts(folder: &Path) -> Result<BTreeSet<String>> {
    let io = |source| Error::Io { path: folder.to_owned(), source };
    let mut parts = BTreeSet::new();
    for item in std::fs::read_dir(folder).map_err(io)? {
        let name = item.map_err(io)?.file_name().to_string_lossy().into_owned();
        if name.starts_with("model-") && name.ends_with(".safetensors") {
            parts.insert(name);
        }
    }
    match missing_part(&parts) {
        Some(name) => Err(Error::MissingPart { path: folder.join(name) }),
        None => Ok(parts),
    }
}

/// The first file that should be there by the names of the others: `model-00001-of-00002.safetensors` and so on.
fn missing_part(parts: &BTreeSet<String>) -> Option<String> {
    let count = |name: &String| {
        let (number, count) = name.strip_prefix("model-")?.strip_suffix(".safetensors")?.split_once("-of-")?;
        Some((number.len(), count.to_owned(), count.parse::<usize>().ok()?))
    };
    let (digits, written, count) = parts.iter().find_map(count)?;
    let name = |number| format!("model-{number:0digits$}-of-{written}.safetensors");
    // The first gap ends the search, whatever number the file names claim.
    let missing = (1..=count).map(name).find(|name| !parts.contains(name));
    missing.filter(|_| parts.len() < count)
}
