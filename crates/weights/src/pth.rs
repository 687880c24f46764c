//! `torch.save` archives: a zip of stored (uncompressed) files, one of them a pickle that says which is which.

use std::collections::HashMap;
use std::io::{Cursor, Read, Seek};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use zip::result::{ZipError, ZipResult};
use zip::{CompressionMethod, ZipArchive};

use crate::Result;
use crate::mapped::{Entries, Entry, MappedFile};
use crate::metadata::{MetaValue, Metadata};
use crate::pickle::{Pickle, TensorRef, Value};

/// What the archive's table of contents is called.
const PICKLE: &str = "data.pkl";

/// Keys under which training frameworks nest the tensors.
const NESTING_KEYS: [&str; 2] = ["model", "state_dict"];

/// Where descript's archives keep the arguments that a model was built with.
const ARGUMENTS: [&str; 2] = ["metadata", "kwargs"];
/// Arguments, and numbers in a list, beyond which none are kept: a pickle can repeat one long list for a few bytes.
const MAX_ARGUMENTS: usize = 64;

pub(crate) fn entries(file: &Arc<MappedFile>) -> Result<(Entries, Metadata)> {
    let archive = Archive::read(file)?;
    archive.check_byte_order(file)?;
    let pickle = Pickle::read(archive.member(file, PICKLE)?).map_err(|reason| file.malformed(reason))?;
    let mut entries = Entries::new();
    for (name, tensor) in state_dict(&pickle) {
        let entry = archive.entry(file, name, tensor)?;
        entries.insert(name.to_owned(), entry);
    }
    if entries.is_empty() {
        return Err(file.malformed("it holds no tensors, flat or under `model` or `state_dict`"));
    }
    Ok((entries, arguments(&pickle)))
}

/// The tensors by name, flat or under one of the known keys. When a name occurs twice the later one counts, as in
/// Python.
fn state_dict(pickle: &Pickle) -> Vec<(&str, &Rc<TensorRef>)> {
    let nested = NESTING_KEYS.into_iter().find_map(|key| pickle.dict(field(pickle, &pickle.root, key)?));
    tensors(nested.or(pickle.dict(&pickle.root)).unwrap_or_default())
}

/// What a dictionary holds under a key; when the key occurs twice the later one counts.
fn field<'a>(pickle: &'a Pickle, dict: &Value, wanted: &str) -> Option<&'a Value> {
    let is_wanted = |key: &Value| matches!(key, Value::Str(key) if **key == *wanted);
    pickle.dict(dict)?.iter().rfind(|(key, _)| is_wanted(key)).map(|(_, value)| value)
}

/// The arguments that a model was built with, as far as they are whole numbers and lists of these.
fn arguments(pickle: &Pickle) -> Metadata {
    let found = ARGUMENTS.into_iter().try_fold(&pickle.root, |dict, key| field(pickle, dict, key));
    let pairs = found.and_then(|found| pickle.dict(found)).unwrap_or_default();
    let mut metadata = Metadata::default();
    for (key, value) in pairs.iter().take(MAX_ARGUMENTS) {
        if let (Value::Str(key), Some(value)) = (key, argument(pickle, value)) {
            metadata.insert(format!("{}.{key}", ARGUMENTS.join(".")), value);
        }
    }
    metadata
}

fn argument(pickle: &Pickle, value: &Value) -> Option<MetaValue> {
    let number = |value: &Value| match value {
        Value::Int(number) => Some(MetaValue::Signed(*number)),
        _ => None,
    };
    let list = || pickle.sequence(value)?.iter().take(MAX_ARGUMENTS).map(number).collect::<Option<Vec<_>>>();
    number(value).or_else(|| list().map(MetaValue::Array))
}

fn tensors(pairs: &[(Value, Value)]) -> Vec<(&str, &Rc<TensorRef>)> {
    let tensor = |pair| match pair {
        &(Value::Str(ref name), Value::Tensor(ref tensor)) => Some((&**name, tensor)),
        _ => None,
    };
    pairs.iter().filter_map(tensor).collect()
}

