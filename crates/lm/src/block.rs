use candle_core::Tensor;
use zonos_weights::Weights;

use crate::attention::Attention;
use crate::cache::Span;
use crate::config::Config;
use crate::feed_forward::FeedForward;
use crate::norm::RmsNorm;
use crate::observer::Observer;
use crate::rope::Rotation;
use crate::work::Work;
use crate::{Result, kernels};

/// One pre-norm residual block.
pub(crate) struct Block {
    index: usize,
    attention_norm: RmsNorm,
    attention: Attention,
    feed_forward_norm: RmsNorm,
    feed_forward: FeedForward,
}

impl Block {
    pub(crate) fn load(weights: &Weights, config: &Config, index: usize) -> Result<Self> {
        Ok(Self {
            index,
            attention_norm: RmsNorm::load(weights, "attention_norm", config.dim, config.norm_eps)?,
            attention: Attention::load(&weights.at("attention"), config)?,
            feed_forward_norm: RmsNorm::load(weights, "ffn_norm", config.dim, config.norm_eps)?,
            feed_forward: FeedForward::load(&weights.at("feed_forward"), config, index)?,
        })
    }

    /// The products of one row.
    pub(crate) fn work_per_row(&self) -> Work {
        self.attention.work_per_row() + self.feed_forward.work_per_row()
    }

    /// The residual stream `x` [rows, dim] after this block.
    pub(crate) fn forward(
        &self,
        x: &Tensor,
        rotation: &Rotation,
        spans: &mut [Span],
        router_state: &mut Option<Tensor>,
        observer: &mut dyn Observer,
    ) -> Result<Tensor> {
        let normed = self.attention_norm.forward(x)?;
        let x = add(x, &self.attention.forward(&normed, self.index, rotation, spans)?)?;
        let normed = self.feed_forward_norm.forward(&x)?;
        let (output, routing) = self.feed_forward.forward(&normed, router_state)?;
        if let Some(routing) = routing {
            observer.router(self.index, &routing);
        }
        let x = add(&x, &output)?;
        observer.layer(self.index, &x);
        Ok(x)
    }
}

fn add(x: &Tensor, y: &Tensor) -> Result<Tensor> {
    Ok(if x.device().is_cpu() { kernels::add(x, y)? } else { (x + y)? })
}
