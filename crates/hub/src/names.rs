//! Names of repositories, revisions and files, checked so that none can lead out of the cache.

use std::fmt;

use crate::{Error, Result};

const MAX_NAME: usize = 96;
const MAX_COMPONENT: usize = 255;

/// A repository at a revision.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Repo {
    id: String,
    revision: String,
}

/// A file of a repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RemoteFile {
    repo: Repo,
    path: String,
}

impl Repo {
    /// The repository `id` (`owner/name` or `name`) at a branch, tag or commit.
    ///
    /// # Errors
    /// [`Error::Name`] when one of them cannot be a name.
    pub fn new(id: impl Into<String>, revision: impl Into<String>) -> Result<Self> {
        let (id, revision) = (id.into(), revision.into());
        if id.split('/').count() > 2 || !id.split('/').all(is_name) {
            return Err(Error::Name { kind: "repository", name: id });
        }
        if !revision.split('/').all(|part| is_name(part) && !part.ends_with(".lock")) {
            return Err(Error::Name { kind: "revision", name: revision });
        }
        Ok(Self { id, revision })
    }

    /// `owner/name` or `name`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The branch, tag or commit.
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// Its folder in the cache.
    pub(crate) fn folder(&self) -> String {
        format!("models--{}", self.id.replace('/', "--"))
    }
}

impl RemoteFile {
    /// The file at `path`, with `/` between folders.
    ///
    /// # Errors
    /// [`Error::Name`] when the path is absolute, leads upwards, or holds what no system allows in names.
    pub fn new(repo: Repo, path: impl Into<String>) -> Result<Self> {
        let path = path.into();
        match path.split('/').all(is_component) {
            true => Ok(Self { repo, path }),
            false => Err(Error::Name { kind: "file", name: path }),
        }
    }

    /// Its repository.
    pub fn repo(&self) -> &Repo {
        &self.repo
    }

    /// Its path in the repository.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for RemoteFile {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}/{}", self.repo.id, self.path)
    }
}

/// Whether a part of a repository's or revision's name is one that the hub allows.
fn is_name(part: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=MAX_NAME).contains(&part.len())
        && part.chars().all(allowed)
        && !part.starts_with(['.', '-'])
        && !part.ends_with('.')
        && !part.contains("..")
        && !part.contains("--")
}

/// Whether a folder or file of a path has a name that every system takes as one.
fn is_component(part: &str) -> bool {
    let refused = |c: char| c.is_control() || matches!(c, '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|');
    (1..=MAX_COMPONENT).contains(&part.len())
        && !matches!(part, "." | "..")
        && !part.contains(refused)
        && !part.ends_with(['.', ' '])
}

/// Whether what a server calls a commit or a content can be the name of a folder or file.
pub(crate) fn is_object_name(name: &str) -> bool {
    (1..=128).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

#[cfg(test)]
mod tests {
    use std::path::{Component, Path};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn published_names_are_taken() {
        for id in ["Zyphra/ZONOS2-GGUF", "gpt2", "descript/dac_44khz", "a.b/c_d-1.7B"] {
            assert!(Repo::new(id, "main").is_ok(), "{id}");
        }
        for revision in ["main", "v1.0", "refs/pr/3", "0a1b2c"] {
            assert!(Repo::new("a/b", revision).is_ok(), "{revision}");
        }
        for path in ["config.json", "speaker_encoder/model.safetensors", "a b.bin", "ü.txt"] {
            assert!(RemoteFile::new(Repo::new("a/b", "main").unwrap(), path).is_ok(), "{path}");
        }
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for id in ["", "/", "a/b/c", "../b", "a/..", "a//b", "a--b/c", ".a/b", "a/b.", "a\\b/c", "C:/x", "ä/b"] {
            assert!(Repo::new(id, "main").is_err(), "{id}");
        }
        for revision in ["", "..", "a/../b", "/main", "main/", "a\0", "x.lock"] {
            assert!(Repo::new("a/b", revision).is_err(), "{revision}");
        }
        for path in ["", "/etc/passwd", "..", "a/../../b", "a//b", "a/", "./a", "a\\..\\b", "C:x", "a\nb", "a.", "a "] {
            assert!(RemoteFile::new(Repo::new("a/b", "main").unwrap(), path).is_err(), "{path:?}");
        }
        for name in ["", "..", "a/b", "W/\"x\"", "a.b"] {
            assert!(!is_object_name(name), "{name}");
        }
    }

    proptest! {
        #[test]
        fn a_path_that_is_taken_stays_below(path in "[a-z./\\\\: ~\\x00-\\x20]{0,24}") {
            if let Ok(file) = RemoteFile::new(Repo::new("a/b", "main").unwrap(), path) {
                prop_assert!(Path::new(file.path()).components().all(|part| matches!(part, Component::Normal(_))));
            }
        }
    }
}
