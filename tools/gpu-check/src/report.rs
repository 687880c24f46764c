//! What was found, as files.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Result, bail};
use serde::Serialize;
use zonos::DeviceChoice;
use zonos::bench::BenchReport;

use crate::markdown;
use crate::parity::Parity;

/// Everything that was found.
#[derive(Debug, Serialize)]
pub struct Report {
    pub version: &'static str,
    /// The commit that the program was built from, where the build told it.
    pub commit: Option<&'static str>,
    pub device: String,
    /// `None` when the tests were left out.
    pub parity: Option<Parity>,
    pub benches: Vec<Measured>,
}

/// A measurement and the type of the weights.
#[derive(Debug, Serialize)]
pub struct Measured {
    pub precision: String,
    #[serde(flatten)]
    pub report: BenchReport,
}

impl Report {
    pub fn new(device: DeviceChoice) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            commit: option_env!("ZONOS_COMMIT"),
            device: device.to_string(),
            parity: None,
            benches: Vec::new(),
        }
    }

    /// Writes `gpu-check.json` and `gpu-check.md` into a folder.
    pub fn write(&self, folder: &Path) -> Result<()> {
        write(&folder.join("gpu-check.json"), &format!("{}\n", serde_json::to_string_pretty(self)?))?;
        write(&folder.join("gpu-check.md"), &markdown::page(self))
    }

    /// Fails when a parity test did.
    pub fn check(&self) -> Result<()> {
        let failed = self.parity.as_ref().map_or(&[][..], |parity| &parity.failed);
        if failed.is_empty() { Ok(()) } else { bail!("parity tests failed: {}", failed.join(", ")) }
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    Ok(zonos_output::write_atomically(path, |file| file.write_all(text.as_bytes()))?)
}
