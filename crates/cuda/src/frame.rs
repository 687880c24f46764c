//! A frame of one row as one kernel, whose blocks wait for each other.

use crate::args::{Arguments, Attention, Embed, Heads, Matvec, Router};
use crate::launch::{Grid, Kernel, frame_name};
use crate::layer::{Feed, Layer};
use crate::memory::{Buffer, Plain};
use crate::shape::{MAX_SPLITS, MAX_USED, SPLIT};
use crate::step::{Step, THREADS, WARPS};
use crate::{Kind, Result};

/// As in the kernel: bytes of a part of the ring, parts that it has at most.
const PART_STEPS: usize = 16;
const PART_BYTES: usize = PART_STEPS * (1024 + 64);
const MAX_PARTS: usize = 16;

/// A layer as the kernel takes it.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct FrameLayer {
    /// Projections, gates that are stored otherwise, attention's output, gate and up, down; the router's first.
    jobs: [Matvec; 6],
    router: Router,
    heads: Heads,
    attention: Attention,
    kinds: [i32; 5],
    used: i32,
}

const _: () = assert!(size_of::<FrameLayer>().is_multiple_of(16));

// SAFETY: numbers without padding between them, which take any bits.
unsafe impl Plain for FrameLayer {}

/// The kernel's arguments.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
struct FrameArguments {
    embed: Embed,
    head: Matvec,
    layers: u64,
    chosen: u64,
    count: u64,
    left: u64,
    slots: u64,
    positions: u64,
    head_kind: i32,
    layer_count: i32,
    parts: i32,
    scratch: i32,
}

// SAFETY: as in frame.cuh.
unsafe impl Arguments for FrameArguments {}

/// The kernel with all it is told: the addresses of a model, a workspace and slots.
pub(crate) struct FrameKernel {
    kernel: Kernel,
    grid: Grid,
    arguments: FrameArguments,
    /// What the arguments name.
    _layers: Buffer<FrameLayer>,
    _words: Buffer<u64>,
    _counters: Buffer<u32>,
}

/// Places for what blocks tell each other, a word for each number.
struct Words {
    residual: u64,
    projected: u64,
    sums: u64,
    attended: u64,
    added: u64,
    routed: u64,
    chosen: u64,
    raised: u64,
    parts: u64,
}

impl Words {
    fn new(step: &Step) -> Result<(Self, Buffer<u64>)> {
        let shape = step.shape();
        let of_part = shape.group() * (shape.head_dim + 2);
        let splits = step.slots.capacity.div_ceil(SPLIT);
        let widths = [
            shape.dim,
            shape.projected_width(),
            shape.kv_heads * splits * of_part,
            shape.heads * shape.head_dim,
            shape.dim,
            shape.mixture.router_dim,
            MAX_USED,
            MAX_USED * shape.inner,
            MAX_USED * shape.dim,
        ]
        .map(|width| width.next_multiple_of(16));
        let buffer = Buffer::zeros(&step.model.device, "what blocks tell each other", widths.iter().sum())?;
        let mut first = 0;
        let [residual, projected, sums, attended, added, routed, chosen, raised, parts] = widths.map(|width| {
            first += width;
            buffer.at(first - width)
        });
        Ok((Self { residual, projected, sums, attended, added, routed, chosen, raised, parts }, buffer))
    }
}

impl FrameKernel {
    /// `None` where the card, the model's sizes or its weights are not made for it: the step's kernels do all then.
    pub(crate) fn new(step: &Step) -> Result<Option<Self>> {
        let (model, shape, device) = (step.model, step.shape(), &step.model.device);
        if !device.kernels.for_hopper || !suits(step, model.head.kind) {
            return Ok(None);
        }
        let (words, held_words) = Words::new(step)?;
        let Some(layers) = layers(step, &words) else { return Ok(None) };
        let name = frame_name(model.cache_kind(), shape.head_dim, shape.group());
        let Ok(kernel) = device.kernels.get(&name) else { return Ok(None) };
        let Some((parts, scratch)) = memory(step, device.shared_limit.saturating_sub(kernel.own_shared()?)) else {
            return Ok(None);
        };
        let mut held = Buffer::new(device, "the layers", layers.len())?;
        held.write(0, &layers)?;
        let counters = Buffer::zeros(device, "counters", 2)?;
        let arguments = FrameArguments {
            embed: Embed { output: words.residual, ..step.embed_arguments(None) },
            head: Matvec { input: words.residual, ..step.head_arguments(true) },
            layers: held.address(),
            chosen: words.chosen,
            count: counters.at(0),
            left: counters.at(1),
            slots: step.rows.slots.address(),
            positions: step.rows.positions.address(),
            head_kind: model.head.kind as i32,
            layer_count: layers.len() as i32,
            parts: parts as i32,
            scratch: scratch as i32,
        };
        let shared = scratch + parts * PART_BYTES;
        let grid = Grid { blocks: [device.multiprocessors, 1, 1], threads: THREADS, shared };
        Ok(Some(Self { kernel, grid, arguments, _layers: held, _words: held_words, _counters: counters }))
    }

