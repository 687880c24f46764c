//! The delay pattern: the backbone makes codebook *j* of a moment *j* steps after codebook 0.

use crate::Frames;

/// Delays aligned frames: codebook *j* moves *j* frames down; what has no past becomes `pad`, what would come after
/// the last frame is lost.
pub fn delay(aligned: &Frames, pad: u32) -> Frames {
    shift(aligned, pad, |frame, codebook| frame.checked_sub(codebook))
}

/// Aligns delayed frames: codebook *j* moves *j* frames up; what is not known yet becomes `pad`, which happens in the
/// last `codebooks − 1` frames.
pub fn undelay(delayed: &Frames, pad: u32) -> Frames {
    shift(delayed, pad, |frame, codebook| Some(frame + codebook))
}

fn shift(frames: &Frames, pad: u32, source: impl Fn(usize, usize) -> Option<usize>) -> Frames {
    let codebooks = frames.codebooks();
    let id = |frame, codebook| {
        source(frame, codebook).and_then(|from| frames.ids().get(from * codebooks + codebook)).copied().unwrap_or(pad)
    };
    let ids = (0..frames.len()).flat_map(|frame| (0..codebooks).map(move |codebook| (frame, codebook)));
    Frames::from_ids(codebooks, ids.map(|(frame, codebook)| id(frame, codebook)).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn undelay_gives_back_all_but_the_tail(codebooks in 1usize..12, ids in prop::collection::vec(0u32..1024, 0..200)) {
            let frames = Frames::from_ids(codebooks, ids);
            let mut back = undelay(&delay(&frames, 1025), 1025);
            let kept = frames.len().saturating_sub(codebooks - 1);
            back.truncate(kept);
            let mut expected = frames.clone();
            expected.truncate(kept);
            prop_assert_eq!(back, expected);
        }
    }
}
