//! What says that a file is the published one.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::{Error, Result};

const BUFFER: usize = 1 << 20;

/// A checksum that the hub states of a file, and calls it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Checksum {
    /// Of large files: SHA-256 of the content.
    Sha256(String),
    /// Of small files: SHA-1 of git's header and the content.
    GitBlob(String),
}

impl Checksum {
    /// What the name of a content stands for; nothing when it is no checksum.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let is_hex = name.bytes().all(|byte| byte.is_ascii_hexdigit());
        match name.len() {
            64 if is_hex => Some(Self::Sha256(name)),
            40 if is_hex => Some(Self::GitBlob(name)),
            _ => None,
        }
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Sha256(_) => "SHA-256",
            Self::GitBlob(_) => "git SHA-1",
        }
    }

    pub(crate) fn expected(&self) -> &str {
        match self {
            Self::Sha256(digest) | Self::GitBlob(digest) => digest,
        }
    }

    /// The same checksum of the file at `path`. `on_bytes` is told how many bytes were read since it was called last.
    pub(crate) fn compute(&self, path: &Path, on_bytes: &mut dyn FnMut(u64) -> Result<()>) -> Result<String> {
        let file = File::open(path).map_err(Error::io(path))?;
        match self {
            Self::Sha256(_) => digest(Sha256::new(), file, path, on_bytes),
            Self::GitBlob(_) => {
                let size = file.metadata().map_err(Error::io(path))?.len();
                digest(Sha1::new_with_prefix(format!("blob {size}\0")), file, path, on_bytes)
            }
        }
    }
}

fn digest<D: Digest>(
    mut digest: D,
    mut file: File,
    path: &Path,
    on_bytes: &mut dyn FnMut(u64) -> Result<()>,
) -> Result<String> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let read = file.read(&mut buffer).map_err(Error::io(path))?;
        if read == 0 {
            return Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect());
        }
        digest.update(buffer.get(..read).unwrap_or_default());
        on_bytes(read as u64)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_sha256sum_and_git() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hello");
        std::fs::write(&path, "hello\n").unwrap();
        // `sha256sum hello` and `git hash-object hello`.
        for name in [
            "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",
            "ce013625030ba8dba906f756967f9e9ca394464a",
        ] {
            let mut bytes = 0;
            let found = Checksum::of_name(name).unwrap().compute(&path, &mut |read| {
                bytes += read;
                Ok(())
            });
            assert_eq!((found.unwrap().as_str(), bytes), (name, 6));
        }
        assert_eq!(Checksum::of_name("W123"), None);
        assert_eq!(Checksum::of_name(&"g".repeat(64)), None);
    }
}
