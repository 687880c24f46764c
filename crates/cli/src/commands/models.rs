//! `zonos models`: models known by name, and what is in folders and files.

use std::path::Path;

use anyhow::Result;
use serde::Serialize;
use zonos::{EngineOptions, ModelPart, ModelStatus, Registry, Verified, WeightsReport, look_inside, missing_parts};

use super::pull::pull;
use crate::args::{ListArgs, ModelsCommand, PartArg};
use crate::output::{print, print_json};
use crate::progress::Ui;
use crate::table::{bytes, grid, table};

pub fn run(command: &ModelsCommand, ui: Ui) -> Result<()> {
    match command {
        ModelsCommand::List { json, list } => all(*json, list),
        ModelsCommand::Show { model, json, list } => show(model, *json, list),
        ModelsCommand::Pull { names, offline, list } => {
            let registry = registry(list)?;
            names.iter().try_for_each(|name| registry.entry(name).map(drop))?;
            names.iter().try_for_each(|name| pull(&registry, name, &ModelPart::ALL, *offline, ui))
        }
        ModelsCommand::Path { name, part, list } => path(name, *part, list),
        ModelsCommand::Verify { names, list } => names.iter().try_for_each(|name| verify(name, list, ui)),
        ModelsCommand::Remove { names, list } => names.iter().try_for_each(|name| remove(name, &registry(list)?, ui)),
    }
}

fn registry(list: &ListArgs) -> Result<Registry> {
    Ok(Registry::load_with(list.models_file.as_deref())?)
}

fn options(list: &ListArgs) -> EngineOptions {
    EngineOptions { models_file: list.models_file.clone(), ..EngineOptions::default() }
}

fn all(json: bool, list: &ListArgs) -> Result<()> {
    let models = ModelStatus::all(&registry(list)?, &options(list))?;
    if json {
        return print_json(&models);
    }
    let heading = ["name", "size", "stored as", "memory", "fits", "here"].map(str::to_owned).to_vec();
    let rows: Vec<Vec<String>> = std::iter::once(heading).chain(models.iter().map(row)).collect();
    let default = models.iter().find(|model| model.default).map_or("", |model| model.name.as_str());
    print(&format!("{}\n{default} is used where no model is named; ~ stands for about\n", grid(&rows)))
}

fn row(model: &ModelStatus) -> Vec<String> {
    let fits = model.fits_memory.map_or("?", |fits| if fits { "yes" } else { "no" });
    let fits = if model.built_in { "yes" } else { fits };
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let memory = model.memory_bytes.map_or("-".to_owned(), |memory| format!("~{}", bytes(memory)));
    vec![model.name.clone(), size(model), or_dash(&model.quantization), memory, fits.to_owned(), here(model)]
}

fn size(model: &ModelStatus) -> String {
    let about = if model.files.iter().all(|file| file.exact) { "" } else { "~" };
    model.bytes.map_or("-".to_owned(), |size| format!("{about}{}", bytes(size)))
}

/// What of a model is on this machine.
pub fn here(model: &ModelStatus) -> String {
    let came: u64 = model
        .files
        .iter()
        .map(|file| file.file.as_ref().map_or(file.unfinished_bytes, |_| file.bytes.unwrap_or(0)))
        .sum();
    match (model.built_in, &model.folder, model.ready) {
        (true, _, true) => "built in".to_owned(),
        (true, _, false) => "not in this build".to_owned(),
        (_, Some(_), true) => "in its folder".to_owned(),
        (_, Some(_), false) => "in its folder, incomplete".to_owned(),
        (_, None, true) => "ready".to_owned(),
        (_, None, false) if came == 0 => "no".to_owned(),
        (_, None, false) => format!("partly, {}", bytes(came)),
    }
}

/// What is found in a folder or file.
#[derive(Serialize)]
struct Local {
    model: String,
    #[serde(flatten)]
    weights: WeightsReport,
    ready: bool,
    missing: Vec<String>,
}

fn show(model: &str, json: bool, list: &ListArgs) -> Result<()> {
    let registry = registry(list)?;
    if registry.models.contains_key(model) || !Path::new(model).exists() {
        let status = ModelStatus::of(&registry, model, &options(list))?;
        return if json { print_json(&status) } else { print(&named(&status)) };
    }
    let options = EngineOptions { model: Some(model.to_owned()), ..options(list) };
    let missing = missing_parts(&options)?;
    let local = Local { model: model.to_owned(), weights: look_inside(&options)?, ready: missing.is_empty(), missing };
    if json { print_json(&local) } else { print(&local.text()) }
}

