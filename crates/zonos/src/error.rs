use std::path::PathBuf;

use crate::ModelPart;

/// What can go wrong between a request and its speech.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Neither a known name nor a path.
    #[error("there is no model `{name}`: expected a folder, a file or one of {known}{hint}")]
    UnknownModel {
        /// What was asked for.
        name: String,
        /// The known names.
        known: String,
        /// The nearest names, or nothing.
        hint: String,
    },
    /// A known model that is not on this machine.
    #[error(
        "the {part} of `{name}` is not on this machine: `zonos models pull {name}` fetches it ({size}), or put your own files into {folder}, or try `demo`"
    )]
    ModelNotHere {
        /// Its name.
        name: String,
        /// What of it is missing.
        part: ModelPart,
        /// The size of the missing files, and where they are published.
        size: String,
        /// The user's folder of it, which is looked into first.
        folder: PathBuf,
    },
    /// A named model of which nothing is in the hub's cache.
    #[error("nothing of `{name}` is in the cache of downloads; `zonos models list` shows what is")]
    NotCached {
        /// Its name.
        name: String,
    },
    /// A model without files.
    #[error("`{name}` is part of the program: it has no files")]
    BuiltIn {
        /// Its name.
        name: String,
    },
    /// This build has no demo model.
    #[error("this build has no demo model: build it with the feature `demo`, or name another model")]
    NoDemo,
    /// This build has no downloads.
    #[error("this build cannot download: build it with the feature `download`, or put the files into a folder")]
    NoDownload,
    /// A part of the model is missing.
    #[error("{folder} holds no {part}: expected {expected}; or name one with {option}")]
    MissingPart {
        /// Where it was looked for.
        folder: PathBuf,
        /// What is missing.
        part: &'static str,
        /// Names that it may have.
        expected: String,
        /// The option that names one elsewhere.
        option: &'static str,
    },
    /// The parts of a model do not belong together.
    #[error("codec and backbone do not fit: {0}")]
    Mismatch(String),
    /// The list of models is not valid.
    #[error("list of models {path}: {reason}")]
    Registry {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The model has no speaker encoder, so no voice can be made from audio.
    #[error(
        "this model has no speaker encoder: put it into its folder as speaker_encoder/, fetch it with `zonos models pull`, or use a voice that was saved"
    )]
    NoSpeakerEncoder,
    /// No saved voice of this name.
    #[error("there is no voice `{name}`{hint}; `zonos voice list` shows those that are saved")]
    UnknownVoice {
        /// What was asked for.
        name: String,
        /// The nearest names, or nothing.
        hint: String,
    },
    /// A name that cannot be a voice's.
    #[error("`{0}` cannot be the name of a voice: use letters, digits, `-`, `_` and `.`, at most 64, not `.` first")]
    VoiceName(String),
    /// A voice of that name is saved already.
    #[error("there is a voice `{0}` already: remove it first, or choose another name")]
    VoiceExists(String),
    /// A file of the voice library could not be read or changed.
    #[error("voice library {path}: {source}")]
    Library {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// This system has no folder for user data.
    #[error("no folder for user data: set ZONOS_HOME to one")]
    NoHome,
    /// A device that is not there or not compiled in.
    #[error("device `{name}`: {reason}")]
    Device {
        /// What was asked for.
        name: String,
        /// Why not.
        reason: String,
    },
    /// A parameter lies outside its range.
    #[error("{name} is {value}, but must be {range}")]
    OutOfRange {
        /// The parameter.
        name: &'static str,
        /// The value given.
        value: String,
        /// What is allowed.
        range: &'static str,
    },
    /// A batch that holds as many requests as it can.
    #[error("all {slots} slots of the batch are taken: wait until a request leaves, or make a larger batch")]
    BatchFull {
        /// How many there are.
        slots: usize,
    },
    /// The device failed while several requests were being spoken.
    #[error("the requests that were spoken together with this one failed with it: {0}")]
    BatchFailed(String),
    /// The loudness of a sound could not be measured.
    #[error("cannot measure the loudness: {0}; turn levels off")]
    Loudness(ebur128::Error),
    /// The hub or its cache.
    #[error(transparent)]
    Hub(#[from] zonos_hub::Error),
    /// Text or language.
    #[error(transparent)]
    Text(#[from] zonos_text::Error),
    /// An output file could not be written.
    #[error(transparent)]
    Output(#[from] zonos_output::Error),
    /// Reading or writing audio.
    #[error(transparent)]
    Audio(#[from] zonos_audio::Error),
    /// The speaker encoder or a voice.
    #[error(transparent)]
    Speaker(#[from] zonos_speaker::Error),
    /// The backbone.
    #[error(transparent)]
    Lm(#[from] zonos_lm::Error),
    /// The codec.
    #[error(transparent)]
    Codec(#[from] zonos_codec::Error),
    /// A file of weights, before it is known what it is.
    #[error(transparent)]
    Weights(#[from] zonos_weights::Error),
}

impl Error {
    /// Whether what was asked for is at fault (a name, a parameter, a text) rather than a file or the machine.
    pub fn is_in_request(&self) -> bool {
        match self {
            Self::UnknownModel { .. } | Self::UnknownVoice { .. } | Self::VoiceName(_) | Self::VoiceExists(_) => true,
            Self::OutOfRange { .. } | Self::Text(_) => true,
            Self::Lm(error) => {
                use zonos_lm::Error::{NoSpeaker, OutOfRange, PromptTooLong};
                matches!(error, OutOfRange { .. } | PromptTooLong { .. } | NoSpeaker)
            }
            Self::Speaker(error) => matches!(error, zonos_speaker::Error::Share(_)),
            _ => false,
        }
    }
}

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// `; did you mean …` for the known names nearest to one that is unknown.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    const CLOSE: f64 = 0.6;
    let mut scored: Vec<(f64, &str)> =
        known.into_iter().map(|known| (strsim::jaro_winkler(name, known), known)).collect();
    scored.retain(|(score, _)| *score >= CLOSE);
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let names: Vec<String> = scored.iter().take(3).map(|(_, name)| format!("`{name}`")).collect();
    if names.is_empty() { String::new() } else { format!("; did you mean {}?", names.join(" or ")) }
}
