use std::path::{Path, PathBuf};

use candle_core::{DType, Device};
use zonos_codec::{Codec, CodecConfig};
use zonos_lm::{Backbone, Config};
use zonos_speaker::{SpeakerConfig, SpeakerEncoder};
use zonos_weights::Checkpoint;

use crate::registry::{ModelEntry, Registry};
use crate::{EngineOptions, Error, Result, demo};

const WEIGHTS: [&str; 2] = ["model.safetensors", "model.pth"];
const CODECS: [&str; 6] =
    ["dac_44khz", "codec", "dac.safetensors", "dac.pth", "codec.safetensors", "weights_44khz_8kbps_0.0.1.pth"];
const SPEAKERS: [&str; 2] = ["speaker_encoder", "speaker"];

/// A model's name and where its three parts come from.
pub(crate) struct Model {
    pub(crate) name: String,
    backbone: BackboneSource,
    codec: Source<CodecConfig>,
    speaker: Option<Source<SpeakerConfig>>,
}

enum BackboneSource {
    Files { params: PathBuf, weights: PathBuf },
    Random { config: Box<Config>, seed: u64 },
}

enum Source<Config> {
    Path(PathBuf),
    Random { config: Config, seed: u64 },
}

impl Model {
    /// Finds the model that the options name: a folder, a file, or a name of the registry.
    pub(crate) fn find(options: &EngineOptions) -> Result<Self> {
        let registry = Registry::load()?;
        let name = options.model.as_deref().unwrap_or(&registry.default);
        if is_local_model(name) {
            return Self::in_folder(name, Path::new(name), options);
        }
        match registry.entry(name)? {
            entry if entry.built_in => Self::demo(name, options),
            entry => Self::known(name, entry, options),
        }
    }

    /// Random weights of the released sizes, for measurements.
    pub(crate) fn random_full() -> Result<Self> {
        Ok(Self {
            name: "random-full".to_owned(),
            backbone: BackboneSource::Random { config: Box::new(Config::released()?), seed: demo::SEED },
            codec: Source::Random { config: CodecConfig::released(), seed: demo::SEED },
            speaker: Some(Source::Random { config: SpeakerConfig::default(), seed: demo::SEED }),
        })
    }

    fn demo(name: &str, options: &EngineOptions) -> Result<Self> {
        let codec = Source::Random { config: demo::codec(), seed: demo::SEED };
        let speaker = Source::Random { config: demo::speaker(), seed: demo::SEED };
        Ok(Self {
            name: name.to_owned(),
            backbone: BackboneSource::Random { config: Box::new(demo::backbone()?), seed: demo::SEED },
            codec: options.codec.clone().map_or(codec, Source::Path),
            speaker: Some(options.speaker_encoder.clone().map_or(speaker, Source::Path)),
        })
    }

    fn known(name: &str, entry: &ModelEntry, options: &EngineOptions) -> Result<Self> {
        let folder = Registry::folder(name)?;
        if folder.is_dir() {
            return Self::in_folder(name, &folder, options);
        }
        let (files, repo) = (entry.files.join(", "), entry.repo.clone());
        Err(Error::ModelNotHere { name: name.to_owned(), files, repo, folder })
    }

    /// The parts in a folder, or beside a file of weights.
    fn in_folder(name: &str, path: &Path, options: &EngineOptions) -> Result<Self> {
        let folder = if path.is_dir() { path } else { path.parent().unwrap_or(Path::new(".")) };
        let params =
            existing(folder, &["params.json"]).ok_or_else(|| missing(folder, "params.json", &[], "--model"))?;
        let weights = if path.is_dir() { weights(folder)? } else { path.to_owned() };
        let codec = options.codec.clone().or_else(|| existing(folder, &CODECS));
        let speaker = options.speaker_encoder.clone().or_else(|| existing(folder, &SPEAKERS));
        Ok(Self {
            name: name.to_owned(),
            backbone: BackboneSource::Files { params, weights },
            codec: Source::Path(codec.ok_or_else(|| missing(folder, "codec", &CODECS, "--codec"))?),
            speaker: speaker.map(Source::Path),
        })
    }

    pub(crate) fn load_backbone(&self, device: &Device, dtype: Option<DType>) -> Result<Backbone> {
        Ok(match &self.backbone {
            BackboneSource::Files { params, weights } => {
                let checkpoint = Checkpoint::open(weights).map_err(zonos_lm::Error::from)?;
                Backbone::load(Config::read(params)?, checkpoint, device, dtype)?
            }
            BackboneSource::Random { config, seed } => {
                Backbone::random((**config).clone(), *seed, device, dtype.unwrap_or(DType::F32))?
            }
        })
    }

    pub(crate) fn load_codec(&self, device: &Device) -> Result<Codec> {
        Ok(match &self.codec {
            Source::Path(path) => Codec::load(path, device, DType::F32)?,
            Source::Random { config, seed } => Codec::random(*seed, config, device, DType::F32)?,
        })
    }

    pub(crate) fn load_speaker(&self, device: &Device) -> Result<Option<SpeakerEncoder>> {
        Ok(match &self.speaker {
            Some(Source::Path(path)) => Some(SpeakerEncoder::load(path, device)?),
            Some(Source::Random { config, seed }) => Some(SpeakerEncoder::random(*seed, config, device)?),
            None => None,
        })
    }
}

/// Whether a model's name is a path on this machine rather than a name of the registry. A name that has a path
/// separator or an ending is taken for a path even if nothing is there, so that the error speaks of it.
pub fn is_local_model(name: &str) -> bool {
    let path = Path::new(name);
    path.components().count() > 1 || path.exists() || path.extension().is_some()
}

fn existing(folder: &Path, names: &[&str]) -> Option<PathBuf> {
    names.iter().map(|name| folder.join(name)).find(|path| path.exists())
}

/// The weights of a folder: one file, or the folder itself where they come in parts.
fn weights(folder: &Path) -> Result<PathBuf> {
    let parts = || Checkpoint::open(folder).ok().map(|_| folder.to_owned());
    existing(folder, &WEIGHTS).or_else(parts).ok_or_else(|| missing(folder, "weights", &WEIGHTS, "--model"))
}

fn missing(folder: &Path, part: &'static str, names: &[&str], option: &'static str) -> Error {
    let expected = if names.is_empty() { part.to_owned() } else { names.join(", ") };
    Error::MissingPart { folder: folder.to_owned(), part, expected, option }
}
