use candle_core::{IndexOp, Tensor};

use crate::Result;
use crate::matrix::Matrix;

/// Two matrices of one shape [out, in] that multiply the same rows, in whichever layout the checkpoint has them.
pub(crate) enum Pair {
    /// One matrix [2·out, in]: all rows of the first, then all rows of the second.
    Stacked(Matrix),
    /// One matrix [2·out, in]: even rows of the first, odd rows of the second.
    Interleaved(Matrix),
    /// Two matrices.
    Separate(Matrix, Matrix),
}

impl Pair {
    /// Bytes of weights.
    pub(crate) fn bytes(&self) -> u64 {
        match self {
            Self::Stacked(matrix) | Self::Interleaved(matrix) => matrix.bytes(),
            Self::Separate(first, second) => first.bytes() + second.bytes(),
        }
    }

    /// `x` [rows, in] times each of the two: two times [rows, out].
    pub(crate) fn forward(&self, x: &Tensor) -> Result<(Tensor, Tensor)> {
        Ok(match self {
            Self::Stacked(matrix) => {
                let halves = matrix.forward(x)?.chunk(2, 1)?;
                (halves[0].contiguous()?, halves[1].contiguous()?)
            }
            Self::Interleaved(matrix) => {
                let both = matrix.forward(x)?;
                let (rows, width) = both.dims2()?;
                let both = both.reshape((rows, width / 2, 2))?;
                (both.i((.., .., 0))?.contiguous()?, both.i((.., .., 1))?.contiguous()?)
            }
            Self::Separate(first, second) => (first.forward(x)?, second.forward(x)?),
        })
    }
}
