/// Watches sampled frames for the end of the audio.
///
/// The first frame in which any codebook gives the end code fixes where the audio ends: that frame's number less the
/// highest such codebook, since codebook *j* is *j* frames late. From that frame on, it and as many frames as there
/// are codebooks are still made, so that the last audible moment is complete.
#[derive(Clone, Debug)]
pub struct EndOfAudio {
    end_code: u32,
    seen: usize,
    end: Option<usize>,
    left: Option<usize>,
}

impl EndOfAudio {
    /// Watches for `end_code`.
    pub fn new(end_code: u32) -> Self {
        Self { end_code, seen: 0, end: None, left: None }
    }

    /// Takes the next delayed frame. Returns whether it was the last one needed.
    pub fn observe(&mut self, frame: &[u32]) -> bool {
        let highest = frame.iter().rposition(|&id| id == self.end_code);
        if let (None, Some(codebook)) = (self.end, highest) {
            self.end = Some(self.seen.saturating_sub(codebook));
            self.left = Some(frame.len() + 1);
        }
        self.seen += 1;
        self.left = self.left.map(|left| left.saturating_sub(1));
        self.left == Some(0)
    }

    /// How many aligned frames are audible, once the end is known.
    pub fn end(&self) -> Option<usize> {
        self.end
    }
}
