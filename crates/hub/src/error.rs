use std::io;
use std::path::PathBuf;

/// Why a file of the hub could not be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A name that could lead out of the cache, or that no repository has.
    #[error("`{name}` cannot be the name of a {kind} of the hub")]
    Name {
        /// What it should name.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// An environment variable that cannot be used.
    #[error("{name} cannot be used: {reason}")]
    Environment {
        /// The variable.
        name: &'static str,
        /// Why.
        reason: String,
    },
    /// There is no folder for the cache.
    #[error("there is no home folder for downloads: set HF_HOME to a folder")]
    NoHome,
    /// A file that was to be looked at is not here.
    #[error("{file} is not in {folder}")]
    NotHere {
        /// The file.
        file: String,
        /// The cache.
        folder: PathBuf,
    },
    /// The network was not to be used.
    #[error("{file} is not in {folder}, and HF_HUB_OFFLINE or --offline keeps from fetching it")]
    Offline {
        /// The file.
        file: String,
        /// The cache.
        folder: PathBuf,
    },
    /// No connection.
    #[error("cannot reach {host}: {reason}; check the network, or name a mirror with HF_ENDPOINT")]
    Unreachable {
        /// Where to.
        host: String,
        /// Why.
        reason: String,
    },
    /// The connection ended too early, again and again.
    #[error(
        "the connection to {host} broke while fetching {file} ({reason}); what came is kept: run the same again to go on"
    )]
    Cut {
        /// Where to.
        host: String,
        /// The file.
        file: String,
        /// What happened.
        reason: String,
    },
    /// 401.
    #[error("{repo} does not exist or is private (401): check the name, or set HF_TOKEN to a token that may read it")]
    Unauthorized {
        /// The repository.
        repo: String,
    },
    /// 401 with a token.
    #[error("{repo} does not exist, or the token from {origin} may not read it (401)")]
    TokenRefused {
        /// The repository.
        repo: String,
        /// Where the token was found.
        origin: String,
    },
    /// 403 for a repository whose conditions must be accepted first.
    #[error("{repo} is gated: accept its conditions at {page}, and set HF_TOKEN to a token of that account")]
    Gated {
        /// The repository.
        repo: String,
        /// Its page.
        page: String,
    },
    /// 403.
    #[error("the hub does not let this account read {repo} (403)")]
    Forbidden {
        /// The repository.
        repo: String,
    },
    /// 404.
    #[error("there is no {file} at revision {revision} (404 from {host})")]
    NotFound {
        /// The file.
        file: String,
        /// Branch, tag or commit.
        revision: String,
        /// Who said so.
        host: String,
    },
    /// Any other answer than the file.
    #[error("{host} answered {status} for {file}: {hint}")]
    Status {
        /// Who.
        host: String,
        /// The status.
        status: u16,
        /// The file.
        file: String,
        /// What to do.
        hint: &'static str,
    },
    /// An answer that the hub's protocol does not know.
    #[error("{host} does not answer as the hub does for {file}: {reason}")]
    Protocol {
        /// Who.
        host: String,
        /// The file.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// The content is not the published one.
    #[error("{file} is damaged: its {kind} should be {expected}, but is {found}; {remedy}")]
    Damaged {
        /// The file.
        file: String,
        /// Which checksum.
        kind: &'static str,
        /// As published.
        expected: String,
        /// As found.
        found: String,
        /// What to do.
        remedy: &'static str,
    },
    /// The hub has another file than the list of models expects.
    #[error("the hub has another {file} than expected: {kind} {found} in the place of {expected}")]
    Unexpected {
        /// The file.
        file: String,
        /// Size or checksum.
        kind: &'static str,
        /// In the list of models.
        expected: String,
        /// On the hub.
        found: String,
    },
    /// Too little room, found out before the start.
    #[error(
        "{folder} has room for {available} bytes, but {needed} are to come: make room, or set HF_HOME to a folder on another disk"
    )]
    NoSpace {
        /// The cache.
        folder: PathBuf,
        /// Bytes to come.
        needed: u64,
        /// Bytes free.
        available: u64,
    },
    /// The disk became full on the way.
    #[error("the disk of {folder} is full; what came is kept: make room and run the same again")]
    DiskFull {
        /// The cache.
        folder: PathBuf,
    },
    /// The caller stopped it.
    #[error("stopped; what came is kept: run the same again to go on")]
    Stopped,
    /// A file or folder of the cache could not be read or changed.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// What the system said about `path`; a full disk has a sentence of its own.
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::DiskFull { folder: path.parent().map(PathBuf::from).unwrap_or(path) }
            }
            _ => Self::Io { path, source },
        }
    }
}
