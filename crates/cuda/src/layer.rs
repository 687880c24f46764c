//! The weights of one block.

use crate::loader::{Loader, Part, Spread};
use crate::projection::{Matrix, Placement};
use crate::{Kind, Result, Shape};

/// Random norms and scales.
pub(crate) const NORMS: Spread = Spread { center: 1.0, width: 0.1 };
const STATE_SCALES: Spread = Spread { center: 0.5, width: 0.1 };
pub(crate) const BIASES: Spread = Spread { center: 0.0, width: 0.02 };

/// A block: attention, then a feed-forward layer. Numbers of type `u64` are addresses of float32 vectors.
pub(crate) struct Layer {
    pub(crate) attention_norm: u64,
    /// Queries, keys, values, gates: one or several matrices, each with the place of its first output.
    pub(crate) projections: Vec<(Matrix, usize)>,
    pub(crate) temperatures: u64,
    pub(crate) output: Matrix,
    pub(crate) feed_norm: u64,
    pub(crate) feed: Feed,
}

/// The second half of a block.
pub(crate) enum Feed {
    /// The even rows of `gate_up` are gates of the odd ones.
    Dense {
        gate_up: Matrix,
        down: Matrix,
    },
    Mixture {
        router: Router,
        gate_up: Matrix,
        down: Matrix,
        used: usize,
    },
}

/// The weights of a router, in float32.
pub(crate) struct Router {
    pub(crate) down: Matrix,
    pub(crate) down_bias: u64,
    /// 0 in the first mixture layer.
    pub(crate) state_scale: u64,
    pub(crate) norm: u64,
    pub(crate) first: u64,
    pub(crate) first_bias: u64,
    pub(crate) second: u64,
    pub(crate) second_bias: u64,
    pub(crate) third: u64,
    pub(crate) balancing: u64,
    width: usize,
    experts: usize,
}

impl Layer {
    pub(crate) fn load(loader: &mut Loader, shape: &Shape, index: usize) -> Result<Self> {
        let at = |name: &str| format!("layers.{index}.{name}");
        let (dim, heads) = (shape.dim, shape.heads);
        Ok(Self {
            attention_norm: norm(loader, &at("attention_norm.weight"), dim)?,
            projections: projections(loader, shape, &at("attention"))?,
            temperatures: loader.vector(&at("attention.temp"), &[&[1, heads, 1], &[heads]], NORMS, f32::abs)?,
            output: loader.matrix(at("attention.wo.weight"), &[dim, shape.query_width()])?,
            feed_norm: norm(loader, &at("ffn_norm.weight"), dim)?,
            feed: Feed::load(loader, shape, index, &at("feed_forward"))?,
        })
    }

    /// Bytes that one row reads.
    pub(crate) fn bytes_per_row(&self) -> usize {
        let attention: usize = self.projections.iter().map(|(matrix, _)| matrix.bytes()).sum();
        attention + self.output.bytes() + self.feed.bytes_per_row()
    }
}

pub(crate) fn norm(loader: &mut Loader, name: &str, width: usize) -> Result<u64> {
    loader.vector(name, &[&[width]], NORMS, |weight| weight)
}

fn projections(loader: &mut Loader, shape: &Shape, at: &str) -> Result<Vec<(Matrix, usize)>> {
    let (dim, kv) = (shape.dim, shape.kv_width());
    let part = |name: &str, shape: &[usize]| Part::new(format!("{at}.{name}.weight"), shape);
    let mut parts = vec![part("wq", &[shape.query_width(), dim])];
    if loader.contains(&format!("{at}.wkv.weight")) {
        parts.push(part("wkv", &[2, kv, dim]));
    } else {
        parts.extend([part("wk", &[kv, dim]), part("wv", &[kv, dim])]);
    }
    parts.push(part("gater", &[shape.heads, dim]));
    let mut first = 0;
    let placed = loader.stack(&parts)?.into_iter().map(|matrix| {
        first += matrix.outputs;
        (matrix, first - matrix.outputs)
    });
    Ok(placed.collect())
}

impl Feed {
    fn load(loader: &mut Loader, shape: &Shape, index: usize, at: &str) -> Result<Self> {
        match shape.used[index] {
            0 => Self::load_dense(loader, shape, at),
            used => Self::load_mixture(loader, shape, index, at, used),
        }
    }

