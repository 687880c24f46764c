//! What the environment says about hub and cache.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{Cache, Error, Result};

/// The hub, where `HF_ENDPOINT` names no other.
pub const DEFAULT_ENDPOINT: &str = "https://huggingface.co";

/// How the hub is spoken to.
#[derive(Clone, Debug)]
pub struct HubOptions {
    /// Address of the hub, without a slash at the end.
    pub endpoint: String,
    /// Who asks.
    pub token: Option<Token>,
    /// Where files are kept.
    pub cache: Cache,
    /// Whether the network is left alone.
    pub offline: bool,
    /// Pieces, connections, patience.
    pub tuning: Tuning,
}

/// How files are cut into pieces, and when to give up.
#[derive(Clone, Copy, Debug)]
pub struct Tuning {
    /// Connections for one file at most.
    pub connections: usize,
    /// Bytes of a piece at least; smaller files come in one.
    pub piece_bytes: u64,
    /// How often a piece may fail in succession without a byte gained.
    pub retries: u32,
    /// The pause before the first retry; it doubles with each.
    pub retry_pause: Duration,
    /// How long a connection may take to stand, and may be silent.
    pub patience: Duration,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            connections: 4,
            piece_bytes: 32 << 20,
            retries: 5,
            retry_pause: Duration::from_secs(1),
            patience: Duration::from_secs(30),
        }
    }
}

/// A token of the hub. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    secret: String,
    origin: String,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Token(from {})", self.origin)
    }
}

impl Token {
    /// A token and where it was found.
    ///
    /// # Errors
    /// [`Error::Environment`] when it holds what no token does.
    pub fn new(secret: &str, origin: impl Into<String>) -> Result<Self> {
        let (secret, origin) = (secret.trim(), origin.into());
        if secret.chars().all(|c| c.is_ascii_graphic()) {
            return Ok(Self { secret: secret.to_owned(), origin });
        }
        let reason = format!("what {origin} gives holds a character that no token has");
        Err(Error::Environment { name: "HF_TOKEN", reason })
    }

    /// What is shown to the hub.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// Where it was found: a variable or a file.
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

impl HubOptions {
    /// What `HF_ENDPOINT`, `HF_TOKEN` (else the file `HF_TOKEN_PATH`, else `token` in `HF_HOME`), `HF_HUB_CACHE` (else
    /// `hub` in `HF_HOME`) and `HF_HUB_OFFLINE` say. `HF_HOME` is `huggingface` in the user's cache folder by default.
    ///
    /// # Errors
    /// When one of them cannot be used, or there is no home folder.
    pub fn from_environment() -> Result<Self> {
        Ok(Self {
            endpoint: endpoint()?,
            token: token()?,
            cache: Cache::from_environment()?,
            offline: is_on("HF_HUB_OFFLINE"),
            tuning: Tuning::default(),
        })
    }
}

fn endpoint() -> Result<String> {
    let endpoint = variable("HF_ENDPOINT").unwrap_or_else(|| DEFAULT_ENDPOINT.to_owned());
    let endpoint = endpoint.trim_end_matches('/').to_owned();
    let rest = endpoint.strip_prefix("https://").or_else(|| endpoint.strip_prefix("http://"));
    if rest.is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_graphic())) {
        return Ok(endpoint);
    }
    let reason = format!("`{endpoint}` is no address that begins with https:// or http://");
    Err(Error::Environment { name: "HF_ENDPOINT", reason })
}

fn token() -> Result<Option<Token>> {
    if let Some(secret) = variable("HF_TOKEN") {
        return Token::new(&secret, "HF_TOKEN").map(Some);
    }
    let path = variable("HF_TOKEN_PATH").map(PathBuf::from).map_or_else(|| Ok(home()?.join("token")), Ok)?;
    read_token(&path)
}

/// The token in a file; none where there is no such file or it is empty.
fn read_token(path: &Path) -> Result<Option<Token>> {
    match std::fs::read_to_string(path) {
        Ok(text) if text.trim().is_empty() => Ok(None),
        Ok(text) => Token::new(&text, path.display().to_string()).map(Some),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Io { path: path.to_owned(), source }),
    }
}

/// The folder that programs of the hub share.
pub(crate) fn home() -> Result<PathBuf> {
    if let Some(home) = variable("HF_HOME") {
        return Ok(PathBuf::from(home));
    }
    let cache = variable("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(etcetera::home_dir().ok()?.join(".cache")));
    Ok(cache.ok_or(Error::NoHome)?.join("huggingface"))
}

/// The cache of all repositories.
pub(crate) fn cache_folder() -> Result<PathBuf> {
    match variable("HF_HUB_CACHE") {
        Some(folder) => Ok(PathBuf::from(folder)),
        None => Ok(home()?.join("hub")),
    }
}

/// As the hub's own programs read switches.
fn is_on(name: &str) -> bool {
    variable(name).is_some_and(|value| ["1", "on", "yes", "true"].contains(&value.to_ascii_lowercase().as_str()))
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_trimmed_checked_and_never_shown() {
        let token = Token::new(" hf_secret\n", "HF_TOKEN").unwrap();
        assert_eq!(token.secret, "hf_secret");
        assert!(!format!("{token:?}").contains("secret"));
        let message = Token::new("hf\u{1}x", "HF_TOKEN").unwrap_err().to_string();
        assert!(message.contains("HF_TOKEN") && !message.contains("hf\u{1}x"), "{message}");
    }

    #[test]
    fn a_token_is_read_from_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        assert_eq!(read_token(&path).unwrap(), None);
        std::fs::write(&path, "\n").unwrap();
        assert_eq!(read_token(&path).unwrap(), None);
        std::fs::write(&path, "hf_abc\n").unwrap();
        let token = read_token(&path).unwrap().unwrap();
        assert_eq!((token.secret.as_str(), token.origin()), ("hf_abc", path.to_str().unwrap()));
        assert!(read_token(folder.path()).is_err());
    }
}
