//! The cache on disk, in the layout that programs of the hub share.
//!
//! A content lies once in `blobs`, under the checksum that the hub states; `snapshots/<commit>/<path>` link to contents,
//! and `refs/<revision>` names the commit of a branch.

use std::fs;
use std::path::{Path, PathBuf};

use crate::checksum::Checksum;
use crate::journal::{self, Journal};
use crate::names::is_object_name;
use crate::{Error, RemoteFile, Repo, Result, environment};

/// The cache of all repositories.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

/// What [`Cache::verify`] could check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verified {
    /// The content has the checksum of this kind that the hub states.
    Checksum(&'static str),
    /// There is nothing to hold it against: the cache holds a copy without its checksum.
    Unknown,
}

impl Cache {
    /// The folder that `HF_HUB_CACHE` names, else `hub` in `HF_HOME`, else in the user's cache folder.
    ///
    /// # Errors
    /// When there is no home folder.
    pub fn from_environment() -> Result<Self> {
        Ok(Self::at(environment::cache_folder()?))
    }

    /// The cache in a folder, which need not exist yet.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file, if it is here whole. Nothing is asked of the network.
    pub fn find(&self, file: &RemoteFile) -> Option<PathBuf> {
        let repo = self.repo(file.repo());
        let commit = repo.commit(file.repo().revision())?;
        Some(repo.link(&commit, file)).filter(|path| path.is_file())
    }

    /// Bytes of the file that an unfinished download left.
    pub fn unfinished(&self, file: &RemoteFile) -> u64 {
        self.repo(file.repo()).journals(file).iter().map(|(_, journal)| journal.done()).max().unwrap_or_default()
    }

    /// Holds the content of a file against its checksum: `sha256` if it is known, and the one that the hub stated when
    /// it was fetched. `on_bytes` is told how many bytes were read since it was called last, and stops with `false`.
    ///
    /// # Errors
    /// When the file is not here, damaged, or cannot be read, or it was stopped.
    pub fn verify(
        &self,
        file: &RemoteFile,
        sha256: Option<&str>,
        mut on_bytes: impl FnMut(u64) -> bool,
    ) -> Result<Verified> {
        let not_here = || Error::NotHere { file: file.to_string(), folder: self.folder.clone() };
        let path = self.find(file).ok_or_else(not_here)?;
        let stated = content_name(&path).and_then(|name| Checksum::of_name(&name));
        let known = sha256.map(|digest| Checksum::Sha256(digest.to_ascii_lowercase()));
        let mut report = |bytes| if on_bytes(bytes) { Ok(()) } else { Err(Error::Stopped) };
        // One of a kind is enough, unless they differ.
        let same = stated.is_some() && stated == known;
        let checksums: Vec<Checksum> = known.into_iter().chain(stated.filter(|_| !same)).collect();
        for checksum in &checksums {
            check(&path, file, checksum, "remove it and fetch it again", &mut report)?;
        }
        Ok(checksums.first().map_or(Verified::Unknown, |checksum| Verified::Checksum(checksum.kind())))
    }

    /// Removes a file at every revision, with what no other file shares and what unfinished downloads left of it. Gives
    /// the bytes that became free.
    ///
    /// # Errors
    /// When something cannot be removed.
    pub fn remove(&self, file: &RemoteFile) -> Result<u64> {
        self.repo(file.repo()).remove(file)
    }

    pub(crate) fn repo(&self, repo: &Repo) -> RepoCache {
        RepoCache { root: self.folder.join(repo.folder()) }
    }
}

/// The cache of one repository.
pub(crate) struct RepoCache {
    pub(crate) root: PathBuf,
}

impl RepoCache {
    pub(crate) fn blobs(&self) -> PathBuf {
        self.root.join("blobs")
    }

    /// Where a content lies; `name` is an object name.
    pub(crate) fn blob(&self, name: &str) -> PathBuf {
        self.blobs().join(name)
    }