    /// Runs the first row's frame.
    pub(crate) fn run(&self, step: &Step) -> Result<()> {
        // SAFETY: the arguments name buffers that are held here and by the step; all blocks fit the card at once.
        unsafe { step.model.device.launch_together(self.kernel, self.grid, &self.arguments) }
    }
}

/// Parts of the ring, and bytes before it, if the shared memory takes what is needed.
fn memory(step: &Step, limit: usize) -> Option<(usize, usize)> {
    let shape = step.shape();
    let group = shape.group() * shape.head_dim;
    // Attention's sums, scores, extents, factors, totals, gates and queries; or a row in two halves and its sums.
    let of_head = SPLIT + 2 + MAX_SPLITS + 2;
    let attention = 4 * (WARPS * group + shape.group() * of_head + 16 + group);
    let scratch = attention.max(4 * (shape.widest() + 32 + shape.widest() / 32)).next_multiple_of(128);
    let parts = (limit.checked_sub(scratch)? / PART_BYTES).min(MAX_PARTS);
    let router = shape.mixture.router_dim * (2 * shape.mixture.router_dim + shape.mixture.experts) * 4;
    let widest = (shape.widest() / 32).div_ceil(PART_STEPS);
    (parts >= widest && router <= limit).then_some((parts, scratch))
}

/// Whether weights of a kind go through the ring.
fn suits(step: &Step, kind: Kind) -> bool {
    kind.tile() > 1 && step.model.cache_kind() != Kind::F32
}

fn layers(step: &Step, words: &Words) -> Option<Vec<FrameLayer>> {
    step.model.layers.iter().enumerate().map(|(index, layer)| describe(step, words, index, layer)).collect()
}

/// A layer with the words in the place of the buffers that the step's kernels leave their results in.
fn describe(step: &Step, words: &Words, index: usize, layer: &Layer) -> Option<FrameLayer> {
    let shape = step.shape();
    let first_gate = shape.projected_width() - shape.heads;
    let (projection, gates) = match layer.projections.as_slice() {
        [all] => (all, None),
        [others, gates] if gates.1 == first_gate => (others, Some(gates)),
        _ => return None,
    };
    let (gate_up, down, up, lower, route, router, used) = match &layer.feed {
        Feed::Dense { gate_up, down } => {
            let (up, lower) = (step.dense_up_arguments(layer, gate_up), step.dense_down_arguments(down));
            (gate_up, down, up, lower, Matvec::default(), Router::default(), 0)
        }
        Feed::Mixture { router, gate_up, down, used } => {
            let (up, lower) = (step.experts_up_arguments(layer, gate_up), step.experts_down_arguments(down, *used));
            let route = step.route_arguments(layer, router);
            (gate_up, down, up, lower, route, step.router_arguments(index, router, *used), *used)
        }
    };
    let kinds = [projection.0.kind, gates.unwrap_or(projection).0.kind, layer.output.kind, gate_up.kind, down.kind];
    let gate_words = words.projected + (size_of::<u64>() * first_gate) as u64;
    let project = |output, part| Matvec { input: words.residual, output, ..step.project_arguments(layer, part) };
    let lowered = if used > 1 { words.parts } else { words.residual };
    kinds.into_iter().all(|kind| suits(step, kind)).then(|| FrameLayer {
        jobs: [
            project(words.projected, projection),
            gates.map_or_else(Matvec::default, |gates| project(gate_words, gates)),
            Matvec { input: words.attended, output: words.added, ..step.output_arguments(layer) },
            Matvec { input: words.added, output: words.raised, ..up },
            Matvec { input: words.raised, output: lowered, ..lower },
            Matvec { input: words.added, output: words.routed, ..route },
        ],
        router: Router { down: words.routed, ..router },
        heads: Heads { projected: words.projected, ..step.heads_arguments(index, layer) },
        attention: Attention {
            gates: gate_words,
            output: words.attended,
            sums: words.sums,
            ..step.attention_arguments(index)
        },
        kinds: kinds.map(|kind| kind as i32),
        used: used as i32,
    })
}
