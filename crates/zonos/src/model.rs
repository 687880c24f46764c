use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use candle_core::{DType, Device};
use zonos_codec::{Codec, CodecConfig};
use zonos_lm::{Backbone, Config, open_checkpoint, random_checkpoint};
use zonos_speaker::{SpeakerConfig, SpeakerEncoder, Voice};
use zonos_weights::{Checkpoint, ElementType};

use crate::inventory::cached_part;
use crate::registry::{HubFile, ModelEntry, ModelPart, Registry};
use crate::{AudioCodec, EngineOptions, Error, Result, SamplingOverrides, VoiceEncoder, demo};

/// What weights are called, for messages; [`open_checkpoint`] finds them.
const WEIGHTS: [&str; 4] = ["model.safetensors", "model-*.safetensors", "model.pth", "one .gguf of a backbone"];
/// What codecs are called. The GGUF file comes last, for it cannot encode.
const CODECS: [&str; 7] = [
    "dac_44khz",
    "codec",
    "dac.safetensors",
    "dac.pth",
    "codec.safetensors",
    "weights_44khz_8kbps_0.0.1.pth",
    "dac.gguf",
];
const SPEAKERS: [&str; 3] = ["speaker_encoder", "speaker", "spk-encoder.gguf"];
/// What codec, speaker encoder and one request need on a card beside the backbone's weights.
const BESIDE_WEIGHTS: u64 = 1 << 30;

/// The seed of random weights. Changing it changes what is measured with them, though hardly by much.
const RANDOM_SEED: u64 = 2606;

/// A model's name, how it is best sampled, the voice of requests that name none, and where its three parts come from.
pub(crate) struct Model {
    pub(crate) name: String,
    pub(crate) sampling: SamplingOverrides,
    pub(crate) voice: Option<Voice>,
    backbone: BackboneSource,
    codec: Source,
    speaker: Option<Source>,
}

enum BackboneSource {
    /// The configuration is in `params.json`, in the weights' own keys, or in both.
    Weights { params: Option<PathBuf>, checkpoint: Box<Checkpoint> },
    /// Random weights of the released sizes.
    Random,
}

/// Where a codec or a speaker encoder comes from.
pub(crate) enum Source {
    Path(PathBuf),
    /// It is part of the program.
    BuiltIn,
    /// Random weights of the released sizes.
    Random,
}

/// What the options name.
struct Found {
    name: String,
    sampling: SamplingOverrides,
    place: Place,
}

/// Where the parts of a model are looked for.
enum Place {
    BuiltIn,
    /// A folder, or a file of weights with the other parts beside it.
    Path(PathBuf),
    /// The hub's cache, or nowhere yet.
    Cache(Cached),
}

/// A named model whose parts are looked for in the hub's cache.
struct Cached {
    registry: Registry,
    name: String,
}

impl Model {
    /// Finds the model that the options name: a folder, a file, or a name of the registry.
    pub(crate) fn find(options: &EngineOptions) -> Result<Self> {
        let Found { name, sampling, place } = Found::by(options)?;
        let (backbone, voice) = (place.backbone()?, place.voice()?);
        Ok(Self { name, sampling, voice, backbone, codec: find_codec(options)?, speaker: find_speaker(options)? })
    }

    /// Random weights of the released sizes, for measurements; where the options name a model, with its backbone.
    pub(crate) fn random_full(options: &EngineOptions) -> Result<Self> {
        let (name, sampling, backbone) = match options.model {
            Some(_) => {
                let Found { name, sampling, place } = Found::by(options)?;
                (name, sampling, place.backbone()?)
            }
            None => ("random-full".to_owned(), SamplingOverrides::default(), BackboneSource::Random),
        };
        Ok(Self { name, sampling, voice: None, backbone, codec: Source::Random, speaker: Some(Source::Random) })
    }

    /// About how many bytes of a card's own memory the model takes there.
    pub(crate) fn device_bytes(&self, dtype: Option<DType>) -> u64 {
        match &self.backbone {
            BackboneSource::Weights { checkpoint, .. } => weights_bytes(checkpoint, dtype) + BESIDE_WEIGHTS,
            BackboneSource::Random => {
                let numbers = Config::released().map_or(0, |config| matrix_numbers(&config));
                (numbers * dtype.unwrap_or(DType::F32).size_in_bytes()) as u64 + BESIDE_WEIGHTS
            }
        }
    }

