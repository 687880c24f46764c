//! The GGUF format, versions 2 and 3: typed metadata, a table of tensors, and their bytes.

use std::sync::Arc;

use candle_core::DType;

use crate::blocks::BlockType;
use crate::element::ElementType;
use crate::mapped::{Entries, Entry, MappedFile};
use crate::metadata::{MetaValue, Metadata};
use crate::{Error, Result};

/// How every GGUF file begins.
pub(crate) const MAGIC: &[u8] = b"GGUF";
/// The key that says at multiples of how many bytes tensors begin.
const ALIGNMENT_KEY: &str = "general.alignment";
/// What holds without that key.
const DEFAULT_ALIGNMENT: usize = 32;

/// Values in all lists together: a vocabulary has some hundred thousand.
const MAX_VALUES: usize = 1 << 22;
/// Lists in lists; the format sets no bound.
const MAX_DEPTH: usize = 4;
/// Dimensions of a ggml tensor.
const MAX_DIMENSIONS: u32 = 4;

/// What went wrong, in words.
type Outcome<T> = std::result::Result<T, String>;

pub(crate) fn entries(file: &Arc<MappedFile>) -> Result<(Entries, Metadata)> {
    let header = Header::read(file.bytes()).map_err(|reason| file.malformed(reason))?;
    let mut entries = Entries::new();
    for TensorInfo { name, shape, element, offset } in header.tensors {
        let range = element.byte_len(&shape).and_then(|len| {
            let start = header.data.checked_add(offset)?;
            Some(start..start.checked_add(len)?)
        });
        let range = range.ok_or_else(|| {
            file.malformed(format!("tensor `{name}` of shape {shape:?} cannot be stored as {element}"))
        })?;
        let entry = Entry::new(file, &name, element, shape, range)?;
        if entries.insert(name.clone(), entry).is_some() {
            return Err(Error::Duplicate { name, path: file.path.clone() });
        }
    }
    check_overlap(file, &entries)?;
    Ok((entries, header.metadata))
}

/// Tensors that share bytes are a sign of a damaged table.
fn check_overlap(file: &MappedFile, entries: &Entries) -> Result<()> {
    let mut places: Vec<_> = entries.iter().map(|(name, entry)| (entry.bytes().as_ptr_range(), name)).collect();
    places.sort_by_key(|(range, _)| (range.start, range.end));
    match places.windows(2).find(|pair| pair[0].0.end > pair[1].0.start) {
        Some(pair) => Err(file.malformed(format!("tensors `{}` and `{}` share bytes", pair[0].1, pair[1].1))),
        None => Ok(()),
    }
}

struct Header {
    metadata: Metadata,
    tensors: Vec<TensorInfo>,
    /// Where the tensors' bytes begin.
    data: usize,
}

struct TensorInfo {
    name: String,
    shape: Vec<usize>,
    element: ElementType,
    /// From the beginning of all tensors' bytes.
    offset: usize,
}

impl Header {
    fn read(bytes: &[u8]) -> Outcome<Self> {
        let mut reader = Reader { bytes, at: MAGIC.len(), values_left: MAX_VALUES };
        reader.version()?;
        let (tensor_count, key_count) = (reader.u64()?, reader.u64()?);
        let mut metadata = Metadata::default();
        // Counts are only believed as far as the file goes: nothing is reserved by them.
        for _ in 0..key_count {
            let key = reader.string()?;
            let value = reader.value().map_err(|reason| format!("key `{key}`: {reason}"))?;
            if metadata.insert(key.as_str(), value).is_some() {
                return Err(format!("key `{key}` occurs twice"));
            }
        }
        let mut tensors = Vec::new();
        let alignment = alignment(&metadata)?;
        for _ in 0..tensor_count {
            tensors.push(reader.tensor(alignment)?);
        }
        let data = reader.at.checked_next_multiple_of(alignment).ok_or("its header is too long")?;
        Ok(Self { metadata, tensors, data })
    }
}

/// At multiples of how many bytes tensors begin.
pub(crate) fn alignment(metadata: &Metadata) -> Outcome<usize> {
    let Some(value) = metadata.get(ALIGNMENT_KEY) else {
        return Ok(DEFAULT_ALIGNMENT);
    };
    let fits = |alignment: &usize| alignment.is_power_of_two() && (8..=1 << 20).contains(alignment);
    value.as_usize().filter(fits).ok_or_else(|| format!("{ALIGNMENT_KEY} is {value:?}, expected a power of two from 8"))
}

/// Reads values one after the other and never beyond the end.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    values_left: usize,
}

