//! A file that is being fetched: its content so far, and the journal of what of it is there.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::publish::replace;
use crate::journal::{self, CONTENT, JOURNAL, Journal, PieceRecord};
use crate::{Error, Result};

/// Work that a crash can cost is bounded by both.
const SAVE_EVERY_BYTES: u64 = 16 << 20;
const SAVE_EVERY: Duration = Duration::from_secs(1);

/// A file that is being fetched, in pieces.
pub(crate) struct Part {
    blob: PathBuf,
    path_in_repo: String,
    size: u64,
    pieces: Vec<Piece>,
    saved: Mutex<Option<(u64, Instant)>>,
}

/// A range of the file that comes from its start on.
pub(crate) struct Piece {
    start: u64,
    end: u64,
    done: AtomicU64,
}

impl Piece {
    fn new(record: &PieceRecord) -> Self {
        Self { start: record.start, end: record.end, done: AtomicU64::new(record.done) }
    }

    /// What is still to come, as a range of the file.
    pub(crate) fn rest(&self) -> std::ops::Range<u64> {
        self.start + self.done()..self.end
    }

    pub(crate) fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    pub(crate) fn is_done(&self) -> bool {
        self.rest().is_empty()
    }

    /// Marks bytes as written.
    pub(crate) fn advance(&self, bytes: u64) {
        self.done.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Forgets what came.
    pub(crate) fn restart(&self) {
        self.done.store(0, Ordering::Relaxed);
    }

    fn record(&self) -> PieceRecord {
        PieceRecord { start: self.start, end: self.end, done: self.done() }
    }
}

impl Part {
    /// What an earlier run left of the content that is to lie at `blob`, if it is of this size; else a new part of
    /// `count` pieces.
    pub(crate) fn resume(blob: &Path, path_in_repo: &str, size: u64, count: u64) -> Self {
        match Journal::read(&blob.with_extension(JOURNAL)).filter(|journal| journal.size == size) {
            Some(journal) => Self::of_pieces(blob, path_in_repo, size, &journal.pieces),
            None => Self::new(blob, path_in_repo, size, count),
        }
    }

    /// Nothing yet, to come in `count` pieces.
    pub(crate) fn new(blob: &Path, path_in_repo: &str, size: u64, count: u64) -> Self {
        let step = size.div_ceil(count.max(1)).max(1);
        let starts = (0..size.div_ceil(step)).map(|number| number * step);
        let pieces: Vec<_> = starts.map(|start| PieceRecord { start, end: size.min(start + step), done: 0 }).collect();
        Self::of_pieces(blob, path_in_repo, size, &pieces)
    }

    fn of_pieces(blob: &Path, path_in_repo: &str, size: u64, pieces: &[PieceRecord]) -> Self {
        Self {
            blob: blob.to_owned(),
            path_in_repo: path_in_repo.to_owned(),
            size,
            pieces: pieces.iter().map(Piece::new).collect(),
            saved: Mutex::new(None),
        }
    }

    /// The file with what came.
    pub(crate) fn content(&self) -> PathBuf {
        self.blob.with_extension(CONTENT)
    }

    fn journal(&self) -> PathBuf {
        self.blob.with_extension(JOURNAL)
    }

    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Bytes that are there.
    pub(crate) fn done(&self) -> u64 {
        self.pieces.iter().map(Piece::done).sum()
    }

    /// Opens the content for writing; it has its full length from the start.
    pub(crate) fn writer(&self) -> Result<File> {
        let open = || {
            let file = OpenOptions::new().write(true).create(true).truncate(false).open(self.content())?;
            file.set_len(self.size)?;
            Ok(file)
        };
        open().map_err(Error::io(self.content()))
    }

    /// Writes the journal if enough came since it was written last.
    pub(crate) fn save_sometimes(&self) -> Result<()> {
        let done = self.done();
        let mut saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        let is_recent =
            |(bytes, at): (u64, Instant)| done.abs_diff(bytes) < SAVE_EVERY_BYTES && at.elapsed() < SAVE_EVERY;
        if saved.is_some_and(is_recent) {
            return Ok(());
        }
        *saved = Some((done, Instant::now()));
        self.write_journal()
    }

    /// Writes the journal.
    pub(crate) fn save(&self) -> Result<()> {
        let _saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        self.write_journal()
    }

    fn write_journal(&self) -> Result<()> {
        let pieces = self.pieces.iter().map(Piece::record).collect();
        let journal = Journal { path: self.path_in_repo.clone(), size: self.size, pieces };
        let text = serde_json::to_vec(&journal).map_err(|error| Error::io(self.journal())(error.into()))?;
        replace(&self.journal(), |new| fs::write(new, text))
    }

    /// Gives the content its final name.
    pub(crate) fn finish(&self) -> Result<()> {
        fs::rename(self.content(), &self.blob).map_err(Error::io(&self.blob))?;
        journal::remove(&self.journal())
    }

    /// Removes what came.
    pub(crate) fn remove(&self) -> Result<()> {
        journal::remove(&self.journal())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_the_file() {
        for (size, count, expected) in [(0, 3, 0), (1, 3, 1), (10, 3, 3), (12, 4, 4), (5, 0, 1)] {
            let part = Part::new(Path::new("x"), "x", size, count);
            assert_eq!(part.pieces().len(), expected, "{size} in {count}");
            let covered: u64 = part.pieces().iter().map(|piece| piece.rest().end - piece.rest().start).sum();
            assert_eq!(covered, size);
        }
    }

    #[test]
    fn what_came_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let blob = folder.path().join("abc");
        let part = Part::resume(&blob, "sub/a.bin", 10, 2);
        part.writer().unwrap();
        part.pieces()[1].advance(3);
        part.save().unwrap();
        let again = Part::resume(&blob, "sub/a.bin", 10, 4);
        assert_eq!((again.pieces().len(), again.done(), again.pieces()[1].rest()), (2, 3, 8..10));
        assert_eq!(Part::resume(&blob, "sub/a.bin", 11, 1).done(), 0);
        again.finish().unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(fs::read(&blob).unwrap(), [0; 10]);
    }
}
