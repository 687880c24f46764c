//! Products with quantized weights by the vectors of 64-bit ARM processors.
//!
//! The integers of all blocks fit bytes. What multiplies them with activations depends on the processor: words of 16 bits
//! are there always; where bytes can be multiplied and added up at once, activations go as two bytes each.

mod dot;
mod integers;
mod panel;
mod products;

pub(super) use dot::dot;
pub(super) use integers::{Q4K, Q5K, Q6K, Q8_0};
pub(super) use panel::{Octets, stage};
pub(super) use products::{Dot, Matrix, Products, Words};
