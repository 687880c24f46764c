//! Room on the disk.

use std::path::Path;

use crate::{Error, Result};

/// Left free for everything else.
const MARGIN: u64 = 64 << 20;

/// Bytes that are free where `folder` is, or will be.
///
/// # Errors
/// When the system does not tell.
pub fn available_space(folder: &Path) -> Result<u64> {
    let existing = folder.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("."));
    fs4::available_space(existing).map_err(Error::io(existing))
}

/// Whether `needed` bytes fit where `available` are free.
pub(crate) fn check(folder: &Path, needed: u64, available: u64) -> Result<()> {
    if needed == 0 || needed.saturating_add(MARGIN) <= available {
        return Ok(());
    }
    Err(Error::NoSpace { folder: folder.to_owned(), needed, available })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_checked_with_a_margin() {
        let folder = tempfile::tempdir().unwrap();
        let available = available_space(&folder.path().join("not/yet")).unwrap();
        assert!(available > 0);
        assert!(check(folder.path(), 0, 0).is_ok());
        assert!(check(folder.path(), 10, MARGIN + 10).is_ok());
        let message = check(folder.path(), 10, MARGIN).unwrap_err().to_string();
        assert!(message.contains("10") && message.contains("HF_HOME"), "{message}");
        assert!(check(folder.path(), u64::MAX, available).is_err());
    }
}