    /// The commit of a revision: itself, when it is one, else what its reference says.
    pub(crate) fn commit(&self, revision: &str) -> Option<String> {
        if self.snapshots().join(revision).is_dir() && is_object_name(revision) {
            return Some(revision.to_owned());
        }
        let text = fs::read_to_string(self.root.join("refs").join(revision)).ok()?;
        Some(text.trim().to_owned()).filter(|commit| is_object_name(commit))
    }

    pub(crate) fn snapshots(&self) -> PathBuf {
        self.root.join("snapshots")
    }

    pub(crate) fn link(&self, commit: &str, file: &RemoteFile) -> PathBuf {
        self.snapshots().join(commit).join(file.path())
    }

    /// What unfinished downloads left of a file.
    fn journals(&self, file: &RemoteFile) -> Vec<(PathBuf, Journal)> {
        let items = fs::read_dir(self.blobs()).into_iter().flatten().flatten().map(|item| item.path());
        let journals = items.filter_map(|path| Some((path.clone(), Journal::read(&path)?)));
        journals.filter(|(_, journal)| journal.path == file.path()).collect()
    }

    fn remove(&self, file: &RemoteFile) -> Result<u64> {
        let commits = fs::read_dir(self.snapshots()).into_iter().flatten().flatten();
        let commits: Vec<PathBuf> = commits.map(|commit| commit.path()).collect();
        let links =
            commits.iter().map(|commit| commit.join(file.path())).filter(|link| link.symlink_metadata().is_ok());
        let mut freed = 0;
        for link in links {
            let name = content_name(&link);
            let size = if name.is_none() { size_of(&link) } else { 0 };
            fs::remove_file(&link).map_err(Error::io(&link))?;
            freed += size + name.map_or(Ok(0), |name| self.remove_content(&name, &commits))?;
        }
        for (path, journal) in self.journals(file) {
            freed += journal.done();
            journal::remove(&path)?;
        }
        self.remove_empty_folders();
        Ok(freed)
    }

    /// Removes a content that no snapshot links to any more.
    fn remove_content(&self, name: &str, commits: &[PathBuf]) -> Result<u64> {
        if commits.iter().any(|commit| links_to(commit, name)) {
            return Ok(0);
        }
        let blob = self.blob(name);
        let size = size_of(&blob);
        match fs::remove_file(&blob) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io(blob)(error)),
            _ => Ok(size),
        }
    }

    /// Tidies up behind the last file: snapshots, then the repository itself. Whatever still holds something stays.
    fn remove_empty_folders(&self) {
        for commit in fs::read_dir(self.snapshots()).into_iter().flatten().flatten() {
            remove_empty(&commit.path());
        }
        // Neither a reference without a snapshot nor a lock that nobody holds is of use.
        if fs::remove_dir(self.snapshots()).is_ok() && fs::remove_dir(self.blobs()).is_ok() {
            let _ = fs::remove_dir_all(self.root.join("refs"));
            let _ = fs::remove_dir(&self.root);
        }
    }
}

/// Holds a file against a checksum.
pub(crate) fn check(
    path: &Path,
    file: &RemoteFile,
    checksum: &Checksum,
    remedy: &'static str,
    on_bytes: &mut dyn FnMut(u64) -> Result<()>,
) -> Result<()> {
    let found = checksum.compute(path, on_bytes)?;
    if found == checksum.expected() {
        return Ok(());
    }
    let (kind, expected) = (checksum.kind(), checksum.expected().to_owned());
    Err(Error::Damaged { file: file.to_string(), kind, expected, found, remedy })
}

/// The name of the content that a file of a snapshot links to; nothing when it is a copy.
pub(crate) fn content_name(link: &Path) -> Option<String> {
    let target = fs::read_link(link).ok()?;
    target.file_name()?.to_str().filter(|name| is_object_name(name)).map(str::to_owned)
}

fn size_of(path: &Path) -> u64 {
    path.metadata().map(|found| found.len()).unwrap_or_default()
}

/// Whether anything below a folder links to a content.
fn links_to(folder: &Path, name: &str) -> bool {
    let items = fs::read_dir(folder).into_iter().flatten().flatten();
    items.map(|item| item.path()).any(|path| match path.is_dir() && !path.is_symlink() {
        true => links_to(&path, name),
        false => content_name(&path).as_deref() == Some(name),
    })
}

