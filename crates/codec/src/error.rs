use std::path::PathBuf;

/// What can go wrong between codes, samples and the codec's files.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A weight or code file could not be read, or its tensors do not fit.
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
    /// Sizes that make no codec.
    #[error("not a DAC configuration: {0}")]
    Config(String),
    /// The number of codes is no multiple of the number of codebooks.
    #[error("{len} codes cannot be split evenly over {n_codebooks} codebooks")]
    Uneven {
        /// How many codes there were.
        len: usize,
        /// How many codebooks were stated.
        n_codebooks: usize,
    },
    /// A code that its codebook does not have.
    #[error("code {code} (codebook {codebook}, frame {frame}) is out of range: the codebook has {size} entries")]
    CodeRange {
        /// The code.
        code: i64,
        /// Its codebook, from 0.
        codebook: usize,
        /// Its frame, from 0.
        frame: usize,
        /// The number of entries.
        size: usize,
    },
    /// Codes for another number of codebooks.
    #[error("the codes have {found} codebooks, this codec has {expected}; an array of codes is [codebooks, frames]")]
    Codebooks {
        /// The codes' number.
        found: usize,
        /// The codec's number.
        expected: usize,
    },
    /// A file that holds no array of codes.
    #[error("{path} holds no codes: {reason}")]
    CodesFile {
        /// The file.
        path: PathBuf,
        /// What it holds instead.
        reason: String,
    },
    /// Frames that the codes do not have.
    #[error("frames {start}..{end} were asked for, but there are {frames}")]
    FrameRange {
        /// First frame.
        start: usize,
        /// One past the last frame.
        end: usize,
        /// Frames that there are.
        frames: usize,
    },
    /// The weight file has a decoder only.
    #[error("these codec weights hold no encoder, so audio cannot be turned into codes; use the full weight file")]
    NoEncoder,
    /// A sample that is no number.
    #[error("sample {index} is not finite; check the audio")]
    NotFinite {
        /// The sample's place.
        index: usize,
    },
    /// Kernels of our own failed, or the card's memory does not suffice.
    #[cfg(feature = "cuda")]
    #[error(transparent)]
    Card(#[from] zonos_cuda::Error),
    /// The computation itself failed: out of memory, or a device's fault.
    #[error("codec computation: {0}")]
    Tensor(#[from] candle_core::Error),
}

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;
