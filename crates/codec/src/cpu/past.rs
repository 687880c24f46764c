/// What a layer keeps between two pieces of its input: the rows that outputs to come still depend on.
#[derive(Clone, Debug)]
pub(crate) struct Past {
    values: Vec<f32>,
    width: usize,
    /// Input rows that came, without padding.
    received: usize,
    /// Output rows that were given.
    given: usize,
}

impl Past {
    /// Before the first row: rows of `width` zeros, as the padding has it.
    pub(super) fn new(width: usize, padding: usize) -> Self {
        Self { values: vec![0.0; padding * width], width, received: 0, given: 0 }
    }

    /// What a piece of input begins with.
    pub(super) fn values(&self) -> &[f32] {
        &self.values
    }

    /// Notes the piece `x`, which begins with what was kept, and shows what is new in it.
    pub(super) fn receive<'a>(&mut self, x: &'a mut [f32]) -> &'a mut [f32] {
        let fresh = &mut x[self.values.len()..];
        self.received += fresh.len() / self.width.max(1);
        fresh
    }

    /// Adds rows of zeros to a piece.
    pub(super) fn pad(&self, x: &mut Vec<f32>, rows: usize) {
        x.resize(x.len() + rows * self.width, 0.0);
    }

    /// Rows of a piece.
    pub(super) fn rows(&self, x: &[f32]) -> usize {
        x.len() / self.width.max(1)
    }

    pub(super) fn received(&self) -> usize {
        self.received
    }

    pub(super) fn given(&self) -> usize {
        self.given
    }

    /// Notes that outputs were given, and keeps a piece but for its first `rows`.
    pub(super) fn keep(&mut self, x: &[f32], outputs: usize, rows: usize) {
        self.given += outputs;
        self.values.clear();
        self.values.extend_from_slice(&x[rows * self.width..]);
    }
}
