use std::path::PathBuf;

/// What can go wrong between audio, voices and the encoder's files.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A weight or voice file could not be read or written, or its tensors do not fit.
    #[error(transparent)]
    Weights(#[from] zonos_weights::Error),
    /// The configuration beside the weights cannot be used.
    #[error("{path}: {reason}")]
    ConfigFile {
        /// The configuration's file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Sizes that make no encoder.
    #[error("not a speaker encoder's configuration: {0}")]
    Config(String),
    /// Too little audio to hear a voice in.
    #[error(
        "{samples} samples are too few: the speaker encoder needs at least {minimum}, and some seconds to work well"
    )]
    TooShort {
        /// Samples given.
        samples: usize,
        /// Samples needed.
        minimum: usize,
    },
    /// More audio than a voice can need.
    #[error("{samples} samples are too many: the speaker encoder takes up to {maximum}; cut a few seconds of speech")]
    TooLong {
        /// Samples given.
        samples: usize,
        /// Samples allowed.
        maximum: usize,
    },
    /// A sample that is no number.
    #[error("sample {index} is not finite; check the audio")]
    NotFinite {
        /// The sample's place.
        index: usize,
    },
    /// A log-mel tensor of another shape.
    #[error("a log-mel spectrogram of shape {found:?} was given; [at least {frames}, {mel_dim}] is needed")]
    MelShape {
        /// The shape given.
        found: Vec<usize>,
        /// Frames needed.
        frames: usize,
        /// Mel bands needed.
        mel_dim: usize,
    },
    /// Numbers that make no voice.
    #[error("not a voice: {0}")]
    Voice(String),
    /// A file that holds no voice.
    #[error("{path} holds no voice: {reason}")]
    VoiceFile {
        /// The file.
        path: PathBuf,
        /// What it holds instead.
        reason: String,
    },
    /// Voices from different encoders.
    #[error("voices of {0} and {1} numbers do not go together; they come from different encoders")]
    Dimensions(usize, usize),
    /// A share between two voices outside of 0 to 1.
    #[error("{0} is no share between two voices; it goes from 0 (the first) to 1 (the second)")]
    Share(f32),
    /// The computation itself failed: out of memory, or a device's fault.
    #[error("speaker encoder computation: {0}")]
    Tensor(#[from] candle_core::Error),
}

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;
