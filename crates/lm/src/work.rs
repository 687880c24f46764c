//! What products have to read and to compute.

use std::iter::Sum;
use std::ops::{Add, Mul};

/// The work of some products with one row, or with several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Bytes of weights, as they are stored: what memory bounds.
    pub bytes: u64,
    /// Multiplications of float weights, each with an addition: what arithmetic bounds.
    pub floats: u64,
    /// Those of quantized weights, which are integers.
    pub integers: u64,
}

impl Add for Work {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            bytes: self.bytes + other.bytes,
            floats: self.floats + other.floats,
            integers: self.integers + other.integers,
        }
    }
}

impl Mul<u64> for Work {
    type Output = Self;

    fn mul(self, times: u64) -> Self {
        Self { bytes: self.bytes * times, floats: self.floats * times, integers: self.integers * times }
    }
}

impl Sum for Work {
    fn sum<I: Iterator<Item = Self>>(works: I) -> Self {
        works.fold(Self::default(), Add::add)
    }
}
