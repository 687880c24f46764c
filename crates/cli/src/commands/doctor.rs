//! `zonos doctor`

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use serde::Serialize;
use zonos::{DeviceChoice, EngineOptions, HubOptions, Machine, ModelStatus, Registry, VoiceLibrary, missing_parts};

use super::features;
use super::models::here;
use crate::args::DoctorArgs;
use crate::output::{print, print_json};
use crate::table::{bytes, table};

/// More cards than a machine has.
const MAX_DEVICES: usize = 16;

/// All that is shown.
#[derive(Serialize)]
struct Findings {
    version: &'static str,
    target: String,
    features: BTreeMap<&'static str, bool>,
    cpu: BTreeMap<&'static str, bool>,
    devices: Vec<String>,
    /// Why no NVIDIA card is among them, in a build that could use one.
    no_cuda: Option<String>,
    machine: Machine,
    home: PathBuf,
    voices: Vec<String>,
    downloads: Downloads,
    models: Vec<ModelStatus>,
    /// Of the model that was asked for.
    asked: Option<Asked>,
}

/// What is known of the hub without asking it.
#[derive(Serialize)]
struct Downloads {
    endpoint: String,
    cache: PathBuf,
    /// Where the token was found.
    token: Option<String>,
    offline: bool,
}

/// One model, a name or a path.
#[derive(Serialize)]
struct Asked {
    model: String,
    ready: bool,
    missing: Vec<String>,
}

pub fn run(args: &DoctorArgs) -> Result<()> {
    let findings = Findings::gather(args)?;
    if args.json { print_json(&findings) } else { print(&findings.text()) }
}

impl Findings {
    fn gather(args: &DoctorArgs) -> Result<Self> {
        let options = EngineOptions { models_file: args.list.models_file.clone(), ..EngineOptions::default() };
        let registry = Registry::load_with(options.models_file.as_deref())?;
        Ok(Self {
            version: env!("CARGO_PKG_VERSION"),
            target: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
            features: features::compiled().into_iter().collect(),
            cpu: features::cpu().into_iter().collect(),
            devices: devices(),
            no_cuda: no_cuda(),
            machine: Machine::now(),
            home: zonos::home()?,
            voices: VoiceLibrary::open_default()?.names()?,
            downloads: Downloads::gather()?,
            models: ModelStatus::all(&registry, &options)?,
            asked: args.model.as_ref().map(|model| Asked::gather(model, &options)).transpose()?,
        })
    }

    fn text(&self) -> String {
        let models: String = self.models.iter().map(model_text).collect();
        let asked = self.asked.as_ref().map(Asked::text).unwrap_or_default();
        let memory = self.machine.memory_bytes.map_or("unknown".to_owned(), bytes);
        let rows = table(&[
            ("zonos", format!("{} ({})", self.version, self.target)),
            ("built with", present(&self.features)),
            ("processor", present(&self.cpu)),
            ("devices", self.devices_text()),
            ("threads", self.machine.threads.to_string()),
            ("memory", memory),
            ("data folder", self.home.display().to_string()),
            ("downloads", self.downloads.text()),
            ("voices", if self.voices.is_empty() { "none".to_owned() } else { self.voices.join(", ") }),
        ]);
        format!("{rows}\nmodels\n{models}{asked}")
    }

    fn devices_text(&self) -> String {
        let refused = self.no_cuda.as_ref().map_or_else(String::new, |error| format!(" ({error})"));
        format!("{}{refused}", self.devices.join(", "))
    }
}

impl Downloads {
    fn gather() -> Result<Self> {
        let HubOptions { endpoint, cache, token, offline, .. } =
            HubOptions::from_environment().map_err(zonos::Error::from)?;
        let token = token.map(|token| token.origin().to_owned());
        Ok(Self { endpoint, cache: cache.folder().to_owned(), token, offline })
    }

    fn text(&self) -> String {
        let token = self.token.as_ref().map_or("no token".to_owned(), |origin| format!("token from {origin}"));
        let offline = if self.offline { ", offline" } else { "" };
        format!("{}, from {}, {token}{offline}", self.cache.display(), self.endpoint)
    }
}

impl Asked {
    fn gather(model: &str, options: &EngineOptions) -> Result<Self> {
        let missing = missing_parts(&EngineOptions { model: Some(model.to_owned()), ..options.clone() })?;
        Ok(Self { model: model.to_owned(), ready: missing.is_empty(), missing })
    }

    fn text(&self) -> String {
        let state = if self.ready { "is ready" } else { "is not ready" };
        let missing: String = self.missing.iter().map(|part| format!("    {part}\n")).collect();
        format!("\n{} {state}\n{missing}", self.model)
    }
}

fn model_text(model: &ModelStatus) -> String {
    let default = if model.default { ", default" } else { "" };
    let memory = if model.fits_memory == Some(false) { ", needs more memory than this machine has" } else { "" };
    // Of what is not here at all, the first line says enough.
    let shown = if model.files.iter().any(|file| file.file.is_some()) || model.folder.is_some() { 3 } else { 1 };
    let missing: String = model.missing.iter().take(shown).map(|part| format!("    {part}\n")).collect();
    let voices = (!model.voices.is_empty()).then(|| format!("    voices: {}\n", model.voices.join(", ")));
    let voices = voices.unwrap_or_default();
    format!("  {} ({}{default}{memory}): {}\n{voices}{missing}", model.name, here(model), model.description)
}

/// Every device that opens.
fn devices() -> Vec<String> {
    let kinds: [fn(usize) -> DeviceChoice; 2] = [DeviceChoice::Cuda, DeviceChoice::Metal];
    let found =
        kinds.into_iter().flat_map(|kind| (0..MAX_DEVICES).map(kind).take_while(|device| device.check().is_ok()));
    std::iter::once(DeviceChoice::Cpu).chain(found).map(|device| device.to_string()).collect()
}

fn no_cuda() -> Option<String> {
    let refused = DeviceChoice::Cuda(0).check().err().filter(|_| cfg!(feature = "cuda"));
    refused.map(|error| error.to_string())
}

fn present(features: &BTreeMap<&'static str, bool>) -> String {
    let names: Vec<&str> = features.iter().filter(|(_, there)| **there).map(|(name, _)| *name).collect();
    if names.is_empty() { "no extra features".to_owned() } else { names.join(", ") }
}
