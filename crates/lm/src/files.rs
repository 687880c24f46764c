//! Where the files of a backbone are.

use std::path::Path;

use zonos_weights::Checkpoint;

use crate::gguf::{self, ARCHITECTURE};
use crate::{Config, Result};

/// Opens a file of weights, or that of a folder: what [`Checkpoint::open`] finds there, else the only GGUF file that
/// holds a backbone.
///
/// # Errors
/// When nothing of these is there, several GGUF files are, or the file is damaged.
pub fn open_checkpoint(path: &Path) -> Result<Checkpoint> {
    Ok(Checkpoint::open_or_find(path, ARCHITECTURE)?)
}

/// Writes every tensor of a checkpoint, as it is stored and under the name that it has, to a safetensors file, whole or
/// not at all; of a GGUF file without quantized blocks, under names that load with a `params.json` beside them. No
/// tensor is held in memory. `on_bytes` is told how many bytes were written so far, and stops with `false`.
///
/// # Errors
/// When tensors are quantized, the file cannot be written, or it was stopped.
pub fn convert(checkpoint: Checkpoint, path: &Path, on_bytes: impl FnMut(u64) -> bool) -> Result<()> {
    let checkpoint = match gguf::is_gguf(&checkpoint)? {
        true => {
            let config = Config::of(&checkpoint, None)?;
            gguf::rename(checkpoint, &config)?
        }
        false => checkpoint,
    };
    Ok(checkpoint.save_safetensors(path, on_bytes)?)
}
