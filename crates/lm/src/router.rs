use candle_core::Tensor;
use candle_nn::ops::softmax_last_dim;
use zonos_weights::Weights;

use crate::config::{Balancing, Config, MoeConfig};
use crate::matrix::Matrix;
use crate::norm::RmsNorm;
use crate::work::Work;
use crate::{Error, Result, kernels};

/// Which experts each row goes to, and with which weight.
#[derive(Clone, Debug)]
pub struct Routing {
    /// Probabilities of all experts, [rows, experts], before balancing.
    pub probabilities: Tensor,
    /// The experts of each row, the best first.
    pub experts: Vec<Vec<u32>>,
    /// Their weights: probabilities, neither balanced nor normalized again.
    pub weights: Vec<Vec<f32>>,
}

/// Chooses experts from the normed input and the state of the router before it.
pub(crate) struct Router {
    down: Matrix,
    /// Scale of the state of the mixture layer before; the first of them has none.
    states_scale: Option<Tensor>,
    norm: RmsNorm,
    mlp: [Matrix; 3],
    biases: Vec<f32>,
    used: usize,
}

impl Router {
    pub(crate) fn load(weights: &Weights, config: &Config, moe: &MoeConfig, layer: usize) -> Result<Self> {
        let (width, experts) = (moe.router_dim, moe.experts);
        let is_first = !moe.used[..layer].iter().any(|&used| used > 0);
        let states_scale = if is_first { None } else { Some(weights.get_f32("router_states_scale", &[width])?) };
        let mlp = weights.at("router_mlp");
        Ok(Self {
            down: Matrix::load_f32(weights, "down_proj", width, config.dim)?.with_bias(weights, "down_proj", width)?,
            states_scale,
            norm: RmsNorm::load(weights, "rmsnorm_eda", width, config.norm_eps)?,
            mlp: [
                Matrix::load_f32(&mlp, "0", width, width)?.with_bias(&mlp, "0", width)?,
                Matrix::load_f32(&mlp, "2", width, width)?.with_bias(&mlp, "2", width)?,
                Matrix::load_f32(&mlp, "4", experts, width)?,
            ],
            biases: balancing_biases(weights, moe)?,
            used: moe.used[layer],
        })
    }

    /// The products of one row.
    pub(crate) fn work_per_row(&self) -> Work {
        self.down.work() + self.mlp.iter().map(Matrix::work).sum()
    }

    /// Experts that each row uses.
    pub(crate) fn used(&self) -> usize {
        self.used
    }

    /// Routes `x` [rows, dim]. `state` [rows, router_dim] is that of the mixture layer before, and becomes this one's.
    pub(crate) fn forward(&self, x: &Tensor, state: &mut Option<Tensor>) -> Result<Routing> {
        let mut own = self.down.forward(x)?;
        if let (Some(before), Some(scale)) = (state.as_ref(), &self.states_scale) {
            own = (own + before.broadcast_mul(scale)?)?;
        }
        let [first, second, third] = &self.mlp;
        let hidden = first.forward(&self.norm.forward(&own)?)?.gelu_erf()?;
        let hidden = second.forward(&hidden)?.gelu_erf()?;
        let logits = third.forward(&hidden)?;
        let probabilities = if x.device().is_cpu() { kernels::softmax(&logits)? } else { softmax_last_dim(&logits)? };
        *state = Some(own);
        self.choose(probabilities)
    }

    fn choose(&self, probabilities: Tensor) -> Result<Routing> {
        let rows: Vec<Vec<f32>> = probabilities.to_vec2()?;
        let (mut experts, mut weights) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
        for row in rows {
            let chosen = self.best(&row)?;
            weights.push(chosen.iter().map(|&expert| row[expert]).collect());
            experts.push(chosen.into_iter().map(|expert| expert as u32).collect());
        }
        Ok(Routing { probabilities, experts, weights })
    }

    /// The experts of one row: largest balanced probability first, lower number first where they tie.
    fn best(&self, row: &[f32]) -> Result<Vec<usize>> {
        let balanced: Vec<f32> = row.iter().zip(&self.biases).map(|(probability, bias)| probability + bias).collect();
        if balanced.iter().any(|score| score.is_nan()) {
            let message = "a router gave no number: the weights are damaged or too large for their type";
            return Err(Error::Tensor(candle_core::Error::Msg(message.into())));
        }
        let mut order: Vec<usize> = (0..balanced.len()).collect();
        order.sort_by(|&a, &b| balanced[b].total_cmp(&balanced[a]));
        order.truncate(self.used);
        Ok(order)
    }
}

/// The biases with the sign that they enter the choice with.
fn balancing_biases(weights: &Weights, moe: &MoeConfig) -> Result<Vec<f32>> {
    let biases: Vec<f32> = weights.get_f32("balancing_biases", &[moe.experts])?.to_vec1()?;
    let sign = match moe.balancing {
        Balancing::Add => 1.0,
        Balancing::Subtract => -1.0,
    };
    Ok(biases.into_iter().map(|bias| sign * bias).collect())
}
