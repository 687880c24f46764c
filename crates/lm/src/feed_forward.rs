use candle_core::Tensor;
use zonos_weights::Weights;

use crate::Result;
use crate::config::Config;
use crate::gated::GateUp;
use crate::matrix::Matrix;
use crate::moe::MixtureOfExperts;
use crate::pair::Pair;
use crate::router::Routing;
use crate::work::Work;

/// The second half of a block.
pub(crate) enum FeedForward {
    Dense(Dense),
    Mixture(MixtureOfExperts),
}

/// A gated feed-forward layer.
pub(crate) struct Dense {
    gate_up: GateUp,
    down: Matrix,
}

impl FeedForward {
    pub(crate) fn load(weights: &Weights, config: &Config, layer: usize) -> Result<Self> {
        match &config.moe {
            Some(moe) if moe.used[layer] > 0 => Ok(Self::Mixture(MixtureOfExperts::load(weights, config, moe, layer)?)),
            _ => Ok(Self::Dense(Dense::load(weights, config)?)),
        }
    }

    /// The products of one row.
    pub(crate) fn work_per_row(&self) -> Work {
        match self {
            Self::Dense(dense) => dense.gate_up.work() + dense.down.work(),
            Self::Mixture(mixture) => mixture.work_per_row(),
        }
    }

    /// `x` [rows, dim], normed. Returns the output and, of a mixture, who was chosen.
    pub(crate) fn forward(&self, x: &Tensor, router_state: &mut Option<Tensor>) -> Result<(Tensor, Option<Routing>)> {
        match self {
            Self::Dense(dense) => {
                *router_state = None;
                Ok((dense.forward(x)?, None))
            }
            Self::Mixture(mixture) => {
                let (output, routing) = mixture.forward(x, router_state)?;
                Ok((output, Some(routing)))
            }
        }
    }
}

impl Dense {
    fn load(weights: &Weights, config: &Config) -> Result<Self> {
        let (dim, inner) = (config.dim, config.inner);
        Ok(Self { gate_up: gate_up(weights, inner, dim)?, down: Matrix::load(weights, "w_out", dim, inner)? })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.down.forward(&self.gate_up.forward(x)?)
    }
}

/// Gate and up, together in one tensor as published, or apart.
fn gate_up(weights: &Weights, inner: usize, dim: usize) -> Result<GateUp> {
    if weights.at("w_in").contains("weight") || !weights.at("w1").contains("weight") {
        return Ok(GateUp::up_first(Pair::Stacked(Matrix::load_stack(weights, "w_in", [2, inner, dim])?)));
    }
    let load = |name| Matrix::load(weights, name, inner, dim);
    Ok(GateUp::gate_first(Pair::Separate(load("w1")?, load("w3")?)))
}
