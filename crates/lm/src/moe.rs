use candle_core::Tensor;
use zonos_weights::Weights;

use crate::Result;
use crate::config::{Config, MoeConfig};
use crate::gated::GateUp;
use crate::kernels::{self, Share};
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
        let (mut outputs, mut shares) = (Vec::new(), Vec::new());
        // Experts in ascending order, so that a row's sum does not depend on what its neighbours chose.
        for (index, expert) in self.experts.iter().enumerate() {
            let own: Vec<Share> = shares_of(&routing, index as u32).collect();
            if !own.is_empty() {
                let rows: Vec<u32> = own.iter().map(|share| share.row).collect();
                outputs.push(expert.forward(&x.index_select(&Tensor::new(rows, x.device())?, 0)?)?);
                shares.extend(own);
            }
        }
        Ok((add_up(&Tensor::cat(&outputs, 0)?, &shares, x)?, routing))
    }
}

/// The rows that chose an expert, and its weight in each.
fn shares_of(routing: &Routing, expert: u32) -> impl Iterator<Item = Share> {
    let choices = routing.experts.iter().zip(&routing.weights).enumerate();
    choices.filter_map(move |(row, (experts, weights))| {
        let place = experts.iter().position(|&chosen| chosen == expert)?;
        Some(Share { row: row as u32, weight: weights[place] })
    })
}

/// Adds up weighted outputs to as many rows as `x` has.
fn add_up(outputs: &Tensor, shares: &[Share], x: &Tensor) -> Result<Tensor> {
    if x.device().is_cpu() {
        return Ok(kernels::combine(outputs, shares, x.dim(0)?)?);
    }
    let (rows, weights): (Vec<u32>, Vec<f32>) = shares.iter().map(|share| (share.row, share.weight)).unzip();
    let weights = Tensor::from_vec(weights, (shares.len(), 1), x.device())?;
    let rows = Tensor::new(rows, x.device())?;
    Ok(x.zeros_like()?.index_add(&rows, &outputs.broadcast_mul(&weights)?, 0)?)
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

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.down.forward(&self.gate_up.forward(x)?)
    }
}
