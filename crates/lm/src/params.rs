//! `params.json` as published; [`crate::Config`] is what it means.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Params {
    pub(crate) n_layers: usize,
    pub(crate) dim: usize,
    pub(crate) head_dim: usize,
    pub(crate) n_heads: Option<usize>,
    pub(crate) n_kv_heads: Option<usize>,
    pub(crate) ffn_dim_multiplier: f64,
    pub(crate) multiple_of: usize,
    pub(crate) norm_eps: f64,
    pub(crate) rope_theta: f64,
    pub(crate) max_seqlen: usize,
    pub(crate) n_codebooks: usize,
    pub(crate) codebook_size: usize,
    pub(crate) eoa_id: u32,
    pub(crate) audio_pad_id: u32,
    pub(crate) text_vocab: usize,
    pub(crate) loss_softcap: f64,
    pub(crate) speaker_enabled: Option<bool>,
    #[serde(default)]
    pub(crate) speaker_embedding_dim: usize,
    #[serde(default)]
    pub(crate) speaker_lda_dim: usize,
    #[serde(default)]
    pub(crate) speaker_background_token_enabled: bool,
    #[serde(default)]
    pub(crate) accurate_mode_token_enabled: bool,
    #[serde(default)]
    pub(crate) speaking_rate_buckets: Vec<String>,
    pub(crate) speaking_rate_num_buckets: Option<usize>,
    #[serde(default)]
    pub(crate) quality_features: Vec<String>,
    #[serde(default)]
    pub(crate) quality_buckets: BTreeMap<String, Vec<String>>,
    pub(crate) quality_num_buckets: Option<usize>,
    #[serde(default)]
    pub(crate) moe_n_experts: usize,
    #[serde(default = "one")]
    pub(crate) moe_router_topk: usize,
    #[serde(default)]
    pub(crate) special_topk_layers: Option<BTreeMap<String, usize>>,
    #[serde(default)]
    pub(crate) moe_router_dim: usize,
    #[serde(default)]
    pub(crate) moe_start_from_layer: usize,
    #[serde(default)]
    pub(crate) moe_end_from_layer: usize,
    pub(crate) moe_balancing_strategy: Option<String>,
}

/// The file may hold the keys flat or under `model`.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum ParamsFile {
    Nested { model: Box<Params> },
    Flat(Box<Params>),
}

fn one() -> usize {
    1
}
