//! The published GGUF files: their names and keys, brought to those of the published checkpoint and back.

mod describe;
mod keys;
mod names;

use zonos_weights::Checkpoint;

use crate::{Config, Error, Result};

pub(crate) use describe::describe;
pub(crate) use keys::config;
pub(crate) use names::{gguf_name, published};

/// What `general.architecture` says in the files of a backbone.
pub(crate) const ARCHITECTURE: &str = "zonos2";

/// Whether a checkpoint is a GGUF file.
///
/// # Errors
/// When it is one of another architecture.
pub(crate) fn is_gguf(checkpoint: &Checkpoint) -> Result<bool> {
    match checkpoint.architecture() {
        Some(ARCHITECTURE) => Ok(true),
        Some(other) => Err(Error::Config(format!(
            "{} is a GGUF file of architecture `{other}`, expected `{ARCHITECTURE}`",
            checkpoint.path().display()
        ))),
        None if !checkpoint.is_gguf() => Ok(false),
        None => Err(Error::Config(format!("{} names no general.architecture", checkpoint.path().display()))),
    }
}

/// Brings the names of a GGUF file to those that the backbone asks for.
pub(crate) fn rename(checkpoint: Checkpoint, config: &Config) -> Result<Checkpoint> {
    let codebooks = config.codebooks;
    Ok(checkpoint.rename(|name| Some(published(name, codebooks)))?)
}
