/// What can go wrong on the card.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The driver refused something.
    #[error("CUDA: {what}: {reason}")]
    Driver {
        /// What was asked of it.
        what: &'static str,
        /// What it said.
        reason: String,
    },
    /// The kernels were not built for this card.
    #[error(
        "this program has no kernels for {card} (compute capability {major}.{minor}): build it with ZONOS_CUDA_ARCHS={major}{minor}"
    )]
    Architecture {
        /// The card's name.
        card: String,
        /// Its compute capability.
        major: i32,
        /// Its compute capability.
        minor: i32,
    },
    /// The model or the cache does not fit the card's memory.
    #[error(
        "{what} takes {needed} MB, but {free} MB of the card's memory are free: free some, or use smaller weights or fewer slots"
    )]
    Memory {
        /// What was to be stored.
        what: &'static str,
        /// Megabytes that it takes.
        needed: u64,
        /// Megabytes that are free.
        free: u64,
    },
    /// The kernels do not take such a model.
    #[error("the kernels for CUDA do not take this model: {0}")]
    Unsupported(String),
    /// A tensor is not there.
    #[error("tensor `{0}` is missing")]
    Missing(String),
    /// A tensor could not be read.
    #[error("tensor `{name}`: {reason}")]
    Unreadable {
        /// The tensor's name.
        name: String,
        /// What was wrong.
        reason: String,
    },
    /// A tensor of another shape than the model's.
    #[error("tensor `{name}` has the shape {found:?}, expected {expected:?}")]
    Shape {
        /// The tensor's name.
        name: String,
        /// The shape that the model asks for.
        expected: Vec<usize>,
        /// The shape that it has.
        found: Vec<usize>,
    },
    /// A request that the decoder cannot take.
    #[error("{0}")]
    Request(String),
}

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;