impl Local {
    fn text(&self) -> String {
        let stored: Vec<String> =
            self.weights.stored_as.iter().map(|(element, size)| format!("{element} {}", bytes(*size))).collect();
        let rows = table(&[
            ("model", self.model.clone()),
            ("weights", self.weights.path.display().to_string()),
            ("architecture", self.weights.architecture.clone().unwrap_or_else(|| "not stated".to_owned())),
            ("tensors", self.weights.tensors.to_string()),
            ("size", bytes(self.weights.bytes)),
            ("stored as", stored.join(", ")),
            ("ready", if self.ready { "yes" } else { "no" }.to_owned()),
        ]);
        rows + &lines(&self.missing)
    }
}

fn named(model: &ModelStatus) -> String {
    let or_unknown = |text: &Option<String>| text.clone().unwrap_or_else(|| "not stated".to_owned());
    let memory = model.memory_bytes.map_or("not stated".to_owned(), |memory| format!("~{}", bytes(memory)));
    let folder = model.folder.as_ref().map(|folder| ("folder", folder.display().to_string()));
    let mut rows = vec![
        ("name", model.name.clone()),
        ("description", model.description.clone()),
        ("licence", or_unknown(&model.licence)),
        ("stored as", or_unknown(&model.quantization)),
        ("size", size(model)),
        ("memory", memory),
        ("here", here(model)),
    ];
    rows.extend(folder);
    rows.extend((!model.voices.is_empty()).then(|| ("voices", model.voices.join(", "))));
    let files: Vec<Vec<String>> = model.files.iter().map(file_row).collect();
    format!("{}{}{}", table(&rows), lines(&model.missing), grid(&files))
}

fn file_row(file: &zonos::FileStatus) -> Vec<String> {
    let about = if file.exact { "" } else { "~" };
    let size = file.bytes.map_or("?".to_owned(), |size| format!("{about}{}", bytes(size)));
    let state = match (&file.file, file.unfinished_bytes) {
        (Some(_), _) => "here".to_owned(),
        (None, 0) => "not here".to_owned(),
        (None, came) => format!("{} here", bytes(came)),
    };
    vec![file.part.to_string(), format!("{}/{} ({})", file.repo, file.path, file.revision), size, state]
}

fn lines(texts: &[String]) -> String {
    texts.iter().map(|text| format!("  {text}\n")).collect()
}

fn path(name: &str, part: Option<PartArg>, list: &ListArgs) -> Result<()> {
    let options = EngineOptions { model: Some(name.to_owned()), ..options(list) };
    match part.map(ModelPart::from) {
        Some(part) => print(&format!("{}\n", zonos::part_path(&options, part)?.display())),
        None => {
            let mut rows = Vec::new();
            for part in ModelPart::ALL {
                rows.push(vec![part.to_string(), zonos::part_path(&options, part)?.display().to_string()]);
            }
            print(&grid(&rows))
        }
    }
}

fn verify(name: &str, list: &ListArgs, ui: Ui) -> Result<()> {
    let registry = registry(list)?;
    let copying = ui.copying(format!("checking {name}"));
    let (mut done, status) = (0, ModelStatus::of(&registry, name, &options(list))?);
    let total: u64 = status.files.iter().filter(|file| file.file.is_some()).filter_map(|file| file.bytes).sum();
    let verified = zonos::verify_model(&registry, name, |bytes| {
        done += bytes;
        copying.show(done, total);
        true
    });
    drop(copying);
    for (file, verified) in verified? {
        match verified {
            Verified::Checksum(kind) => ui.note(format!("{file}: as published ({kind})")),
            Verified::Unknown => ui.warn(format!("{file}: there is no checksum to hold it against")),
        }
    }
    Ok(())
}

fn remove(name: &str, registry: &Registry, ui: Ui) -> Result<()> {
    let (freed, keepers) = zonos::remove_model(registry, name)?;
    ui.note(format!("{name}: removed, {} free", bytes(freed)));
    if !keepers.is_empty() {
        let keepers: Vec<String> = keepers.into_iter().collect();
        ui.note(format!("what it shares with {} stays", keepers.join(", ")));
    }
    Ok(())
}
