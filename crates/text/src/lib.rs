//! Languages, text normalization and sentence splitting for ZONOS2.
//!
//! Text passes through here in this order: [`validate`] refuses what no voice can speak, [`plan`] cuts a long text into
//! parts at the ends of [`sentences`], and a [`Normalizer`] writes each part as it is spoken. What needs no other form is
//! not folded to another case or composed anew on the way: the model was trained on text as people write it.
//! [`check`] holds the normalizer against readings that are known.
//!
//! ```
//! use zonos_text::{Language, MAX_TEXT_BYTES, Normalize, Normalizer, sentences, validate};
//!
//! let text = "Dr. Smith left. Then he came back.";
//! let language: Language = "en".parse()?;
//! validate(text, MAX_TEXT_BYTES)?;
//! let normalizer = Normalizer::new(language);
//! let spoken: Vec<_> = sentences(text, language).map(|part| normalizer.normalize(part)).collect();
//! assert_eq!(spoken, ["doctor Smith left.", "Then he came back."]);
//! # Ok::<(), zonos_text::Error>(())
//! ```

mod abbreviations;
pub mod check;
mod clause;
mod cut;
mod error;
mod grapheme;
mod language;
mod normalize;
mod pause_mark;
mod plan;
mod rate;
mod sentence;
mod stop;
mod validate;

pub use error::{Error, Result};
pub use language::Language;
pub use normalize::{Normalize, Normalizer, Span, Spoken, Verbatim};
pub use pause_mark::MAX_PAUSE;
pub use plan::{Boundary, Part, Plan, PlanOptions, plan};
pub use rate::{bytes_per_second, estimated_seconds, spoken_bytes};
pub use sentence::{Sentences, sentences};
pub use validate::{MAX_TEXT_BYTES, validate};
