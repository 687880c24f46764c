//! Output files that appear whole or not at all.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Why a file could not be written. Nothing was left under its name.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The path is that of a folder, a device or a pipe.
    #[error("cannot write {}: it exists and is not a regular file, give another name", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The folder of the file is missing.
    #[error("cannot write {}: there is no folder {}, create it first", path.display(), folder.display())]
    NoFolder {
        /// The file.
        path: PathBuf,
        /// The missing folder.
        folder: PathBuf,
    },
    /// The system refused, or what writes the content failed.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Writes the file `path` by way of a temporary file in the same folder, renamed once it is complete.
///
/// `write` gets a buffered writer (which can also seek). If it fails, or the program dies, whatever stood under
/// `path` before is still there, unchanged. The file gets the permissions that any new file gets.
///
/// # Errors
/// [`Error::NotAFile`] and [`Error::NoFolder`] before anything is written; [`Error::Write`] with what `write` or the
/// file system said.
pub fn write_atomically<T>(
    path: impl AsRef<Path>,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<T>,
) -> Result<T> {
    let path = path.as_ref();
    let folder = target_folder(path)?;
    try_write(path, &folder, write).map_err(|source| Error::Write { path: path.to_owned(), source })
}

/// Whether a file can be written at `path`: worth asking before long work. A temporary file is made and removed.
///
/// # Errors
/// Those of [`write_atomically`].
pub fn check(path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    let folder = target_folder(path)?;
    temporary_file(&folder).map(drop).map_err(|source| Error::Write { path: path.to_owned(), source })
}

/// Returns the folder of `path` if a regular file can stand there.
fn target_folder(path: &Path) -> Result<PathBuf> {
    // A rename would put a regular file in the place of a device such as /dev/null.
    if path.metadata().is_ok_and(|found| !found.is_file()) || path.file_name().is_none() {
        return Err(Error::NotAFile { path: path.to_owned() });
    }
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    if folder.is_dir() { Ok(folder) } else { Err(Error::NoFolder { path: path.to_owned(), folder }) }
}

fn try_write<T>(
    path: &Path,
    folder: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<T>,
) -> io::Result<T> {
    let (file, temporary) = temporary_file(folder)?.into_parts();
    let mut writer = BufWriter::new(file);
    let value = write(&mut writer)?;
    writer.flush()?;
    // Windows does not rename a file that is open.
    drop(writer);
    temporary.persist(path).map_err(|failed| failed.error)?;
    Ok(value)
}

fn temporary_file(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".zonos-").suffix(".part");
    // Temporary files are private by default, but this one becomes the user's file: the umask decides.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}
