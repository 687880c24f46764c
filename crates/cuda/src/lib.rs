//! The ZONOS2 backbone on an NVIDIA card, with own kernels: rows of ids in, frames of codes out; and the codec's decoder.
//!
//! A **row** is one position of one **slot**; a slot is one sequence with its cache and its own way to draw. A step
//! takes some rows: one for each live slot (decode), or many of one slot (prefill). Both run the same kernels, and what
//! comes out for a row has the same bits whichever rows go along.
//!
//! `Model` holds the weights on the card, `Decoder` the slots. A step is captured once for each width as a graph
//! and then replayed: nothing is allocated, and the host only takes frames, a step late.
//!
//! [`codec`] turns frames of codes into samples, with a stream of its own.
//!
//! Without the feature `cuda` only what needs no card is built: shapes, layouts and their checks.

// What only the card needs of the host's side is checked without it, too.
#![cfg_attr(not(feature = "cuda"), allow(dead_code))]

#[cfg(feature = "cuda")]
mod args;
mod blocks;
#[cfg(feature = "cuda")]
mod buffers;
#[cfg(feature = "cuda")]
mod cache;
pub mod codec;
#[cfg(feature = "cuda")]
mod decoder;
#[cfg(feature = "cuda")]
mod device;
mod error;
#[cfg(feature = "cuda")]
mod frame;
#[cfg(feature = "cuda")]
mod graph;
#[cfg(feature = "cuda")]
mod launch;
#[cfg(feature = "cuda")]
mod layer;
#[cfg(feature = "cuda")]
mod loader;
#[cfg(feature = "cuda")]
mod memory;
#[cfg(feature = "cuda")]
mod model;
mod numbers;
#[cfg(feature = "cuda")]
mod projection;
mod rope;
mod shape;
mod slot;
#[cfg(feature = "cuda")]
mod slot_memory;
mod source;
#[cfg(feature = "cuda")]
mod sparse;
#[cfg(feature = "cuda")]
mod step;
#[cfg(test)]
#[cfg(feature = "cuda")]
mod tests;
#[cfg(feature = "cuda")]
mod wiring;

#[cfg(feature = "cuda")]
pub use decoder::{Decoder, Piece, Row};
#[cfg(feature = "cuda")]
pub use device::Device;
pub use error::{Error, Result};
#[cfg(feature = "cuda")]
pub use model::Model;
pub use numbers::Kind;
pub use shape::{Mixture, Shape, Speaker};
pub use slot::{Finish, Frame, SlotOptions};
pub use source::{HostTensor, Source};
