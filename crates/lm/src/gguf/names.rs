//! Names of tensors.

/// Names outside of the layers: in GGUF files, and as published.
const ROOT: [(&str, &str); 6] = [
    ("spk_lda.weight", "speaker_lda_projection.weight"),
    ("spk_lda.bias", "speaker_lda_projection.bias"),
    ("spk_proj.weight", "speaker_projection.weight"),
    ("spk_proj.bias", "speaker_projection.bias"),
    ("output_norm.weight", "out_norm.weight"),
    ("output.weight", "multi_output.weight"),
];

/// Names within a layer. Keys and values, and gate and up, lie apart in GGUF files: for these the published name is
/// that of checkpoints which keep them apart, too.
const LAYER: [(&str, &str); 24] = [
    ("attn_norm.weight", "attention_norm.weight"),
    ("ffn_norm.weight", "ffn_norm.weight"),
    ("attn_q.weight", "attention.wq.weight"),
    ("attn_k.weight", "attention.wk.weight"),
    ("attn_v.weight", "attention.wv.weight"),
    ("attn_output.weight", "attention.wo.weight"),
    ("attn_temp", "attention.temp"),
    ("attn_gate.weight", "attention.gater.weight"),
    ("ffn_gate.weight", "feed_forward.w1.weight"),
    ("ffn_up.weight", "feed_forward.w3.weight"),
    ("ffn_down.weight", "feed_forward.w_out.weight"),
    ("ffn_gate_exps.weight", "feed_forward.experts.w1"),
    ("ffn_up_exps.weight", "feed_forward.experts.w3"),
    ("ffn_down_exps.weight", "feed_forward.experts.w2"),
    ("router_down.weight", "feed_forward.router.down_proj.weight"),
    ("router_down.bias", "feed_forward.router.down_proj.bias"),
    ("router_mlp0.weight", "feed_forward.router.router_mlp.0.weight"),
    ("router_mlp0.bias", "feed_forward.router.router_mlp.0.bias"),
    ("router_mlp2.weight", "feed_forward.router.router_mlp.2.weight"),
    ("router_mlp2.bias", "feed_forward.router.router_mlp.2.bias"),
    ("router_mlp4.weight", "feed_forward.router.router_mlp.4.weight"),
    ("router_norm.weight", "feed_forward.router.rmsnorm_eda.weight"),
    ("router_bias", "feed_forward.router.balancing_biases"),
    ("router_eda_scale", "feed_forward.router.router_states_scale"),
];

/// The published name of a GGUF file's tensor; names that are not known stay as they are.
pub(crate) fn published(name: &str, codebooks: usize) -> String {
    let layer = || {
        let (index, rest) = name.strip_prefix("blk.")?.split_once('.')?;
        Some(format!("layers.{index}.{}", second(&LAYER, rest)?))
    };
    let audio = || Some(format!("multi_embedder.embedders.{}", name.strip_prefix("audio_embd.")?));
    let text = || (name == "text_embd.weight").then(|| format!("multi_embedder.embedders.{codebooks}.weight"));
    let root = || second(&ROOT, name).map(str::to_owned);
    layer().or_else(audio).or_else(text).or_else(root).unwrap_or_else(|| name.to_owned())
}

/// The GGUF name of a published tensor; `None` for one that GGUF files have no name for.
pub(crate) fn gguf_name(name: &str, codebooks: usize) -> Option<String> {
    let layer = || {
        let (index, rest) = name.strip_prefix("layers.")?.split_once('.')?;
        Some(format!("blk.{index}.{}", first(&LAYER, rest)?))
    };
    let table = || {
        let (column, rest) = name.strip_prefix("multi_embedder.embedders.")?.split_once('.')?;
        let is_text = column.parse() == Ok(codebooks);
        Some(if is_text { format!("text_embd.{rest}") } else { format!("audio_embd.{column}.{rest}") })
    };
    layer().or_else(table).or_else(|| first(&ROOT, name).map(str::to_owned))
}

fn second<'a>(names: &[(&str, &'a str)], wanted: &str) -> Option<&'a str> {
    names.iter().find(|(name, _)| *name == wanted).map(|(_, published)| *published)
}

fn first<'a>(names: &[(&'a str, &str)], wanted: &str) -> Option<&'a str> {
    names.iter().find(|(_, published)| *published == wanted).map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        for (gguf, name) in [
            ("blk.26.attn_k.weight", "layers.26.attention.wk.weight"),
            ("blk.3.ffn_down_exps.weight", "layers.3.feed_forward.experts.w2"),
            ("blk.3.router_bias", "layers.3.feed_forward.router.balancing_biases"),
            ("audio_embd.8.weight", "multi_embedder.embedders.8.weight"),
            ("text_embd.weight", "multi_embedder.embedders.9.weight"),
            ("output.weight", "multi_output.weight"),
        ] {
            assert_eq!(published(gguf, 9), name);
            assert_eq!(gguf_name(name, 9).as_deref(), Some(gguf));
        }
    }

    #[test]
    fn unknown_names_stay_or_have_none() {
        assert_eq!(published("blk.0.other", 9), "blk.0.other");
        assert_eq!(gguf_name("layers.0.other", 9), None);
    }
}
