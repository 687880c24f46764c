//! `torch.save` archives: a zip of stored (uncompressed) files, one of them a pickle that says which is which.

use std::collections::HashMap;
use std::io::{Cursor, Read};
use std::ops::Range;
use std::sync::Arc;

use zip::{CompressionMethod, ZipArchive};

use crate::Result;
use crate::mapped::{Entries, Entry, MappedFile};
use crate::pickle::{self, TensorRef, Value};

/// Far above the pickle of any model (the released one has some 500 names).
const MAX_PICKLE_BYTES: u64 = 64 << 20;

/// Keys under which training frameworks nest the tensors.
const NESTING_KEYS: [&str; 2] = ["model", "state_dict"];

pub(crate) fn entries(file: &Arc<MappedFile>) -> Result<Entries> {
    let archive = Archive::read(file)?;
    let root = pickle::read(&archive.pickle).map_err(|reason| file.malformed(reason))?;
    let mut entries = Entries::new();
    for (name, tensor) in state_dict(&root).unwrap_or_default() {
        let entry = archive.entry(file, &name, &tensor)?;
        entries.insert(name, entry);
    }
    if entries.is_empty() {
        return Err(file.malformed("it holds no tensors, flat or under `model` or `state_dict`"));
    }
    Ok(entries)
}

type StateDict = Vec<(String, std::rc::Rc<TensorRef>)>;

fn state_dict(root: &Value) -> Option<StateDict> {
    let Value::Dict(dict) = root else { return None };
    let dict = dict.borrow();
    for wanted in NESTING_KEYS {
        let nested = dict.iter().find(|(key, _)| matches!(key, Value::Str(key) if **key == *wanted));
        if let Some((_, value @ Value::Dict(_))) = nested {
            return Some(tensors(value));
        }
    }
    Some(tensors(root))
}

fn tensors(dict: &Value) -> StateDict {
    let Value::Dict(dict) = dict else { return Vec::new() };
    let pairs = dict.borrow();
    pairs
        .iter()
        .filter_map(|(key, value)| match (key, value) {
            (Value::Str(name), Value::Tensor(tensor)) => Some((name.to_string(), tensor.clone())),
            _ => None,
        })
        .collect()
}

/// Where the archive's files lie.
struct Archive {
    pickle: Vec<u8>,
    folder: String,
    ranges: HashMap<String, Range<usize>>,
}

impl Archive {
    fn read(file: &Arc<MappedFile>) -> Result<Self> {
        let malformed = |error: zip::result::ZipError| file.malformed(format!("not a torch archive: {error}"));
        let mut zip = ZipArchive::new(Cursor::new(file.bytes())).map_err(malformed)?;
        let mut ranges = HashMap::new();
        let mut found = None;
        for index in 0..zip.len() {
            let mut member = zip.by_index(index).map_err(malformed)?;
            let name = member.name().map_err(|error| file.malformed(error))?.to_string();
            if let Some(folder) = name.strip_suffix("data.pkl") {
                let mut pickle = Vec::new();
                let read = member.by_ref().take(MAX_PICKLE_BYTES).read_to_end(&mut pickle);
                read.map_err(|error| file.malformed(error))?;
                found = Some((folder.to_owned(), pickle));
            } else if member.compression() == CompressionMethod::Stored {
                ranges.extend(stored_range(&member).map(|range| (name, range)));
            }
        }
        let (folder, pickle) = found.ok_or_else(|| file.malformed("a zip archive without data.pkl"))?;
        Ok(Self { pickle, folder, ranges })
    }

    fn entry(&self, file: &Arc<MappedFile>, name: &str, tensor: &TensorRef) -> Result<Entry> {
        let path = format!("{}data/{}", self.folder, tensor.storage.key);
        let Some(storage) = self.ranges.get(&path) else {
            return Err(file.malformed(format!("tensor `{name}` lies in `{path}`, which is missing or compressed")));
        };
        if !is_contiguous(tensor) {
            return Err(file.malformed(format!("tensor `{name}` is a strided view; save it contiguous")));
        }
        let range = view_range(storage, tensor)
            .ok_or_else(|| file.malformed(format!("tensor `{name}` reaches beyond its storage")))?;
        Entry::new(file, name, tensor.storage.dtype, tensor.shape.clone(), range)
    }
}

fn stored_range<R: Read>(member: &zip::read::ZipFile<'_, R>) -> Option<Range<usize>> {
    let start = usize::try_from(member.data_start()?).ok()?;
    let end = start.checked_add(usize::try_from(member.size()).ok()?)?;
    Some(start..end)
}

/// The bytes of a view inside its storage; nothing when it reaches beyond.
fn view_range(storage: &Range<usize>, tensor: &TensorRef) -> Option<Range<usize>> {
    let size = tensor.storage.dtype.size_in_bytes();
    let len = tensor.shape.iter().try_fold(size, |bytes, &dim| bytes.checked_mul(dim))?;
    let start = storage.start.checked_add(tensor.offset.checked_mul(size)?)?;
    let end = start.checked_add(len)?;
    (end <= storage.end).then_some(start..end)
}

fn is_contiguous(tensor: &TensorRef) -> bool {
    let mut expected = 1usize;
    tensor.shape.len() == tensor.stride.len()
        && tensor.shape.iter().zip(&tensor.stride).rev().all(|(&dim, &stride)| {
            let fits = dim == 1 || stride == expected;
            expected = expected.saturating_mul(dim);
            fits
        })
}
