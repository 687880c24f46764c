//! One process at a time fetches a content.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::Duration;

use super::publish::create_parent;
use crate::{Error, Result};

const PAUSE: Duration = Duration::from_millis(100);

/// Takes the lock of a file, which goes with the value that is returned. `wait` is called again and again while another
/// process has it.
pub(crate) fn lock(path: &Path, mut wait: impl FnMut() -> Result<()>) -> Result<File> {
    create_parent(path)?;
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path).map_err(Error::io(path))?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => wait()?,
            // Some file systems have no locks: as without them, the last one wins.
            Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(Error::io(path)(error)),
        }
        std::thread::sleep(PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_waited_for_and_goes_with_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("locks/a.lock");
        let mut first = Some(lock(&path, || Ok(())).unwrap());
        assert!(matches!(lock(&path, || Err(Error::Stopped)), Err(Error::Stopped)));
        let mut waits = 0;
        let second = lock(&path, || {
            waits += 1;
            first.take();
            Ok(())
        });
        assert!(second.is_ok());
        assert_eq!(waits, 1);
    }
}
