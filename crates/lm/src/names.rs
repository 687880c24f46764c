//! Names in checkpoints, brought to those of the published one.

use zonos_weights::Checkpoint;

use crate::{Config, Result, gguf};

/// What training leaves behind and inference does not need.
const LEFTOVERS: [&str; 2] = [".router.ent_denom", ".router.normalized_entropy"];

/// Brings the names of a checkpoint to those that the backbone asks for.
pub(crate) fn rename(checkpoint: Checkpoint, config: &Config) -> Result<Checkpoint> {
    if gguf::is_gguf(&checkpoint)? {
        return gguf::rename(checkpoint, config);
    }
    Ok(checkpoint.rename(published)?)
}

/// The published name of a tensor; `None` for what inference does not need.
fn published(name: &str) -> Option<String> {
    if LEFTOVERS.iter().any(|leftover| name.ends_with(leftover)) {
        return None;
    }
    match name.split_once(".parametrizations.") {
        Some((owner, rest)) => {
            let rest = rest.split('.').filter(|part| *part != "original").collect::<Vec<_>>().join(".");
            Some(format!("{owner}.{rest}"))
        }
        None => Some(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::published;

    #[test]
    fn leftovers_of_training_are_stripped_or_dropped() {
        let name = "layers.3.attention.parametrizations.wq.weight.original";
        assert_eq!(published(name).as_deref(), Some("layers.3.attention.wq.weight"));
        let name = "layers.3.attention.wq.parametrizations.weight.original";
        assert_eq!(published(name).as_deref(), Some("layers.3.attention.wq.weight"));
        assert_eq!(published("layers.3.feed_forward.router.ent_denom"), None);
        assert_eq!(published("out_norm.weight").as_deref(), Some("out_norm.weight"));
    }
}
