//! DAC, the 44.1 kHz neural codec of ZONOS2: codes to waveform and back.
//!
//! A [`Codec`] turns aligned [`Codes`] (one frame of nine codes is 512 samples) into samples and samples into codes.
//! Both directions run in windows of bounded size. The network's receptive field is finite, so a window with enough
//! frames of context on both sides gives the samples that the whole would give, and memory does not grow with length.
//!
//! The model is the Descript Audio Codec (Kumar et al., "High-Fidelity Audio Compression with Improved RVQGAN", 2023)
//! with the tensor names of its own weight files, of the `transformers` library, or of the published GGUF file.
//!
//! ```
//! use candle_core::{DType, Device};
//! use zonos_codec::{Codec, CodecConfig, Codes, Stages};
//!
//! let config = CodecConfig {
//!     decoder: Stages { dim: 16, rates: vec![8, 8, 4, 2] },
//!     encoder: None,
//!     latent_dim: 16,
//!     ..CodecConfig::released()
//! };
//! let codec = Codec::random(7, &config, &Device::Cpu, DType::F32)?;
//! let codes = Codes::new(vec![0; 9 * 4], 9, 1024)?;
//! assert_eq!(codec.decode(&codes)?.len(), 4 * codec.hop());
//! # Ok::<(), zonos_codec::Error>(())
//! ```

#[cfg_attr(not(feature = "cuda"), path = "no_card.rs")]
mod card;
mod codec;
mod codes;
mod config;
mod conv;
mod cpu;
mod decoder;
mod encoder;
mod error;
mod infer;
mod names;
mod parameters;
mod quantizer;
mod random;
mod residual;
mod snake;
mod stated;
mod steps;
mod stream;
mod window;

pub use codec::{Codec, DecodeTrace, EncodeTrace};
pub use codes::Codes;
pub use config::{CodecConfig, Stages};
pub use error::{Error, Result};
pub use names::GGUF_ARCHITECTURE;
pub use stream::DecodeStream;
