use std::path::PathBuf;

/// What can go wrong from a configuration to generated frames.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A configuration file could not be read.
    #[error("cannot read {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A configuration is not valid.
    #[error("model configuration: {0}")]
    Config(String),
    /// A parameter lies outside its range.
    #[error("{name} is {value}, but must be {range}")]
    OutOfRange {
        /// The parameter.
        name: &'static str,
        /// The value given.
        value: String,
        /// What is allowed.
        range: String,
    },
    /// A prompt leaves no room for audio.
    #[error("the prompt takes {rows} rows and the model's context has {context}: shorten the text or split it")]
    PromptTooLong {
        /// Rows of the prompt.
        rows: usize,
        /// Rows of the context.
        context: usize,
    },
    /// A voice of another length than the model takes.
    #[error(
        "the voice has {found} numbers, this model takes {expected}: it was made with another speaker encoder, make it again from audio with this model"
    )]
    VoiceLength {
        /// Numbers in the voice.
        found: usize,
        /// Numbers that the model takes.
        expected: usize,
    },
    /// The model has no speaker input.
    #[error("this model takes no voice: leave it out")]
    NoSpeaker,
    /// A weight that cannot be stored in the type that was asked for.
    #[error("tensor `{name}` holds {number}, which {element} cannot: the weights are damaged, or choose bf16 for them")]
    Unstorable {
        /// The tensor's name.
        name: String,
        /// What does not fit.
        number: f32,
        /// The type.
        element: zonos_weights::ElementType,
    },
    /// A file that is being made could not be written on.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Weights could not be loaded or written.
    #[error(transparent)]
    Weights(#[from] zonos_weights::Error),
    /// Kernels of our own failed, or the card's memory does not suffice.
    #[cfg(feature = "cuda")]
    #[error(transparent)]
    Card(#[from] zonos_cuda::Error),
    /// A tensor operation failed, on the device or for lack of memory.
    #[error("tensor operation: {0}")]
    Tensor(#[from] candle_core::Error),
}

impl Error {
    pub(crate) fn out_of_range(name: &'static str, value: impl ToString, range: impl ToString) -> Self {
        Self::OutOfRange { name, value: value.to_string(), range: range.to_string() }
    }
}

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;
