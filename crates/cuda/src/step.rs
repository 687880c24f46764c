//! A step: rows through all layers. What is enqueued depends on the number of rows alone, never on their values, so
//! that it can be captured.

use crate::args::{Gather, Matvec, Router as RouterArguments, Sampler};
use crate::buffers::{Rows, Slots, Workspace};
use crate::launch::{Grid, attention_name, heads_name, matvec_name};
use crate::layer::{Feed, Layer, Router};
use crate::projection::Matrix;
use crate::shape::{MAX_ROWS, SPLIT};
use crate::{Device, Kind, Model, Result, Shape};

pub(crate) const THREADS: usize = 256;
const ROUTER_THREADS: usize = 1024;
const SAMPLER_THREADS: usize = 1024;
/// Rows that are multiplied together.
pub(crate) const COLUMNS: usize = 8;
pub(crate) const WARPS: usize = THREADS / 32;
/// Tiles that a block computes at most: its threads prefetch one row each.
const MAX_REPEATS: usize = 8;
/// Shared memory that kernels have beside what they ask for.
pub(crate) const OWN_SHARED: usize = 2 << 10;
/// Warps of a block that norms and rotates heads.
const HEAD_WARPS: usize = 4;

/// Which rows' logits are wanted, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Head {
    /// None.
    None,
    /// Of one row, at its slot.
    Row(usize),
    /// Of all rows, at their slots.
    Slots,
    /// Of all rows, in their order, in the workspace.
    Rows,
}

/// What a step is enqueued with.
pub(crate) struct Step<'a> {
    pub(crate) model: &'a Model,
    pub(crate) rows: &'a Rows,
    pub(crate) workspace: &'a Workspace,
    pub(crate) slots: &'a Slots,
}

/// How a matrix meets the rows: blocks side by side, and whether each has one row only.
#[derive(Clone, Copy)]
pub(crate) struct Tiles {
    pub(crate) count: usize,
    pub(crate) single: bool,
}

impl Tiles {
    /// Rows that all go through the same matrix.
    pub(crate) fn dense(rows: usize) -> Self {
        if rows == 1 { Self { count: 1, single: true } } else { Self { count: rows.div_ceil(COLUMNS), single: false } }
    }

    /// Rows that go through `used` experts each: as many tiles as there can be.
    pub(crate) fn planned(rows: usize, used: usize, experts: usize) -> Self {
        let pairs = rows * used;
        if rows == 1 {
            return Self { count: pairs, single: true };
        }
        Self { count: pairs.min(experts + pairs / COLUMNS), single: false }
    }
}

/// Outputs that a block computes at once.
fn tile(kind: Kind) -> usize {
    if kind == Kind::F32 { 4 } else { 16 }
}

/// Bytes of shared memory that `columns` rows and, apart from them, the sums of the warps take. Blocks of 256 have sums of
/// inputs beside the rows.
fn shared_parts(kind: Kind, inputs: usize, columns: usize) -> (usize, usize) {
    let rows = match kind {
        Kind::F32 => columns * inputs,
        Kind::Q4K | Kind::Q5K | Kind::Q6K => columns * (inputs + 32 + inputs / 32),
        _ => columns * (inputs + 32),
    };
    (4 * rows, WARPS * tile(kind) * columns * 4)
}

/// Bytes of shared memory that a product of `columns` rows takes, where a block computes one tile.
pub(crate) fn shared_bytes(kind: Kind, inputs: usize, columns: usize) -> usize {
    let (rows, sums) = shared_parts(kind, inputs, columns);
    rows.max(sums)
}

