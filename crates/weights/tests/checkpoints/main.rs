//! Real files through the public interface: what a checkpoint holds, and that damaged ones fail in words.

#![allow(clippy::unwrap_used, clippy::panic)]

mod fixtures;
mod folders;
mod gguf_files;
mod gguf_hostile;
mod hostile;
mod make;
mod random;
mod safetensors_files;
mod torch_files;
mod views;
