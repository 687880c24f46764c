//! The sizes of a model.

use crate::{Error, Result};

/// The sizes of a model, and the constants of its mathematics.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// Width of the residual stream.
    pub dim: usize,
    /// Query heads.
    pub heads: usize,
    /// Key and value heads.
    pub kv_heads: usize,
    /// Width of a head.
    pub head_dim: usize,
    /// Width of the feed-forward layers, and of each expert.
    pub inner: usize,
    /// Experts that a row uses in each layer; 0 for a dense layer. One number for each layer.
    pub used: Vec<usize>,
    /// The experts, if any layer uses them.
    pub mixture: Mixture,
    /// Codebooks, and so audio ids in a row.
    pub codebooks: usize,
    /// Audio ids of each codebook: codes, end of audio and padding.
    pub audio_vocab: usize,
    /// Text ids, the padding included.
    pub text_ids: usize,
    /// Codes of a codebook; also the id of the end of audio.
    pub codes: usize,
    /// Epsilon of the norms.
    pub norm_eps: f32,
    /// Epsilon of the norms of queries and keys.
    pub qk_norm_eps: f32,
    /// Base of the rotation's frequencies.
    pub rope_theta: f64,
    /// Bound of the logits.
    pub logit_cap: f32,
    /// Positions that the model knows.
    pub context: usize,
    /// The speaker input, if the model has one.
    pub speaker: Option<Speaker>,
}

/// The experts of the mixture layers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mixture {
    /// Experts in each layer.
    pub experts: usize,
    /// Width of the routers.
    pub router_dim: usize,
    /// What the balancing biases are multiplied with before they enter the choice: 1 or −1.
    pub balancing: f32,
}

/// The speaker input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speaker {
    /// Numbers in a voice.
    pub embedding_dim: usize,
    /// Width between the two projections.
    pub lda_dim: usize,
}

/// Rows that a step takes at most; the same as in the kernels, like all that follow.
pub(crate) const MAX_ROWS: usize = 64;
pub(crate) const MAX_USED: usize = 4;
const MAX_WIDTH: usize = 4096;
const MAX_ROUTER: usize = 128;
const MAX_EXPERTS: usize = 32;
const MAX_IDS: usize = 2048;
const MAX_CODEBOOKS: usize = 63;
/// Positions that a block of attention takes, and blocks of a row.
pub(crate) const SPLIT: usize = 128;
pub(crate) const MAX_SPLITS: usize = 64;

impl Shape {
    /// The released model.
    pub fn released() -> Self {
        let used = |layer| match layer {
            0..=2 | 27 => 0,
            26 => 2,
            _ => 1,
        };
        Self {
            dim: 2048,
            heads: 16,
            kv_heads: 4,
            head_dim: 128,
            inner: 3072,
            used: (0..28).map(used).collect(),
            mixture: Mixture { experts: 16, router_dim: 128, balancing: 1.0 },
            codebooks: 9,
            audio_vocab: 1026,
            text_ids: 520,
            codes: 1024,
            norm_eps: 1e-5,
            qk_norm_eps: 1e-6,
            rope_theta: 10000.0,
            logit_cap: 15.0,
            context: 6144,
            speaker: Some(Speaker { embedding_dim: 2048, lda_dim: 1024 }),
        }
    }

    /// Width of all query heads together.
    pub(crate) fn query_width(&self) -> usize {
        self.heads * self.head_dim
    }

    /// Width of all key heads together, and of all value heads.
    pub(crate) fn kv_width(&self) -> usize {
        self.kv_heads * self.head_dim
    }

    /// Width of what the first projection of a layer gives: queries, keys, values, gates.
    pub(crate) fn projected_width(&self) -> usize {
        self.query_width() + 2 * self.kv_width() + self.heads
    }

    /// Query heads that share a key head.
    pub(crate) fn group(&self) -> usize {
        self.heads / self.kv_heads.max(1)
    }

    /// Ids of a row.
    pub fn row_width(&self) -> usize {
        self.codebooks + 1
    }

    /// Logits of a row.
    pub fn logits(&self) -> usize {
        self.codebooks * self.audio_vocab
    }

    /// Most experts that a row uses in a layer.
    pub(crate) fn most_used(&self) -> usize {
        self.used.iter().copied().max().unwrap_or(0)
    }

    /// The widest input of a matrix.
    pub(crate) fn widest(&self) -> usize {
        let speaker = self.speaker.map_or(0, |speaker| speaker.embedding_dim.max(speaker.lda_dim));
        self.dim.max(self.inner).max(self.query_width()).max(speaker)
    }

    /// Whether the kernels take such a model.
    ///
    /// # Errors
    /// [`Error::Unsupported`] with the first size that does not fit.
    pub fn check(&self) -> Result<()> {
        let multiple = |number: usize, of: usize| number > 0 && number.is_multiple_of(of);
        let router = self.mixture;
        let mixed = self.most_used() > 0;
        let speaker = self.speaker.is_none_or(|s| multiple(s.embedding_dim, 32) && multiple(s.lda_dim, 32));
        let rules = [
            (
                multiple(self.dim, 32) && multiple(self.inner, 32) && multiple(self.query_width(), 32),
                "widths that are no multiples of 32",
            ),
            (speaker, "a speaker input whose widths are no multiples of 32"),
            (self.widest() <= MAX_WIDTH, "widths above 4096"),
            (matches!(self.head_dim, 64 | 128), "heads that are not 64 or 128 wide"),
            (
                self.kv_heads > 0 && multiple(self.heads, self.kv_heads),
                "query heads that key heads do not share evenly",
            ),
            (matches!(self.group(), 1 | 2 | 4 | 8), "groups of heads other than 1, 2, 4 or 8"),
            (!self.used.is_empty() && self.most_used() <= MAX_USED, "more than 4 experts for a row, or no layers"),
            (!mixed || router.experts <= MAX_EXPERTS && self.most_used() <= router.experts, "more than 32 experts"),
            (!mixed || router.router_dim <= MAX_ROUTER && multiple(router.router_dim, 4), "a router wider than 128"),
            (self.codes < self.audio_vocab && self.audio_vocab <= MAX_IDS, "more than 2048 ids in a codebook"),
            ((1..=MAX_CODEBOOKS).contains(&self.codebooks), "more than 63 codebooks"),
            ((1..=SPLIT * MAX_SPLITS).contains(&self.context), "a context of more than 8192 rows"),
        ];
        match rules.into_iter().find(|(holds, _)| !holds) {
            None => Ok(()),
            Some((_, reason)) => Err(Error::Unsupported(format!("{reason} cannot be had"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_released_model_fits() {
        Shape::released().check().unwrap();
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let refused = |change: fn(&mut Shape)| {
            let mut shape = Shape::released();
            change(&mut shape);
            shape.check().unwrap_err().to_string()
        };
        assert!(refused(|shape| shape.dim = 2040).contains("multiples of 32"));
        assert!(refused(|shape| shape.head_dim = 96).contains("64 or 128"));
        assert!(refused(|shape| shape.kv_heads = 0).contains("evenly"));
        assert!(refused(|shape| shape.kv_heads = 1).contains("groups"));
        assert!(refused(|shape| shape.inner = 8192).contains("4096"));
        assert!(refused(|shape| shape.mixture.experts = 64).contains("32 experts"));
        assert!(refused(|shape| shape.context = 9000).contains("8192"));
        assert!(refused(|shape| shape.used.clear()).contains("no layers"));
    }
}
