//! What a person at a terminal sees while waiting, on standard error. Pipes see notes and warnings only.

use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use zonos::{DownloadProgress, DownloadStage, ReadingProgress};

use crate::aside::say_aside;

const TICK: Duration = Duration::from_millis(100);

/// How much is said on standard error.
#[derive(Clone, Copy)]
pub struct Ui {
    quiet: bool,
}

impl Ui {
    pub fn new(quiet: bool) -> Self {
        Self { quiet }
    }

    /// Says something that is good to know.
    pub fn note(self, message: impl AsRef<str>) {
        if !self.quiet {
            say_aside(message.as_ref());
        }
    }

    /// Says something that needs attention, however quiet it is to be.
    pub fn warn(self, message: impl AsRef<str>) {
        say_aside(format_args!("warning: {}", message.as_ref()));
    }

    /// Turns while `work` runs.
    pub fn during<T>(self, message: impl Into<String>, work: impl FnOnce() -> T) -> T {
        let wait = Wait::new(self, message.into());
        let result = work();
        drop(wait);
        result
    }

    /// Follows a text while it is spoken.
    pub fn speaking(self) -> Speaking {
        let wait = Wait::new(self, "reading the text".to_owned());
        Speaking { wait, started: Instant::now() }
    }

    /// Follows a file that is being made, by its bytes.
    pub fn copying(self, message: impl Into<String>) -> Copying {
        let wait = Wait::new(self, message.into());
        wait.0.set_style(style("{spinner} {bar:30} {bytes} of {total_bytes}, {msg}"));
        Copying(wait)
    }

    /// Follows a download: a bar for the file, and one for all.
    pub fn fetching(self) -> Fetching {
        let bars = MultiProgress::with_draw_target(self.target());
        let bar = |template| bars.add(ProgressBar::no_length().with_style(style(template)));
        let file = bar("{bar:30} {bytes} of {total_bytes}, {msg}");
        let all = bar("{bar:30} {bytes} of {total_bytes} in all, {bytes_per_sec}, {eta} to go");
        Fetching { bars, file, all }
    }

    /// Counts what is finished.
    pub fn counting(self, what: &'static str) -> Counting {
        let wait = Wait::new(self, format!("0 {what}"));
        Counting { wait, what, started: Instant::now() }
    }

    fn target(self) -> ProgressDrawTarget {
        if self.quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() }
    }
}

/// A line that turns, and leaves nothing behind.
struct Wait(ProgressBar);

impl Wait {
    fn new(ui: Ui, message: String) -> Self {
        let bar = ProgressBar::with_draw_target(None, ui.target());
        bar.set_style(style("{spinner} {msg}"));
        bar.set_message(message);
        bar.enable_steady_tick(TICK);
        Self(bar)
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// The progress of a file.
pub struct Copying(Wait);

impl Copying {
    pub fn show(&self, done: u64, total: u64) {
        let bar = &self.0.0;
        bar.set_length(total);
        bar.set_position(done);
    }
}

/// The progress of a download.
pub struct Fetching {
    bars: MultiProgress,
    file: ProgressBar,
    all: ProgressBar,
}

impl Fetching {
    pub fn show(&self, progress: &DownloadProgress) {
        let file = progress.file;
        let message = match progress.stage {
            DownloadStage::Fetching => file.to_owned(),
            DownloadStage::Checking => format!("checking {file}"),
            DownloadStage::Waiting => format!("another process fetches {file}"),
        };
        if self.file.message() != message {
            self.file.set_message(message);
        }
        self.file.set_length(progress.size);
        self.file.set_position(progress.done);
        self.all.set_length(progress.all_size);
        self.all.set_position(progress.all_done);
    }
}

impl Drop for Fetching {
    fn drop(&mut self) {
        let _ = self.bars.clear();
    }
}

/// How many of several things are finished.
pub struct Counting {
    wait: Wait,
    what: &'static str,
    started: Instant,
}

impl Counting {
    /// Shows how many are finished, and how many seconds of speech they are.
    pub fn show(&self, finished: usize, seconds: f64) {
        let (bar, what) = (&self.wait.0, self.what);
        let speed = seconds / self.started.elapsed().as_secs_f64().max(1e-9);
        bar.set_message(format!("{finished} {what}, {seconds:.1} s of speech, {speed:.2} times as fast as it plays"));
    }
}

/// The progress of a text.
pub struct Speaking {
    wait: Wait,
    started: Instant,
}

impl Speaking {
    pub fn show(&self, progress: &ReadingProgress) {
        let bar = &self.wait.0;
        if bar.is_hidden() {
            return;
        }
        bar.set_style(style("{spinner} {bar:30} {percent} %, {msg}"));
        bar.set_length(SHARES);
        bar.set_position((progress.share * SHARES as f64) as u64);
        bar.set_message(account(progress, self.started.elapsed()));
    }
}

/// Steps of the bar.
const SHARES: u64 = 10_000;
/// How much must be done before it tells how long the rest takes.
const FORESEEABLE: f64 = 0.01;

/// What has come of a text after some time.
fn account(progress: &ReadingProgress, elapsed: Duration) -> String {
    let ReadingProgress { parts, parts_done, spoken_s, share } = *progress;
    let elapsed = elapsed.as_secs_f64().max(1e-9);
    let mut account = format!("{spoken_s:.1} s of speech, {:.2} times as fast as it plays", spoken_s / elapsed);
    if parts > 1 {
        account += &format!(", part {} of {parts}", (parts_done + 1).min(parts));
    }
    if share >= FORESEEABLE {
        account += &format!(", {} left", clock(elapsed * (1.0 - share) / share));
    }
    account
}

/// Hours, minutes and seconds, as far as they are needed.
fn clock(seconds: f64) -> String {
    let seconds = seconds.ceil() as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_follows_from_the_share_that_is_done() {
        let progress = |share| ReadingProgress { parts: 9, parts_done: 2, spoken_s: 30.0, share };
        let account = |share| account(&progress(share), Duration::from_secs(60));
        assert_eq!(account(0.25), "30.0 s of speech, 0.50 times as fast as it plays, part 3 of 9, 3:00 left");
        assert!(!account(0.001).contains("left"));
        assert_eq!((clock(0.2), clock(3661.0)), ("0:01".to_owned(), "1:01:01".to_owned()));
    }
}
