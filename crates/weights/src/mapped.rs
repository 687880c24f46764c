//! Tensors that lie in memory-mapped files, or in bytes that are part of the program.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::DType;
use memmap2::Mmap;

use crate::element::ElementType;
use crate::{Error, Result};

/// A file mapped read-only, or what stands in its place.
pub(crate) struct MappedFile {
    pub(crate) path: PathBuf,
    content: Content,
}

enum Content {
    Mapped(Mmap),
    Static(&'static [u8]),
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
        Ok(Arc::new(Self { path: path.to_owned(), content: Content::Mapped(map) }))
    }

    /// Bytes that live as long as the program; `name` stands for them in messages.
    pub(crate) fn of_static(name: &str, bytes: &'static [u8]) -> Arc<Self> {
        Arc::new(Self { path: PathBuf::from(name), content: Content::Static(bytes) })
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        match &self.content {
            Content::Mapped(map) => map,
            Content::Static(bytes) => bytes,
        }
    }

    pub(crate) fn malformed(&self, reason: impl ToString) -> Error {
        Error::Malformed { path: self.path.clone(), reason: reason.to_string() }
    }
}

/// Where one tensor lies: row-major, contiguous, little endian.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) file: Arc<MappedFile>,
    pub(crate) element: ElementType,
    pub(crate) shape: Vec<usize>,
    range: Range<usize>,
}

impl Entry {
    /// Checks that the tensor's bytes lie inside the file and fill its shape exactly.
    pub(crate) fn new(
        file: &Arc<MappedFile>,
        name: &str,
        element: ElementType,
        shape: Vec<usize>,
        range: Range<usize>,
    ) -> Result<Self> {
        let needed = element.byte_len(&shape);
        if needed != range.end.checked_sub(range.start) || range.end > file.bytes().len() {
            let reason = format!("tensor `{name}` of shape {shape:?} and type {element} cannot lie at bytes {range:?}");
            return Err(file.malformed(reason));
        }
        Ok(Self { file: file.clone(), element, shape, range })
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.file.bytes()[self.range.clone()]
    }

    /// Element `index` of the first axis, as a tensor of one dimension less; `None` when there is no such element, or
    /// when it would be one number out of a block.
    pub(crate) fn part(&self, index: usize) -> Option<Self> {
        let part = self.narrow(index..index.checked_add(1)?)?;
        let shape = part.shape[1..].to_vec();
        (part.element.is_plain() || !shape.is_empty()).then_some(Self { shape, ..part })
    }

    /// The elements of the first axis in `range`; `None` when there are no such elements, or when a block would be
    /// cut.
    pub(crate) fn narrow(&self, range: Range<usize>) -> Option<Self> {
        let (&count, rest) = self.shape.split_first()?;
        if range.start > range.end || range.end > count || range.start >= count {
            return None;
        }
        if !self.element.is_plain() && rest.is_empty() && range != (0..count) {
            return None;
        }
        let len = self.range.len() / count;
        let start = self.range.start + range.start * len;
        let shape = std::iter::once(range.len()).chain(rest.iter().copied()).collect();
        let range = start..start + range.len() * len;
        Some(Self { file: self.file.clone(), element: self.element, shape, range })
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
