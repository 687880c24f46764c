//! Ctrl-C: the program ends at once, but never in the middle of writing a file.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};

use crate::aside::say_aside;
use crate::exit::Exit;

/// Held while a file is written; the end of the program takes it, too.
static WRITING: Mutex<()> = Mutex::new(());
static ASKED: AtomicBool = AtomicBool::new(false);

/// Sets what Ctrl-C does.
pub fn install() -> Result<()> {
    ctrlc::set_handler(stop).context("cannot set a handler for Ctrl-C")
}

/// While this lives, the first Ctrl-C waits; a second one does not.
pub fn hold() -> MutexGuard<'static, ()> {
    WRITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether Ctrl-C was pressed: work that holds it up is to end soon.
pub fn was_asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}

/// Runs on a thread of its own. The lock is never given back, so that no file is begun after it was taken.
fn stop() {
    let idle = WRITING.try_lock();
    let asked_before = ASKED.swap(true, Ordering::Relaxed);
    if idle.is_ok() || asked_before {
        say_aside("\ninterrupted");
        std::process::exit(Exit::Interrupted as i32);
    }
}
