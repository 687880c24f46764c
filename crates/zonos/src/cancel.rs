use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Stops requests from elsewhere: from another thread, or from a handler of signals.
///
/// Clones stand for the same token. A request that holds one stops before its next frame once it is cancelled.
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// A token that is not cancelled.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops every request that holds this token, now and from now on.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
