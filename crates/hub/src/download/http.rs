//! Requests to the hub and to where it sends us.

use ureq::http::{Response, StatusCode, Uri};
use ureq::{Agent, Body};

use crate::{Error, HubOptions, RemoteFile, Result, Token};

const MAX_REDIRECTS: usize = 8;

/// What is asked for a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    /// What the hub says about it; where large files lie is not visited.
    About,
    /// Its bytes from the first number up to the second.
    Bytes(u64, u64),
}

/// Speaks HTTP with the hub.
pub(crate) struct Client {
    agent: Agent,
    endpoint: String,
    token: Option<Token>,
}

impl Client {
    pub(crate) fn new(options: &HubOptions) -> Self {
        let patience = Some(options.tuning.patience);
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("zonos/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(patience)
            .timeout_connect(patience)
            .timeout_recv_response(patience)
            .timeout_per_read(patience);
        // A proxy does not reach what listens on this machine.
        if is_loopback(&options.endpoint) {
            config = config.proxy(None);
        }
        Self { agent: config.build().new_agent(), endpoint: options.endpoint.clone(), token: options.token.clone() }
    }

    /// The host of the hub, for messages.
    pub(crate) fn host(&self) -> &str {
        self.endpoint.split_once("://").map_or(self.endpoint.as_str(), |(_, host)| host)
    }

    /// Asks the hub for a file at a revision, and goes where it sends us. Only the hub itself is shown the token.
    pub(crate) fn ask(&self, file: &RemoteFile, revision: &str, ask: Ask) -> Result<Response<Body>> {
        let mut url = format!(
            "{}/{}/resolve/{}/{}",
            self.endpoint,
            file.repo().id(),
            escape(revision, false),
            escape(file.path(), true)
        );
        for _ in 0..MAX_REDIRECTS {
            let response = self.send(&url, file, ask)?;
            match self.next(&url, &response, file, ask)? {
                Some(next) => url = next,
                None => return self.accept(response, file, revision),
            }
        }
        Err(self.protocol(file, "it redirects without end"))
    }

    fn send(&self, url: &str, file: &RemoteFile, ask: Ask) -> Result<Response<Body>> {
        let request = match ask {
            Ask::About => self.agent.head(url),
            Ask::Bytes(start, end) => {
                self.agent.get(url).header("range", format!("bytes={start}-{}", end.saturating_sub(1)))
            }
        };
        let is_hub = origin(url).is_some() && origin(url) == origin(&self.endpoint);
        let request = match self.token.as_ref().filter(|_| is_hub) {
            Some(token) => request.header("authorization", format!("Bearer {}", token.secret())),
            None => request,
        };
        // Sizes and ranges are those of the content, not of something compressed.
        request.header("accept-encoding", "identity").call().map_err(|error| self.failed(url, file, error))
    }

    /// Where a response sends us, if we go there.
    fn next(&self, url: &str, response: &Response<Body>, file: &RemoteFile, ask: Ask) -> Result<Option<String>> {
        if !response.status().is_redirection() {
            return Ok(None);
        }
        let target = header(response, "location").and_then(|location| resolve(url, &location));
        let target = target.ok_or_else(|| self.protocol(file, "it redirects to nowhere"))?;
        // What the hub says about a large file, it says when it sends us to where the file lies.
        let is_answer = header(response, "x-linked-etag").is_some() || origin(url) != origin(&target);
        if ask == Ask::About && is_answer {
            return Ok(None);
        }
        if url.starts_with("https:") && !target.starts_with("https:") {
            return Err(self.protocol(file, "it redirects from https to a connection without encryption"));
        }
        Ok(Some(target))
    }

    /// Turns answers other than the one asked for into errors.
    fn accept(&self, response: Response<Body>, file: &RemoteFile, revision: &str) -> Result<Response<Body>> {
        let status = response.status();
        if status.is_success() || status.is_redirection() {
            return Ok(response);
        }
        let repo = file.repo().id().to_owned();
        let is_gated = header(&response, "x-error-code").is_some_and(|code| code == "GatedRepo");
        Err(match (status, &self.token) {
            (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) if is_gated => {
                Error::Gated { page: format!("{}/{repo}", self.endpoint), repo }
            }
            (StatusCode::UNAUTHORIZED, Some(token)) => Error::TokenRefused { repo, origin: token.origin().to_owned() },
            (StatusCode::UNAUTHORIZED, None) => Error::Unauthorized { repo },
            (StatusCode::FORBIDDEN, _) => Error::Forbidden { repo },
            (StatusCode::NOT_FOUND, _) => {
                Error::NotFound { file: file.to_string(), revision: revision.to_owned(), host: self.host().to_owned() }
            }
            _ => Error::Status {
                host: self.host().to_owned(),
                status: status.as_u16(),
                file: file.to_string(),
                hint: if status == StatusCode::TOO_MANY_REQUESTS {
                    "too many requests, wait some minutes"
                } else {
                    "try again later"
                },
            },
        })
    }

    pub(crate) fn protocol(&self, file: &RemoteFile, reason: impl Into<String>) -> Error {
        Error::Protocol { host: self.host().to_owned(), file: file.to_string(), reason: reason.into() }
    }

    /// A connection that broke.
    pub(crate) fn cut(&self, file: &RemoteFile, reason: impl ToString) -> Error {
        Error::Cut { host: self.host().to_owned(), file: file.to_string(), reason: reason.to_string() }
    }

    fn failed(&self, url: &str, file: &RemoteFile, error: ureq::Error) -> Error {
        let host = origin(url).map_or_else(|| self.host().to_owned(), |(_, host, _)| host);
        match error {
            ureq::Error::Protocol(_) | ureq::Error::Http(_) | ureq::Error::BadUri(_) => {
                self.protocol(file, error.to_string())
            }
            error => Error::Unreachable { host, reason: error.to_string() },
        }
    }
}

/// A header as text.
pub(crate) fn header(response: &Response<Body>, name: &str) -> Option<String> {
    response.headers().get(name)?.to_str().ok().map(str::to_owned)
}

/// Scheme, host and port of an address.
fn origin(url: &str) -> Option<(String, String, u16)> {
    let uri: Uri = url.parse().ok()?;
    let scheme = uri.scheme_str()?.to_ascii_lowercase();
    let port = uri.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
    Some((scheme, uri.host()?.to_ascii_lowercase(), port))
}

fn is_loopback(url: &str) -> bool {
    origin(url).is_some_and(|(_, host, _)| {
        let ip = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
    })
}

/// The address that `location` means at `base`; none for other kinds of addresses.
fn resolve(base: &str, location: &str) -> Option<String> {
    if location.starts_with("http://") || location.starts_with("https://") {
        return Some(location.to_owned());
    }
    let (scheme, rest) = base.split_once("://")?;
    if location.starts_with("//") {
        return Some(format!("{scheme}:{location}"));
    }
    let host = rest.split(['/', '?']).next()?;
    location.starts_with('/').then(|| format!("{scheme}://{host}{location}"))
}

/// Escapes what cannot stand in the path of an address.
fn escape(text: &str, keep_slashes: bool) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || (keep_slashes && byte == b'/');
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_resolved_and_compared() {
        let base = "https://hub.test/a/b";
        assert_eq!(resolve(base, "/c?d").as_deref(), Some("https://hub.test/c?d"));
        assert_eq!(resolve(base, "//cdn.test/c").as_deref(), Some("https://cdn.test/c"));
        assert_eq!(resolve(base, "http://x/y").as_deref(), Some("http://x/y"));
        assert_eq!(resolve(base, "ftp://x/y"), None);
        assert_eq!(origin("https://Hub.test/x"), origin("https://hub.test:443/y"));
        assert_ne!(origin("https://hub.test"), origin("http://hub.test"));
        assert_ne!(origin("http://127.0.0.1:1"), origin("http://127.0.0.1:2"));
        assert!(is_loopback("http://127.0.0.1:80/x") && is_loopback("http://[::1]:80"));
        assert!(!is_loopback("https://huggingface.co"));
    }

    #[test]
    fn paths_are_escaped() {
        assert_eq!(escape("a b/ü?.txt", true), "a%20b/%C3%BC%3F.txt");
        assert_eq!(escape("refs/pr/1", false), "refs%2Fpr%2F1");
    }
}
