//! A configuration from the keys of a GGUF file.

use zonos_weights::{Checkpoint, MetaValue};

use super::ARCHITECTURE;
use crate::config::{FIRST_CONDITIONING_ID, parse_balancing};
use crate::{Balancing, Buckets, Config, Error, MoeConfig, QualityFeature, Result, SpeakerConfig};

/// Epsilon of the norm of queries and keys that the attention computes with.
const QK_NORM_EPS: f64 = 1e-6;

/// Reads the configuration. What the keys cannot say (how ids are conditioned on, how experts are balanced) comes from
/// keys of our own, else from the `params.json` that lies `beside` the file, else from the released configuration.
pub(crate) fn config(checkpoint: &Checkpoint, beside: Option<Config>) -> Result<Config> {
    let keys = Keys { checkpoint };
    let (layers, codebooks) = (keys.size("block_count")?, keys.size("n_codebooks")?);
    let text_vocab = keys.text_vocab()?;
    let conditions = Conditions::find(&keys, beside.as_ref(), text_vocab)?;
    let config = Config {
        layers,
        dim: keys.size("embedding_length")?,
        head_dim: keys.size("head_dim")?,
        heads: keys.size("attention.head_count")?,
        kv_heads: keys.size("attention.head_count_kv")?,
        inner: keys.size("feed_forward_length")?,
        norm_eps: keys.number("attention.layer_norm_rms_epsilon")?,
        rope_theta: keys.number("rope.freq_base")?,
        context: keys.size("context_length")?,
        codebooks,
        codebook_size: keys.size("codebook_size")?,
        end_of_audio: keys.id("eoa_id")?,
        audio_pad: keys.id("audio_pad_id")?,
        text_vocab,
        logit_softcap: keys.number("logit_softcap")?,
        speaker: keys.speaker()?,
        background_ids: conditions.background_ids,
        accurate_id: conditions.accurate_id,
        speaking_rate: conditions.speaking_rate,
        quality: conditions.quality,
        moe: keys.moe(beside.as_ref(), layers)?,
    };
    config.check().map_err(|error| keys.wrong(error))?;
    keys.check_constants(&config)?;
    Ok(config)
}

struct Keys<'a> {
    checkpoint: &'a Checkpoint,
}

impl<'a> Keys<'a> {
    fn wrong(&self, reason: impl std::fmt::Display) -> Error {
        Error::Config(format!("{}: {reason}", self.checkpoint.path().display()))
    }

