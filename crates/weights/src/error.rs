use std::path::PathBuf;

use crate::ElementType;

/// What can go wrong between a checkpoint on disk and a tensor in a model.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be opened or mapped.
    #[error("cannot read {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// An output file could not be written. Nothing was left under its name.
    #[error(transparent)]
    Output(#[from] zonos_output::Error),
    /// An array file of a kind that is not known.
    #[error("{path} has an unknown extension; arrays are kept in .npy, .npz and .safetensors files")]
    Extension {
        /// The file.
        path: PathBuf,
    },
    /// Values that make no array.
    #[error("not an array: {reason}")]
    Array {
        /// What does not fit.
        reason: String,
    },
    /// The path holds no checkpoint of a known kind.
    #[error(
        "{path} is no checkpoint: expected a .safetensors, .pth or .gguf file, or a folder that holds model*.safetensors, model.pth or a single such file"
    )]
    NoCheckpoint {
        /// What was looked at.
        path: PathBuf,
    },
    /// A folder holds several files that would do.
    #[error("there are several models: name one of {}", paths(.files))]
    Several {
        /// The files.
        files: Vec<PathBuf>,
    },
    /// Of a checkpoint in numbered files one is not there.
    #[error("{path} is missing: the checkpoint is not complete; download it again")]
    MissingPart {
        /// The file that its neighbours' names call for.
        path: PathBuf,
    },
    /// The file is damaged or not of the kind that its name says.
    #[error("{path} is damaged or of another format: {reason}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// Two tensors of one checkpoint carry the same name.
    #[error("tensor `{name}` occurs twice in {path}")]
    Duplicate {
        /// The tensor's name.
        name: String,
        /// The checkpoint.
        path: PathBuf,
    },
    /// A tensor that the model needs is not there.
    #[error("tensor `{name}` is missing from {path}")]
    Missing {
        /// The tensor's name.
        name: String,
        /// The checkpoint.
        path: PathBuf,
    },
    /// A tensor has another shape than the configuration asks for.
    #[error("tensor `{name}` of {path} has shape {found:?}, the configuration asks for {expected:?}")]
    Shape {
        /// The tensor's name.
        name: String,
        /// The checkpoint.
        path: PathBuf,
        /// The shape that the model needs.
        expected: Vec<usize>,
        /// The shape in the file.
        found: Vec<usize>,
    },
    /// One element of a stacked tensor was asked for that the stack does not have.
    #[error("tensor `{name}` of shape {shape:?} has no element {index} along its first axis")]
    Part {
        /// The tensor's name.
        name: String,
        /// The shape of the whole stack.
        shape: Vec<usize>,
        /// What was asked for.
        index: usize,
    },
    /// A random tensor of a shape that no memory holds.
    #[error("tensor `{name}` of shape {shape:?} is too large for memory; check the sizes in the configuration")]
    TooLarge {
        /// The tensor's name.
        name: String,
        /// The shape that was asked for.
        shape: Vec<usize>,
    },
    /// A tensor that a file cannot hold in this way.
    #[error("tensor `{name}` of shape {shape:?} cannot be stored as {element} in this kind of file")]
    Unstorable {
        /// The tensor's name.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
        /// How it should be stored.
        element: ElementType,
    },
    /// The table of contents of a file that is to be written makes no sense.
    #[error("cannot write the file's header: {reason}")]
    Header {
        /// What does not fit.
        reason: String,
    },
    /// The caller stopped a file that was being written. Nothing was left under its name.
    #[error("stopped: no file was written")]
    Stopped,
    /// Tensors that the model does not know.
    #[error("{path} holds tensors that this model does not know: {}", list(.names))]
    Unknown {
        /// The checkpoint.
        path: PathBuf,
        /// The unknown names, sorted.
        names: Vec<String>,
    },
    /// A tensor could not be made on the device.
    #[error("tensor `{name}`: {source}")]
    Tensor {
        /// The tensor's name.
        name: String,
        /// What candle said.
        source: candle_core::Error,
    },
}

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

fn paths(files: &[PathBuf]) -> String {
    files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// The first few names, then how many more there are.
fn list(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
