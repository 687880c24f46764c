//! The keys of a GGUF file from a configuration.

use zonos_weights::{MetaValue, Metadata};

use super::ARCHITECTURE;
use crate::{Balancing, Config, Result};

/// All keys that say what `config` says. Keys that the published files do not have are only there where the model
/// differs from the released one.
pub(crate) fn describe(config: &Config, name: &str) -> Result<Metadata> {
    let mut keys = Keys(Metadata::default());
    keys.0.insert("general.architecture", ARCHITECTURE);
    keys.0.insert("general.name", name);
    keys.0.insert("general.alignment", 32u32);
    keys.0.insert("general.quantization_version", 2u32);
    keys.sizes(config);
    keys.set("attention.layer_norm_rms_epsilon", config.norm_eps as f32);
    keys.set("attention.qk_norm_epsilon", 1e-6f32);
    keys.set("rope.freq_base", config.rope_theta as f32);
    keys.set("logit_softcap", config.logit_softcap as f32);
    if let Some(speaker) = config.speaker {
        keys.set("speaker.embedding_dim", speaker.embedding_dim);
        keys.set("speaker.lda_dim", speaker.lda_dim);
    }
    let used: Vec<usize> = (0..config.layers).map(|layer| config.experts_used(layer)).collect();
    keys.set("expert_count", config.moe.as_ref().map_or(0, |moe| moe.experts));
    keys.set("expert_used_count_per_layer", used);
    keys.differences(config)?;
    Ok(keys.0)
}

struct Keys(Metadata);

impl Keys {
    fn set(&mut self, key: &str, value: impl Into<MetaValue>) {
        self.0.insert(format!("{ARCHITECTURE}.{key}"), value);
    }

    fn sizes(&mut self, config: &Config) {
        for (key, size) in [
            ("block_count", config.layers),
            ("context_length", config.context),
            ("embedding_length", config.dim),
            ("head_dim", config.head_dim),
            ("attention.head_count", config.heads),
            ("attention.head_count_kv", config.kv_heads),
            ("feed_forward_length", config.inner),
            ("n_codebooks", config.codebooks),
            ("codebook_size", config.codebook_size),
            ("audio_vocab", config.audio_vocab()),
            ("eoa_id", config.end_of_audio as usize),
            ("audio_pad_id", config.audio_pad as usize),
            ("text_vocab", config.text_vocab),
        ] {
            self.set(key, size);
        }
    }

    /// What the published keys have no room for.
    fn differences(&mut self, config: &Config) -> Result<()> {
        if config.moe.as_ref().is_some_and(|moe| moe.balancing == Balancing::Subtract) {
            self.set("moe_balancing_strategy", "quantile");
        }
        let released = Config::released()?;
        let meaning = |config: &Config| (config.background_ids, config.accurate_id, config.text_vocab);
        let same_buckets = config.speaking_rate == released.speaking_rate && config.quality == released.quality;
        if same_buckets && meaning(config) == meaning(&released) {
            return Ok(());
        }
        self.set("speaker_background_token_enabled", config.background_ids);
        self.set("accurate_mode_token_enabled", config.accurate_id);
        self.set("speaking_rate_buckets", config.speaking_rate.labels());
        let names: Vec<&str> = config.quality.iter().map(|feature| feature.name.as_str()).collect();
        self.set("quality_features", names);
        for feature in &config.quality {
            self.set(&format!("quality_buckets.{}", feature.name), feature.buckets.labels());
        }
        Ok(())
    }
}
