//! What is written down of a file that is being fetched: which of its bytes are there.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// Ending of the file with the content so far, beside where the content is to lie.
pub(crate) const CONTENT: &str = "zonos-part";
/// Ending of the journal's file.
pub(crate) const JOURNAL: &str = "zonos-journal";

/// A file that is being fetched, as it is written down.
#[derive(Serialize, Deserialize)]
pub(crate) struct Journal {
    /// Its path in the repository.
    pub(crate) path: String,
    /// Bytes of the whole file.
    pub(crate) size: u64,
    /// Ranges that together are the file.
    pub(crate) pieces: Vec<PieceRecord>,
}

/// A range of the file, of which the first bytes are there.
#[derive(Serialize, Deserialize)]
pub(crate) struct PieceRecord {
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) done: u64,
}

impl Journal {
    /// Reads a journal; nothing when the file is none, is damaged, or the content is gone.
    pub(crate) fn read(file: &Path) -> Option<Self> {
        if file.extension()? != JOURNAL {
            return None;
        }
        let journal: Self = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
        let is_whole = file.with_extension(CONTENT).metadata().is_ok_and(|found| found.len() == journal.size);
        (is_whole && journal.is_sound()).then_some(journal)
    }

    /// Bytes that are there.
    pub(crate) fn done(&self) -> u64 {
        self.pieces.iter().map(|piece| piece.done).sum()
    }

    /// Whether the pieces cover the file without a gap, and none holds more than it can.
    fn is_sound(&self) -> bool {
        let mut at = 0;
        let follows = |piece: &PieceRecord| {
            let sound = piece.start == at && piece.start < piece.end && piece.done <= piece.end - piece.start;
            at = piece.end;
            sound
        };
        self.pieces.iter().all(follows) && at == self.size
    }
}

/// Removes a journal and its content.
pub(crate) fn remove(file: &Path) -> crate::Result<()> {
    // In this order: a journal without a content stands for nothing.
    remove_if_there(&file.with_extension(CONTENT))?;
    remove_if_there(file)
}

fn remove_if_there(path: &Path) -> crate::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(crate::Error::io(path)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lying_journal_counts_for_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("abc").with_extension(JOURNAL);
        fs::write(file.with_extension(CONTENT), [0; 10]).unwrap();
        for record in [
            r#"{"path":"a","size":10,"pieces":[{"start":0,"end":10,"done":11}]}"#,
            r#"{"path":"a","size":10,"pieces":[{"start":0,"end":5,"done":5}]}"#,
            r#"{"path":"a","size":10,"pieces":[{"start":0,"end":6,"done":0},{"start":5,"end":10,"done":0}]}"#,
            r#"{"path":"a","size":10,"pieces":[{"start":0,"end":0,"done":0}]}"#,
            r#"{"path":"a","size":11,"pieces":[{"start":0,"end":11,"done":0}]}"#,
            r#"{"path":"a","size":10,"pieces":[]}"#,
            r#"{"path":"#,
        ] {
            fs::write(&file, record).unwrap();
            assert!(Journal::read(&file).is_none(), "{record}");
        }
        fs::write(&file, r#"{"path":"a","size":10,"pieces":[{"start":0,"end":10,"done":7}]}"#).unwrap();
        assert_eq!(Journal::read(&file).unwrap().done(), 7);
    }
}
