//! The optional `config.json` beside a weight file.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::{CodecConfig, Error, Result};

/// What a `config.json` can say; descript's names and those of the transformers library.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ConfigFile {
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

impl ConfigFile {
    /// Reads the file that belongs to the weights at `weights` (a file or a folder); nothing when there is none.
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

    /// Checks what it states against the sizes found in the weights, and gives the sample rate.
    pub(crate) fn apply(&self, config: &mut CodecConfig) -> Result<()> {
        self.agree("n_codebooks", &self.n_codebooks, &config.n_codebooks)?;
        self.agree("codebook_size", &self.codebook_size, &config.codebook_size)?;
        self.agree("codebook_dim", &self.codebook_dim, &config.codebook_dim)?;
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
