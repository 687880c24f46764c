//! What a person at a terminal sees while waiting, on standard error. Pipes see notes and warnings only.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use zonos::Progress;

use crate::aside::say_aside;

const TICK: Duration = Duration::from_millis(100);
const FRAMES_PER_SECOND: f64 = 44_100.0 / 512.0;

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

    /// Follows a request frame by frame.
    pub fn speaking(self, max_frames: Option<usize>) -> Speaking {
        let wait = Wait::new(self, "reading the text".to_owned());
        if max_frames.is_some() {
            wait.0.set_style(style("{spinner} {bar:30} {msg}"));
        }
        Speaking { wait, started: Instant::now() }
    }

    /// Follows a file that is being made, by its bytes.
    pub fn copying(self, message: impl Into<String>) -> Copying {
        let wait = Wait::new(self, message.into());
        wait.0.set_style(style("{spinner} {bar:30} {bytes} of {total_bytes}, {msg}"));
        Copying(wait)
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

/// The progress of one request.
pub struct Speaking {
    wait: Wait,
    started: Instant,
}

impl Speaking {
    pub fn show(&self, progress: Progress) {
        let bar = &self.wait.0;
        if bar.is_hidden() {
            return;
        }
        let seconds = progress.frames as f64 / FRAMES_PER_SECOND;
        let speed = seconds / self.started.elapsed().as_secs_f64().max(1e-9);
        bar.set_length(progress.limit as u64);
        bar.set_position(progress.frames as u64);
        bar.set_message(format!("{seconds:.1} s of speech, {speed:.2} times as fast as it plays"));
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
