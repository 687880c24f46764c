//! Named tensors from safetensors, `.pth` and GGUF checkpoints, checked by name, shape and element type.
//!
//! A [`Checkpoint`] is a set of named tensors: files mapped into memory, or values drawn from a seed. A model reads
//! it through [`Weights`], a view that knows a name prefix, a device and the element type wanted. When the model is
//! built, [`Checkpoint::check_all_used`] names every tensor that nothing asked for. Tensors in quantized blocks are
//! widened when they are asked for, or taken as they lie: [`Quantized`]. A [`Table`] is read element by element.
//!
//! An [`Array`] is a small array in memory, read from and written to `.npy`, `.npz` and `.safetensors` files: how voices
//! and codes are kept.

mod array;
mod array_file;
mod blocks;
mod checkpoint;
mod element;
mod error;
mod files;
mod gguf;
mod gguf_write;
mod mapped;
mod metadata;
mod npy;
mod pickle;
mod pth;
mod quantized;
mod random;
mod safetensors;
mod safetensors_write;
mod table;
mod view;

pub use array::{Array, Element};
pub use blocks::{Affine, BlockType};
pub use checkpoint::{Checkpoint, RawTensor};
pub use element::ElementType;
pub use error::{Error, Result};
pub use gguf_write::{TensorHead, write_gguf};
pub use metadata::{MetaValue, Metadata};
pub use quantized::Quantized;
pub use random::{Init, InitRule};
pub use table::Table;
pub use view::Weights;
