use candle_core::{IndexOp, Tensor};
use candle_nn::ops::silu;

use crate::Result;
use crate::matrix::Matrix;

/// The two input matrices of a gated feed-forward layer, in whichever layout the checkpoint has them.
pub(crate) enum GateUp {
    /// One matrix: all rows of one, then all rows of the other.
    Stacked {
        /// [2·inner, dim]
        matrix: Matrix,
        /// Whether the gate's rows come first.
        gate_first: bool,
    },
    /// One matrix [2·inner, dim]: even rows gate, odd rows up.
    Interleaved(Matrix),
    /// Two matrices [inner, dim].
    Separate {
        /// The gate.
        gate: Matrix,
        /// What is gated.
        up: Matrix,
    },
}

impl GateUp {
    /// Bytes of weights.
    pub(crate) fn bytes(&self) -> u64 {
        match self {
            Self::Stacked { matrix, .. } | Self::Interleaved(matrix) => matrix.bytes(),
            Self::Separate { gate, up } => gate.bytes() + up.bytes(),
        }
    }

    /// `silu(gate·x) · (up·x)`: [rows, dim] to [rows, inner].
    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (gate, up) = match self {
            Self::Stacked { matrix, gate_first } => {
                let halves = matrix.forward(x)?.chunk(2, 1)?;
                let (first, second) = (halves[0].contiguous()?, halves[1].contiguous()?);
                if *gate_first { (first, second) } else { (second, first) }
            }
            Self::Interleaved(matrix) => {
                let both = matrix.forward(x)?;
                let (rows, width) = both.dims2()?;
                let both = both.reshape((rows, width / 2, 2))?;
                (both.i((.., .., 0))?.contiguous()?, both.i((.., .., 1))?.contiguous()?)
            }
            Self::Separate { gate, up } => (gate.forward(x)?, up.forward(x)?),
        };
        Ok((silu(&gate)? * up)?)
    }
}