    pub(crate) fn load_backbone(self, device: &Device, dtype: Option<DType>) -> Result<Backbone> {
        let is_random = matches!(self.backbone, BackboneSource::Random);
        let (config, checkpoint) = self.backbone.open()?;
        Ok(Backbone::load(config, checkpoint, device, dtype.or(is_random.then_some(DType::F32)))?)
    }

    pub(crate) fn load_codec(&self, device: &Device) -> Result<AudioCodec> {
        self.codec.codec(device)
    }

    pub(crate) fn load_speaker(&self, device: &Device) -> Result<Option<VoiceEncoder>> {
        self.speaker.as_ref().map(|source| source.speaker(device)).transpose()
    }
}

impl BackboneSource {
    fn open(self) -> Result<(Config, Checkpoint)> {
        match self {
            Self::Weights { params, checkpoint } => Ok((Config::of(&checkpoint, params.as_deref())?, *checkpoint)),
            Self::Random => random_full_weights(),
        }
    }
}

/// Bytes of a checkpoint on a card, which keeps weights as they are stored or as they are asked for.
fn weights_bytes(checkpoint: &Checkpoint, dtype: Option<DType>) -> u64 {
    let bytes = |name| {
        let raw = checkpoint.raw(name).ok()?;
        dtype.map_or(raw.element, ElementType::Plain).byte_len(raw.shape)
    };
    checkpoint.names().into_iter().filter_map(bytes).map(|bytes| bytes as u64).sum()
}

/// Numbers in the matrices of a backbone; next to them the others do not count.
fn matrix_numbers(config: &Config) -> usize {
    let attention = config.head_dim * (2 * config.heads + 2 * config.kv_heads) + config.heads;
    let feed_forward = |layer: usize| match &config.moe {
        Some(moe) if moe.used.get(layer).is_some_and(|&used| used > 0) => 3 * config.inner * moe.experts,
        _ => 3 * config.inner,
    };
    let layers = (0..config.layers).map(|layer| attention + feed_forward(layer)).sum::<usize>();
    let head_and_tables = 2 * config.codebooks * config.audio_vocab() + config.text_vocab + 1;
    let speaker = config.speaker.map_or(0, |speaker| speaker.lda_dim * (speaker.embedding_dim + config.dim));
    config.dim * (layers + head_and_tables) + speaker
}

/// Configuration and weights of a random backbone of the released sizes.
pub(crate) fn random_full_weights() -> Result<(Config, Checkpoint)> {
    Ok((Config::released()?, random_checkpoint(RANDOM_SEED)))
}

/// Configuration and weights of the backbone; of the model, nothing else need be there.
pub(crate) fn find_weights(options: &EngineOptions) -> Result<(Config, Checkpoint)> {
    Found::by(options)?.place.backbone()?.open()
}

/// The weights of the backbone alone, without a configuration; or those in a file of any other part.
pub(crate) fn find_checkpoint(options: &EngineOptions) -> Result<Checkpoint> {
    match Found::by(options)?.place.weights()? {
        Some(path) => open_weights(&path),
        None => demo::backbone(),
    }
}

/// The codec that the options name; of the model, nothing else need be there.
pub(crate) fn find_codec(options: &EngineOptions) -> Result<Source> {
    match &options.codec {
        Some(path) => Ok(Source::Path(path.clone())),
        None => Found::by(options)?.place.codec(),
    }
}

/// The speaker encoder that the options name, if the model has one; nothing else need be there.
pub(crate) fn find_speaker(options: &EngineOptions) -> Result<Option<Source>> {
    match &options.speaker_encoder {
        Some(path) => Ok(Some(Source::Path(path.clone()))),
        None => Found::by(options)?.place.speaker(),
    }
}

/// The voices that come with the model that the options name, by name. Requests that name none have one of them.
///
/// # Errors
/// When the list of models cannot be read or does not know the name.
pub fn preset_voices(options: &EngineOptions) -> Result<BTreeMap<String, Voice>> {
    Found::by(options)?.place.voices()
}

impl Source {
    fn into_path(self) -> Option<PathBuf> {
        match self {
            Self::Path(path) => Some(path),
            Self::BuiltIn | Self::Random => None,
        }
    }

