//! What is done with a model's weights beside speaking: quantizing, converting, comparing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use candle_core::DType;
use serde::Serialize;
use zonos_lm::{Backbone, COMPARED_FRAMES, Comparison, Probe, QuantizeOptions, QuantizeProgress, QuantizeReport};

use crate::model::{find_checkpoint, find_weights, random_full_weights};
use crate::{DeviceChoice, EngineOptions, Precision, Result};

/// Writes the backbone of a model, a name or a path, as a GGUF file of the published names, whole or not at all, with
/// experts in quantized blocks. `on_progress` stops the writing with `false`.
///
/// # Errors
/// When the model is not there or damaged, an option is out of range, the file cannot be written, or it was stopped.
pub fn quantize(
    model: &str,
    output: impl AsRef<Path>,
    options: &QuantizeOptions,
    on_progress: impl FnMut(QuantizeProgress) -> bool,
) -> Result<QuantizeReport> {
    let (config, checkpoint) = find_weights(&EngineOptions::model(model))?;
    Ok(zonos_lm::quantize(&config, checkpoint, output.as_ref(), options, on_progress)?)
}

/// Writes a random backbone of the released sizes as [`quantize`] does, for measurements.
///
/// # Errors
/// When an option is out of range, the file cannot be written, or it was stopped.
pub fn quantize_random_full(
    output: impl AsRef<Path>,
    options: &QuantizeOptions,
    on_progress: impl FnMut(QuantizeProgress) -> bool,
) -> Result<QuantizeReport> {
    let (config, checkpoint) = random_full_weights()?;
    Ok(zonos_lm::quantize(&config, checkpoint, output.as_ref(), options, on_progress)?)
}

/// Writes the tensors of a checkpoint, a name or a path, to a safetensors file, whole or not at all, as they are stored.
/// `on_bytes` is told how many bytes of how many were written so far, and stops the writing with `false`.
///
/// # Errors
/// When the checkpoint is not there or damaged, tensors are quantized, the file cannot be written, or it was stopped.
pub fn convert(model: &str, output: impl AsRef<Path>, mut on_bytes: impl FnMut(u64, u64) -> bool) -> Result<()> {
    let checkpoint = find_checkpoint(&EngineOptions::model(model))?;
    let total = checkpoint.bytes();
    Ok(zonos_lm::convert(checkpoint, output.as_ref(), |done| on_bytes(done, total))?)
}

/// What a model's weights look like inside.
#[derive(Clone, Debug, Serialize)]
pub struct WeightsReport {
    /// Where they are.
    pub path: PathBuf,
    /// The architecture that a GGUF file names.
    pub architecture: Option<String>,
    /// How many tensors there are.
    pub tensors: usize,
    /// Bytes of all tensors as stored.
    pub bytes: u64,
    /// Bytes by the type that numbers are stored as.
    pub stored_as: BTreeMap<String, u64>,
}

/// Looks into the weights of a model's backbone, a name or a path: what is there decides, not what it is called.
///
/// # Errors
/// When the weights are not there or damaged.
pub fn look_inside(options: &EngineOptions) -> Result<WeightsReport> {
    let checkpoint = find_checkpoint(options)?;
    let mut stored_as = BTreeMap::new();
    for name in checkpoint.names() {
        let tensor = checkpoint.raw(name).map_err(zonos_lm::Error::from)?;
        *stored_as.entry(tensor.element.to_string()).or_insert(0) += tensor.bytes.len() as u64;
    }
    Ok(WeightsReport {
        path: checkpoint.path().to_owned(),
        architecture: checkpoint.architecture().map(str::to_owned),
        tensors: checkpoint.names().len(),
        bytes: checkpoint.bytes(),
        stored_as,
    })
}

/// How two models are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompareOptions {
    /// Frames after each of the built-in prompts.
    pub frames: usize,
    /// Where to compute.
    pub device: DeviceChoice,
    /// Element type of both models' matrices; `None` for that of each file.
    pub precision: Option<Precision>,
}

impl Default for CompareOptions {
    fn default() -> Self {
        Self { frames: COMPARED_FRAMES, device: DeviceChoice::Auto, precision: None }
    }
}

/// How far two models are from each other.
#[derive(Clone, Debug, Serialize)]
pub struct ComparisonReport {
    /// The model that spoke.
    pub first: ComparedModel,
    /// The model that the same frames were fed to.
    pub second: ComparedModel,
    /// How far its logits are.
    #[serde(flatten)]
    pub comparison: Comparison,
}

/// One of two models.
#[derive(Clone, Debug, Serialize)]
pub struct ComparedModel {
    /// Its name or path.
    pub model: String,
    /// Bytes of its backbone's weights as stored.
    pub bytes: u64,
    /// Bytes of weights that one frame reads.
    pub bytes_per_frame: u64,
}

/// Compares two models, names or paths, by their logits over built-in prompts: the first speaks greedily, and the
/// second is fed the same frames. One is in memory at a time.
///
/// # Errors
/// When a model is not there or damaged, they have other codebooks, an option is out of range, or the device fails.
pub fn compare(first: &str, second: &str, options: &CompareOptions) -> Result<ComparisonReport> {
    // Both are looked for before one of them runs.
    find_weights(&EngineOptions::model(second))?;
    let (backbone, first) = load(first, options)?;
    let probe = Probe::take(&backbone, options.frames)?;
    drop(backbone);
    let (backbone, second) = load(second, options)?;
    Ok(ComparisonReport { first, second, comparison: probe.compare(&backbone)? })
}

fn load(model: &str, options: &CompareOptions) -> Result<(Backbone, ComparedModel)> {
    let (config, checkpoint) = find_weights(&EngineOptions::model(model))?;
    let bytes = checkpoint.bytes();
    let dtype: Option<DType> = options.precision.map(Precision::dtype);
    let backbone = Backbone::load(config, checkpoint, &options.device.open()?, dtype)?;
    let bytes_per_frame = backbone.bytes_per_frame();
    Ok((backbone, ComparedModel { model: model.to_owned(), bytes, bytes_per_frame }))
}
