//! The built-in demo model and random models of the released size: the same architecture with seeded weights.

use zonos_codec::{CodecConfig, Stages};
use zonos_lm::Config;
use zonos_speaker::SpeakerConfig;

use crate::Result;

/// The seed of the demo model's weights. Changing it changes what every demo seed says.
pub(crate) const SEED: u64 = 2606;

/// A backbone of the released architecture with every mechanism present and every width small.
pub(crate) fn backbone() -> Result<Config> {
    Ok(Config::parse(include_str!("demo.json"))?)
}

/// A codec of the released strides and small widths.
pub(crate) fn codec() -> CodecConfig {
    let released = CodecConfig::released();
    CodecConfig {
        latent_dim: 64,
        decoder: Stages { dim: 64, ..released.decoder.clone() },
        encoder: released.encoder.clone().map(|encoder| Stages { dim: 4, ..encoder }),
        ..released
    }
}

/// A speaker encoder of small widths whose voices fit the demo backbone.
pub(crate) fn speaker() -> SpeakerConfig {
    SpeakerConfig {
        embedding_dim: 256,
        channels: vec![64, 64, 64, 64, 192],
        attention_channels: 32,
        se_channels: 32,
        ..SpeakerConfig::default()
    }
}
