use candle_core::Tensor;
use zonos_weights::Weights;

use crate::Result;
use crate::config::{Config, MoeConfig};
use crate::gated::GateUp;
use crate::matrix::Matrix;
use crate::pair::Pair;
use crate::router::{Router, Routing};
use crate::work::Work;

/// A feed-forward layer of many experts, of which each row uses a few.
pub(crate) struct MixtureOfExperts {
    router: Router,
    experts: Vec<Expert>,
}

struct Expert {
    gate_up: GateUp,
    down: Matrix,
}

impl MixtureOfExperts {
    pub(crate) fn load(weights: &Weights, config: &Config, moe: &MoeConfig, layer: usize) -> Result<Self> {
        let stacks = weights.at("experts");
        let expert = |index| Expert::load(&stacks, config, moe.experts, index);
        Ok(Self {
            router: Router::load(&weights.at("router"), config, moe, layer)?,
            experts: (0..moe.experts).map(expert).collect::<Result<_>>()?,
        })
    }

    /// The products of one row: all experts are of one size.
    pub(crate) fn work_per_row(&self) -> Work {
        let work = |expert: &Expert| expert.gate_up.work() + expert.down.work();
        self.router.work_per_row() + self.experts.first().map(work).unwrap_or_default() * self.router.used() as u64
    }

    /// `x` [rows, dim], normed. `state` passes from one mixture layer's router to the next.
    pub(crate) fn forward(&self, x: &Tensor, state: &mut Option<Tensor>) -> Result<(Tensor, Routing)> {
        let routing = self.router.forward(x, state)?;
        let mut sum = x.zeros_like()?;
        // Experts in ascending order, so that a row's sum does not depend on what its neighbours chose.
        for (index, expert) in self.experts.iter().enumerate() {
            let (rows, weights) = rows_of(&routing, index as u32);
            if !rows.is_empty() {
                sum = expert.add_to(&sum, x, rows, weights)?;
            }
        }
        Ok((sum, routing))
    }
}

/// The rows that chose an expert, and its weight in each.
fn rows_of(routing: &Routing, expert: u32) -> (Vec<u32>, Vec<f32>) {
    let choices = routing.experts.iter().zip(&routing.weights).enumerate();
    let chosen = choices.filter_map(|(row, (experts, weights))| {
        let place = experts.iter().position(|&chosen| chosen == expert)?;
        Some((row as u32, weights[place]))
    });
    chosen.unzip()
}

impl Expert {
    /// Element `index` of the stacked tensors, in any of the layouts that checkpoints come in.
    fn load(stacks: &Weights, config: &Config, experts: usize, index: usize) -> Result<Self> {
        let (inner, dim) = (config.inner, config.dim);
        let part = |name: &str, outputs, inputs| Matrix::load_part(stacks, name, [experts, outputs, inputs], index);
        let gate_up = if stacks.contains("w13") {
            Pair::Interleaved(part("w13", 2 * inner, dim)?)
        } else if stacks.contains("gate_up_proj") {
            Pair::Stacked(part("gate_up_proj", 2 * inner, dim)?)
        } else if stacks.contains("w1") {
            Pair::Separate(part("w1", inner, dim)?, part("w3", inner, dim)?)
        } else {
            // Names the layout that is published when none is there.
            Pair::Interleaved(part("w13", 2 * inner, dim)?)
        };
        let down = if stacks.contains("w2") { "w2" } else { "down_proj" };
        Ok(Self { gate_up: GateUp::gate_first(gate_up), down: part(down, dim, inner)? })
    }

    /// Adds the weighted output for some rows of `x` to the same rows of `sum`.
    fn add_to(&self, sum: &Tensor, x: &Tensor, rows: Vec<u32>, weights: Vec<f32>) -> Result<Tensor> {
        let count = rows.len();
        let rows = Tensor::new(rows, x.device())?;
        let weights = Tensor::from_vec(weights, (count, 1), x.device())?;
        let hidden = self.gate_up.forward(&x.index_select(&rows, 0)?)?;
        let output = self.down.forward(&hidden)?.broadcast_mul(&weights)?;
        Ok(sum.index_add(&rows, &output, 0)?)
    }
}
