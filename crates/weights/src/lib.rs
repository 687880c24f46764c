//! Named tensors from safetensors and `.pth` checkpoints, checked by name, shape and element type.
//!
//! A [`Checkpoint`] is a set of named tensors: files mapped into memory, or values drawn from a seed. A model reads
//! it through [`Weights`], a view that knows a name prefix, a device and the element type wanted. When the model is
//! built, [`Checkpoint::check_all_used`] names every tensor that nothing asked for.
//!
//! An [`Array`] is a small array in memory, read from and written to `.npy`, `.npz` and `.safetensors` files: how voices
//! and codes are kept.

mod array;
mod array_file;
mod checkpoint;
mod error;
mod mapped;
mod npy;
mod pickle;
mod pth;
mod random;
mod safetensors;
mod view;

pub use array::{Array, Element};
pub use checkpoint::Checkpoint;
pub use error::{Error, Result};
pub use random::{Init, InitRule};
pub use view::Weights;
