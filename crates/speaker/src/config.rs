use std::path::Path;

use serde::Deserialize;

use crate::{Error, Result};

/// The sizes of a speaker encoder; the default is the released one.
///
/// The lists have one entry for each layer: the first TDNN, the SE-Res2Net blocks, and last the aggregation over them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct SpeakerConfig {
    /// Samples per second that it listens at.
    pub sample_rate: u32,
    /// Mel bands.
    pub mel_dim: usize,
    /// Numbers in a voice.
    #[serde(rename = "enc_dim")]
    pub embedding_dim: usize,
    /// Width of each layer. The last is the sum of the blocks' widths.
    #[serde(rename = "enc_channels")]
    pub channels: Vec<usize>,
    /// Odd kernel of each layer.
    #[serde(rename = "enc_kernel_sizes")]
    pub kernels: Vec<usize>,
    /// Dilation of each layer.
    #[serde(rename = "enc_dilations")]
    pub dilations: Vec<usize>,
    /// Width inside of the attentive pooling.
    #[serde(rename = "enc_attention_channels")]
    pub attention_channels: usize,
    /// Parts that a Res2Net layer splits its channels into.
    #[serde(rename = "enc_res2net_scale")]
    pub res2net_scale: usize,
    /// Width inside of the squeeze-excitation.
    #[serde(rename = "enc_se_channels")]
    pub se_channels: usize,
}

impl Default for SpeakerConfig {
    fn default() -> Self {
        Self {
            sample_rate: 24_000,
            mel_dim: 128,
            embedding_dim: 2048,
            channels: vec![512, 512, 512, 512, 1536],
            kernels: vec![5, 3, 3, 3, 1],
            dilations: vec![1, 2, 3, 4, 1],
            attention_channels: 128,
            res2net_scale: 8,
            se_channels: 128,
        }
    }
}

/// The kernel, dilation and width of one layer.
#[derive(Clone, Copy)]
pub(crate) struct Layer {
    pub(crate) channels: usize,
    pub(crate) kernel: usize,
    pub(crate) dilation: usize,
}

/// Bound on sizes that a file can state.
const MAX_DIM: usize = 1 << 16;

impl SpeakerConfig {
    /// Reads the `config.json` that belongs to the weights at `weights`, a file or a folder. What it does not state is
    /// as in the released encoder.
    pub(crate) fn beside(weights: &Path) -> Result<Self> {
        let folder = if weights.is_dir() { weights } else { weights.parent().unwrap_or(weights) };
        let path = folder.join("config.json");
        let failed = |reason: String| Error::ConfigFile { path: path.clone(), reason };
        let text = std::fs::read_to_string(&path).map_err(|error| failed(format!("cannot be read: {error}")))?;
        Self::parse(&text).map_err(|error| failed(error.to_string()))
    }

    /// Reads the text of a `config.json`. What it does not state is as in the released encoder.
    ///
    /// # Errors
    /// When it is not valid, or makes no encoder.
    pub fn parse(text: &str) -> Result<Self> {
        let config: Self = serde_json::from_str(text).map_err(|error| Error::Config(error.to_string()))?;
        config.check()?;
        Ok(config)
    }

    /// Fails on sizes that no encoder can have, before anything is allocated from them.
    pub(crate) fn check(&self) -> Result<()> {
        let wrong = |what: String| Err(Error::Config(what));
        let (layers, sizes) = (self.channels.len(), [&self.channels, &self.kernels, &self.dilations]);
        if !(3..=64).contains(&layers) || sizes.iter().any(|list| list.len() != layers) {
            return wrong("channels, kernel sizes and dilations need one entry for each of at least 3 layers".into());
        }
        let single = [self.mel_dim, self.embedding_dim, self.attention_channels, self.res2net_scale, self.se_channels];
        let all = sizes.into_iter().flatten().chain(&single);
        if self.sample_rate == 0 || all.copied().any(|size| size == 0 || size > MAX_DIM) {
            return wrong(format!("a size is 0 or above {MAX_DIM}"));
        }
        if self.kernels.iter().any(|kernel| kernel % 2 == 0) {
            return wrong(format!("an even kernel among {:?}", self.kernels));
        }
        self.check_blocks()
    }

    fn check_blocks(&self) -> Result<()> {
        let first = self.layers().next().map_or(0, |layer| layer.channels);
        for block in self.blocks() {
            // The input of a block is added to its output.
            if block.channels != first || block.channels % self.res2net_scale != 0 {
                let Self { channels, res2net_scale, .. } = self;
                let reason = format!("{channels:?}: all blocks need one width, a multiple of {res2net_scale}");
                return Err(Error::Config(reason));
            }
        }
        Ok(())
    }

    /// Every layer in order.
    pub(crate) fn layers(&self) -> impl DoubleEndedIterator<Item = Layer> + ExactSizeIterator {
        let sizes = self.channels.iter().zip(&self.kernels).zip(&self.dilations);
        sizes.map(|((&channels, &kernel), &dilation)| Layer { channels, kernel, dilation })
    }

    /// The SE-Res2Net blocks: all layers but the first and the last.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = Layer> {
        let count = self.channels.len().saturating_sub(2);
        self.layers().skip(1).take(count)
    }

    /// Mel frames that the reflections at the ends need: more than the widest padding.
    pub(crate) fn min_frames(&self) -> usize {
        let padding = self.layers().map(|layer| layer.padding()).max().unwrap_or(0);
        padding + 1
    }
}

impl Layer {
    /// Frames added on each side.
    pub(crate) fn padding(&self) -> usize {
        self.dilation * (self.kernel / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_released_configuration_fits() {
        let config = SpeakerConfig::default();
        config.check().unwrap();
        assert_eq!((config.min_frames(), config.blocks().count()), (5, 3));
    }

    #[test]
    fn impossible_sizes_are_refused() {
        let refused = |change: fn(&mut SpeakerConfig)| {
            let mut config = SpeakerConfig::default();
            change(&mut config);
            assert!(matches!(config.check(), Err(Error::Config(_))), "{config:?}");
        };
        refused(|config| config.kernels = vec![5, 3]);
        refused(|config| config.kernels[1] = 4);
        refused(|config| config.channels[2] = 256);
        refused(|config| config.res2net_scale = 7);
        refused(|config| config.res2net_scale = 0);
        refused(|config| config.embedding_dim = usize::MAX);
        refused(|config| config.channels = vec![]);
        refused(|config| config.dilations[4] = 0);
    }
}