impl Reader<'_> {
    fn version(&mut self) -> Outcome<()> {
        match self.u32()? {
            2 | 3 => Ok(()),
            version if version.swap_bytes() <= 3 => Err("a big-endian GGUF file; convert it".into()),
            version => Err(format!("GGUF version {version}; versions 2 and 3 are read")),
        }
    }

    fn take<const N: usize>(&mut self) -> Outcome<[u8; N]> {
        let taken = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk::<N>);
        self.at += N;
        taken.copied().ok_or_else(|| "the GGUF header ends early".into())
    }

    fn u32(&mut self) -> Outcome<u32> {
        Ok(u32::from_le_bytes(self.take()?))
    }

    fn u64(&mut self) -> Outcome<u64> {
        Ok(u64::from_le_bytes(self.take()?))
    }

    fn size(&mut self) -> Outcome<usize> {
        let size = self.u64()?;
        usize::try_from(size).map_err(|_| format!("{size} is too large for this machine"))
    }

    fn string(&mut self) -> Outcome<String> {
        let len = self.size()?;
        let text = self.at.checked_add(len).and_then(|end| self.bytes.get(self.at..end));
        let text = text.ok_or_else(|| format!("a text of {len} bytes reaches beyond the end of the file"))?;
        self.at += len;
        std::str::from_utf8(text).map(str::to_owned).map_err(|_| "a text is not UTF-8".into())
    }

    fn value(&mut self) -> Outcome<MetaValue> {
        let kind = self.u32()?;
        self.value_of(kind, 0)
    }

    fn value_of(&mut self, kind: u32, depth: usize) -> Outcome<MetaValue> {
        Ok(match kind {
            0 => MetaValue::Unsigned(u64::from(u8::from_le_bytes(self.take()?))),
            1 => MetaValue::Signed(i64::from(i8::from_le_bytes(self.take()?))),
            2 => MetaValue::Unsigned(u64::from(u16::from_le_bytes(self.take()?))),
            3 => MetaValue::Signed(i64::from(i16::from_le_bytes(self.take()?))),
            4 => MetaValue::Unsigned(u64::from(self.u32()?)),
            5 => MetaValue::Signed(i64::from(i32::from_le_bytes(self.take()?))),
            6 => MetaValue::F32(f32::from_le_bytes(self.take()?)),
            7 => MetaValue::Bool(self.take::<1>()? != [0]),
            8 => MetaValue::String(self.string()?),
            9 => MetaValue::Array(self.array(depth)?),
            10 => MetaValue::Unsigned(self.u64()?),
            11 => MetaValue::Signed(i64::from_le_bytes(self.take()?)),
            12 => MetaValue::F64(f64::from_le_bytes(self.take()?)),
            other => return Err(format!("a value of unknown type {other}")),
        })
    }

    fn array(&mut self, depth: usize) -> Outcome<Vec<MetaValue>> {
        let (kind, count) = (self.u32()?, self.size()?);
        if depth >= MAX_DEPTH {
            return Err(format!("lists nested more than {MAX_DEPTH} deep"));
        }
        self.values_left =
            self.values_left.checked_sub(count).ok_or_else(|| format!("lists of more than {MAX_VALUES} values"))?;
        let mut values = Vec::new();
        for _ in 0..count {
            values.push(self.value_of(kind, depth + 1)?);
        }
        Ok(values)
    }

    fn tensor(&mut self, alignment: usize) -> Outcome<TensorInfo> {
        let name = self.string()?;
        let dimensions = self.u32()?;
        if dimensions > MAX_DIMENSIONS {
            return Err(format!("tensor `{name}` has {dimensions} dimensions"));
        }
        let mut shape = (0..dimensions).map(|_| self.size()).collect::<Outcome<Vec<_>>>()?;
        // The format names the dimension that changes fastest first.
        shape.reverse();
        let kind = self.u32()?;
        let element = element(kind).ok_or_else(|| {
            let known = "F32, F16, BF16, Q8_0, Q4_K, Q5_K and Q6_K are read";
            format!("tensor `{name}` has type {}; {known}", type_name(kind))
        })?;
        let offset = self.size()?;
        if !offset.is_multiple_of(alignment) {
            return Err(format!("tensor `{name}` begins at {offset}, which is no multiple of {alignment}"));
        }
        Ok(TensorInfo { name, shape, element, offset })
    }
}

/// Each element type with its number in the table of tensors.
const ELEMENTS: [(u32, ElementType); 7] = [
    (0, ElementType::Plain(DType::F32)),
    (1, ElementType::Plain(DType::F16)),
    (30, ElementType::Plain(DType::BF16)),
    (8, ElementType::Blocks(BlockType::Q8_0)),
    (12, ElementType::Blocks(BlockType::Q4K)),
    (13, ElementType::Blocks(BlockType::Q5K)),
    (14, ElementType::Blocks(BlockType::Q6K)),
];

fn element(kind: u32) -> Option<ElementType> {
    ELEMENTS.into_iter().find(|(number, _)| *number == kind).map(|(_, element)| element)
}

/// The number of an element type; `None` for those that GGUF files of ours never have.
pub(crate) fn element_number(element: ElementType) -> Option<u32> {
    ELEMENTS.into_iter().find(|(_, known)| *known == element).map(|(number, _)| number)
}

/// What ggml calls a type that is not read here.
fn type_name(kind: u32) -> String {
    let name = match kind {
        2 => "Q4_0",
        3 => "Q4_1",
        6 => "Q5_0",
        7 => "Q5_1",
        9 => "Q8_1",
        10 => "Q2_K",
        11 => "Q3_K",
        15 => "Q8_K",
        16..=23 | 29 => "IQ",
        24..=27 => "an integer type",
        28 => "F64",
        _ => return format!("{kind}, which is unknown"),
    };
    name.to_owned()
}