impl Step<'_> {
    pub(crate) fn shape(&self) -> &Shape {
        &self.model.shape
    }

    /// Draws a frame for each of the first `rows` rows of the graph, and makes their next rows.
    pub(crate) fn sample(&self, rows: usize) -> Result<()> {
        let (shape, slots) = (self.shape(), self.slots);
        let arguments = Sampler {
            rows: slots.of_rows.address(),
            slots: slots.states.address(),
            logits: slots.logits.address(),
            history: slots.history.address(),
            next_slots: self.rows.slots.address(),
            next_positions: self.rows.positions.address(),
            next_ids: self.rows.ids.address(),
            records: slots.records.address(),
            arrived: self.workspace.sampler_arrived(shape),
            codebooks: shape.codebooks as i32,
            ids: shape.audio_vocab as i32,
            codes: shape.codes as i32,
            text_pad: shape.text_ids as i32 - 1,
            frames: slots.capacity as i32,
            padding: 0,
        };
        let grid = Grid::new([shape.codebooks, rows, 1], SAMPLER_THREADS);
        // SAFETY: buffers of these shapes; rows name slots below their count.
        unsafe { self.launch("sampler", grid, &arguments) }
    }

    /// Runs the first `rows` rows. `given_row` is the row whose embedding is the workspace's given vector; `seen` is how
    /// many rows any of them can see.
    pub(crate) fn run(&self, rows: usize, given_row: Option<usize>, seen: usize, head: Head) -> Result<()> {
        self.embed(rows, given_row)?;
        for (index, layer) in self.model.layers.iter().enumerate() {
            self.attend(rows, index, layer, seen)?;
            self.feed(rows, index, layer)?;
        }
        self.head(rows, head)
    }

    fn embed(&self, rows: usize, given_row: Option<usize>) -> Result<()> {
        let arguments = self.embed_arguments(given_row);
        // SAFETY: buffers of these shapes; ids are checked before they are written, or drawn below the tables' lengths.
        unsafe { self.launch("embed", Grid::new([rows, 1, 1], THREADS), &arguments) }
    }

    fn attend(&self, rows: usize, index: usize, layer: &Layer, seen: usize) -> Result<()> {
        for projection in &layer.projections {
            self.multiply(projection.0.kind, rows, self.project_arguments(layer, projection))?;
        }
        self.heads(rows, index, layer)?;
        self.attention(rows, index, seen)?;
        self.multiply(layer.output.kind, rows, self.output_arguments(layer))
    }

    pub(crate) fn heads(&self, rows: usize, index: usize, layer: &Layer) -> Result<()> {
        let shape = self.shape();
        let arguments = self.heads_arguments(index, layer);
        let blocks = (shape.heads + 2 * shape.kv_heads).div_ceil(HEAD_WARPS);
        let name = heads_name(self.model.cache_kind());
        // SAFETY: buffers of these shapes; positions lie below the capacity, which is within the tables of the rotation, and
        // below the rows that the cache has memory for.
        unsafe { self.launch(&name, Grid::new([blocks, rows, 1], 32 * HEAD_WARPS), &arguments) }
    }

    pub(crate) fn attention(&self, rows: usize, index: usize, seen: usize) -> Result<()> {
        let shape = self.shape();
        let arguments = self.attention_arguments(index);
        let name = attention_name(self.model.cache_kind(), shape.head_dim, shape.group());
        // SAFETY: buffers of these shapes; no row sees more than `seen` rows.
        unsafe { self.launch(&name, Grid::new([seen.div_ceil(SPLIT), shape.kv_heads, rows], THREADS), &arguments) }
    }

    fn feed(&self, rows: usize, index: usize, layer: &Layer) -> Result<()> {
        match &layer.feed {
            Feed::Dense { gate_up, down } => {
                self.multiply(gate_up.kind, rows, self.dense_up_arguments(layer, gate_up))?;
                self.multiply(down.kind, rows, self.dense_down_arguments(down))
            }
            Feed::Mixture { router, gate_up, down, used } => {
                self.route(rows, index, layer, router, *used)?;
                self.experts(rows, layer, gate_up, down, *used)
            }
        }
    }

    pub(crate) fn route(&self, rows: usize, index: usize, layer: &Layer, router: &Router, used: usize) -> Result<()> {
        self.multiply(router.down.kind, rows, self.route_arguments(layer, router))?;
        let arguments = RouterArguments { rows: rows as i32, ..self.router_arguments(index, router, used) };
        // SAFETY: buffers of these shapes, weights of the router's width.
        unsafe { self.launch("router", Grid::new([rows, 1, 1], ROUTER_THREADS), &arguments) }
    }

    fn experts(&self, rows: usize, layer: &Layer, gate_up: &Matrix, down: &Matrix, used: usize) -> Result<()> {
        let tiles = Tiles::planned(rows, used, self.shape().mixture.experts);
        self.multiply_tiles(gate_up.kind, tiles, self.experts_up_arguments(layer, gate_up))?;
        self.multiply_tiles(down.kind, tiles, self.experts_down_arguments(down, used))?;
        if used == 1 { Ok(()) } else { self.gather(rows, used) }
    }

    fn gather(&self, rows: usize, used: usize) -> Result<()> {
        let dim = self.shape().dim;
        let (parts, output) = (self.workspace.parts.address(), self.workspace.residual.address());
        let arguments = Gather { parts, output, used: used as i32, dim: dim as i32 };
        // SAFETY: buffers of these shapes.
        unsafe { self.launch("gather", Grid::new([dim.div_ceil(THREADS), rows, 1], THREADS), &arguments) }
    }

    fn head(&self, rows: usize, head: Head) -> Result<()> {
        let (first_row, rows, at_slots) = match head {
            Head::None => return Ok(()),
            Head::Row(row) => (row, 1, true),
            Head::Slots => (0, rows, true),
            Head::Rows => (0, rows, false),
        };
        let arguments = Matvec { first_row: first_row as i32, ..self.head_arguments(at_slots) };
        self.multiply(self.model.head.kind, rows, arguments)
    }

    /// The embedding of the workspace's voice, to the workspace's given vector.
    pub(crate) fn project_voice(&self) -> Result<()> {
        let Some(speaker) = &self.model.embedding.speaker else { return Ok(()) };
        let work = self.workspace;
        let (voice, lda, given) = (work.voice.address(), work.lda.address(), work.given.address());
        let first = Matvec { input: voice, output: lda, bias: speaker.lda_bias, ..speaker.lda.arguments() };
        self.multiply(speaker.lda.kind, 1, first)?;
        let bias = speaker.projection_bias;
        let second = Matvec { input: lda, output: given, bias, ..speaker.projection.arguments() };
        self.multiply(speaker.projection.kind, 1, second)
    }

    fn multiply(&self, kind: Kind, rows: usize, arguments: Matvec) -> Result<()> {
        self.multiply_tiles(kind, Tiles::dense(rows), Matvec { rows: rows as i32, ..arguments })
    }

    fn multiply_tiles(&self, kind: Kind, tiles: Tiles, arguments: Matvec) -> Result<()> {
        // SAFETY: buffers of these shapes, `MAX_ROWS` rows of each; matrices as they were loaded.
        unsafe { launch_matvec(&self.model.device, kind, tiles, &arguments) }
    }

    unsafe fn launch<A: crate::args::Arguments>(&self, name: &str, grid: Grid, arguments: &A) -> Result<()> {
        debug_assert!(
            grid.blocks.iter().all(|&count| count > 0) && grid.blocks[1] <= MAX_ROWS.max(self.shape().kv_heads)
        );
        let device = &self.model.device;
        // SAFETY: as promised by the caller.
        unsafe { device.launch(device.kernels.get(name)?, grid, arguments) }
    }
}

