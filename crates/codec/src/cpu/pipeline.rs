use std::sync::{Mutex, MutexGuard, PoisonError};

use super::conv::{Conv, Upsample};
use super::past::Past;
use super::unit::Unit;

/// Layers through which rows `[time, channels]` go piece by piece. What comes out, joined, has the same bits whatever
/// the pieces: every layer keeps the rows that it still needs, and nothing is computed twice.
pub(crate) struct Pipeline {
    layers: Vec<Layer>,
    /// As many as pieces were computed at the same time.
    buffers: Mutex<Vec<Buffers>>,
}

/// Memory that pieces use one after the other: what goes into a layer, and what comes out of it.
#[derive(Default)]
struct Buffers {
    x: Vec<f32>,
    y: Vec<f32>,
}

pub(super) enum Layer {
    Conv(Conv),
    Upsample(Upsample),
    Unit(Unit),
}

/// A pipeline in the middle of a sequence.
#[derive(Clone, Debug)]
pub(crate) struct Flow(Vec<Past>);

impl Pipeline {
    pub(super) fn new(layers: Vec<Layer>) -> Self {
        Self { layers, buffers: Mutex::default() }
    }

    /// Before the first row.
    pub(crate) fn begin(&self) -> Flow {
        Flow(self.layers.iter().map(Layer::begin).collect())
    }

    /// The outputs that the rows `input` complete; all that are left if they are the `last`. `see` is shown what comes out
    /// of each layer, with the layer's place.
    pub(crate) fn push(
        &self,
        flow: &mut Flow,
        input: &[f32],
        last: bool,
        mut see: impl FnMut(usize, &[f32]),
    ) -> Vec<f32> {
        let Buffers { mut x, mut y } = self.buffers().pop().unwrap_or_default();
        begin_piece(&mut x, flow.0.first());
        x.extend_from_slice(input);
        for (place, layer) in self.layers.iter().enumerate() {
            begin_piece(&mut y, flow.0.get(place + 1));
            let kept = y.len();
            layer.forward(&mut flow.0[place], &mut x, &mut y, last);
            see(place, &y[kept..]);
            std::mem::swap(&mut x, &mut y);
        }
        let outputs = x.clone();
        self.buffers().push(Buffers { x, y });
        outputs
    }

    fn buffers(&self) -> MutexGuard<'_, Vec<Buffers>> {
        // What a panic leaves in a buffer does no harm: each piece begins with an empty one.
        self.buffers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Begins a layer's input with what it kept.
fn begin_piece(x: &mut Vec<f32>, past: Option<&Past>) {
    x.clear();
    x.extend_from_slice(past.map_or(&[], Past::values));
}

impl Layer {
    fn begin(&self) -> Past {
        match self {
            Self::Conv(conv) => conv.begin(),
            Self::Upsample(upsample) => upsample.begin(),
            Self::Unit(unit) => unit.begin(),
        }
    }

    fn forward(&self, past: &mut Past, x: &mut Vec<f32>, y: &mut Vec<f32>, last: bool) {
        match self {
            Self::Conv(conv) => conv.forward(past, x, y, last),
            Self::Upsample(upsample) => upsample.forward(past, x, y, last),
            Self::Unit(unit) => unit.forward(past, x, y, last),
        }
    }
}
