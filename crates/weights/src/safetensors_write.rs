//! Writing safetensors files from tensors that lie in other files.

use std::io::{self, Write};
use std::path::Path;

use candle_core::DType;
use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};

use crate::checkpoint::RawTensor;
use crate::{Checkpoint, ElementType, Error, Result};

/// Bytes written between two reports of progress.
const PIECE: usize = 16 << 20;

impl Checkpoint {
    /// Writes every tensor as it is stored, under its name, to a safetensors file, whole or not at all. The bytes go
    /// from file to file: no tensor is held in memory. `on_bytes` is told how many were written so far, and stops
    /// the writing with `false`.
    ///
    /// # Errors
    /// When tensors are quantized, which safetensors files cannot hold, the file cannot be written, or it was stopped.
    pub fn save_safetensors(&self, path: impl AsRef<Path>, mut on_bytes: impl FnMut(u64) -> bool) -> Result<()> {
        let mut tensors =
            self.names().into_iter().map(|name| Ok((name, self.raw(name)?))).collect::<Result<Vec<_>>>()?;
        // As the format's own writer orders them: wide numbers first, so that all begin at multiples of their size.
        tensors.sort_by_key(|(name, tensor)| (std::cmp::Reverse(width(tensor)), *name));
        let header = header(&tensors)?;
        let mut stopped = false;
        let written = zonos_output::write_atomically(path, |file| {
            file.write_all(&(header.len() as u64).to_le_bytes())?;
            file.write_all(&header)?;
            let mut bytes = 0;
            for piece in tensors.iter().flat_map(|(_, tensor)| tensor.bytes.chunks(PIECE)) {
                file.write_all(piece)?;
                bytes += piece.len() as u64;
                stopped = !on_bytes(bytes);
                if stopped {
                    return Err(io::ErrorKind::Interrupted.into());
                }
            }
            Ok(())
        });
        if stopped { Err(Error::Stopped) } else { Ok(written?) }
    }
}

fn width(tensor: &RawTensor) -> usize {
    match tensor.element {
        ElementType::Plain(dtype) => dtype.size_in_bytes(),
        ElementType::Blocks(_) => 0,
    }
}

/// The table of tensors as JSON, padded to a multiple of eight bytes.
fn header(tensors: &[(&str, RawTensor)]) -> Result<Vec<u8>> {
    let mut infos = Vec::with_capacity(tensors.len());
    let mut at = 0;
    for (name, tensor) in tensors {
        let unstorable =
            || Error::Unstorable { name: (*name).to_owned(), shape: tensor.shape.to_vec(), element: tensor.element };
        let dtype = dtype(tensor.element).ok_or_else(unstorable)?;
        let data_offsets = (at, at + tensor.bytes.len());
        at = data_offsets.1;
        infos.push(((*name).to_owned(), TensorInfo { dtype, shape: tensor.shape.to_vec(), data_offsets }));
    }
    let invalid = |reason: String| Error::Header { reason };
    let table = Metadata::new(None, infos).map_err(|error| invalid(error.to_string()))?;
    let mut json = serde_json::to_vec(&table).map_err(|error| invalid(error.to_string()))?;
    json.resize(json.len().next_multiple_of(8), b' ');
    Ok(json)
}

fn dtype(element: ElementType) -> Option<Dtype> {
    let ElementType::Plain(dtype) = element else { return None };
    Some(match dtype {
        DType::F64 => Dtype::F64,
        DType::F32 => Dtype::F32,
        DType::F16 => Dtype::F16,
        DType::BF16 => Dtype::BF16,
        DType::I64 => Dtype::I64,
        DType::U32 => Dtype::U32,
        DType::I32 => Dtype::I32,
        DType::I16 => Dtype::I16,
        DType::U8 => Dtype::U8,
        _ => return None,
    })
}
