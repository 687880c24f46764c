use std::path::Path;

use serde::Deserialize as _;
use zonos_weights::Checkpoint;

use crate::params::{Params, ParamsFile};
use crate::{Buckets, Error, QualityFeature, Result, gguf};

/// Ids of text bytes begin here; ids below mark the begin and end of text.
pub(crate) const FIRST_BYTE_ID: usize = 192;
const BYTES: usize = 256;
/// Conditioning ids begin here, in a vocabulary without ids that mean nothing.
pub(crate) const FIRST_CONDITIONING_ID: usize = FIRST_BYTE_ID + BYTES;

/// The shape of a model and the meaning of its ids, from `params.json`. Made by [`Config::parse`], which checks it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// Transformer blocks.
    pub layers: usize,
    /// Width of the residual stream.
    pub dim: usize,
    /// Width of one attention head.
    pub head_dim: usize,
    /// Query heads.
    pub heads: usize,
    /// Key and value heads; a divisor of `heads`.
    pub kv_heads: usize,
    /// Inner width of the feed-forward layers and of each expert.
    pub inner: usize,
    /// Epsilon of the RMS norms, but for that of queries and keys.
    pub norm_eps: f64,
    /// Base of the rotary embedding.
    pub rope_theta: f64,
    /// Rows of context: prompt and audio together.
    pub context: usize,
    /// Codebooks per frame.
    pub codebooks: usize,
    /// Codes per codebook that stand for sound.
    pub codebook_size: usize,
    /// The code that ends the audio.
    pub end_of_audio: u32,
    /// The code that fills audio columns without audio.
    pub audio_pad: u32,
    /// Text and conditioning ids; the id after them fills the text column of audio rows.
    pub text_vocab: usize,
    /// Logits are squeezed to ± this by tanh.
    pub logit_softcap: f64,
    /// The speaker input, if the model has one.
    pub speaker: Option<SpeakerConfig>,
    /// Whether prompts with a voice tell the background of its clip.
    pub background_ids: bool,
    /// Whether prompts with a voice tell accurate from expressive delivery.
    pub accurate_id: bool,
    /// Speaking rates, in UTF-8 bytes per second.
    pub speaking_rate: Buckets,
    /// Quality features in the order of their ids.
    pub quality: Vec<QualityFeature>,
    /// The mixture-of-experts layers, if the model has any.
    pub moe: Option<MoeConfig>,
}

/// The speaker input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpeakerConfig {
    /// Numbers in a voice.
    pub embedding_dim: usize,
    /// Width between the two projections.
    pub lda_dim: usize,
}

/// The mixture-of-experts layers.
#[derive(Clone, Debug, PartialEq)]
pub struct MoeConfig {
    /// Experts in each layer.
    pub experts: usize,
    /// Width of the router's state.
    pub router_dim: usize,
    /// Experts used per row, by layer; 0 stands for a dense layer.
    pub used: Vec<usize>,
    /// How balancing biases enter the choice of experts.
    pub balancing: Balancing,
}

/// How balancing biases enter the choice of experts; they never enter the experts' weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Balancing {
    /// Probability plus bias.
    Add,
    /// Probability minus bias ("quantile").
    Subtract,
}

impl Config {
    /// The configuration of the released 8B model.
    ///
    /// # Errors
    /// None in practice: the text is part of this crate and tested.
    pub fn released() -> Result<Self> {
        Self::parse(include_str!("released.json"))
    }

