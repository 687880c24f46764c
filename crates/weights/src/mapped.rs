//! Tensors that lie in memory-mapped files.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::DType;
use memmap2::Mmap;

use crate::{Error, Result};

/// A file mapped read-only.
pub(crate) struct MappedFile {
    pub(crate) path: PathBuf,
    map: Mmap,
}

impl MappedFile {
    pub(crate) fn open(path: &Path) -> Result<Arc<Self>> {
        let io = |source| Error::Io { path: path.to_owned(), source };
        // Opening a pipe would wait for its other end, and nothing but a file can be mapped.
        if !std::fs::metadata(path).map_err(io)?.is_file() {
            return Err(Error::NoCheckpoint { path: path.to_owned() });
        }
        let file = File::open(path).map_err(io)?;
        // SAFETY: the map is read-only and private to this process. A file that another program cuts short while it
        // is mapped makes reads fault; that is the accepted price of not copying gigabytes, as in every such loader.
        let map = unsafe { Mmap::map(&file) }.map_err(io)?;
        Ok(Arc::new(Self { path: path.to_owned(), map }))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.map
    }

    pub(crate) fn malformed(&self, reason: impl ToString) -> Error {
        Error::Malformed { path: self.path.clone(), reason: reason.to_string() }
    }
}

/// Where one tensor lies: row-major, contiguous, little endian.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) file: Arc<MappedFile>,
    pub(crate) dtype: DType,
    pub(crate) shape: Vec<usize>,
    range: Range<usize>,
}

impl Entry {
    /// Checks that the tensor's bytes lie inside the file and fill its shape exactly.
    pub(crate) fn new(
        file: &Arc<MappedFile>,
        name: &str,
        dtype: DType,
        shape: Vec<usize>,
        range: Range<usize>,
    ) -> Result<Self> {
        let needed = byte_len(&shape, dtype);
        if needed != range.end.checked_sub(range.start) || range.end > file.bytes().len() {
            let reason = format!("tensor `{name}` of shape {shape:?} and type {dtype:?} cannot lie at bytes {range:?}");
            return Err(file.malformed(reason));
        }
        Ok(Self { file: file.clone(), dtype, shape, range })
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.file.bytes()[self.range.clone()]
    }

    /// Element `index` of the first axis, as a tensor of one dimension less; `None` when there is no such element.
    pub(crate) fn part(&self, index: usize) -> Option<Self> {
        let (count, shape) = self.shape.split_first()?;
        if index >= *count {
            return None;
        }
        let len = self.range.len() / count;
        let start = self.range.start + index * len;
        Some(Self { file: self.file.clone(), dtype: self.dtype, shape: shape.to_vec(), range: start..start + len })
    }
}

/// All tensors of a checkpoint by name.
pub(crate) type Entries = BTreeMap<String, Entry>;

/// The bytes of a tensor; `None` when it does not fit in memory. An empty one must fit apart from its zeros too, for
/// its strides are products of the other dimensions.
pub(crate) fn byte_len(shape: &[usize], dtype: DType) -> Option<usize> {
    let product = |dims: &[usize], least| {
        dims.iter().try_fold(dtype.size_in_bytes(), |bytes, &dim| bytes.checked_mul(dim.max(least)))
    };
    product(shape, 1).and_then(|_| product(shape, 0))
}
