//! Brings weights to the card: those of a checkpoint through pinned memory, random ones drawn there.

use std::borrow::Cow;

use cudarc::driver::CudaEvent;
use cudarc::driver::result;

use crate::args::Fill;
use crate::blocks;
use crate::device::driver;
use crate::launch::Grid;
use crate::memory::{Buffer, Pinned};
use crate::numbers::{for_card, widen};
use crate::projection::Matrix;
use crate::source::HostTensor;
use crate::{Device, Error, Kind, Result, Source};

/// Bytes that travel at once; while one half is on its way, the other is filled.
const CHUNK: usize = 8 << 20;
/// Numbers and scales begin at multiples of this.
const ALIGNMENT: usize = 256;

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
}

/// Loads tensors, and holds the memory that they are in.
pub(crate) struct Loader<'a> {
    device: &'a Device,
    origin: Origin<'a>,
    halves: [(Pinned<u8>, CudaEvent); 2],
    turn: usize,
    drawn: u64,
    pub(crate) held: Vec<Buffer<u8>>,
}

impl<'a> Loader<'a> {
    pub(crate) fn new(device: &'a Device, origin: Origin<'a>) -> Result<Self> {
        let half = || {
            let event = device.stream.context().new_event(None).map_err(driver("make an event"))?;
            Ok((Pinned::zeros(device, CHUNK)?, event))
        };
        Ok(Self { device, origin, halves: [half()?, half()?], turn: 0, drawn: 0, held: Vec::new() })
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
            matrices.push(self.store(run, same[0])?);
        }
        Ok(matrices)
    }

    /// A table of rows that are looked up one by one: not kept in blocks.
    pub(crate) fn table(&mut self, part: &Part) -> Result<Matrix> {
        let kind = match self.kind(part)? {
            kind if kind.in_blocks() => Kind::F32,
            kind => kind,
        };
        self.store(std::slice::from_ref(part), kind)
    }

    /// How a tensor is to be kept: as it is stored, unless the kernels cannot take rows of this length.
    fn kind(&self, part: &Part) -> Result<Kind> {
        let stored = match &self.origin {
            Origin::Random { kind, .. } => *kind,
            Origin::Source(source) => source.kind(&part.name).ok_or_else(|| Error::Missing(part.name.clone()))?,
        };
        let inputs = part.shape.last().copied().unwrap_or(0);
        Ok(if inputs.is_multiple_of(stored.step()) { stored } else { Kind::F32 })
    }

    fn store(&mut self, parts: &[Part], kind: Kind) -> Result<Matrix> {
        let inputs = parts.first().and_then(|part| part.shape.last()).copied().unwrap_or(0);
        let outputs: usize = parts.iter().map(Part::rows).sum();
        let count = inputs * outputs;
        let scales_at = kind.bytes_of(count).next_multiple_of(ALIGNMENT);
        let buffer = Buffer::new(self.device, "the model", scales_at + kind.scale_bytes(count))?;
        let matrix = Matrix { kind, numbers: buffer.address(), scales: buffer.at(scales_at), inputs, outputs };
        self.held.push(buffer);
        let mut row = 0;
        for part in parts {
            self.fill(part, matrix.rows_from(row).of(part.rows()))?;
            row += part.rows();
        }
        Ok(matrix)
    }

    /// Sets a matrix to a tensor.
    fn fill(&mut self, part: &Part, to: Matrix) -> Result<()> {
        match self.origin {
            Origin::Random { .. } => self.draw_matrix(to),
            Origin::Source(source) => {
                let tensor = find(source, &part.name, &part.shape)?;
                let bytes = converted(part, &tensor, to.kind)?;
                let (numbers, scales) = for_card(to.kind, &bytes);
                self.upload(to.numbers, &numbers)?;
                self.upload(to.scales, &scales)
            }
        }
    }

    fn draw_matrix(&mut self, to: Matrix) -> Result<()> {
        let count = to.inputs * to.outputs;
        let spread = Spread::fan_in(to.inputs);
        // What the largest number is multiplied with.
        let largest = if to.kind == Kind::Q8_0 { 127.0 } else { 32.0 * 64.0 };
        let scale = Spread { center: spread.width / largest, width: 0.0 };
        let scales = to.kind.scale_bytes(count) / 2;
        if scales > 0 {
            self.draw(Kind::F16, to.scales, scales, scale)?;
        }
        let blocks = if blocks::bytes(to.kind).is_some() { blocks::NUMBERS } else { 1 };
        self.draw(to.kind, to.numbers, count / blocks, spread)
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

/// Draws `count` numbers, or blocks of 256, at an address.
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