    /// Up, then gate, in one tensor as published, or the two apart.
    fn load_dense(loader: &mut Loader, shape: &Shape, at: &str) -> Result<Self> {
        let (inner, dim) = (shape.inner, shape.dim);
        let together = format!("{at}.w_in.weight");
        let gate_up = if loader.contains(&together) {
            loader.place(&[(Part::new(together, &[2, inner, dim]), Placement::halves(1, inner))], 2 * inner)?
        } else {
            let part = |name: &str| Part::new(format!("{at}.{name}.weight"), &[inner, dim]);
            let (gate, up) = (Placement::every_second(0, inner), Placement::every_second(1, inner));
            loader.place(&[(part("w1"), gate), (part("w3"), up)], 2 * inner)?
        };
        Ok(Self::Dense { gate_up, down: loader.matrix(format!("{at}.w_out.weight"), &[dim, inner])? })
    }

    fn load_mixture(loader: &mut Loader, shape: &Shape, index: usize, at: &str, used: usize) -> Result<Self> {
        let (inner, dim, experts) = (shape.inner, shape.dim, shape.mixture.experts);
        let is_first = shape.used[..index].iter().all(|&used| used == 0);
        let router = Router::load(loader, shape, &format!("{at}.router"), is_first)?;
        let name = |name: &str| format!("{at}.experts.{name}");
        let gate_up = expert_gate_up(loader, shape, name)?;
        let down = if loader.contains(&name("w2")) { name("w2") } else { name("down_proj") };
        let down = loader.matrix(down, &[experts, dim, inner])?;
        Ok(Self::Mixture { router, gate_up, down: Matrix { outputs: dim, ..down }, used })
    }

    fn bytes_per_row(&self) -> usize {
        match self {
            // The three matrices are of one size.
            Self::Dense { down, .. } => 3 * down.bytes(),
            Self::Mixture { router, down, used, .. } => {
                // As above, of each expert.
                router.bytes() + 3 * used * down.bytes()
            }
        }
    }
}

/// Gate and up of all experts, in any of the layouts that checkpoints have.
fn expert_gate_up(loader: &mut Loader, shape: &Shape, name: impl Fn(&str) -> String) -> Result<Matrix> {
    let (inner, dim, experts) = (shape.inner, shape.dim, shape.mixture.experts);
    let part = |name: String, rows: usize| Part::new(name, &[experts, rows, dim]);
    let parts = if loader.contains(&name("w13")) {
        // In turns.
        vec![(part(name("w13"), 2 * inner), Placement::from(0, experts * 2 * inner))]
    } else if loader.contains(&name("gate_up_proj")) {
        vec![(part(name("gate_up_proj"), 2 * inner), Placement::halves(0, inner))]
    } else {
        let (gate, up) = (Placement::every_second(0, inner), Placement::every_second(1, inner));
        vec![(part(name("w1"), inner), gate), (part(name("w3"), inner), up)]
    };
    loader.place(&parts, 2 * inner)
}

impl Router {
    fn load(loader: &mut Loader, shape: &Shape, at: &str, is_first: bool) -> Result<Self> {
        let (width, experts, dim) = (shape.mixture.router_dim, shape.mixture.experts, shape.dim);
        let sign = shape.mixture.balancing;
        let square = Spread::fan_in(width);
        let mut get =
            |name: &str, shape: &[usize], spread| loader.vector(&format!("{at}.{name}"), &[shape], spread, |v| v);
        let down = get("down_proj.weight", &[width, dim], Spread::fan_in(dim))?;
        Ok(Self {
            down: Matrix { kind: Kind::F32, numbers: down, inputs: dim, outputs: width },
            down_bias: get("down_proj.bias", &[width], BIASES)?,
            state_scale: if is_first { 0 } else { get("router_states_scale", &[width], STATE_SCALES)? },
            norm: get("rmsnorm_eda.weight", &[width], NORMS)?,
            first: get("router_mlp.0.weight", &[width, width], square)?,
            first_bias: get("router_mlp.0.bias", &[width], BIASES)?,
            second: get("router_mlp.2.weight", &[width, width], square)?,
            second_bias: get("router_mlp.2.bias", &[width], BIASES)?,
            third: get("router_mlp.4.weight", &[experts, width], square)?,
            balancing: loader.vector(&format!("{at}.balancing_biases"), &[&[experts]], BIASES, |v| sign * v)?,
            width,
            experts,
        })
    }

    fn bytes(&self) -> usize {
        self.down.bytes() + 4 * self.width * (2 * self.width + self.experts)
    }
}
