//! What the hub says about a file.

use ureq::Body;
use ureq::http::Response;

use super::http::{Ask, Client, header};
use crate::checksum::Checksum;
use crate::names::is_object_name;
use crate::{RemoteFile, Result};

/// A file as the hub has it.
#[derive(Clone, Debug)]
pub(crate) struct Remote {
    /// The commit that the revision stands for.
    pub(crate) commit: String,
    /// The name of the content: its checksum, for all that the hub itself keeps.
    pub(crate) content: String,
    /// Bytes.
    pub(crate) size: u64,
}

impl Remote {
    /// Asks the hub.
    pub(crate) fn ask(client: &Client, file: &RemoteFile) -> Result<Self> {
        let response = client.ask(file, file.repo().revision(), Ask::About)?;
        let required = |what: &str, found: Option<String>| {
            found.ok_or_else(|| client.protocol(file, format!("it does not tell the {what}")))
        };
        let content = header(&response, "x-linked-etag").or_else(|| header(&response, "etag"));
        let content = required("name of the content (ETag)", content.and_then(|etag| plain(&etag)))?;
        let commit = header(&response, "x-repo-commit").filter(|commit| is_object_name(commit));
        let commit = required("commit (X-Repo-Commit)", commit)?;
        let size = required("size", size(&response))?;
        let size = size.parse().map_err(|_| client.protocol(file, format!("`{size}` is no size")))?;
        Ok(Self { commit, content, size })
    }

    pub(crate) fn checksum(&self) -> Option<Checksum> {
        Checksum::of_name(&self.content)
    }
}

/// The size of the content; the length of a redirection is that of its own text.
fn size(response: &Response<Body>) -> Option<String> {
    let own = || header(response, "content-length").filter(|_| response.status().is_success());
    header(response, "x-linked-size").or_else(own)
}

/// A tag without quotes and the mark of weak ones, if it can name a file.
fn plain(etag: &str) -> Option<String> {
    let name = etag.strip_prefix("W/").unwrap_or(etag).trim_matches('"');
    is_object_name(name).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_name_contents_only_if_they_can_name_files() {
        assert_eq!(plain("\"abc\"").as_deref(), Some("abc"));
        assert_eq!(plain("W/\"abc\"").as_deref(), Some("abc"));
        for etag in ["", "\"\"", "\"../../x\"", "a.b", "a b"] {
            assert_eq!(plain(etag), None, "{etag}");
        }
    }
}