    fn find(&self, key: &str) -> Option<&'a MetaValue> {
        self.checkpoint.metadata().get(&format!("{ARCHITECTURE}.{key}"))
    }

    /// The value of a key as what it should be.
    fn get<T>(&self, key: &str, what: &str, read: impl FnOnce(&'a MetaValue) -> Option<T>) -> Result<T> {
        self.find_as(key, what, read)?.ok_or_else(|| self.wrong(format_args!("key {ARCHITECTURE}.{key} is missing")))
    }

    fn find_as<T>(&self, key: &str, what: &str, read: impl FnOnce(&'a MetaValue) -> Option<T>) -> Result<Option<T>> {
        let Some(value) = self.find(key) else { return Ok(None) };
        let kind = value.kind();
        read(value)
            .map(Some)
            .ok_or_else(|| self.wrong(format_args!("key {ARCHITECTURE}.{key} is {kind}, expected {what}")))
    }

    fn size(&self, key: &str) -> Result<usize> {
        self.get(key, "a size", MetaValue::as_usize)
    }

    fn size_or(&self, key: &str, default: usize) -> Result<usize> {
        Ok(self.find_as(key, "a size", MetaValue::as_usize)?.unwrap_or(default))
    }

    fn id(&self, key: &str) -> Result<u32> {
        self.get(key, "an id", |value| value.as_usize().and_then(|id| u32::try_from(id).ok()))
    }

    fn number(&self, key: &str) -> Result<f64> {
        self.get(key, "a number", MetaValue::as_f64)
    }

    fn strings(&self, key: &str) -> Result<Option<Vec<&'a str>>> {
        self.find_as(key, "a list of texts", |value| value.as_array()?.iter().map(MetaValue::as_str).collect())
    }

    fn shape(&self, name: &str) -> Result<&'a [usize]> {
        Ok(self.checkpoint.raw(name)?.shape)
    }

    /// Text ids. The table has one row more, for padding, which the key may or may not count.
    fn text_vocab(&self) -> Result<usize> {
        let stated = self.size("text_vocab")?;
        let rows = self.shape("text_embd.weight")?.first().copied().unwrap_or(0);
        match rows.checked_sub(1) {
            Some(ids) if stated == ids || stated == rows => Ok(ids),
            _ => Err(self.wrong(format_args!("text_vocab is {stated}, but text_embd.weight has {rows} rows"))),
        }
    }

    fn speaker(&self) -> Result<Option<SpeakerConfig>> {
        let embedding_dim = self.size_or("speaker.embedding_dim", 0)?;
        let lda_dim = self.size_or("speaker.lda_dim", 0)?;
        Ok((embedding_dim > 0).then_some(SpeakerConfig { embedding_dim, lda_dim }))
    }

    fn moe(&self, beside: Option<&Config>, layers: usize) -> Result<Option<MoeConfig>> {
        let experts = self.size_or("expert_count", 0)?;
        if experts <= 1 {
            return Ok(None);
        }
        let used: Vec<usize> = self.get("expert_used_count_per_layer", "a list of sizes", |value| {
            value.as_array()?.iter().map(MetaValue::as_usize).collect()
        })?;
        if used.len() != layers {
            let reason = format!("expert_used_count_per_layer has {} values for {layers} layers", used.len());
            return Err(self.wrong(reason));
        }
        let Some(first) = used.iter().position(|&used| used > 0) else { return Ok(None) };
        let router_dim = self.shape(&format!("blk.{first}.router_down.weight"))?.first().copied().unwrap_or(0);
        Ok(Some(MoeConfig { experts, router_dim, used, balancing: self.balancing(beside)? }))
    }

    fn balancing(&self, beside: Option<&Config>) -> Result<Balancing> {
        let stated = self.find_as("moe_balancing_strategy", "text", MetaValue::as_str)?;
        let beside = beside.and_then(|config| config.moe.as_ref()).map(|moe| moe.balancing);
        match stated {
            Some(strategy) => parse_balancing(Some(strategy)),
            None => Ok(beside.unwrap_or(Balancing::Add)),
        }
    }

    /// What the engine computes with, whatever a file says.
    fn check_constants(&self, config: &Config) -> Result<()> {
        let eps = self.find_as("attention.qk_norm_epsilon", "a number", MetaValue::as_f64)?.unwrap_or(QK_NORM_EPS);
        if (eps / QK_NORM_EPS - 1.0).abs() > 1e-3 {
            return Err(self.wrong(format_args!("attention.qk_norm_epsilon is {eps}, only {QK_NORM_EPS} is known")));
        }
        let audio = self.size_or("audio_vocab", config.audio_vocab())?;
        if audio != config.audio_vocab() {
            return Err(self.wrong(format_args!("audio_vocab is {audio}, expected two more than codebook_size")));
        }
        Ok(())
    }
}

/// What the ids at the end of the text vocabulary stand for.
struct Conditions {
    background_ids: bool,
    accurate_id: bool,
    speaking_rate: Buckets,
    quality: Vec<QualityFeature>,
}

impl Conditions {
    fn find(keys: &Keys, beside: Option<&Config>, text_vocab: usize) -> Result<Self> {
        if let Some(rates) = keys.strings("speaking_rate_buckets")? {
            return Self::stated(keys, &rates);
        }
        if let Some(config) = beside {
            return Ok(Self::of(config));
        }
        let released = Config::released()?;
        if text_vocab == released.text_vocab {
            return Ok(Self::of(&released));
        }
        if text_vocab == FIRST_CONDITIONING_ID {
            return Ok(Self {
                background_ids: false,
                accurate_id: false,
                speaking_rate: no_buckets()?,
                quality: vec![],
            });
        }
        Err(keys.wrong(format_args!(
            "text_vocab {text_vocab} is not that of the released model ({}), and the file does not say what its last \
             ids stand for: put the model's params.json beside it",
            released.text_vocab
        )))
    }

    fn of(config: &Config) -> Self {
        Self {
            background_ids: config.background_ids,
            accurate_id: config.accurate_id,
            speaking_rate: config.speaking_rate.clone(),
            quality: config.quality.clone(),
        }
    }

    /// What our own keys say.
    fn stated(keys: &Keys, rates: &[&str]) -> Result<Self> {
        let flag = |key| keys.get(key, "true or false", MetaValue::as_bool);
        let feature = |name: &str| {
            let labels = keys.strings(&format!("quality_buckets.{name}"))?.unwrap_or_default();
            Ok(QualityFeature { name: name.to_owned(), buckets: Buckets::parse(&labels)? })
        };
        let names = keys.strings("quality_features")?.unwrap_or_default();
        Ok(Self {
            background_ids: flag("speaker_background_token_enabled")?,
            accurate_id: flag("accurate_mode_token_enabled")?,
            speaking_rate: Buckets::parse(rates)?,
            quality: names.into_iter().map(feature).collect::<Result<_>>()?,
        })
    }
}

fn no_buckets() -> Result<Buckets> {
    Buckets::parse::<&str>(&[])
}
