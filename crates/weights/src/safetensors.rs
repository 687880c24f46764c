//! The safetensors format.

use std::sync::Arc;

use candle_core::DType;
use safetensors::{Dtype, SafeTensors};

use crate::Result;
use crate::mapped::{Entries, Entry, MappedFile};

/// Bytes before the JSON header: its length as a little-endian u64.
const LENGTH_PREFIX: usize = 8;

pub(crate) fn entries(file: &Arc<MappedFile>) -> Result<Entries> {
    let (header_len, metadata) = SafeTensors::read_metadata(file.bytes()).map_err(|error| file.malformed(error))?;
    let base = LENGTH_PREFIX + header_len;
    let mut entries = Entries::new();
    for (name, info) in metadata.tensors() {
        let Some(dtype) = dtype(info.dtype) else {
            return Err(file.malformed(format!("tensor `{name}` has unsupported type {:?}", info.dtype)));
        };
        let (start, end) = info.data_offsets;
        let entry = Entry::new(file, &name, dtype.into(), info.shape.clone(), base + start..base + end)?;
        entries.insert(name, entry);
    }
    Ok(entries)
}

fn dtype(dtype: Dtype) -> Option<DType> {
    match dtype {
        Dtype::F64 => Some(DType::F64),
        Dtype::F32 => Some(DType::F32),
        Dtype::F16 => Some(DType::F16),
        Dtype::BF16 => Some(DType::BF16),
        Dtype::I64 => Some(DType::I64),
        Dtype::U32 => Some(DType::U32),
        Dtype::I32 => Some(DType::I32),
        Dtype::I16 => Some(DType::I16),
        Dtype::U8 | Dtype::BOOL => Some(DType::U8),
        _ => None,
    }
}
