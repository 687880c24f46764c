//! How the numbers of a tensor are stored.

use std::fmt;
use std::str::FromStr;

use candle_core::DType;

use crate::blocks::BlockType;
use crate::mapped::byte_len;

/// How the numbers of a tensor are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElementType {
    /// One after the other.
    Plain(DType),
    /// In quantized blocks; every row is whole blocks.
    Blocks(BlockType),
}

impl ElementType {
    /// Whether numbers stand one after the other.
    pub fn is_plain(self) -> bool {
        matches!(self, Self::Plain(_))
    }

    /// Bytes of a tensor of this shape; `None` when no memory holds it, or its rows are not whole blocks.
    pub fn byte_len(self, shape: &[usize]) -> Option<usize> {
        match self {
            Self::Plain(dtype) => byte_len(shape, dtype),
            Self::Blocks(block) => {
                // Nothing larger than its numbers as bytes, which so must fit, too.
                let numbers = byte_len(shape, DType::U8)?;
                let whole = shape.last().is_some_and(|row| row.is_multiple_of(block.numbers()));
                if whole { (numbers / block.numbers()).checked_mul(block.bytes()) } else { None }
            }
        }
    }
}

impl From<DType> for ElementType {
    fn from(dtype: DType) -> Self {
        Self::Plain(dtype)
    }
}

impl fmt::Display for ElementType {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Plain(dtype) => f.write_str(dtype.as_str()),
            Self::Blocks(block) => block.fmt(f),
        }
    }
}

impl FromStr for ElementType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "f32" => Ok(DType::F32.into()),
            "f16" => Ok(DType::F16.into()),
            "bf16" => Ok(DType::BF16.into()),
            other => match other.parse() {
                Ok(block) => Ok(Self::Blocks(block)),
                Err(blocks) => Err(format!("{blocks}, f32, f16 or bf16")),
            },
        }
    }
}
