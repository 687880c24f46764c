//! Brings weights to the card: those of a checkpoint through pinned memory, random ones drawn there.

use std::borrow::Cow;

use cudarc::driver::CudaEvent;
use cudarc::driver::result;

use crate::args::{Arrange, Fill};
use crate::blocks;
use crate::device::driver;
use crate::launch::Grid;
use crate::memory::{Buffer, Pinned};
use crate::numbers::widen;
use crate::projection::{Matrix, Placement};
use crate::source::HostTensor;
use crate::{Device, Error, Kind, Result, Source};

/// Bytes that travel at once; while one half is on its way, the other is filled.
const CHUNK: usize = 8 << 20;

/// Where weights come from.
pub(crate) enum Origin<'a> {
    Source(&'a dyn Source),
    Random { kind: Kind, seed: u64 },
}

/// How random numbers lie: within `width` of `center`.
#[derive(Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) center: f32,
    pub(crate) width: f32,
}

impl Spread {
    /// Around zero, for products over `inputs` numbers.
    pub(crate) fn fan_in(inputs: usize) -> Self {
        Self { center: 0.0, width: (3.0 / inputs as f32).sqrt() }
    }
}

/// A tensor [rows, …] that becomes rows of a matrix.
#[derive(Clone)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
}

impl Part {
    pub(crate) fn new(name: impl Into<String>, shape: &[usize]) -> Self {
        Self { name: name.into(), shape: shape.to_vec() }
    }

    fn rows(&self) -> usize {
        self.shape.iter().rev().skip(1).product()
    }

    fn inputs(&self) -> usize {
        self.shape.last().copied().unwrap_or(0)
    }
}

/// Loads tensors, and holds the memory that they are in.
pub(crate) struct Loader<'a> {
    device: &'a Device,
    origin: Origin<'a>,
    halves: [(Pinned<u8>, CudaEvent); 2],
    turn: usize,
    /// Rows as files have them, on their way to their places.
    rows: Buffer<u8>,
    drawn: u64,
    pub(crate) held: Vec<Buffer<u8>>,
}

impl<'a> Loader<'a> {
    pub(crate) fn new(device: &'a Device, origin: Origin<'a>) -> Result<Self> {
        let half = || {
            let event = device.stream.context().new_event(None).map_err(driver("make an event"))?;
            Ok((Pinned::zeros(device, CHUNK)?, event))
        };
        let rows = Buffer::new(device, "the model", CHUNK)?;
        Ok(Self { device, origin, halves: [half()?, half()?], turn: 0, rows, drawn: 0, held: Vec::new() })
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        match &self.origin {
            Origin::Source(source) => source.kind(name).is_some(),
            Origin::Random { .. } => true,
        }
    }

    /// One matrix.
    pub(crate) fn matrix(&mut self, name: impl Into<String>, shape: &[usize]) -> Result<Matrix> {
        let part = Part::new(name, shape);
        let matrices = self.stack(std::slice::from_ref(&part))?;
        matrices.into_iter().next().ok_or(Error::Missing(part.name))
    }

    /// The rows of several tensors of the same width: neighbours that are stored alike become one matrix.
    pub(crate) fn stack(&mut self, parts: &[Part]) -> Result<Vec<Matrix>> {
        let kinds = parts.iter().map(|part| self.kind(part)).collect::<Result<Vec<_>>>()?;
        let mut matrices = Vec::new();
        let mut first = 0;
        for same in kinds.chunk_by(Kind::eq) {
            let run = &parts[first..first + same.len()];
            first += same.len();
            matrices.push(self.stack_alike(run)?);
        }
        Ok(matrices)
    }

    fn stack_alike(&mut self, parts: &[Part]) -> Result<Matrix> {
        let mut outputs = 0;
        let placed = parts.iter().map(|part| {
            outputs += part.rows();
            (part.clone(), Placement::from(outputs - part.rows(), part.rows()))
        });
        let placed: Vec<_> = placed.collect();
        self.place(&placed, outputs)
    }

    /// A table of rows that are looked up one by one: in rows, and not in blocks.
    pub(crate) fn table(&mut self, part: &Part) -> Result<Matrix> {
        let kind = match self.kind(part)? {
            kind if kind.in_blocks() => Kind::F32,
            kind => kind,
        };
        let (inputs, outputs) = (part.inputs(), part.rows());
        let buffer = Buffer::new(self.device, "the model", kind.bytes_of(inputs * outputs))?;
        let table = Matrix { kind, numbers: buffer.address(), inputs, outputs };
        self.held.push(buffer);
        match self.origin {
            Origin::Random { .. } => self.draw(kind, table.numbers, inputs * outputs, Spread::fan_in(inputs))?,
            Origin::Source(source) => {
                let tensor = find(source, &part.name, &part.shape)?;
                self.upload(table.numbers, &converted(part, &tensor, kind)?)?;
            }
        }
        Ok(table)
    }

