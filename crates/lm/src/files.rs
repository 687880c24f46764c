//! Where the files of a backbone are.

use std::path::Path;

use zonos_weights::Checkpoint;

use crate::Result;
use crate::gguf::ARCHITECTURE;

/// Opens a file of weights, or that of a folder: what [`Checkpoint::open`] finds there, else the only GGUF file that
/// holds a backbone.
///
/// # Errors
/// When nothing of these is there, several GGUF files are, or the file is damaged.
pub fn open_checkpoint(path: &Path) -> Result<Checkpoint> {
    match Checkpoint::open(path) {
        Err(zonos_weights::Error::NoCheckpoint { path }) if path.is_dir() => {
            let found = Checkpoint::find_gguf(&path, ARCHITECTURE)?;
            Ok(found.ok_or(zonos_weights::Error::NoCheckpoint { path })?)
        }
        opened => Ok(opened?),
    }
}
