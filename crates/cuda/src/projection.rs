//! Matrices on the card, and what the kernels are told of them.

use crate::Kind;
use crate::args::{Matvec, mode};

/// A matrix [outputs, inputs] on the card, or one for each expert that lie one behind the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Matrix {
    pub(crate) kind: Kind,
    pub(crate) numbers: u64,
    pub(crate) inputs: usize,
    /// Of one expert.
    pub(crate) outputs: usize,
}

impl Matrix {
    /// Bytes that a product reads.
    pub(crate) fn bytes(&self) -> usize {
        self.kind.bytes_of(self.inputs * self.outputs)
    }

    /// A product that stores what comes out.
    pub(crate) fn arguments(&self) -> Matvec {
        Matvec {
            numbers: self.numbers,
            expert_bytes: self.kind.bytes_of(self.inputs * self.outputs) as u64,
            inputs: self.inputs as i32,
            outputs: self.outputs as i32,
            input_stride: self.inputs as i32,
            output_stride: self.outputs as i32,
            mode: mode::STORE,
            ..Matvec::default()
        }
    }

    /// A product of a matrix whose even rows are gates of the odd ones, to half as many outputs.
    pub(crate) fn gated_arguments(&self) -> Matvec {
        Matvec { output_stride: (self.outputs / 2) as i32, mode: mode::GATE, ..self.arguments() }
    }
}

/// Where the rows of a tensor go in a matrix: row x of each part becomes output first[x / half] + step · (x mod half) of
/// that part's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placement {
    /// Rows of a part of the tensor, such as an expert, and of the matrix.
    pub(crate) part: usize,
    pub(crate) outputs: usize,
    pub(crate) half: usize,
    pub(crate) first: [usize; 2],
    pub(crate) step: usize,
}

impl Placement {
    /// `rows` rows in their order, from output `first` on.
    pub(crate) fn from(first: usize, rows: usize) -> Self {
        Self { part: rows, outputs: rows, half: rows, first: [first, 0], step: 1 }
    }

    /// Gates (ups) alone, `inner` for each expert: to the even (odd) outputs.
    pub(crate) fn every_second(first: usize, inner: usize) -> Self {
        Self { part: inner, outputs: 2 * inner, half: inner, first: [first, 0], step: 2 }
    }

    /// `inner` rows to the even (odd, if `first` is 1) outputs, then as many to the others.
    pub(crate) fn halves(first: usize, inner: usize) -> Self {
        Self { part: 2 * inner, outputs: 2 * inner, half: inner, first: [first, 1 - first], step: 2 }
    }
}