    pub(crate) fn codec(&self, device: &Device) -> Result<AudioCodec> {
        Ok(AudioCodec::new(match self {
            Self::Path(path) => Codec::load(path, device, DType::F32)?,
            Self::BuiltIn => demo::codec(device)?,
            Self::Random => Codec::random(RANDOM_SEED, &CodecConfig::released(), device, DType::F32)?,
        }))
    }

    pub(crate) fn speaker(&self, device: &Device) -> Result<VoiceEncoder> {
        Ok(VoiceEncoder::new(match self {
            Self::Path(path) => SpeakerEncoder::load(path, device)?,
            Self::BuiltIn => demo::speaker(device)?,
            Self::Random => SpeakerEncoder::random(RANDOM_SEED, &SpeakerConfig::default(), device)?,
        }))
    }
}

impl Found {
    fn by(options: &EngineOptions) -> Result<Self> {
        let registry = Registry::load_with(options.models_file.as_deref())?;
        let name = options.model.clone().unwrap_or_else(|| registry.default.clone());
        let path = PathBuf::from(&name);
        // A folder that happens to have the name of a model can be written as `./name`.
        let (sampling, place) = match registry.models.contains_key(&name) || !path.exists() {
            true => (registry.entry(&name)?.sampling.clone(), Place::known(&registry, &name)?),
            false => (SamplingOverrides::default(), Place::Path(path)),
        };
        Ok(Self { name, sampling, place })
    }
}

impl Place {
    fn known(registry: &Registry, name: &str) -> Result<Self> {
        if registry.entry(name)?.built_in {
            return Ok(Self::BuiltIn);
        }
        let folder = Registry::folder(name)?;
        match folder.is_dir() {
            true => Ok(Self::Path(folder)),
            false => Ok(Self::Cache(Cached { registry: registry.clone(), name: name.to_owned() })),
        }
    }

    /// The file or folder of the backbone; nothing for a model that is part of the program.
    fn weights(&self) -> Result<Option<PathBuf>> {
        match self {
            Self::BuiltIn => Ok(None),
            Self::Path(path) => Ok(Some(path.clone())),
            Self::Cache(cached) => cached.part(ModelPart::Backbone).map(Some),
        }
    }

    fn backbone(&self) -> Result<BackboneSource> {
        let Some(path) = self.weights()? else {
            return Ok(BackboneSource::Weights { params: None, checkpoint: Box::new(demo::backbone()?) });
        };
        let folder = folder_of(&path);
        let params = existing(folder, &["params.json"]);
        let checkpoint = open_weights(&path);
        let silent = match &checkpoint {
            Ok(checkpoint) => checkpoint.architecture().is_none(),
            Err(error) => matches!(error, Error::MissingPart { .. }),
        };
        if silent && params.is_none() {
            return Err(missing(folder, "configuration", &["params.json"], "--model"));
        }
        Ok(BackboneSource::Weights { params, checkpoint: Box::new(checkpoint?) })
    }

    fn codec(&self) -> Result<Source> {
        let path = match self {
            Self::BuiltIn => return Ok(Source::BuiltIn),
            Self::Cache(cached) => return cached.part(ModelPart::Codec).map(Source::Path),
            Self::Path(path) => path,
        };
        let folder = folder_of(path);
        let codec = existing_or_gguf(folder, &CODECS, zonos_codec::GGUF_ARCHITECTURE)?;
        Ok(Source::Path(codec.ok_or_else(|| missing(folder, "codec", &CODECS, "--codec"))?))
    }

    fn speaker(&self) -> Result<Option<Source>> {
        let path = match self {
            Self::BuiltIn => return Ok(Some(Source::BuiltIn)),
            Self::Cache(cached) => return Ok(cached.part(ModelPart::Speaker).ok().map(Source::Path)),
            Self::Path(path) => path,
        };
        let found = existing_or_gguf(folder_of(path), &SPEAKERS, zonos_speaker::GGUF_ARCHITECTURE)?;
        Ok(found.map(Source::Path))
    }

    /// The voices that come with the model.
    fn voices(&self) -> Result<BTreeMap<String, Voice>> {
        match self {
            Self::BuiltIn => demo::voices(),
            Self::Path(_) | Self::Cache(_) => Ok(BTreeMap::new()),
        }
    }

    /// The one of them that requests have that name none.
    fn voice(&self) -> Result<Option<Voice>> {
        match self {
            Self::BuiltIn => demo::voice(),
            Self::Path(_) | Self::Cache(_) => Ok(None),
        }
    }
}

