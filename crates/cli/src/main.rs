//! The `zonos` command: it reads arguments, calls the `zonos` library, and tells what came of it.

mod args;
mod aside;
mod commands;
mod exit;
mod inputs;
mod interrupt;
mod jobs;
mod manifest;
mod output;
#[cfg_attr(not(feature = "play"), path = "no_play.rs")]
mod play;
mod progress;
mod table;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = args::Cli::parse();
    exit::report(interrupt::install().and_then(|()| commands::run(&cli)))
}
