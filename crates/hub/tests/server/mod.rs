//! A server on this machine that plays the hub, and the place where large files lie: everything on 127.0.0.1, nothing
//! of it random. Shared by the tests of several crates, none of which uses all of it.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use sha1::Sha1;
use sha2::{Digest, Sha256};

pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// Far longer than anything takes; a test that waits for what never comes fails in the end.
const PATIENCE: Duration = Duration::from_secs(120);

/// A file and how its server behaves.
#[derive(Clone, Default)]
pub struct Served {
    pub content: Vec<u8>,
    /// Kept elsewhere, and called by its SHA-256.
    pub large: bool,
    /// Sent in the place of the content.
    pub sent: Option<Vec<u8>>,
    /// So many requests for its bytes end after so many bytes.
    pub cuts: usize,
    pub cut_after: usize,
    /// Only whole files are sent.
    pub no_ranges: bool,
    /// What a request for it is answered with, in the place of the file: status and the hub's word for the error.
    pub refusal: Option<(u16, &'static str)>,
    /// So many requests for its bytes are answered with 503.
    pub busy: usize,
    /// A token that must be shown.
    pub token: Option<&'static str>,
    /// Headers to answer with, in the place of those of the same name; an empty value leaves one out.
    pub headers: Vec<(&'static str, String)>,
    /// Where to send requests, in the place of the usual.
    pub redirect: Option<String>,
}

/// A request as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub range: Option<String>,
    pub token: Option<String>,
    /// Whether it came to where large files lie.
    pub elsewhere: bool,
}

#[derive(Default)]
struct State {
    files: BTreeMap<String, Served>,
    requests: Vec<Request>,
    /// Requests for bytes are held after their first half while this is set.
    held: bool,
}

/// The server. Its threads end with the process.
pub struct Server {
    pub address: String,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    elsewhere: String,
}

impl Server {
    /// Serves nothing yet.
    pub fn start() -> Self {
        let (hub, cdn) = (TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
        let address = format!("http://{}", hub.local_addr().unwrap());
        let elsewhere = format!("http://{}", cdn.local_addr().unwrap());
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new(), elsewhere });
        for (listener, elsewhere) in [(hub, false), (cdn, true)] {
            let shared = shared.clone();
            std::thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    let shared = shared.clone();
                    std::thread::spawn(move || shared.answer(stream, elsewhere));
                }
            });
        }
        Self { address, shared }
    }

    /// Puts a file at `repo/path`.
    pub fn serve(&self, path: &str, file: Served) {
        self.shared.state.lock().unwrap().files.insert(path.to_owned(), file);
    }

    /// Changes how a file is served.
    pub fn change(&self, path: &str, change: impl FnOnce(&mut Served)) {
        change(self.shared.state.lock().unwrap().files.get_mut(path).unwrap());
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.state.lock().unwrap().requests.clone()
    }

    /// Requests so far for the bytes of a file, at the place that sends them.
    pub fn gets(&self, path: &str) -> Vec<Request> {
        let large = self.shared.state.lock().unwrap().files[path].large;
        let ends = ["main", COMMIT].map(|revision| format!("/resolve/{revision}/{}", path_in_repo(path)));
        let is_one = |request: &Request| request.method == "GET" && request.elsewhere == large;
        let is_for = |request: &Request| ends.iter().any(|end| request.path.ends_with(end));
        self.requests().into_iter().filter(|request| is_one(request) && is_for(request)).collect()
    }

    /// Holds all requests for bytes after their first half, or lets them go.
    pub fn hold(&self, held: bool) {
        self.shared.state.lock().unwrap().held = held;
        self.shared.changed.notify_all();
    }

    /// Waits for a request.
    pub fn wait_for(&self, wanted: impl Fn(&[Request]) -> bool) {
        let state = self.shared.state.lock().unwrap();
        let waited = self.shared.changed.wait_timeout_while(state, PATIENCE, |state| !wanted(&state.requests));
        assert!(!waited.unwrap().1.timed_out(), "the request did not come");
    }
}

/// `a/b/c/d` is the file `c/d` of `a/b`.
fn path_in_repo(path: &str) -> &str {
    path.splitn(3, '/').nth(2).unwrap()
}

