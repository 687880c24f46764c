//! What came of the jobs of `zonos batch`: a line for each, added as it is finished, so that a run can be taken up again.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use zonos::ReadingReport;

use crate::output::held;

const NAME: &str = "manifest.jsonl";

/// The manifest of a folder.
pub struct Manifest {
    path: PathBuf,
    file: File,
    /// Fingerprints of the jobs that are done, by id.
    done: HashMap<String, String>,
}

/// One line.
#[derive(Serialize)]
pub struct Record<'a> {
    pub id: &'a str,
    /// The number of the job's line, from 1.
    pub line: usize,
    /// Changes with the job.
    pub fingerprint: String,
    /// The file, in the folder of the manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    #[serde(flatten)]
    pub report: Option<&'a ReadingReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What is read back of a line.
#[derive(Deserialize)]
struct Finished {
    id: String,
    fingerprint: String,
    output: Option<String>,
}

impl Manifest {
    /// Opens the manifest of a folder, and reads what is done: whose file is there.
    pub fn open(folder: &Path) -> Result<Self> {
        let path = folder.join(NAME);
        let done = read(&path, folder).with_context(|| format!("cannot read {}", path.display()))?;
        let opened = OpenOptions::new().create(true).append(true).open(&path);
        let mut file = opened.with_context(|| format!("cannot write {}", path.display()))?;
        // A run that was killed may have left half a line.
        if file.metadata().is_ok_and(|found| found.len() > 0) {
            file.write_all(b"\n").with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(Self { path, file, done })
    }

    /// Whether this very job is done.
    pub fn is_done(&self, id: &str, fingerprint: &str) -> bool {
        self.done.get(id).is_some_and(|done| done == fingerprint)
    }

    /// Adds a line.
    pub fn add(&mut self, record: &Record) -> Result<()> {
        let line = format!("{}\n", serde_json::to_string(record)?);
        let written = held(|| self.file.write_all(line.as_bytes()));
        written.with_context(|| format!("cannot write {}", self.path.display()))
    }
}

/// The jobs that are done. A later line about a job stands over those before; lines that cannot be read say nothing.
fn read(path: &Path, folder: &Path) -> std::io::Result<HashMap<String, String>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(HashMap::new()),
        opened => opened?,
    };
    let mut done = HashMap::new();
    for line in BufReader::new(file).split(b'\n') {
        let Ok(Finished { id, fingerprint, output }) = serde_json::from_slice(&line?) else { continue };
        match output.filter(|output| folder.join(output).is_file()) {
            Some(_) => drop(done.insert(id, fingerprint)),
            None => drop(done.remove(&id)),
        }
    }
    Ok(done)
}

/// A number that changes with a job's line (FNV-1a, 64 bits), in hexadecimal.
pub fn fingerprint(line: &[u8]) -> String {
    let hash = line
        .trim_ascii()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_those_of_fnv() {
        assert_eq!(fingerprint(b""), "cbf29ce484222325");
        assert_eq!(fingerprint(b" a\r"), "af63dc4c8601ec8c");
    }
}