    /// How a tensor is to be kept: as it is stored, unless the kernels cannot take rows of this length.
    fn kind(&self, part: &Part) -> Result<Kind> {
        let stored = match &self.origin {
            Origin::Random { kind, .. } => *kind,
            Origin::Source(source) => source.kind(&part.name).ok_or_else(|| Error::Missing(part.name.clone()))?,
        };
        Ok(if part.inputs().is_multiple_of(stored.step()) { stored } else { Kind::F32 })
    }

    /// A matrix of `outputs` rows, or one for each expert that the parts hold, of tensors whose rows go where their
    /// placements say. Tensors that are stored differently are widened.
    pub(crate) fn place(&mut self, parts: &[(Part, Placement)], outputs: usize) -> Result<Matrix> {
        let kinds = parts.iter().map(|(part, _)| self.kind(part)).collect::<Result<Vec<_>>>()?;
        let kind = kinds.first().copied().filter(|first| kinds.iter().all(|kind| kind == first)).unwrap_or(Kind::F32);
        let inputs = parts.first().map_or(0, |(part, _)| part.inputs());
        let rows = parts.iter().map(|(part, _)| part.rows()).sum::<usize>().next_multiple_of(kind.tile());
        let buffer = Buffer::<u8>::zeros(self.device, "the model", kind.bytes_of(rows * inputs))?;
        let matrix = Matrix { kind, numbers: buffer.address(), inputs, outputs };
        self.held.push(buffer);
        match self.origin {
            Origin::Random { .. } => self.draw_matrix(matrix, rows)?,
            Origin::Source(source) => {
                for (part, placement) in parts {
                    self.arrange(source, part, *placement, matrix)?;
                }
            }
        }
        Ok(matrix)
    }

    fn draw_matrix(&mut self, to: Matrix, rows: usize) -> Result<()> {
        let count = to.inputs * rows;
        let spread = Spread::fan_in(to.inputs);
        if to.kind == Kind::Q8_0 {
            // What the largest number is multiplied with.
            let scale = Spread { center: spread.width / 127.0, width: 0.0 };
            return self.draw(to.kind, to.numbers, to.kind.bytes_of(count), scale);
        }
        let of_step = if blocks::bytes(to.kind).is_some() { blocks::NUMBERS * to.kind.tile() } else { 1 };
        self.draw(to.kind, to.numbers, count / of_step, spread)
    }

    /// Brings a tensor's rows to the card, and there to their places.
    fn arrange(&mut self, source: &dyn Source, part: &Part, placement: Placement, to: Matrix) -> Result<()> {
        let tensor = find(source, &part.name, &part.shape)?;
        let bytes = converted(part, &tensor, to.kind)?;
        let arranged = blocks::arrange(to.kind, &bytes);
        self.arrange_rows(arranged.as_deref().unwrap_or(&bytes), part.rows(), placement, to)
    }

    fn arrange_rows(&mut self, bytes: &[u8], rows: usize, placement: Placement, to: Matrix) -> Result<()> {
        let row_bytes = (bytes.len() / rows.max(1)).max(1);
        let mut first_row = 0;
        for piece in bytes.chunks((CHUNK / row_bytes).max(1) * row_bytes) {
            self.upload(self.rows.address(), piece)?;
            let count = piece.len() / row_bytes;
            let arguments = Arrange {
                rows: self.rows.address(),
                places: to.numbers,
                count: count as i32,
                first_row: first_row as i32,
                row_bytes: row_bytes as i32,
                inputs: to.inputs as i32,
                of_part: placement.part as i32,
                to_part: placement.outputs as i32,
                of_half: placement.half as i32,
                first: placement.first.map(|first| first as i32),
                step: placement.step as i32,
                kind: to.kind as i32,
                padding: 0,
            };
            let kernel = self.device.kernels.get("arrange")?;
            // SAFETY: the rows lie in the loader's buffer, and their places in the matrix.
            unsafe { self.device.launch(kernel, Grid::new([1024, 1, 1], 256), &arguments)? };
            first_row += count;
        }
        Ok(())
    }

    fn draw(&mut self, kind: Kind, address: u64, count: usize, spread: Spread) -> Result<()> {
        let Origin::Random { seed, .. } = self.origin else { return Ok(()) };
        self.drawn += 1;
        fill(self.device, kind, address, count, seed.wrapping_mul(1 << 20).wrapping_add(self.drawn), spread)
    }

