//! Quantized tensors where they lie.

use std::fmt;
use std::ops::Range;

use crate::blocks::BlockType;
use crate::element::ElementType;
use crate::mapped::Entry;

/// A quantized tensor as it lies in a mapped file, which it keeps mapped. Nothing is copied.
#[derive(Clone)]
pub struct Quantized {
    entry: Entry,
    block: BlockType,
}

impl Quantized {
    /// The view of a tensor; `None` when its numbers are not in blocks.
    pub(crate) fn of(entry: Entry) -> Option<Self> {
        match entry.element {
            ElementType::Blocks(block) => Some(Self { entry, block }),
            ElementType::Plain(_) => None,
        }
    }

    /// How the blocks are packed.
    pub fn block_type(&self) -> BlockType {
        self.block
    }

    /// The shape of the tensor, in numbers; the last dimension is a multiple of the numbers in a block.
    pub fn shape(&self) -> &[usize] {
        &self.entry.shape
    }

    /// All blocks, row by row. They begin at any address.
    pub fn bytes(&self) -> &[u8] {
        self.entry.bytes()
    }

    /// Element `index` of the first axis, as a tensor of one dimension less; `None` when there is none.
    pub fn part(&self, index: usize) -> Option<Self> {
        Some(Self { entry: self.entry.part(index)?, block: self.block })
    }

    /// The elements of the first axis in `range`; `None` when these are not there.
    pub fn narrow(&self, range: Range<usize>) -> Option<Self> {
        Some(Self { entry: self.entry.narrow(range)?, block: self.block })
    }

    /// All numbers, row by row.
    pub fn dequantize(&self) -> Vec<f32> {
        let mut numbers = vec![0.0; self.bytes().len() / self.block.bytes() * self.block.numbers()];
        self.block.dequantize(self.bytes(), &mut numbers);
        numbers
    }
}

impl fmt::Debug for Quantized {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Quantized({:?}, {})", self.shape(), self.block)
    }
}
