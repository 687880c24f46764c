//! `zonos doctor`

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use serde::Serialize;
use zonos::{DeviceChoice, EngineOptions, Machine, ModelEntry, Registry, VoiceLibrary, missing_parts};

use super::features;
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
    machine: Machine,
    home: PathBuf,
    voices: Vec<String>,
    models: Vec<ModelFindings>,
}

#[derive(Serialize)]
struct ModelFindings {
    name: String,
    default: bool,
    description: String,
    licence: String,
    ready: bool,
    missing: Vec<String>,
}

pub fn run(args: &DoctorArgs) -> Result<()> {
    let findings = Findings::gather()?;
    if args.json { print_json(&findings) } else { print(&findings.text()) }
}

impl Findings {
    fn gather() -> Result<Self> {
        Ok(Self {
            version: env!("CARGO_PKG_VERSION"),
            target: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
            features: features::compiled().into_iter().collect(),
            cpu: features::cpu().into_iter().collect(),
            devices: devices(),
            machine: Machine::now(),
            home: zonos::home()?,
            voices: VoiceLibrary::open_default()?.names()?,
            models: models()?,
        })
    }

    fn text(&self) -> String {
        let models: String = self.models.iter().map(ModelFindings::text).collect();
        let memory = self.machine.memory_bytes.map_or("unknown".to_owned(), bytes);
        let rows = table(&[
            ("zonos", format!("{} ({})", self.version, self.target)),
            ("built with", present(&self.features)),
            ("processor", present(&self.cpu)),
            ("devices", self.devices.join(", ")),
            ("threads", self.machine.threads.to_string()),
            ("memory", memory),
            ("data folder", self.home.display().to_string()),
            ("voices", if self.voices.is_empty() { "none".to_owned() } else { self.voices.join(", ") }),
        ]);
        format!("{rows}\nmodels\n{models}")
    }
}

impl ModelFindings {
    fn new(name: &str, entry: &ModelEntry, default: &str) -> Result<Self> {
        let missing = missing_parts(&EngineOptions::model(name))?;
        Ok(Self {
            name: name.to_owned(),
            default: name == default,
            description: entry.description.clone(),
            licence: entry.licence.clone(),
            ready: missing.is_empty(),
            missing,
        })
    }

    fn text(&self) -> String {
        let state = if self.ready { "ready" } else { "not here" };
        let default = if self.default { ", default" } else { "" };
        let missing: String = self.missing.iter().map(|part| format!("    {part}\n")).collect();
        format!("  {} ({state}{default}): {} {}\n{missing}", self.name, self.description, self.licence)
    }
}

fn models() -> Result<Vec<ModelFindings>> {
    let registry = Registry::load()?;
    registry.models.iter().map(|(name, entry)| ModelFindings::new(name, entry, &registry.default)).collect()
}

/// Every device that opens.
fn devices() -> Vec<String> {
    let kinds: [fn(usize) -> DeviceChoice; 2] = [DeviceChoice::Cuda, DeviceChoice::Metal];
    let found =
        kinds.into_iter().flat_map(|kind| (0..MAX_DEVICES).map(kind).take_while(|device| device.check().is_ok()));
    std::iter::once(DeviceChoice::Cpu).chain(found).map(|device| device.to_string()).collect()
}

fn present(features: &BTreeMap<&'static str, bool>) -> String {
    let names: Vec<&str> = features.iter().filter(|(_, there)| **there).map(|(name, _)| *name).collect();
    if names.is_empty() { "no extra features".to_owned() } else { names.join(", ") }
}