impl Cached {
    /// Whether the model's list names a part.
    fn has(&self, part: ModelPart) -> Result<bool> {
        Ok(self.registry.groups_of(self.registry.entry(&self.name)?).any(|(_, group)| group.part == part))
    }

    /// The file of a part that is opened.
    fn part(&self, part: ModelPart) -> Result<PathBuf> {
        let entry = self.registry.entry(&self.name)?;
        cached_part(&self.registry, entry, part)?.ok_or_else(|| self.not_here(entry, part))
    }

    fn not_here(&self, entry: &ModelEntry, part: ModelPart) -> Error {
        let Some((_, group)) = self.registry.groups_of(entry).find(|(_, group)| group.part == part) else {
            return Error::NoSpeakerEncoder;
        };
        let bytes: Option<u64> = group.files.iter().map(HubFile::expected_size).sum();
        let size = bytes.map_or_else(String::new, |bytes| format!("about {} MB, ", bytes.div_ceil(1_000_000)));
        let folder = Registry::folder(&self.name).unwrap_or_default();
        Error::ModelNotHere { name: self.name.clone(), part, size: format!("{size}{}", group.repo), folder }
    }
}

/// Where a part of a model is: the file or folder that is opened.
///
/// # Errors
/// When it is not here, or is part of the program.
pub fn part_path(options: &EngineOptions, part: ModelPart) -> Result<PathBuf> {
    let built_in = || Error::BuiltIn { name: options.model.clone().unwrap_or_default() };
    match part {
        ModelPart::Backbone => Found::by(options)?.place.weights()?.ok_or_else(built_in),
        ModelPart::Codec => find_codec(options)?.into_path().ok_or_else(built_in),
        ModelPart::Speaker => find_speaker(options)?.ok_or(Error::NoSpeakerEncoder)?.into_path().ok_or_else(built_in),
    }
}

/// What a model lacks to speak on this machine, in words; nothing when it is complete.
///
/// # Errors
/// When the list of models cannot be read or does not know the name.
pub fn missing_parts(options: &EngineOptions) -> Result<Vec<String>> {
    let place = Found::by(options)?.place;
    let backbone = place.backbone().err();
    let codec = find_codec(options).err();
    let speaker = match (&place, find_speaker(options)?) {
        (_, Some(_)) => None,
        (Place::Cache(cached), None) if cached.has(ModelPart::Speaker)? => cached.part(ModelPart::Speaker).err(),
        // Its list says that it speaks in its own voice.
        (Place::Cache(_), None) => None,
        (_, None) => Some(Error::NoSpeakerEncoder),
    };
    Ok([backbone, codec, speaker].into_iter().flatten().map(|error| error.to_string()).collect())
}

fn folder_of(path: &Path) -> &Path {
    let parent = || path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if path.is_dir() { path } else { parent().unwrap_or(Path::new(".")) }
}

fn existing(folder: &Path, names: &[&str]) -> Option<PathBuf> {
    names.iter().map(|name| folder.join(name)).find(|path| path.exists())
}

/// A part by its usual names, else the folder's GGUF file of this architecture, whatever its name.
fn existing_or_gguf(folder: &Path, names: &[&str], architecture: &str) -> Result<Option<PathBuf>> {
    match existing(folder, names) {
        None => Ok(Checkpoint::find_gguf(folder, architecture)?.map(|found| found.path().to_owned())),
        found => Ok(found),
    }
}

/// Opens a file of weights, or those of a folder.
fn open_weights(path: &Path) -> Result<Checkpoint> {
    open_checkpoint(path).map_err(|error| match error {
        zonos_lm::Error::Weights(zonos_weights::Error::NoCheckpoint { path }) => {
            missing(&path, "weights", &WEIGHTS, "--model")
        }
        error => error.into(),
    })
}

fn missing(folder: &Path, part: &'static str, names: &[&str], option: &'static str) -> Error {
    Error::MissingPart { folder: folder.to_owned(), part, expected: names.join(", "), option }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_backbone_takes_what_the_released_one_does() {
        let model = Model::random_full(&EngineOptions::default()).unwrap();
        let gigabytes = |dtype| model.device_bytes(dtype) as f64 / 1e9;
        // The released file has 15.3 GB.
        assert!((gigabytes(Some(DType::BF16)) - 1.07 - 15.3).abs() < 0.1, "{}", gigabytes(Some(DType::BF16)));
        assert!(gigabytes(None) > 30.0);
    }
}
