use std::collections::BTreeMap;

use candle_core::Tensor;

use crate::router::Routing;

/// Sees intermediate results of a forward pass, for parity tests and analysis. `()` looks at nothing.
pub trait Observer {
    /// The input of the first block: embeddings summed and normed, [rows, dim].
    fn embedding(&mut self, _x: &Tensor) {}
    /// The residual stream after a block, [rows, dim].
    fn layer(&mut self, _layer: usize, _x: &Tensor) {}
    /// The choice of a mixture layer.
    fn router(&mut self, _layer: usize, _routing: &Routing) {}
    /// After the last norm, [rows, dim].
    fn output(&mut self, _x: &Tensor) {}
}

impl Observer for () {}

/// An observer that keeps everything of one forward pass.
#[derive(Debug, Default)]
pub struct Trace {
    /// The input of the first block, [rows, dim].
    pub embedding: Option<Tensor>,
    /// The residual stream after each block, [rows, dim].
    pub layers: Vec<Tensor>,
    /// The choices of the mixture layers.
    pub routers: RouterTrace,
    /// After the last norm, [rows, dim].
    pub output: Option<Tensor>,
}

/// The choices of mixture layers, by layer.
pub type RouterTrace = BTreeMap<usize, Routing>;

impl Observer for Trace {
    fn embedding(&mut self, x: &Tensor) {
        self.embedding = Some(x.clone());
    }

    fn layer(&mut self, _layer: usize, x: &Tensor) {
        self.layers.push(x.clone());
    }

    fn router(&mut self, layer: usize, routing: &Routing) {
        self.routers.insert(layer, routing.clone());
    }

    fn output(&mut self, x: &Tensor) {
        self.output = Some(x.clone());
    }
}
