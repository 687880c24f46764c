//! Numbers to the bytes of an element type.

use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{DType, Device, Tensor};
use half::{bf16, f16};
use rayon::prelude::*;
use zonos_weights::{BlockType, ElementType};

use crate::{Error, Result};

/// Numbers that one thread quantizes at a time: whole blocks of every type.
const PER_TASK: usize = 1 << 16;

/// The bytes of `numbers`, of the tensor `name`, little endian.
///
/// # Errors
/// When a number is none, or does not fit the type.
pub(super) fn encode(name: &str, numbers: &[f32], element: ElementType) -> Result<Vec<u8>> {
    check_range(name, numbers, element)?;
    match element {
        ElementType::Plain(DType::F32) => Ok(numbers.iter().flat_map(|number| number.to_le_bytes()).collect()),
        ElementType::Plain(DType::BF16) => {
            Ok(numbers.iter().flat_map(|&number| bf16::from_f32(number).to_le_bytes()).collect())
        }
        ElementType::Plain(_) => Ok(numbers.iter().flat_map(|&number| f16::from_f32(number).to_le_bytes()).collect()),
        ElementType::Blocks(block) => blocks(numbers, block),
    }
}

fn check_range(name: &str, numbers: &[f32], element: ElementType) -> Result<()> {
    let widest = match element {
        ElementType::Plain(DType::F32 | DType::BF16) => f32::MAX,
        // Blocks have scales in float16.
        _ => f16::MAX.to_f32(),
    };
    match numbers.iter().find(|number| number.is_nan() || number.abs() > widest) {
        Some(&number) => Err(Error::Unstorable { name: name.to_owned(), number, element }),
        None => Ok(()),
    }
}

fn blocks(numbers: &[f32], block: BlockType) -> Result<Vec<u8>> {
    let quantized = |numbers: &[f32]| -> candle_core::Result<Vec<u8>> {
        let tensor = Tensor::new(numbers, &Device::Cpu)?;
        Ok(QTensor::quantize(&tensor, ggml_type(block))?.data()?.into_owned())
    };
    let parts = numbers.par_chunks(PER_TASK).map(quantized).collect::<candle_core::Result<Vec<_>>>()?;
    Ok(parts.concat())
}

/// What candle calls a type of blocks.
pub(crate) fn ggml_type(block: BlockType) -> GgmlDType {
    match block {
        BlockType::Q8_0 => GgmlDType::Q8_0,
        BlockType::Q6K => GgmlDType::Q6K,
        BlockType::Q5K => GgmlDType::Q5K,
        BlockType::Q4K => GgmlDType::Q4K,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const F16: ElementType = ElementType::Plain(DType::F16);

    #[test]
    fn numbers_that_do_not_fit_are_named() {
        for (number, element) in [
            (f32::NAN, ElementType::Plain(DType::F32)),
            (f32::INFINITY, ElementType::Plain(DType::BF16)),
            (65520.0, F16),
            (-1e9, ElementType::Blocks(BlockType::Q8_0)),
        ] {
            let mut numbers = vec![0.5; 32];
            numbers[7] = number;
            let message = encode("w", &numbers, element).unwrap_err().to_string();
            assert!(message.contains("`w`") && message.contains(&number.to_string()), "{message}");
        }
        assert_eq!(encode("w", &[1.0, -2.0], F16).unwrap(), [0, 0x3c, 0, 0xc0]);
        assert_eq!(encode("w", &[1.0], ElementType::Plain(DType::BF16)).unwrap(), [0x80, 0x3f]);
    }

    #[test]
    fn tasks_do_not_show_in_blocks() {
        let numbers: Vec<f32> = (0..PER_TASK + 512).map(|index| ((index * 71) % 997) as f32 / 500.0 - 1.0).collect();
        for block in BlockType::ALL {
            let whole = encode("w", &numbers, ElementType::Blocks(block)).unwrap();
            let rest = encode("w", &numbers[PER_TASK..], ElementType::Blocks(block)).unwrap();
            assert!(
                whole.ends_with(&rest) && whole.len() == numbers.len() / block.numbers() * block.bytes(),
                "{block}"
            );
        }
    }
}
