//! What the kernels of a layer are told: which buffers a step's rows pass through.

use crate::args::{Attention, Embed, Heads, Matvec, Router as RouterArguments, mode};
use crate::layer::{Layer, Router};
use crate::projection::Matrix;
use crate::shape::SPLIT;
use crate::step::Step;

impl Step<'_> {
    pub(crate) fn embed_arguments(&self, given_row: Option<usize>) -> Embed {
        let (shape, embedding) = (self.shape(), &self.model.embedding);
        Embed {
            tables: embedding.tables,
            kinds: embedding.kinds,
            ids: self.rows.ids.address(),
            slots: self.rows.slots.address(),
            given: self.workspace.given.address(),
            output: self.workspace.residual.address(),
            columns: shape.row_width() as i32,
            dim: shape.dim as i32,
            given_row: given_row.map_or(-1, |row| row as i32),
            eps: shape.norm_eps,
        }
    }

    /// Queries, keys, values and gates; a matrix and the place of its first output.
    pub(crate) fn project_arguments(&self, layer: &Layer, (matrix, first): &(Matrix, usize)) -> Matvec {
        Matvec {
            output: self.workspace.projected.at(*first),
            output_stride: self.shape().projected_width() as i32,
            ..self.normed(matrix.arguments(), layer.attention_norm)
        }
    }

    pub(crate) fn heads_arguments(&self, index: usize, layer: &Layer) -> Heads {
        let (shape, work) = (self.shape(), self.workspace);
        let (keys, values) = self.slots.cache.of_layer(index);
        Heads {
            projected: work.projected.address(),
            temperatures: layer.temperatures,
            cosines: self.model.cosines,
            sines: self.model.sines,
            slots: self.rows.slots.address(),
            positions: self.rows.positions.address(),
            queries: work.queries.address(),
            keys,
            values,
            slot_stride: self.slots.cache.slot_stride(),
            stride: shape.projected_width() as i32,
            heads: shape.heads as i32,
            kv_heads: shape.kv_heads as i32,
            head_dim: shape.head_dim as i32,
            block_stride: self.slots.cache.block_stride(),
            eps: shape.qk_norm_eps,
        }
    }

    pub(crate) fn attention_arguments(&self, index: usize) -> Attention {
        let (shape, work) = (self.shape(), self.workspace);
        let (keys, values) = self.slots.cache.of_layer(index);
        Attention {
            queries: work.queries.address(),
            keys,
            values,
            gates: work.projected.at(shape.projected_width() - shape.heads),
            slots: self.rows.slots.address(),
            positions: self.rows.positions.address(),
            output: work.attended.address(),
            sums: work.sums.address(),
            extents: work.extents.address(),
            arrived: work.arrived.address(),
            slot_stride: self.slots.cache.slot_stride(),
            gate_stride: shape.projected_width() as i32,
            kv_heads: shape.kv_heads as i32,
            block_stride: self.slots.cache.block_stride(),
            splits: self.slots.capacity.div_ceil(SPLIT) as i32,
            scale: 1.0 / (shape.head_dim as f32).sqrt(),
            padding: 0,
        }
    }

    pub(crate) fn output_arguments(&self, layer: &Layer) -> Matvec {
        Matvec { input: self.workspace.attended.address(), ..self.added(layer.output.arguments()) }
    }

    pub(crate) fn dense_up_arguments(&self, layer: &Layer, gate_up: &Matrix) -> Matvec {
        let output = self.workspace.hidden.address();
        Matvec { output, ..self.normed(gate_up.gated_arguments(), layer.feed_norm) }
    }

    pub(crate) fn dense_down_arguments(&self, down: &Matrix) -> Matvec {
        Matvec { input: self.workspace.hidden.address(), ..self.added(down.arguments()) }
    }

    /// The router's first product.
    pub(crate) fn route_arguments(&self, layer: &Layer, router: &Router) -> Matvec {
        Matvec {
            output: self.workspace.router_down.address(),
            bias: router.down_bias,
            ..self.normed(router.down.arguments(), layer.feed_norm)
        }
    }

    /// The rest of the router, for one row.
    pub(crate) fn router_arguments(&self, index: usize, router: &Router, used: usize) -> RouterArguments {
        let (shape, work) = (self.shape(), self.workspace);
        let follows_mixture = index.checked_sub(1).is_some_and(|before| shape.used[before] > 0);
        RouterArguments {
            down: work.router_down.address(),
            // A dense layer between two mixtures ends the link.
            state_scale: if follows_mixture { router.state_scale } else { 0 },
            norm: router.norm,
            first: router.first,
            first_bias: router.first_bias,
            second: router.second,
            second_bias: router.second_bias,
            third: router.third,
            balancing: router.balancing,
            slots: self.rows.slots.address(),
            state: work.router_state.address(),
            weights: work.expert_weights.address(),
            chosen: work.chosen.address(),
            plan: work.plan.address(),
            arrived: work.router_arrived(shape),
            rows: 1,
            width: shape.mixture.router_dim as i32,
            experts: shape.mixture.experts as i32,
            used: used as i32,
            eps: shape.norm_eps,
            padding: 0,
        }
    }

    pub(crate) fn experts_up_arguments(&self, layer: &Layer, gate_up: &Matrix) -> Matvec {
        Matvec {
            output: self.workspace.hidden.address(),
            plan: self.workspace.plan.address(),
            output_pairs: 1,
            ..self.normed(gate_up.gated_arguments(), layer.feed_norm)
        }
    }

    /// To the residual stream where a row uses one expert, else to the parts that are gathered.
    pub(crate) fn experts_down_arguments(&self, down: &Matrix, used: usize) -> Matvec {
        let (shape, work) = (self.shape(), self.workspace);
        let together = used == 1;
        Matvec {
            input: work.hidden.address(),
            plan: work.plan.address(),
            weighted: 1,
            experts: shape.mixture.experts as i32,
            input_pairs: 1,
            output_pairs: i32::from(!together),
            output: if together { work.residual.address() } else { work.parts.address() },
            output_stride: shape.dim as i32,
            mode: if together { mode::ADD } else { mode::WEIGH },
            ..down.arguments()
        }
    }

    /// To the slots' logits, or to the workspace's in the order of the rows.
    pub(crate) fn head_arguments(&self, at_slots: bool) -> Matvec {
        let output = if at_slots { &self.slots.logits } else { &self.workspace.logits };
        Matvec {
            output: output.address(),
            slots: if at_slots { self.rows.slots.address() } else { 0 },
            mode: mode::LOGITS,
            cap: self.shape().logit_cap,
            ..self.normed(self.model.head.arguments(), self.model.output_norm)
        }
    }

    /// The residual stream as input, normed.
    fn normed(&self, arguments: Matvec, norm: u64) -> Matvec {
        let shape = self.shape();
        let input = self.workspace.residual.address();
        Matvec { input, norm, eps: shape.norm_eps, input_stride: shape.dim as i32, ..arguments }
    }

    /// The residual stream as output, added to.
    fn added(&self, arguments: Matvec) -> Matvec {
        let output_stride = self.shape().dim as i32;
        Matvec { output: self.workspace.residual.address(), output_stride, mode: mode::ADD, ..arguments }
    }
}