/// Where the archive's files lie.
struct Archive {
    /// The one folder that holds everything, with its slash.
    folder: String,
    /// Files that lie in the archive as they are; `None` for those that are compressed or encrypted.
    members: HashMap<String, Option<Range<usize>>>,
}

impl Archive {
    fn read(file: &Arc<MappedFile>) -> Result<Self> {
        let malformed = |error: ZipError| file.malformed(format!("not a torch archive: {error}"));
        let mut zip = ZipArchive::new(Cursor::new(file.bytes())).map_err(malformed)?;
        let members = (0..zip.len()).map(|index| member(&mut zip, index)).collect::<ZipResult<HashMap<_, _>>>();
        let members = members.map_err(malformed)?;
        let mut folders = members.keys().filter_map(|name| folder(name));
        let folder = folders.next().ok_or_else(|| file.malformed("a zip archive without data.pkl"))?.to_owned();
        if folders.next().is_some() {
            return Err(file.malformed("a zip archive with more than one data.pkl"));
        }
        Ok(Self { folder, members })
    }

    /// Where a file of the archive's folder lies; `None` when it is not there.
    fn find(&self, file: &MappedFile, name: &str) -> Result<Option<Range<usize>>> {
        match self.members.get(&format!("{}{name}", self.folder)) {
            None => Ok(None),
            Some(Some(range)) if range.end <= file.bytes().len() => Ok(Some(range.clone())),
            Some(Some(_)) => Err(file.malformed(format!("`{name}` reaches beyond the end of the file"))),
            Some(None) => Err(file.malformed(format!("`{name}` is compressed or encrypted; save it with torch.save"))),
        }
    }

    fn member<'a>(&self, file: &'a MappedFile, name: &str) -> Result<&'a [u8]> {
        let range = self.find(file, name)?.ok_or_else(|| file.malformed(format!("`{name}` is missing")))?;
        Ok(&file.bytes()[range])
    }

    /// Newer archives say in which order the bytes of a number lie.
    fn check_byte_order(&self, file: &MappedFile) -> Result<()> {
        match self.find(file, "byteorder")? {
            Some(range) if &file.bytes()[range.clone()] != b"little" => {
                Err(file.malformed("its numbers are not little endian; save it again on another machine"))
            }
            _ => Ok(()),
        }
    }

    fn entry(&self, file: &Arc<MappedFile>, name: &str, tensor: &TensorRef) -> Result<Entry> {
        let key = &tensor.storage.key;
        let Some(storage) = self.find(file, &format!("data/{key}"))? else {
            return Err(file.malformed(format!("tensor `{name}` lies in `data/{key}`, which is missing")));
        };
        if !is_contiguous(tensor) {
            return Err(file.malformed(format!("tensor `{name}` is a strided view; save it contiguous")));
        }
        let range = view_range(&storage, tensor)
            .ok_or_else(|| file.malformed(format!("tensor `{name}` reaches beyond its storage")))?;
        Entry::new(file, name, tensor.storage.dtype.into(), tensor.shape.clone(), range)
    }
}

/// The folder of the archive's pickle, when `name` is the pickle.
fn folder(name: &str) -> Option<&str> {
    name.strip_suffix(PICKLE).filter(|folder| folder.is_empty() || folder.ends_with('/'))
}

type Member = (String, Option<Range<usize>>);

fn member<R: Read + Seek>(zip: &mut ZipArchive<R>, index: usize) -> ZipResult<Member> {
    let member = zip.by_index_raw(index)?;
    let plain = member.compression() == CompressionMethod::Stored
        && !member.encrypted()
        && member.compressed_size() == member.size();
    let range = if plain { stored_range(&member) } else { None };
    Ok((member.name()?.into_owned(), range))
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

/// Whether the elements lie one after the other in row-major order. The strides of an empty tensor say nothing.
fn is_contiguous(tensor: &TensorRef) -> bool {
    let mut expected = 1usize;
    let empty = tensor.shape.contains(&0);
    tensor.shape.len() == tensor.stride.len()
        && tensor.shape.iter().zip(&tensor.stride).rev().all(|(&dim, &stride)| {
            let fits = empty || dim == 1 || stride == expected;
            expected = expected.saturating_mul(dim);
            fits
        })
}
