//! Writing GGUF files, version 3, tensor by tensor.

use std::io::{self, Write};
use std::path::Path;

use crate::element::ElementType;
use crate::gguf::{self, MAGIC};
use crate::metadata::{MetaValue, Metadata};
use crate::{Error, Result};

const VERSION: u32 = 3;

/// A tensor of a file that is about to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorHead {
    /// Its name.
    pub name: String,
    /// How its numbers are stored: f32, f16, bf16 or blocks.
    pub element: ElementType,
    /// Its shape, row-major, in numbers.
    pub shape: Vec<usize>,
}

impl TensorHead {
    /// Bytes that the tensor takes.
    ///
    /// # Errors
    /// When its rows are not whole blocks, or no memory holds it.
    pub fn bytes(&self) -> Result<usize> {
        self.element.byte_len(&self.shape).ok_or_else(|| self.unfit())
    }

    fn number(&self) -> Result<u32> {
        gguf::element_number(self.element).ok_or_else(|| self.unfit())
    }

    fn unfit(&self) -> Error {
        Error::Unstorable { name: self.name.clone(), shape: self.shape.clone(), element: self.element }
    }
}

/// Writes a GGUF file, whole or not at all. `data` is called for each tensor in turn, with its index and a writer that
/// takes exactly its bytes: so no more than one tensor need be in memory, nor even that.
///
/// # Errors
/// When a tensor cannot be stored as it should, the file cannot be written, or `data` fails: then with its error.
pub fn write_gguf<E: From<Error>>(
    path: impl AsRef<Path>,
    metadata: &Metadata,
    tensors: &[TensorHead],
    mut data: impl FnMut(usize, &mut dyn Write) -> std::result::Result<(), E>,
) -> std::result::Result<(), E> {
    let alignment = gguf::alignment(metadata).map_err(|reason| Error::Header { reason })?;
    let header = header(metadata, tensors, alignment)?;
    let sizes = tensors.iter().map(TensorHead::bytes).collect::<Result<Vec<_>>>()?;
    let mut failure = None;
    let written = zonos_output::write_atomically(path, |file| {
        file.write_all(&header)?;
        for (index, &size) in sizes.iter().enumerate() {
            put(file, size, alignment, |file| {
                data(index, file).map_err(|error| {
                    failure = Some(error);
                    io::Error::other("the content could not be made")
                })
            })?;
        }
        Ok(())
    });
    match failure {
        Some(error) => Err(error),
        None => Ok(written.map_err(Error::from)?),
    }
}

/// Writes one tensor and pads it.
fn put(
    file: &mut impl Write,
    size: usize,
    alignment: usize,
    data: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut counted = Counted { inner: &mut *file, count: 0 };
    data(&mut counted)?;
    if counted.count != size {
        return Err(io::Error::other(format!("{} bytes for a tensor of {size}", counted.count)));
    }
    file.write_all(&vec![0; size.next_multiple_of(alignment) - size])
}

/// Counts what is written.
struct Counted<W> {
    inner: W,
    count: usize,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.count += written;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// All that comes before the tensors' bytes.
fn header(metadata: &Metadata, tensors: &[TensorHead], alignment: usize) -> Result<Vec<u8>> {
    let mut header = Header(MAGIC.to_vec());
    header.u32(VERSION);
    header.size(tensors.len());
    header.size(metadata.iter().len());
    for (key, value) in metadata.iter() {
        header.string(key);
        header.u32(kind(value));
        header.value(value, kind(value));
    }
    let mut offset = 0;
    for tensor in tensors {
        header.string(&tensor.name);
        header.u32(tensor.shape.len() as u32);
        tensor.shape.iter().rev().for_each(|&dim| header.size(dim));
        header.u32(tensor.number()?);
        header.size(offset);
        offset += tensor.bytes()?.next_multiple_of(alignment);
    }
    header.0.resize(header.0.len().next_multiple_of(alignment), 0);
    Ok(header.0)
}

struct Header(Vec<u8>);

impl Header {
    fn u32(&mut self, number: u32) {
        self.0.extend(number.to_le_bytes());
    }

    fn size(&mut self, number: usize) {
        self.0.extend((number as u64).to_le_bytes());
    }

    fn string(&mut self, text: &str) {
        self.size(text.len());
        self.0.extend(text.as_bytes());
    }

    /// A value as the given kind, which is one that can hold it.
    fn value(&mut self, value: &MetaValue, kind: u32) {
        match value {
            MetaValue::Unsigned(number) if kind == 4 => self.u32(*number as u32),
            MetaValue::Unsigned(number) => self.0.extend(number.to_le_bytes()),
            MetaValue::Signed(number) => self.0.extend(number.to_le_bytes()),
            MetaValue::F32(number) => self.0.extend(number.to_le_bytes()),
            MetaValue::F64(number) => self.0.extend(number.to_le_bytes()),
            MetaValue::Bool(value) => self.0.push(u8::from(*value)),
            MetaValue::String(text) => self.string(text),
            MetaValue::Array(values) => self.array(values),
        }
    }

    fn array(&mut self, values: &[MetaValue]) {
        // The widest that occurs holds all the others; a list of several kinds keeps those of its first.
        let first = values.first().map(kind);
        let widest = values.iter().map(kind).max().filter(|_| first.is_some_and(|first| matches!(first, 4 | 10)));
        let kind_of_all = widest.or(first).unwrap_or(4);
        let same = |value: &&MetaValue| std::mem::discriminant(*value) == std::mem::discriminant(&values[0]);
        let values: Vec<_> = values.iter().filter(same).collect();
        self.u32(kind_of_all);
        self.size(values.len());
        values.into_iter().for_each(|value| self.value(value, kind_of_all));
    }
}

/// The number of a value's type: the narrowest that is in common use and holds it.
fn kind(value: &MetaValue) -> u32 {
    match value {
        MetaValue::Unsigned(number) if u32::try_from(*number).is_ok() => 4,
        MetaValue::F32(_) => 6,
        MetaValue::Bool(_) => 7,
        MetaValue::String(_) => 8,
        MetaValue::Array(_) => 9,
        MetaValue::Unsigned(_) => 10,
        MetaValue::Signed(_) => 11,
        MetaValue::F64(_) => 12,
    }
}
