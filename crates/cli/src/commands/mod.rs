//! What each command does.

mod batch;
mod bench;
mod check;
mod codes;
mod doctor;
mod features;
mod models;
mod normalize;
mod pull;
mod say;
mod shell;
mod voice;
mod weights;

use anyhow::Result;
use zonos::Engine;

use crate::args::{Cli, Command, ModelArgs};
use crate::progress::Ui;

/// Runs the command that was given.
pub fn run(cli: &Cli) -> Result<()> {
    let ui = Ui::new(cli.quiet);
    match &cli.command {
        Command::Say(args) => say::run(args, ui),
        Command::Batch(args) => batch::run(args, ui),
        Command::Voice(command) => voice::run(command, ui),
        Command::Models(command) => models::run(command, ui),
        Command::Normalize(args) => normalize::run(args),
        Command::Encode(args) => codes::encode(args, ui),
        Command::Decode(args) => codes::decode(args, ui),
        Command::Quantize(args) => weights::quantize(args, ui),
        Command::Convert(args) => weights::convert(args, ui),
        Command::Compare(args) => weights::compare(args, ui),
        Command::Bench(args) => bench::run(args, ui),
        Command::Doctor(args) => doctor::run(args),
        Command::Completions { shell } => shell::completions(*shell),
        Command::Man { dir } => shell::man(dir.as_deref()),
    }
}

/// Loads a model while a person sees that it is loading.
fn load_engine(model: &ModelArgs, ui: Ui) -> Result<Engine> {
    let name = model.model.as_deref().unwrap_or("the model");
    Ok(ui.during(format!("loading {name}"), || Engine::with_options(&model.options()))?)
}