/// Bytes of a block's weights in shared memory, where one row goes alone and the card copies in bulk.
fn tile_bytes(kind: Kind, inputs: usize) -> usize {
    // Float32 comes from the card's memory as it is used.
    if kind.tile() > 1 { kind.bytes_of(tile(kind) * inputs) } else { 0 }
}

/// How often a block computes a tile, and its shared memory: the card is filled once or twice, and what is left over
/// of the blocks saves bringing the same rows to shared memory again.
fn repeats(device: &Device, kind: Kind, tiles: Tiles, arguments: &Matvec) -> (usize, usize) {
    let inputs = arguments.inputs as usize;
    if tiles.single {
        return (
            1,
            shared_bytes(kind, inputs, 1) + if device.kernels.for_hopper { tile_bytes(kind, inputs) } else { 0 },
        );
    }
    let (rows, sums) = shared_parts(kind, inputs, COLUMNS);
    let blocks = (arguments.outputs as usize).div_ceil(tile(kind)) * tiles.count;
    let wanted = blocks.div_ceil(2 * device.multiprocessors).clamp(1, MAX_REPEATS);
    if wanted == 1 || rows + sums + OWN_SHARED > device.shared_limit {
        return (1, rows.max(sums));
    }
    (wanted, rows + sums)
}

/// Starts a product.
///
/// # Safety
/// As for [`Device::launch`].
pub(crate) unsafe fn launch_matvec(device: &Device, kind: Kind, tiles: Tiles, arguments: &Matvec) -> Result<()> {
    let (repeats, shared) = repeats(device, kind, tiles, arguments);
    let outputs = (arguments.outputs as usize).div_ceil(tile(kind) * repeats);
    let grid = Grid { blocks: [outputs, tiles.count, 1], threads: THREADS, shared };
    let arguments = Matvec { repeats: repeats as i32, ..*arguments };
    // SAFETY: as promised by the caller.
    unsafe { device.launch(device.kernels.get(&matvec_name(kind, tiles.single))?, grid, &arguments) }
}
