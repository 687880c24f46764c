use candle_core::Tensor;
use candle_nn::ops::silu;

use crate::pair::Pair;
use crate::work::Work;
use crate::{Result, kernels};

/// The two input matrices of a gated feed-forward layer.
pub(crate) struct GateUp {
    /// Both [inner, dim].
    pair: Pair,
    /// Whether the gate is the first of them.
    gate_first: bool,
}

impl GateUp {
    pub(crate) fn gate_first(pair: Pair) -> Self {
        Self { pair, gate_first: true }
    }

    pub(crate) fn up_first(pair: Pair) -> Self {
        Self { pair, gate_first: false }
    }

    /// The products of one row.
    pub(crate) fn work(&self) -> Work {
        self.pair.work()
    }

    /// `silu(gate·x) · (up·x)`: [rows, dim] to [rows, inner].
    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        if let (true, Some((matrix, order))) = (x.device().is_cpu(), self.pair.together()) {
            return Ok(kernels::gated_pairs(&matrix.forward(x)?, order, self.gate_first)?);
        }
        let (first, second) = self.pair.forward(x)?;
        let (gate, up) = if self.gate_first { (first, second) } else { (second, first) };
        if x.device().is_cpu() {
            return Ok(kernels::gated(&gate, &up)?);
        }
        Ok((silu(&gate)? * up)?)
    }
}
