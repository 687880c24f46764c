//! The `zonos` command as a person or a script uses it, with a tiny model of random weights, and with the demo model.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod batch;
mod codes;
mod demo;
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
