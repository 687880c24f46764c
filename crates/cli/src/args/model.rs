//! Which model, and what it computes on.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use zonos::{DeviceChoice, EngineOptions, Precision};

use super::{FetchArgs, ListArgs, precisions};

/// Which model, and what it computes on.
#[derive(Args, Debug)]
#[command(next_help_heading = "Model")]
pub struct ModelArgs {
    /// A name that `zonos models list` shows, a folder, or a file of weights [default: ZONOS_MODEL, else zonos2-q8]
    #[arg(long, value_name = "NAME|PATH", value_hint = ValueHint::AnyPath)]
    pub model: Option<String>,
    /// A codec in the place of the model's own
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub codec: Option<PathBuf>,
    /// A speaker encoder in the place of the model's own
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub speaker_encoder: Option<PathBuf>,
    /// Where to compute: auto, cpu, cuda, cuda:N, metal or metal:N
    #[arg(long, default_value_t)]
    pub device: DeviceChoice,
    /// Element type of the large matrices, converted while loading [default: that of the file]
    #[arg(long, value_parser = precisions())]
    pub dtype: Option<Precision>,
    /// Threads that compute on the CPU, 1-1024 [default: one for each core]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub threads: Option<usize>,
    #[command(flatten)]
    pub fetch: FetchArgs,
    #[command(flatten)]
    pub list: ListArgs,
}

impl ModelArgs {
    /// Sets the number of threads. Must come before anything is computed.
    pub fn set_threads(&self) -> zonos::Result<()> {
        self.threads.map_or(Ok(()), zonos::set_threads)
    }

    pub fn options(&self) -> EngineOptions {
        EngineOptions {
            model: self.model.clone().or_else(named_by_environment),
            device: self.device,
            precision: self.dtype,
            codec: self.codec.clone(),
            speaker_encoder: self.speaker_encoder.clone(),
            models_file: self.list.models_file.clone(),
        }
    }
}

fn named_by_environment() -> Option<String> {
    std::env::var("ZONOS_MODEL").ok().filter(|name| !name.is_empty())
}
