//! Weights of a few rows, turned for products with many rows of activations.

use super::rounded::{GROUPS, SPAN};

/// Rows of weights in a panel.
pub(super) const ROWS: usize = 16;

/// Sums of one row of activations with the rows of a panel, one for each group of a span.
pub(super) type Sums = [[f32; ROWS]; GROUPS];

/// One span of some rows of weights as integers.
#[repr(align(64))]
pub(super) struct Panel {
    /// Row by row.
    pub(super) staged: [[i16; SPAN]; ROWS],
    /// The same two numbers of every row together.
    pub(super) pairs: [[[i16; 2]; ROWS]; SPAN / 2],
    /// What an integer of each group counts, by row.
    pub(super) scales: [[f32; ROWS]; GROUPS],
    /// What each number of a group is less, by row.
    pub(super) offsets: [[f32; ROWS]; GROUPS],
}

impl Panel {
    /// Of zeros.
    pub(super) fn boxed() -> Box<Self> {
        Box::new(Self {
            staged: [[0; SPAN]; ROWS],
            pairs: [[[0; 2]; ROWS]; SPAN / 2],
            scales: [[0.0; ROWS]; GROUPS],
            offsets: [[0.0; ROWS]; GROUPS],
        })
    }
}
