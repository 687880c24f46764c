//! Where the user's models and voices live.

use std::path::PathBuf;

use etcetera::BaseStrategy;

use crate::{Error, Result};

/// The folder of all user data: `ZONOS_HOME`, else `zonos` in the system's folder for user data.
///
/// # Errors
/// When the system has no such folder.
pub fn home() -> Result<PathBuf> {
    if let Some(home) = std::env::var_os("ZONOS_HOME").filter(|home| !home.is_empty()) {
        return Ok(PathBuf::from(home));
    }
    let strategy = etcetera::choose_base_strategy().map_err(|_| Error::NoHome)?;
    Ok(strategy.data_dir().join("zonos"))
}