/// Removes a folder with nothing but empty folders in it.
fn remove_empty(folder: &Path) {
    for item in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = item.path();
        if path.is_dir() && !path.is_symlink() {
            remove_empty(&path);
        }
    }
    let _ = fs::remove_dir(folder);
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A cache as another program would leave it.
    fn filled() -> (tempfile::TempDir, Cache, RemoteFile) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("models--a--b");
        let name = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
        for path in ["blobs", "refs", "snapshots/c0/sub", "snapshots/c1/sub"] {
            fs::create_dir_all(root.join(path)).unwrap();
        }
        fs::write(root.join("blobs").join(name), "hello\n").unwrap();
        fs::write(root.join("refs/main"), "c1").unwrap();
        for commit in ["c0", "c1"] {
            let link = root.join("snapshots").join(commit).join("sub/hello.txt");
            symlink(Path::new("../../../blobs").join(name), link).unwrap();
        }
        let file = RemoteFile::new(Repo::new("a/b", "main").unwrap(), "sub/hello.txt").unwrap();
        let cache = Cache::at(folder.path());
        (folder, cache, file)
    }

    #[test]
    fn what_other_programs_fetched_is_found_by_branch_and_by_commit() {
        let (folder, cache, file) = filled();
        assert_eq!(fs::read(cache.find(&file).unwrap()).unwrap(), b"hello\n");
        let at = |revision| RemoteFile::new(Repo::new("a/b", revision).unwrap(), "sub/hello.txt").unwrap();
        assert!(cache.find(&at("c0")).is_some());
        assert!(cache.find(&at("c2")).is_none() && cache.find(&at("dev")).is_none());
        fs::write(folder.path().join("models--a--b/refs/dev"), "../../elsewhere").unwrap();
        assert!(cache.find(&at("dev")).is_none());
        fs::remove_dir_all(folder.path().join("models--a--b/blobs")).unwrap();
        assert!(cache.find(&file).is_none());
    }

    #[test]
    fn a_changed_content_is_told() {
        let (folder, cache, file) = filled();
        assert_eq!(cache.verify(&file, None, |_| true).unwrap(), Verified::Checksum("SHA-256"));
        assert!(matches!(cache.verify(&file, None, |_| false), Err(Error::Stopped)));
        let message = cache.verify(&file, Some(&"0".repeat(64)), |_| true).unwrap_err().to_string();
        assert!(message.contains("5891b5b5") && message.contains("a/b/sub/hello.txt"), "{message}");
        fs::write(cache.find(&file).unwrap(), "hullo\n").unwrap();
        assert!(matches!(cache.verify(&file, None, |_| true), Err(Error::Damaged { .. })));
        // A copy in the place of a link has no checksum to its name.
        let link = folder.path().join("models--a--b/snapshots/c1/sub/hello.txt");
        fs::remove_file(&link).unwrap();
        fs::write(&link, "hello\n").unwrap();
        assert_eq!(cache.verify(&file, None, |_| true).unwrap(), Verified::Unknown);
    }

    #[test]
    fn removing_the_last_file_leaves_nothing() {
        let (folder, cache, file) = filled();
        assert_eq!(cache.remove(&file).unwrap(), 6);
        assert!(!folder.path().join("models--a--b").exists());
        assert_eq!(cache.remove(&file).unwrap(), 0);
    }

    #[test]
    fn removing_a_file_keeps_what_another_shares() {
        let (folder, cache, file) = filled();
        let name = content_name(&cache.find(&file).unwrap()).unwrap();
        let root = folder.path().join("models--a--b");
        symlink(Path::new("../../blobs").join(&name), root.join("snapshots/c1/same.txt")).unwrap();
        assert_eq!(cache.remove(&file).unwrap(), 0);
        let other = RemoteFile::new(file.repo().clone(), "same.txt").unwrap();
        assert!(cache.find(&file).is_none() && cache.find(&other).is_some());
        assert!(!root.join("snapshots/c0").exists());
    }
}
