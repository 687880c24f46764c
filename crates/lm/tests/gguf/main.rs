//! The backbone out of GGUF files, and what these say and hold.
#![allow(clippy::unwrap_used)]

mod files;
mod hostile;
mod keys;
mod logits;
mod published;
mod support;
