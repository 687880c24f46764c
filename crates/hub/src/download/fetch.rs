//! The bytes of one file: several pieces at once, each taken up again where it broke off.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use ureq::Body;
use ureq::http::{Response, StatusCode};

use super::http::{Ask, Client, header};
use super::meter::Meter;
use super::part::{Part, Piece};
use super::remote::Remote;
use crate::{Error, RemoteFile, Result, Tuning};

const BUFFER: usize = 256 << 10;

/// A file being fetched.
pub(crate) struct Fetch<'a> {
    pub(crate) client: &'a Client,
    pub(crate) tuning: &'a Tuning,
    pub(crate) file: &'a RemoteFile,
    pub(crate) remote: &'a Remote,
    pub(crate) meter: &'a Meter<'a>,
}

/// How an attempt at a piece ended.
enum Attempt {
    Done,
    /// The server sends whole files only.
    NoRanges,
}

impl Fetch<'_> {
    /// Fetches what is missing of the content that is to lie at `blob`. What came stays when it fails.
    pub(crate) fn run(&self, blob: &Path) -> Result<Part> {
        let count = self.remote.size / self.tuning.piece_bytes.max(1);
        let part = Part::resume(blob, self.file.path(), self.remote.size, count.clamp(1, 64));
        if let Attempt::Done = self.fetch(&part)? {
            return Ok(part);
        }
        let whole = Part::new(blob, self.file.path(), self.remote.size, 1);
        match self.fetch(&whole)? {
            Attempt::Done => Ok(whole),
            Attempt::NoRanges => Err(self.client.protocol(self.file, "it sends neither the file nor a range of it")),
        }
    }

    /// Fetches all pieces, some at a time.
    fn fetch(&self, part: &Part) -> Result<Attempt> {
        part.writer()?;
        self.meter.fetched(part.done())?;
        let next = AtomicUsize::new(0);
        let first_failure = Mutex::new(None);
        std::thread::scope(|scope| {
            for _ in 0..self.tuning.connections.clamp(1, part.pieces().len().max(1)) {
                scope.spawn(|| self.work(part, &next, &first_failure));
            }
        });
        part.save()?;
        match first_failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            None => Ok(Attempt::Done),
            Some(Ok(attempt)) => Ok(attempt),
            Some(Err(error)) => Err(error),
        }
    }

    /// Takes pieces until none is left or one fails, here or elsewhere.
    fn work(&self, part: &Part, next: &AtomicUsize, first_failure: &Mutex<Option<Result<Attempt>>>) {
        while let Some(piece) = part.pieces().get(next.fetch_add(1, Ordering::Relaxed)) {
            match self.piece(part, piece) {
                Ok(Attempt::Done) => {}
                failure => {
                    let mut first = first_failure.lock().unwrap_or_else(PoisonError::into_inner);
                    let _ = first.get_or_insert(failure);
                    next.store(part.pieces().len(), Ordering::Relaxed);
                    return;
                }
            }
        }
    }

    /// Fetches a piece, with patience for connections that break.
    fn piece(&self, part: &Part, piece: &Piece) -> Result<Attempt> {
        let mut failures = 0;
        while !piece.is_done() {
            let before = piece.done();
            match self.attempt(part, piece) {
                Ok(Attempt::Done) => {}
                Err(error) if is_transient(&error) => {
                    failures = if piece.done() > before { 0 } else { failures + 1 };
                    if failures > self.tuning.retries {
                        return Err(error);
                    }
                    self.meter.pause(self.tuning.retry_pause * 2u32.pow(failures.min(6)), part.done())?;
                }
                other => return other,
            }
        }
        Ok(Attempt::Done)
    }

    fn attempt(&self, part: &Part, piece: &Piece) -> Result<Attempt> {
        let rest = piece.rest();
        let response = self.client.ask(self.file, &self.remote.commit, Ask::Bytes(rest.start, rest.end))?;
        match response.status() {
            StatusCode::PARTIAL_CONTENT => self.check_range(&response, rest.start)?,
            // The whole file from its beginning, whatever was asked for.
            _ if part.pieces().len() == 1 => piece.restart(),
            _ => return Ok(Attempt::NoRanges),
        }
        let start = piece.rest().start;
        let mut writer = part.writer()?;
        writer.seek(SeekFrom::Start(start)).map_err(Error::io(part.content()))?;
        self.copy(response, &mut writer, part, piece)
    }

    /// Whether a part of the content is the one that was asked for.
    fn check_range(&self, response: &Response<Body>, start: u64) -> Result<()> {
        let range = header(response, "content-range").unwrap_or_default();
        let size = self.remote.size;
        let fits = range.starts_with(&format!("bytes {start}-")) && range.ends_with(&format!("/{size}"));
        if fits { Ok(()) } else { Err(self.client.protocol(self.file, format!("it sends the range `{range}`"))) }
    }

    fn copy(&self, response: Response<Body>, writer: &mut File, part: &Part, piece: &Piece) -> Result<Attempt> {
        let rest = piece.rest();
        let mut reader = response.into_body().into_reader().take(rest.end - rest.start);
        let mut buffer = vec![0; BUFFER];
        loop {
            let read = reader.read(&mut buffer).map_err(|error| self.client.cut(self.file, error))?;
            if read == 0 {
                break;
            }
            writer.write_all(buffer.get(..read).unwrap_or_default()).map_err(Error::io(part.content()))?;
            piece.advance(read as u64);
            part.save_sometimes()?;
            self.meter.fetched(part.done())?;
        }
        if piece.is_done() { Ok(Attempt::Done) } else { Err(self.client.cut(self.file, "it ended early")) }
    }
}

/// Whether trying again may help.
fn is_transient(error: &Error) -> bool {
    match error {
        Error::Unreachable { .. } | Error::Cut { .. } => true,
        Error::Status { status, .. } => matches!(status, 408 | 429 | 500..),
        _ => false,
    }
}
