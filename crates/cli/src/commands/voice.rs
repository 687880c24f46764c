//! `zonos voice`: the library of voices.

use std::path::PathBuf;

use anyhow::Result;
use serde::Serialize;
use zonos::{EngineOptions, ModelPart, Registry, Voice, VoiceLibrary, preset_voices};

use super::pull::offer;
use crate::args::{AddArgs, BlendArgs, EmbedArgs, ModelArgs, VoiceCommand};
use crate::exit::usage;
use crate::inputs::{VoiceSource, find_voices, make_voices, mean};
use crate::output::{check_file, held, print, print_json};
use crate::progress::Ui;
use crate::table::table;

pub fn run(command: &VoiceCommand, ui: Ui) -> Result<()> {
    let library = VoiceLibrary::open_default()?;
    match command {
        VoiceCommand::Add(args) => add(args, &library, ui),
        VoiceCommand::List { json } => list(*json, &library),
        VoiceCommand::Show { name, json } => show(name, *json, &library),
        VoiceCommand::Remove { names } => remove(names, &library, ui),
        VoiceCommand::Blend(args) => blend(args, &library, ui),
        VoiceCommand::Embed(args) => embed(args, ui),
    }
}

fn add(args: &AddArgs, library: &VoiceLibrary, ui: Ui) -> Result<()> {
    library.check_new(&args.name)?;
    let voice = mean(&voices(&args.files, &args.model, ui)?)?;
    keep(&args.name, &voice, library, ui)
}

fn blend(args: &BlendArgs, library: &VoiceLibrary, ui: Ui) -> Result<()> {
    library.check_new(&args.name)?;
    if !(0.0..=1.0).contains(&args.weight) {
        return Err(usage(format!("weight is {}, but must be 0 to 1", args.weight)));
    }
    let pair = [args.a.clone(), args.b.clone()];
    let voices = voices(&pair, &args.model, ui)?;
    let [a, b] = voices.as_slice() else { return Err(usage("a blend takes two voices")) };
    let voice = Voice::blend(a, b, args.weight).map_err(zonos::Error::from)?;
    keep(&args.name, &voice, library, ui)
}

fn embed(args: &EmbedArgs, ui: Ui) -> Result<()> {
    if !zonos::is_saved_voice(&args.output) {
        return Err(usage(format!("{} must end in .npy, .npz or .safetensors", args.output.display())));
    }
    check_file(&args.output)?;
    let voice = mean(&voices(&args.files, &args.model, ui)?)?;
    held(|| voice.save(&args.output)).map_err(zonos::Error::from)?;
    ui.note(format!("{}: a voice of {} numbers", args.output.display(), voice.dim()));
    Ok(())
}

fn voices(names: &[String], model: &ModelArgs, ui: Ui) -> Result<Vec<Voice>> {
    let sources = find_voices(names, &model.options())?;
    model.set_threads()?;
    if sources.iter().any(|source| matches!(source, VoiceSource::Audio(_))) {
        offer(model, &[ModelPart::Speaker], ui)?;
    }
    ui.during("listening to the voice", || make_voices(sources, &model.options()))
}

fn keep(name: &str, voice: &Voice, library: &VoiceLibrary, ui: Ui) -> Result<()> {
    let path = held(|| library.add(name, voice))?;
    ui.note(format!("{name}: a voice of {} numbers, in {}", voice.dim(), path.display()));
    Ok(())
}

fn remove(names: &[String], library: &VoiceLibrary, ui: Ui) -> Result<()> {
    for name in names {
        library.file(name)?;
    }
    for name in names {
        library.remove(name)?;
        ui.note(format!("{name}: removed"));
    }
    Ok(())
}

/// What `--json` says of a voice.
#[derive(Serialize)]
struct Entry {
    name: String,
    /// Null if it comes with a model.
    file: Option<PathBuf>,
    /// The model that it comes with.
    model: Option<String>,
    numbers: usize,
    length: f64,
}

impl Entry {
    fn saved(name: &str, library: &VoiceLibrary) -> Result<Self> {
        Ok(Self { file: Some(library.file(name)?), ..Self::of(name, &library.load(name)?) })
    }

    fn of(name: &str, voice: &Voice) -> Self {
        let squares = voice.as_slice().iter().map(|&value| f64::from(value).powi(2));
        let length = squares.sum::<f64>().sqrt();
        Self { name: name.to_owned(), file: None, model: None, numbers: voice.dim(), length }
    }

    /// The voices that come with the models known by name.
    fn presets() -> Result<Vec<Self>> {
        let mut entries = Vec::new();
        for model in Registry::load()?.models.into_keys() {
            let voices = preset_voices(&EngineOptions::model(&model))?;
            entries.extend(
                voices.iter().map(|(name, voice)| Self { model: Some(model.clone()), ..Self::of(name, voice) }),
            );
        }
        Ok(entries)
    }

    /// Its name, and where it comes from if it is not saved.
    fn title(&self) -> String {
        self.model.as_ref().map_or_else(|| self.name.clone(), |model| format!("{} ({model})", self.name))
    }
}

/// Names only, one a line, so that a damaged file hides no others; `--json` reads them all.
fn list(json: bool, library: &VoiceLibrary) -> Result<()> {
    let (names, presets) = (library.names()?, Entry::presets()?);
    if json {
        let saved = names.iter().map(|name| Entry::saved(name, library)).collect::<Result<Vec<_>>>()?;
        return print_json(&saved.into_iter().chain(presets).collect::<Vec<_>>());
    }
    let titles = names.into_iter().chain(presets.iter().map(Entry::title));
    print(&titles.map(|title| format!("{title}\n")).collect::<String>())
}

fn show(name: &str, json: bool, library: &VoiceLibrary) -> Result<()> {
    let preset = Entry::presets()?.into_iter().find(|preset| preset.name == name);
    let entry = match preset {
        Some(preset) if library.file(name).is_err() => preset,
        _ => Entry::saved(name, library)?,
    };
    if json {
        return print_json(&entry);
    }
    let place = entry.file.as_ref().map(|file| ("file", file.display().to_string()));
    let place = place.into_iter().chain(entry.model.map(|model| ("comes with", model)));
    let rows = [("name", entry.name)].into_iter().chain(place);
    let figures = [("numbers", entry.numbers.to_string()), ("length", format!("{:.4}", entry.length))];
    print(&table(&rows.chain(figures).collect::<Vec<_>>()))
}
