//! The `zonos` command as a person or a script uses it, with the built-in demo model.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod batch;
mod codes;
mod help;
#[cfg(unix)]
mod interrupt;
mod long;
mod machine;
mod mistakes;
mod models;
mod pipes;
mod play;
mod real_voices;
mod say;
#[path = "../../../hub/tests/server/mod.rs"]
mod server;
mod streaming;
mod support;
mod text;
mod voice;
mod voice_mistakes;
mod weights;