    /// A small tensor in float32, changed by `map`; where weights are random, spread so.
    pub(crate) fn vector(
        &mut self,
        name: &str,
        shapes: &[&[usize]],
        spread: Spread,
        map: impl Fn(f32) -> f32,
    ) -> Result<u64> {
        let len = shapes.first().map_or(0, |shape| shape.iter().product());
        let buffer = Buffer::<u8>::new(self.device, "the model", 4 * len)?;
        let address = buffer.address();
        self.held.push(buffer);
        match self.origin {
            Origin::Random { .. } => self.draw(Kind::F32, address, len, spread)?,
            Origin::Source(source) => {
                let tensor = find_any(source, name, shapes)?;
                let numbers = widen(tensor.kind, &tensor.bytes).ok_or_else(|| not_widened(name))?;
                let bytes: Vec<u8> = numbers.into_iter().flat_map(|v| map(v).to_le_bytes()).collect();
                self.upload(address, &bytes)?;
            }
        }
        Ok(address)
    }

    /// Values that the loader's caller made.
    pub(crate) fn values(&mut self, bytes: &[u8]) -> Result<u64> {
        let buffer = Buffer::<u8>::new(self.device, "the model", bytes.len())?;
        let address = buffer.address();
        self.held.push(buffer);
        self.upload(address, bytes)?;
        Ok(address)
    }

    /// Copies to an address that the caller allocated, large enough.
    fn upload(&mut self, mut address: u64, bytes: &[u8]) -> Result<()> {
        for chunk in bytes.chunks(CHUNK) {
            let (half, event) = &mut self.halves[self.turn];
            self.turn = 1 - self.turn;
            event.synchronize().map_err(driver("wait for a copy"))?;
            let filled = &mut half.values_mut()[..chunk.len()];
            filled.copy_from_slice(chunk);
            // SAFETY: the caller's memory holds the bytes; the half is not touched before its event has passed.
            let copied = unsafe { result::memcpy_htod_async(address, filled, self.device.raw_stream()) };
            copied.map_err(driver("copy weights"))?;
            event.record(&self.device.stream).map_err(driver("mark a copy"))?;
            address += chunk.len() as u64;
        }
        Ok(())
    }
}

/// Draws `count` numbers, steps of tiles of blocks, or bytes of tiles of Q8_0, at an address.
pub(crate) fn fill(device: &Device, kind: Kind, address: u64, count: usize, seed: u64, spread: Spread) -> Result<()> {
    let Spread { center, width } = spread;
    let arguments = Fill { output: address, count: count as u64, seed, center, width, kind: kind as i32, padding: 0 };
    let blocks = count.div_ceil(256).clamp(1, 4096);
    // SAFETY: the callers' memory holds `count` numbers of the kind.
    unsafe { device.launch(device.kernels.get("fill")?, Grid::new([blocks, 1, 1], 256), &arguments) }
}

fn find<'a>(source: &'a dyn Source, name: &str, shape: &[usize]) -> Result<HostTensor<'a>> {
    find_any(source, name, &[shape])
}

/// The tensor, when it has one of the shapes and as many bytes as that takes.
fn find_any<'a>(source: &'a dyn Source, name: &str, shapes: &[&[usize]]) -> Result<HostTensor<'a>> {
    let unreadable = |reason| Error::Unreadable { name: name.to_owned(), reason };
    let tensor = source.tensor(name, shapes).map_err(unreadable)?.ok_or_else(|| Error::Missing(name.to_owned()))?;
    if !shapes.contains(&&*tensor.shape) {
        let expected = shapes.first().copied().unwrap_or_default().to_vec();
        return Err(Error::Shape { name: name.to_owned(), expected, found: tensor.shape.into_owned() });
    }
    if tensor.kind.file_bytes(tensor.shape.iter().product()) != Some(tensor.bytes.len()) {
        let reason = format!("{} bytes are not those of {:?}", tensor.bytes.len(), tensor.shape);
        return Err(unreadable(reason));
    }
    Ok(tensor)
}

/// The bytes of a tensor, widened where it cannot be kept as it is.
fn converted<'t>(part: &Part, tensor: &'t HostTensor<'_>, kind: Kind) -> Result<Cow<'t, [u8]>> {
    if tensor.kind == kind {
        return Ok(Cow::Borrowed(&tensor.bytes));
    }
    let numbers = widen(tensor.kind, &tensor.bytes).ok_or_else(|| not_widened(&part.name))?;
    Ok(Cow::Owned(numbers.into_iter().flat_map(f32::to_le_bytes).collect()))
}

fn not_widened(name: &str) -> Error {
    Error::Unreadable { name: name.to_owned(), reason: "blocks of 256 numbers stand only for matrices".to_owned() }
}
