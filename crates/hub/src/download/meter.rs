//! How far a download is, told to whoever asked for it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::{Error, Progress, Result, Stage};

const SLICE: Duration = Duration::from_millis(50);

/// Whom to tell; `false` stops the download.
pub(crate) type Listener<'a> = &'a (dyn Fn(&Progress) -> bool + Sync);

/// Tells how far one of several files is, from any thread.
pub(crate) struct Meter<'a> {
    listener: Listener<'a>,
    file: &'a str,
    size: u64,
    /// Bytes of the files before.
    before: u64,
    all_size: u64,
    checked: AtomicU64,
    stopped: AtomicBool,
}

impl<'a> Meter<'a> {
    pub(crate) fn new(listener: Listener<'a>, file: &'a str, size: u64, before: u64, all_size: u64) -> Self {
        let (checked, stopped) = (AtomicU64::new(0), AtomicBool::new(false));
        Self { listener, file, size, before, all_size, checked, stopped }
    }

    /// Tells that so many bytes of the file came, and fails when somebody wants it to stop.
    pub(crate) fn fetched(&self, done: u64) -> Result<()> {
        self.tell(Stage::Fetching, done, self.before + done)
    }

    /// Tells that so many more bytes were checked.
    pub(crate) fn checked(&self, bytes: u64) -> Result<()> {
        let done = self.checked.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.tell(Stage::Checking, done, self.before + self.size)
    }

    /// Tells that another process is at it.
    pub(crate) fn waiting(&self) -> Result<()> {
        self.tell(Stage::Waiting, 0, self.before)
    }

    /// Makes all threads stop.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Waits, but not for whoever wants to stop.
    pub(crate) fn pause(&self, length: Duration, done: u64) -> Result<()> {
        let started = Instant::now();
        while started.elapsed() < length {
            self.fetched(done)?;
            std::thread::sleep(SLICE.min(length));
        }
        Ok(())
    }

    fn tell(&self, stage: Stage, done: u64, all_done: u64) -> Result<()> {
        let progress = Progress { file: self.file, stage, done, size: self.size, all_done, all_size: self.all_size };
        if self.stopped.load(Ordering::Relaxed) || !(self.listener)(&progress) {
            self.stop();
            return Err(Error::Stopped);
        }
        Ok(())
    }
}
