//! Weights of a few rows, turned for products with many rows of activations.

#[cfg(target_arch = "x86_64")]
use std::rc::Rc;

#[cfg(target_arch = "x86_64")]
use super::rounded::GROUP;
use super::rounded::{GROUPS, SPAN};
#[cfg(target_arch = "x86_64")]
use crate::kernels::amx::TileRegisters;
use crate::kernels::instructions::Instructions;

/// Rows of weights in a panel.
pub(super) const ROWS: usize = 16;

/// Sums of one row of activations with the rows of a panel, one for each group of a span.
pub(super) type Sums = [[f32; ROWS]; GROUPS];

/// One span of some rows of weights as integers, row by row.
pub(super) type Staged = [[i16; SPAN]; ROWS];

/// One span of some rows of weights as integers.
#[repr(align(64))]
pub(super) struct Panel {
    /// The same two numbers of every row together.
    pub(super) pairs: [[[i16; 2]; ROWS]; SPAN / 2],
    /// What an integer of each group counts, by row.
    pub(super) scales: [[f32; ROWS]; GROUPS],
    /// What each number of a group is less, by row.
    pub(super) offsets: [[f32; ROWS]; GROUPS],
    /// In the place of pairs, where tiles multiply.
    #[cfg(target_arch = "x86_64")]
    pub(super) quads: Option<Box<Quads>>,
    /// The rows as bytes, in the place of pairs.
    #[cfg(target_arch = "aarch64")]
    pub(super) octets: super::neon::Octets,
}

/// The same four numbers of every row together, by group.
#[cfg(target_arch = "x86_64")]
pub(super) type QuadsOfGroup = [[[i8; 4]; ROWS]; GROUP / 4];

/// The numbers of a panel as bytes.
#[cfg(target_arch = "x86_64")]
#[repr(C, align(64))]
pub(super) struct Quads {
    /// What multiplies them.
    pub(super) registers: Rc<TileRegisters>,
    /// The numbers, or their lower halves.
    pub(super) lower: [QuadsOfGroup; GROUPS],
    /// Their upper halves.
    pub(super) upper: [QuadsOfGroup; GROUPS],
    /// Whether they have two, because bytes cannot hold them.
    pub(super) are_halves: bool,
}

impl Panel {
    /// Of zeros, one for each span, to be multiplied by some instructions.
    pub(super) fn of_spans(instructions: Instructions, spans: usize) -> Vec<Self> {
        #[cfg(target_arch = "x86_64")]
        let registers = if instructions == Instructions::Amx { TileRegisters::take().map(Rc::new) } else { None };
        #[cfg(not(target_arch = "x86_64"))]
        let _ = instructions;
        let panel = |_| Self {
            pairs: [[[0; 2]; ROWS]; SPAN / 2],
            scales: [[0.0; ROWS]; GROUPS],
            offsets: [[0.0; ROWS]; GROUPS],
            #[cfg(target_arch = "x86_64")]
            quads: registers.clone().map(Quads::boxed),
            #[cfg(target_arch = "aarch64")]
            octets: super::neon::Octets::ZEROS,
        };
        (0..spans).map(panel).collect()
    }
}

#[cfg(target_arch = "x86_64")]
impl Quads {
    /// Of zeros.
    fn boxed(registers: Rc<TileRegisters>) -> Box<Self> {
        let zeros = [[[[0; 4]; ROWS]; GROUP / 4]; GROUPS];
        Box::new(Self { registers, lower: zeros, upper: zeros, are_halves: false })
    }
}
