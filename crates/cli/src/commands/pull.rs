//! Fetching models: asked for, or offered when one is needed.

use std::io::{self, IsTerminal, Write};

use anyhow::{Context, Result};
use zonos::{FileStatus, HubOptions, ModelPart, Registry, missing_files};

use crate::args::ModelArgs;
use crate::progress::Ui;
use crate::table::bytes;

/// Fetches parts of a model and says what is here then.
pub fn pull(registry: &Registry, name: &str, parts: &[ModelPart], offline: bool, ui: Ui) -> Result<()> {
    let mut hub = HubOptions::from_environment().map_err(zonos::Error::from)?;
    hub.offline |= offline;
    let cache = hub.cache.folder().display().to_string();
    let fetching = ui.fetching();
    // Ctrl-C may end the program at any moment: what came is written down as it comes.
    let files = zonos::pull_model(registry, name, parts, hub, &|progress| {
        fetching.show(progress);
        true
    })?;
    drop(fetching);
    let size: u64 = files.iter().filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum();
    ui.note(format!("{name}: {} files, {}, in {cache}", files.len(), bytes(size)));
    Ok(())
}

/// Fetches the parts that a command needs of a model, if the command line or a person says so. What is still missing then
/// is told when the model is loaded.
pub fn offer(model: &ModelArgs, parts: &[ModelPart], ui: Ui) -> Result<()> {
    let options = model.options();
    let is_given = |part: &ModelPart| match part {
        ModelPart::Backbone => false,
        ModelPart::Codec => options.codec.is_some(),
        ModelPart::Speaker => options.speaker_encoder.is_some(),
    };
    let parts: Vec<ModelPart> = parts.iter().copied().filter(|part| !is_given(part)).collect();
    let missing = missing_files(&options, &parts)?;
    if missing.is_empty() || model.fetch.offline || !(model.fetch.pull || agreed(&missing)?) {
        return Ok(());
    }
    let registry = Registry::load_with(options.models_file.as_deref())?;
    let name = options.model.unwrap_or_else(|| registry.default.clone());
    pull(&registry, &name, &parts, false, ui)
}

/// Asks a person. Where none is there, the answer is no.
fn agreed(missing: &[FileStatus]) -> Result<bool> {
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Ok(false);
    }
    let size = missing.iter().map(|file| file.bytes).sum::<Option<u64>>().map_or("?".to_owned(), bytes);
    let mut repos: Vec<&str> = missing.iter().map(|file| file.repo.as_str()).collect();
    repos.dedup();
    let question = format!("The model is not here yet: about {size} from {}. Fetch it now? [y/N] ", repos.join(", "));
    io::stderr().write_all(question.as_bytes()).context("cannot ask")?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).context("cannot read the answer")?;
    Ok(["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str()))
}
