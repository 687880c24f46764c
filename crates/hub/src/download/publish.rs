//! Putting contents into the cache: under their names only once they are whole.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::cache::{RepoCache, content_name};
use crate::{Error, RemoteFile, Result};

impl RepoCache {
    /// The file whose lock whoever fetches a content holds; programs of the hub agree on it.
    pub(crate) fn lock(&self, name: &str) -> PathBuf {
        let locks = self.root.with_file_name(".locks");
        locks.join(self.root.file_name().unwrap_or_default()).join(format!("{name}.lock"))
    }

    /// Makes a revision stand for a commit.
    pub(crate) fn refer(&self, revision: &str, commit: &str) -> Result<()> {
        if revision == commit {
            return Ok(());
        }
        let path = self.root.join("refs").join(revision);
        create_parent(&path)?;
        replace(&path, |new| fs::write(new, commit))
    }

    /// Gives a content that is here its name in a snapshot.
    pub(crate) fn publish(&self, commit: &str, file: &RemoteFile, name: &str) -> Result<PathBuf> {
        let link = self.link(commit, file);
        if content_name(&link).as_deref() == Some(name) && link.is_file() {
            return Ok(link);
        }
        create_parent(&link)?;
        let upwards: PathBuf = std::iter::repeat_n("..", file.path().split('/').count() + 1).collect();
        let target = upwards.join("blobs").join(name);
        replace(&link, |new| link_or_copy(&target, &self.blob(name), new))?;
        Ok(link)
    }
}

pub(crate) fn create_parent(path: &Path) -> Result<()> {
    match path.parent() {
        Some(folder) => fs::create_dir_all(folder).map_err(Error::io(folder)),
        None => Ok(()),
    }
}

/// Keeps apart what threads make beside the same path.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// Makes something beside `path`, then renames it.
pub(crate) fn replace(path: &Path, make: impl FnOnce(&Path) -> std::io::Result<()>) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}-{}.new", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
    let new = path.with_file_name(name);
    let made = make(&new).and_then(|()| fs::rename(&new, path));
    made.map_err(|error| {
        let _ = fs::remove_file(&new);
        Error::io(path)(error)
    })
}

/// A link, where the system lets us make one, else another name of the same file, else a copy.
fn link_or_copy(target: &Path, blob: &Path, link: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    let linked = std::os::unix::fs::symlink(target, link);
    #[cfg(windows)]
    let linked = std::os::windows::fs::symlink_file(target, link);
    linked.or_else(|_| fs::hard_link(blob, link)).or_else(|_| fs::copy(blob, link).map(drop))
}
