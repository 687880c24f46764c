//! The ZONOS2 backbone: a mixture-of-experts transformer that turns a prompt into frames of audio codes.
//!
//! [`Prompt::build`] makes the input rows of a text, a voice and [`Conditioning`]; [`Backbone`] holds the weights;
//! [`Generation`] is one request on its way, and [`step`] moves any number of them forward by one frame. What comes
//! out are [`Frames`]: aligned codes, ready for a codec. This crate knows nothing of audio files or languages.
//!
//! ```no_run
//! # fn main() -> zonos_lm::Result<()> {
//! use zonos_lm::{Backbone, Conditioning, Config, GenerationOptions, Prompt, generate};
//!
//! let config = Config::read("model/params.json".as_ref())?;
//! let checkpoint = zonos_weights::Checkpoint::open("model/model.safetensors")?;
//! let backbone = Backbone::load(config, checkpoint, &candle_core::Device::Cpu, None)?;
//! let prompt = Prompt::build(backbone.config(), "Hello there.", None, &Conditioning::default())?;
//! let generated = generate(&backbone, &prompt, &GenerationOptions::default(), |_| true)?;
//! println!("{} frames", generated.aligned().len());
//! # Ok(())
//! # }
//! ```

mod attention;
mod backbone;
mod block;
mod buckets;
mod cache;
#[cfg_attr(not(feature = "cuda"), path = "no_card.rs")]
mod card;
mod compare;
mod conditioning;
mod config;
pub mod delay;
mod embedding;
mod ending;
mod error;
mod feed_forward;
mod files;
mod frames;
mod gated;
mod generation;
mod gguf;
mod init;
mod kernels;
mod matrix;
mod moe;
mod names;
mod norm;
mod observer;
mod pair;
mod params;
mod philox;
mod prompt;
mod quantize;
mod rope;
mod router;
pub mod sampling;
mod transformer;
mod work;

pub use backbone::{Backbone, random_checkpoint};
pub use buckets::Buckets;
pub use cache::KvCache;
pub use compare::{COMPARED_FRAMES, CodebookComparison, Comparison, Probe};
pub use conditioning::{Background, Conditioning, Delivery, QualityFeature};
pub use config::{Balancing, Config, MoeConfig, SpeakerConfig};
pub use ending::EndOfAudio;
pub use error::{Error, Result};
pub use files::{convert, open_checkpoint};
pub use frames::Frames;
pub use generation::{
    FinishReason, Generated, Generation, GenerationOptions, MAX_FRAMES, PlausibleLength, Script, generate, step,
};
pub use kernels::Throughput;
pub use observer::{Observer, RouterTrace, Trace};
pub use prompt::Prompt;
pub use quantize::{Fallback, QuantizeOptions, QuantizeProgress, QuantizeReport, quantize};
pub use router::Routing;
pub use sampling::Sampling;
pub use work::Work;
