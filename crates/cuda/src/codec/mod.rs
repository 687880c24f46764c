//! The codec's decoder on an NVIDIA card: aligned codes in, samples out.
//!
//! A `Decoder` has a stream of its own, so that it computes beside the backbone's steps. A sample has the same bits
//! whatever else was decoded with it, as long as its receptive field is there.

#[cfg(feature = "cuda")]
mod convolution;
#[cfg(feature = "cuda")]
mod decoder;
#[cfg(feature = "cuda")]
mod lookup;
mod shape;
mod source;

#[cfg(feature = "cuda")]
pub use decoder::{Decoder, Stage};
pub use shape::Shape;
pub use source::{Codebook, Layer, Source, Weights};