pub fn sha256(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the hub calls a content.
pub fn etag(file: &Served) -> String {
    if file.large {
        return sha256(&file.content);
    }
    let header = format!("blob {}\0", file.content.len());
    Sha1::new_with_prefix(header)
        .chain_update(&file.content)
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

impl Shared {
    fn answer(&self, stream: TcpStream, elsewhere: bool) {
        let Some(request) = read_request(&stream, elsewhere) else { return };
        let file = {
            let mut state = self.state.lock().unwrap();
            state.requests.push(request.clone());
            self.changed.notify_all();
            let name = request.path.split('?').next().unwrap().trim_start_matches('/');
            let name = name.replacen(&format!("/resolve/{COMMIT}"), "", 1).replacen("/resolve/main", "", 1);
            take_turn(state.files.get_mut(&name), &request)
        };
        let Some((file, turn)) = file else {
            return respond(&stream, &request, 404, &[("X-Error-Code", "EntryNotFound".to_owned())], b"");
        };
        if let Some((status, code)) = refusal(&file, &request, elsewhere) {
            return respond(&stream, &request, status, &[("X-Error-Code", code.to_owned())], b"");
        }
        if request.method == "GET" && turn == Turn::Busy && (elsewhere || !file.large) {
            return respond(&stream, &request, 503, &[], b"busy");
        }
        let target =
            file.redirect.clone().or_else(|| (file.large).then(|| format!("{}{}", self.elsewhere, request.path)));
        match target.filter(|_| !elsewhere) {
            Some(target) => respond(&stream, &request, 302, &with(&file, &[("Location", &target)]), b"Moved"),
            None => self.send(&stream, &request, &file, turn == Turn::Cut),
        }
    }

    fn send(&self, mut stream: &TcpStream, request: &Request, file: &Served, cut: bool) {
        let content = file.sent.as_ref().unwrap_or(&file.content);
        let range = request.range.as_ref().filter(|_| !file.no_ranges).map(|range| parse_range(range, content.len()));
        let body = range.clone().map_or(&content[..], |range| &content[range]);
        let length = body.len().to_string();
        let mut headers = vec![("Content-Length", length.as_str())];
        let content_range =
            range.clone().map(|range| format!("bytes {}-{}/{}", range.start, range.end - 1, content.len()));
        headers.extend(content_range.as_deref().map(|range| ("Content-Range", range)));
        let head = head(if range.is_some() { 206 } else { 200 }, &with(file, &headers));
        if stream.write_all(head.as_bytes()).is_err() || request.method == "HEAD" {
            return;
        }
        let sent = if cut { file.cut_after.min(body.len()) } else { body.len() };
        let half = sent / 2;
        let _ = stream.write_all(&body[..half]);
        let state = self.state.lock().unwrap();
        drop(self.changed.wait_while(state, |state| state.held).unwrap());
        let _ = stream.write_all(&body[half..sent]);
        let _ = stream.shutdown(Shutdown::Both);
    }
}

#[derive(PartialEq)]
enum Turn {
    Whole,
    Cut,
    Busy,
}

/// The file, and what becomes of this request for its bytes.
fn take_turn(file: Option<&mut Served>, request: &Request) -> Option<(Served, Turn)> {
    let file = file?;
    let served = file.clone();
    if request.method != "GET" || request.elsewhere != file.large {
        return Some((served, Turn::Whole));
    }
    let turn = if file.busy > 0 {
        file.busy -= 1;
        Turn::Busy
    } else if file.cuts > 0 {
        file.cuts -= 1;
        Turn::Cut
    } else {
        Turn::Whole
    };
    Some((served, turn))
}

fn refusal(file: &Served, request: &Request, elsewhere: bool) -> Option<(u16, &'static str)> {
    let lacks_token = file.token.is_some_and(|token| request.token.as_deref() != Some(token)) && !elsewhere;
    if lacks_token { Some((401, "")) } else { file.refusal }
}

/// The headers of a file and others, with those that the test sets in their place.
fn with<'a>(file: &'a Served, others: &[(&'a str, &'a str)]) -> Vec<(&'a str, String)> {
    let size = file.content.len().to_string();
    let tag = format!("\"{}\"", etag(file));
    let mut headers = vec![("X-Repo-Commit", COMMIT.to_owned()), ("Accept-Ranges", "bytes".to_owned())];
    match file.large {
        true => headers.extend([("X-Linked-Etag", tag), ("X-Linked-Size", size)]),
        false => headers.push(("ETag", tag)),
    }
    headers.extend(others.iter().map(|(name, value)| (*name, (*value).to_owned())));
    for (name, value) in &file.headers {
        headers.retain(|(other, _)| other != name);
        if !value.is_empty() {
            headers.push((name, value.clone()));
        }
    }
    headers
}

fn respond(mut stream: &TcpStream, request: &Request, status: u16, headers: &[(&str, String)], body: &[u8]) {
    let length = body.len().to_string();
    let headers = headers.iter().filter(|(_, value)| !value.is_empty()).cloned();
    let headers: Vec<_> = headers.chain([("Content-Length", length)]).collect();
    let _ = stream.write_all(head(status, &headers).as_bytes());
    if request.method != "HEAD" {
        let _ = stream.write_all(body);
    }
    let _ = stream.shutdown(Shutdown::Both);
}

fn head(status: u16, headers: &[(&str, String)]) -> String {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("HTTP/1.1 {status} Status\r\n{headers}Connection: close\r\n\r\n")
}

fn read_request(stream: &TcpStream, elsewhere: bool) -> Option<Request> {
    let mut lines = BufReader::new(stream.take(1 << 16)).lines().map_while(Result::ok);
    let first = lines.next()?;
    let mut words = first.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let headers: BTreeMap<String, String> = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| {
            line.split_once(':').map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        })
        .collect();
    let token = headers.get("authorization").map(|value| value.trim_start_matches("Bearer ").to_owned());
    Some(Request { method, path, range: headers.get("range").cloned(), token, elsewhere })
}

fn parse_range(range: &str, size: usize) -> std::ops::Range<usize> {
    let (start, end) = range.trim_start_matches("bytes=").split_once('-').unwrap();
    start.parse().unwrap()..end.parse::<usize>().map_or(size, |end| size.min(end + 1))
}
