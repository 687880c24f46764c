//! Matrices on the card, and what the kernels are told of them.

use crate::Kind;
use crate::args::{Matvec, mode};

/// A matrix [outputs, inputs] on the card, or the same rows of each of many that lie one behind the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Matrix {
    pub(crate) kind: Kind,
    pub(crate) numbers: u64,
    /// Only of blocks.
    pub(crate) scales: u64,
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
}

impl Matrix {
    /// The rows from `row` on.
    pub(crate) fn rows_from(self, row: usize) -> Self {
        let before = row * self.inputs;
        Self {
            numbers: self.numbers + self.kind.bytes_of(before) as u64,
            scales: if self.kind.in_blocks() { self.scales + self.kind.scale_bytes(before) as u64 } else { 0 },
            outputs: self.outputs.saturating_sub(row),
            ..self
        }
    }

    /// The first `outputs` rows.
    pub(crate) fn of(self, outputs: usize) -> Self {
        Self { outputs, ..self }
    }

    /// Bytes that a product reads.
    pub(crate) fn bytes(&self) -> usize {
        self.kind.card_bytes(self.inputs * self.outputs)
    }

    /// A product that stores what comes out, of neighbouring rows.
    pub(crate) fn arguments(&self) -> Matvec {
        Matvec {
            first: self.numbers,
            first_scales: self.scales,
            inputs: self.inputs as i32,
            outputs: self.outputs as i32,
            row_step: 1,
            input_stride: self.inputs as i32,
            output_stride: self.outputs as i32,
            mode: mode::STORE,
            ..Matvec::default()
        }
    }
}

/// The gate's and the up matrix of a feed-forward layer, in whichever layout the checkpoint has them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GateUp {
    pub(crate) gate: Matrix,
    pub(crate) up: Matrix,
    /// Rows from one of a matrix to its next: 2 where both take turns.
    row_step: usize,
    /// Whether both are parts of one tensor.
    shared: bool,
}

impl GateUp {
    /// Two tensors.
    pub(crate) fn apart(gate: Matrix, up: Matrix) -> Self {
        Self { gate, up, row_step: 1, shared: false }
    }

    /// One tensor, of which each begins at a row.
    pub(crate) fn stacked(both: Matrix, gate: usize, up: usize) -> Self {
        Self { gate: both.rows_from(gate), up: both.rows_from(up), row_step: 1, shared: true }
    }

    /// Rows of the gate at even, of the other at odd places.
    pub(crate) fn interleaved(both: Matrix) -> Self {
        Self { gate: both, up: both.rows_from(1), row_step: 2, shared: true }
    }

    /// Rows from an expert's gate to that of the next: where both lie in one tensor, the other lies between.
    pub(crate) fn rows_of_expert(&self, inner: usize) -> usize {
        if self.shared { 2 * inner } else { inner }
    }

    /// The gated product, to `inner` outputs.
    pub(crate) fn arguments(&self, inner: usize) -> Matvec {
        Matvec {
            second: self.up.numbers,
            second_scales: self.up.scales,
            outputs: 2 * inner as i32,
            row_step: self.row_step as i32,
            output_stride: inner as i32,
            mode: mode::GATE,
            ..self.gate.arguments()
        }
    }
}
