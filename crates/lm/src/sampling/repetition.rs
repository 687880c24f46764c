use super::Sampling;
use crate::Frames;

/// Holds back the codes that a codebook made in the window: positive logits are divided by the penalty, others
/// multiplied, once however often a code occurred. Ids of `codes` and above (end of audio, padding) never count.
pub(super) fn penalize(logits: &mut [f32], sampling: &Sampling, made: &Frames, codebook: usize, codes: usize) {
    let penalty = sampling.repetition_penalty;
    // Negative stands for all codebooks.
    let concerned = usize::try_from(sampling.repetition_codebooks).map_or(true, |count| codebook < count);
    if penalty <= 1.0 || !concerned {
        return;
    }
    for code in repeated(made, sampling.repetition_window, codebook, codes) {
        if let Some(logit) = logits.get_mut(code) {
            *logit = if *logit > 0.0 { *logit / penalty } else { *logit * penalty };
        }
    }
}

fn repeated(made: &Frames, window: usize, codebook: usize, codes: usize) -> Vec<usize> {
    let ids = made.newest(window).filter_map(|frame| frame.get(codebook)).map(|&id| id as usize);
    let mut ids: Vec<usize> = ids.filter(|&id| id < codes).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
