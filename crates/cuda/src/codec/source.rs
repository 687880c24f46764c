//! Where a codec's weights come from.

/// A convolution of the decoder, and the Snake before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// From latent vectors to the first block; without Snake.
    First,
    /// The transposed convolution of a block.
    Upsampling {
        /// The block, from 0.
        block: usize,
    },
    /// The dilated convolution of a residual unit.
    Dilated {
        /// The block, from 0.
        block: usize,
        /// The unit in it, from 0.
        unit: usize,
    },
    /// The convolution of one tap that ends a residual unit.
    Pointwise {
        /// The block, from 0.
        block: usize,
        /// The unit in it, from 0.
        unit: usize,
    },
    /// From the last block to samples.
    Last,
}

/// The numbers of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// Snake's α of each input; empty where there is none.
    pub alpha: Vec<f32>,
    /// `[outputs, inputs, taps]`; of a transposed convolution `[inputs, outputs, taps]`.
    pub weight: Vec<f32>,
    /// Of each output.
    pub bias: Vec<f32>,
}

/// The numbers of a codebook.
#[derive(Clone, Debug, PartialEq)]
pub struct Codebook {
    /// `[entries, entry_dim]`.
    pub table: Vec<f32>,
    /// `[entry_dim, latent_dim]`; empty where entries are latent vectors.
    pub projection: Vec<f32>,
    /// What the projection adds, `[latent_dim]`; empty: nothing.
    pub bias: Vec<f32>,
}

/// The weights of a decoder.
pub trait Source {
    /// A layer's.
    ///
    /// # Errors
    /// When they cannot be read; the reason.
    fn layer(&self, layer: Layer) -> Result<Weights, String>;

    /// A codebook's.
    ///
    /// # Errors
    /// When they cannot be read; the reason.
    fn codebook(&self, number: usize) -> Result<Codebook, String>;
}
