use candle_core::{IndexOp, Tensor};

use crate::Result;
use crate::kernels::PairOrder;
use crate::matrix::Matrix;
use crate::work::Work;

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
    /// The products of one row.
    pub(crate) fn work(&self) -> Work {
        match self {
            Self::Stacked(matrix) | Self::Interleaved(matrix) => matrix.work(),
            Self::Separate(first, second) => first.work() + second.work(),
        }
    }

    /// The matrix of both, and the order of its rows.
    pub(crate) fn together(&self) -> Option<(&Matrix, PairOrder)> {
        match self {
            Self::Stacked(matrix) => Some((matrix, PairOrder::Stacked)),
            Self::Interleaved(matrix) => Some((matrix, PairOrder::Interleaved)),
            Self::Separate(..) => None,
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
