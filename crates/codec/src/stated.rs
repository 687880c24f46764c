//! What files say about a codec's sizes beside the shapes of its tensors: a `config.json` beside the weights, the keys
//! of a GGUF file, the arguments that descript's archives keep.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use zonos_weights::{Checkpoint, MetaValue};

use crate::names::GGUF_ARCHITECTURE;
use crate::{CodecConfig, Error, Result};

/// Sizes by descript's names and those of the transformers library.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Stated {
    #[serde(alias = "sampling_rate")]
    sample_rate: Option<u32>,
    n_codebooks: Option<usize>,
    codebook_size: Option<usize>,
    codebook_dim: Option<usize>,
    #[serde(alias = "hidden_size")]
    latent_dim: Option<usize>,
    #[serde(alias = "decoder_hidden_size")]
    decoder_dim: Option<usize>,
    #[serde(alias = "upsampling_ratios")]
    decoder_rates: Option<Vec<usize>>,
    #[serde(alias = "encoder_hidden_size")]
    encoder_dim: Option<usize>,
    #[serde(alias = "downsampling_ratios")]
    encoder_rates: Option<Vec<usize>>,
    #[serde(skip)]
    path: PathBuf,
}

impl Stated {
    /// Reads the `config.json` that belongs to the weights at `weights` (a file or a folder); nothing when there is none.
    ///
    /// A configuration without decoder rates is another model's that shares the folder, and is ignored.
    pub(crate) fn beside(weights: &Path) -> Result<Option<Self>> {
        let folder = if weights.is_dir() { Some(weights) } else { weights.parent() };
        let Some(path) = folder.map(|folder| folder.join("config.json")).filter(|path| path.is_file()) else {
            return Ok(None);
        };
        let failed = |reason: String| Error::ConfigFile { path: path.clone(), reason };
        let text = std::fs::read_to_string(&path).map_err(|error| failed(format!("cannot be read: {error}")))?;
        let read: Self = serde_json::from_str(&text).map_err(|error| failed(format!("not valid: {error}")))?;
        Ok(read.decoder_rates.is_some().then_some(Self { path, ..read }))
    }

    /// What the weights' own file says.
    pub(crate) fn within(checkpoint: &Checkpoint) -> Result<Self> {
        let prefix = if checkpoint.is_gguf() { GGUF_ARCHITECTURE } else { "metadata.kwargs" };
        let keys = Keys { checkpoint, prefix };
        Ok(Self {
            sample_rate: keys.get("sample_rate", |value| u32::try_from(value.as_usize()?).ok())?,
            n_codebooks: keys.size("n_codebooks")?,
            codebook_size: keys.size("codebook_size")?,
            codebook_dim: keys.size("codebook_dim")?,
            latent_dim: keys.size("latent_dim")?,
            decoder_dim: keys.size("decoder_dim")?,
            decoder_rates: keys.sizes("decoder_rates")?,
            encoder_dim: keys.size("encoder_dim")?,
            encoder_rates: keys.sizes("encoder_rates")?,
            path: checkpoint.path().to_owned(),
        })
    }

    /// Checks what it states against the sizes found in the weights, and gives the sample rate.
    pub(crate) fn apply(&self, config: &mut CodecConfig) -> Result<()> {
        self.agree("n_codebooks", &self.n_codebooks, &config.n_codebooks)?;
        self.agree("codebook_size", &self.codebook_size, &config.codebook_size)?;
        // Tables of projected entries do not show how wide the entries were.
        if config.codebook_dim != config.latent_dim {
            self.agree("codebook_dim", &self.codebook_dim, &config.codebook_dim)?;
        }
        self.agree("latent_dim", &self.latent_dim, &config.latent_dim)?;
        self.agree("decoder_dim", &self.decoder_dim, &config.decoder.dim)?;
        self.agree("decoder_rates", &self.decoder_rates, &config.decoder.rates)?;
        if let Some(encoder) = &config.encoder {
            self.agree("encoder_dim", &self.encoder_dim, &encoder.dim)?;
            self.agree("encoder_rates", &self.encoder_rates, &encoder.rates)?;
        }
        config.sample_rate = self.sample_rate.unwrap_or(config.sample_rate);
        Ok(())
    }

    fn agree<T: PartialEq + std::fmt::Debug>(&self, key: &str, stated: &Option<T>, found: &T) -> Result<()> {
        match stated {
            Some(stated) if stated != found => Err(Error::ConfigFile {
                path: self.path.clone(),
                reason: format!("`{key}` is {stated:?}, but the weights have {found:?}"),
            }),
            _ => Ok(()),
        }
    }
}

/// Keys of a weight file below a prefix.
struct Keys<'a> {
    checkpoint: &'a Checkpoint,
    prefix: &'static str,
}

impl Keys<'_> {
    fn size(&self, key: &str) -> Result<Option<usize>> {
        self.get(key, MetaValue::as_usize)
    }

    fn sizes(&self, key: &str) -> Result<Option<Vec<usize>>> {
        self.get(key, |value| value.as_array()?.iter().map(MetaValue::as_usize).collect())
    }

    fn get<T>(&self, key: &str, read: impl Fn(&MetaValue) -> Option<T>) -> Result<Option<T>> {
        let full = format!("{}.{key}", self.prefix);
        let Some(value) = self.checkpoint.metadata().get(&full) else {
            return Ok(None);
        };
        let wrong = || Error::ConfigFile {
            path: self.checkpoint.path().to_owned(),
            reason: format!("`{full}` is {}, which is no size", value.kind()),
        };
        read(value).map(Some).ok_or_else(wrong)
    }
}