    /// Reads `params.json`.
    ///
    /// # Errors
    /// As [`Config::parse`], and when the file cannot be read.
    pub fn read(path: &Path) -> Result<Self> {
        let json = std::fs::read_to_string(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
        Self::parse(&json).map_err(|error| Error::Config(format!("{}: {error}", path.display())))
    }

    /// The configuration of a checkpoint: of a GGUF file its own, which `params` completes where it is silent; else
    /// that in `params`, the path of a `params.json`.
    ///
    /// # Errors
    /// When there is none, or it cannot be read or is not valid.
    pub fn of(checkpoint: &Checkpoint, params: Option<&Path>) -> Result<Self> {
        let beside = params.map(Self::read).transpose()?;
        if gguf::is_gguf(checkpoint)? {
            return gguf::config(checkpoint, beside);
        }
        beside.ok_or_else(|| Error::Config(format!("{} has no params.json beside it", checkpoint.path().display())))
    }

    /// Reads the text of `params.json`: the keys of the released file, flat or under `model`.
    ///
    /// # Errors
    /// When a key is missing or of the wrong type, or values do not fit together.
    pub fn parse(json: &str) -> Result<Self> {
        let file: ParamsFile = serde_json::from_str(json).map_err(|error| match error.is_data() {
            // The untagged enum hides which key was wrong; read it once more to say so.
            true => explain(json, &error),
            false => Error::Config(error.to_string()),
        })?;
        match file {
            ParamsFile::Nested { model } | ParamsFile::Flat(model) => Self::from_params(&model),
        }
    }

    fn from_params(params: &Params) -> Result<Self> {
        let heads = params.n_heads.unwrap_or(params.dim / params.head_dim.max(1));
        let config = Self {
            layers: params.n_layers,
            dim: params.dim,
            head_dim: params.head_dim,
            heads,
            kv_heads: params.n_kv_heads.unwrap_or(heads),
            inner: inner_width(params)?,
            norm_eps: params.norm_eps,
            rope_theta: params.rope_theta,
            context: params.max_seqlen,
            codebooks: params.n_codebooks,
            codebook_size: params.codebook_size,
            end_of_audio: params.eoa_id,
            audio_pad: params.audio_pad_id,
            text_vocab: params.text_vocab,
            logit_softcap: params.loss_softcap,
            speaker: speaker(params),
            background_ids: params.speaker_background_token_enabled,
            accurate_id: params.accurate_mode_token_enabled,
            speaking_rate: Buckets::parse(&params.speaking_rate_buckets)?,
            quality: quality(params)?,
            moe: moe(params)?,
        };
        config.check()?;
        config.check_stated(params)?;
        Ok(config)
    }

    /// Audio ids per codebook: the codes, the end of audio and the padding.
    pub fn audio_vocab(&self) -> usize {
        self.codebook_size + 2
    }

    /// Ids in one row: a code for each codebook and a text id.
    pub fn row_width(&self) -> usize {
        self.codebooks + 1
    }

    /// The id that fills the text column of audio rows.
    pub fn text_pad(&self) -> u32 {
        self.text_vocab as u32
    }

    /// Experts used per row in a layer; 0 for a dense layer.
    pub fn experts_used(&self, layer: usize) -> usize {
        self.moe.as_ref().and_then(|moe| moe.used.get(layer).copied()).unwrap_or(0)
    }

    /// Conditioning ids at the end of the text vocabulary.
    pub(crate) fn conditioning_ids(&self) -> usize {
        let quality: usize = self.quality.iter().map(|feature| feature.buckets.len()).sum();
        self.speaking_rate.len() + quality + 2 * usize::from(self.background_ids) + usize::from(self.accurate_id)
    }

    /// Fails unless all sizes are possible and fit together.
    pub(crate) fn check(&self) -> Result<()> {
        self.check_sizes()?;
        self.moe.as_ref().map_or(Ok(()), MoeConfig::check)?;
        let first_conditioning = self.text_vocab.checked_sub(self.conditioning_ids());
        ensure(first_conditioning >= Some(FIRST_CONDITIONING_ID), || {
            format!("text_vocab {} has no room for bytes and conditioning ids", self.text_vocab)
        })
    }

    /// Counts that the file states beside the lists.
    fn check_stated(&self, params: &Params) -> Result<()> {
        let rates = params.speaking_rate_num_buckets.unwrap_or(self.speaking_rate.len());
        ensure(rates == self.speaking_rate.len(), || format!("speaking_rate_num_buckets is {rates}"))?;
        let buckets: usize = self.quality.iter().map(|feature| feature.buckets.len()).sum();
        let stated = params.quality_num_buckets.unwrap_or(buckets);
        ensure(stated == buckets, || format!("quality_num_buckets is {stated}, but {buckets} are listed"))
    }

    fn check_sizes(&self) -> Result<()> {
        let sizes = [
            ("n_layers", self.layers, 1..=1024),
            ("dim", self.dim, 1..=1 << 16),
            ("head_dim", self.head_dim, 2..=1 << 12),
            ("n_heads", self.heads, 1..=1 << 10),
            ("n_kv_heads", self.kv_heads, 1..=1 << 10),
            ("inner width", self.inner, 1..=1 << 20),
            ("max_seqlen", self.context, 1..=1 << 20),
            ("n_codebooks", self.codebooks, 1..=64),
            ("codebook_size", self.codebook_size, 1..=1 << 16),
        ];
        for (name, size, range) in sizes {
            ensure(range.contains(&size), || format!("{name} {size} is not in {range:?}"))?;
        }
        ensure(self.head_dim.is_multiple_of(2), || format!("head_dim {} is odd", self.head_dim))?;
        ensure(self.heads.is_multiple_of(self.kv_heads), || {
            format!("n_heads {} is no multiple of n_kv_heads {}", self.heads, self.kv_heads)
        })?;
        let positive = [self.norm_eps, self.rope_theta, self.logit_softcap];
        ensure(positive.iter().all(|number| number.is_finite() && *number > 0.0), || {
            "norm_eps, rope_theta and loss_softcap must be positive".into()
        })?;
        let ids = (self.end_of_audio as usize, self.audio_pad as usize);
        ensure(ids == (self.codebook_size, self.codebook_size + 1), || {
            format!("eoa_id and audio_pad_id are {ids:?}, expected the two ids after codebook_size")
        })?;
        let speaker = self.speaker.is_none_or(|speaker| speaker.embedding_dim > 0 && speaker.lda_dim > 0);
        ensure(speaker, || "speaker_embedding_dim and speaker_lda_dim must be given".into())
    }
}

impl MoeConfig {
    fn check(&self) -> Result<()> {
        ensure(self.experts <= 1 << 12 && (1..=1 << 16).contains(&self.router_dim), || {
            format!("moe_n_experts {} or moe_router_dim {} is out of range", self.experts, self.router_dim)
        })?;
        ensure(self.used.iter().all(|&used| used <= self.experts), || "more experts used than there are".into())
    }
}

fn ensure(holds: bool, reason: impl FnOnce() -> String) -> Result<()> {
    if holds { Ok(()) } else { Err(Error::Config(reason())) }
}

/// Says which key of the file is wrong.
fn explain(json: &str, error: &serde_json::Error) -> Error {
    let file: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    let params = file.get("model").unwrap_or(&file);
    let reason = Params::deserialize(params).err();
    Error::Config(reason.map_or_else(|| error.to_string(), |reason| reason.to_string()))
}

fn inner_width(params: &Params) -> Result<usize> {
    let width = (params.ffn_dim_multiplier * params.dim as f64) as usize;
    ensure(params.multiple_of > 0, || "multiple_of must be positive".into())?;
    width
        .checked_next_multiple_of(params.multiple_of)
        .ok_or_else(|| Error::Config("ffn_dim_multiplier is too large".into()))
}

/// The released file has the sizes without the switch.
fn speaker(params: &Params) -> Option<SpeakerConfig> {
    let (embedding_dim, lda_dim) = (params.speaker_embedding_dim, params.speaker_lda_dim);
    let enabled = params.speaker_enabled.unwrap_or(embedding_dim > 0);
    enabled.then_some(SpeakerConfig { embedding_dim, lda_dim })
}

fn quality(params: &Params) -> Result<Vec<QualityFeature>> {
    let feature = |name: &String| {
        let labels = params
            .quality_buckets
            .get(name)
            .ok_or_else(|| Error::Config(format!("quality_buckets has no list for `{name}`")))?;
        Ok(QualityFeature { name: name.clone(), buckets: Buckets::parse(labels)? })
    };
    params.quality_features.iter().map(feature).collect()
}

fn moe(params: &Params) -> Result<Option<MoeConfig>> {
    if params.moe_n_experts <= 1 {
        return Ok(None);
    }
    let used = (0..params.n_layers).map(|layer| experts_used(params, layer)).collect::<Vec<_>>();
    let balancing = parse_balancing(params.moe_balancing_strategy.as_deref())?;
    Ok(Some(MoeConfig { experts: params.moe_n_experts, router_dim: params.moe_router_dim, used, balancing }))
}

fn experts_used(params: &Params, layer: usize) -> usize {
    let is_moe = layer >= params.moe_start_from_layer && params.n_layers - layer > params.moe_end_from_layer;
    let special = params.special_topk_layers.as_ref().and_then(|layers| layers.get(&layer.to_string()));
    if is_moe { special.copied().unwrap_or(params.moe_router_topk).max(1) } else { 0 }
}

/// A strategy by its name in `params.json`.
pub(crate) fn parse_balancing(strategy: Option<&str>) -> Result<Balancing> {
    match strategy.unwrap_or("legacy") {
        "legacy" | "old" | "aux" | "aux_loss" => Ok(Balancing::Add),
        "quantile" | "current" | "qbalancing" => Ok(Balancing::Subtract),
        other => {
            Err(Error::Config(format!("moe_balancing_strategy `{other}` is unknown: expected legacy or quantile")))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn params() -> serde_json::Value {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/backbone_tiny/params.json");
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    fn with(key: &str, value: serde_json::Value) -> Result<Config> {
        let mut params = params();
        params[key] = value;
        Config::parse(&params.to_string())
    }

    #[test]
    fn nested_and_flat_files_agree() {
        let nested = serde_json::json!({ "model": params() });
        assert_eq!(Config::parse(&nested.to_string()).unwrap(), Config::parse(&params().to_string()).unwrap());
    }

    #[test]
    fn layers_are_dense_or_mixtures_as_released() {
        let config = Config::parse(&params().to_string()).unwrap();
        let used: Vec<usize> = (0..config.layers).map(|layer| config.experts_used(layer)).collect();
        assert_eq!(used, [0, 0, 1, 1, 2, 0]);
        assert_eq!(config.inner, 192);
    }

    #[test]
    fn heads_default_to_width_over_head_width() {
        let mut params = params();
        params["n_heads"] = serde_json::Value::Null;
        params["dim"] = 256.into();
        assert_eq!(Config::parse(&params.to_string()).unwrap().heads, 4);
    }

    #[test]
    fn strategies_have_aliases() {
        assert_eq!(with("moe_balancing_strategy", "aux".into()).unwrap().moe.unwrap().balancing, Balancing::Add);
        assert_eq!(
            with("moe_balancing_strategy", "qbalancing".into()).unwrap().moe.unwrap().balancing,
            Balancing::Subtract
        );
        assert!(with("moe_balancing_strategy", "other".into()).is_err());
    }

    #[test]
    fn what_does_not_fit_together_is_named() {
        let cases = [
            ("n_kv_heads", 3.into(), "n_kv_heads"),
            ("head_dim", 63.into(), "head_dim"),
            ("text_vocab", 500.into(), "text_vocab"),
            ("quality_num_buckets", 61.into(), "quality_num_buckets"),
            ("speaking_rate_num_buckets", 7.into(), "speaking_rate_num_buckets"),
            ("eoa_id", 7.into(), "eoa_id"),
            ("n_layers", "six".into(), "six"),
            ("dim", serde_json::Value::Null, "null"),
            ("speaker_embedding_dim", 0.into(), "speaker_embedding_dim"),
            ("special_topk_layers", serde_json::json!({ "4": 9 }), "more experts"),
            ("norm_eps", (-1.0).into(), "norm_eps"),
        ];
        for (key, value, expected) in cases {
            let message = with(key, value).unwrap_err().to_string();
            assert!(message.contains(expected), "{key}: {message}");
        }
    }

    #[test]
    fn a_missing_key_is_named() {
        let mut params = params();
        params.as_object_mut().unwrap().remove("rope_theta");
        let message = Config::parse(&params.to_string()).unwrap_err().to_string();
        assert!(message.contains("rope_theta"), "{message}");
    }

    proptest! {
        #[test]
        fn damaged_files_do_not_panic(flips in prop::collection::vec((any::<usize>(), any::<u8>()), 1..4), cut in any::<usize>()) {
            let mut bytes = params().to_string().into_bytes();
            let len = bytes.len();
            flips.iter().for_each(|&(place, bits)| bytes[place % len] ^= bits);
            let text = String::from_utf8_lossy(&bytes);
            if let Ok(config) = Config::parse(&text) {
                prop_assert!(config.check().is_ok());
            }
            let whole = params().to_string();
            prop_assert!(Config::parse(&whole[..cut % whole.len()]).is_err());
        }
    }
}
