/// Codes of consecutive frames, frame by frame: one id for each codebook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frames {
    codebooks: usize,
    ids: Vec<u32>,
}

impl Frames {
    /// No frames yet, of `codebooks` ids each.
    pub fn new(codebooks: usize) -> Self {
        Self { codebooks, ids: Vec::new() }
    }

    /// Frames from their ids in a row; ids that do not fill a frame are dropped.
    pub fn from_ids(codebooks: usize, mut ids: Vec<u32>) -> Self {
        ids.truncate(ids.len().checked_div(codebooks).unwrap_or(0) * codebooks);
        Self { codebooks, ids }
    }

    /// Ids per frame.
    pub fn codebooks(&self) -> usize {
        self.codebooks
    }

    /// Number of frames.
    pub fn len(&self) -> usize {
        self.ids.len().checked_div(self.codebooks).unwrap_or(0)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// All ids, frame by frame.
    pub fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// The frames one after the other.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &[u32]> + ExactSizeIterator {
        self.ids.chunks_exact(self.codebooks.max(1))
    }

    /// The newest frame.
    pub fn last(&self) -> Option<&[u32]> {
        self.iter().next_back()
    }

    /// The newest `count` frames, or all if there are fewer.
    pub fn newest(&self, count: usize) -> impl Iterator<Item = &[u32]> {
        self.iter().skip(self.len().saturating_sub(count))
    }

    /// The frames from number `first` on.
    pub(crate) fn after(&self, first: usize) -> Self {
        let ids = self.ids.get(first.saturating_mul(self.codebooks)..).unwrap_or_default();
        Self { codebooks: self.codebooks, ids: ids.to_vec() }
    }

    /// Keeps the first `len` frames.
    pub fn truncate(&mut self, len: usize) {
        self.ids.truncate(len.saturating_mul(self.codebooks));
    }

    /// Adds a frame of `codebooks` ids.
    pub(crate) fn push(&mut self, frame: &[u32]) {
        debug_assert_eq!(frame.len(), self.codebooks);
        self.ids.extend_from_slice(frame);
    }

    /// Lowers ids above `max` to it: the codec has no entry for end of audio or padding.
    pub(crate) fn clamp(&mut self, max: u32) {
        self.ids.iter_mut().for_each(|id| *id = (*id).min(max));
    }
}
