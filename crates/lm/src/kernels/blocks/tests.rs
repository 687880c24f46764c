//! Every version against the plain one, and that against widened weights.

use candle_core::{DType, Device};
use proptest::prelude::*;

use super::*;
use crate::kernels::tests::{bits, blocks, uniform, values};

fn product_by(instructions: Instructions, x: &Tensor, matrix: &Quantized) -> Vec<f32> {
    let (rows, inputs) = x.dims2().unwrap();
    let weights = Weights { block: matrix.block_type(), bytes: matrix.bytes(), inputs };
    let size = Size { rows, inputs, outputs: matrix.shape()[0] };
    product(instructions, &values(x), weights, size)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// To what rounding activations to 15 bits leaves.
    #[test]
    fn agrees_with_widened_weights(rows in 1usize..20, inputs in 1usize..4, outputs in 1usize..60, seed: u64) {
        for block in BlockType::ALL {
            let inputs = inputs * block.numbers();
            let matrix = blocks(block, &[outputs, inputs], seed);
            let x = uniform((rows, inputs), !seed);
            let widened = Tensor::from_vec(matrix.dequantize(), (outputs, inputs), &Device::Cpu).unwrap();
            let theirs = values(&x.matmul(&widened.t().unwrap()).unwrap());
            let ours = rows_times_blocks(&x, &matrix).unwrap();
            prop_assert_eq!(ours.dtype(), DType::F32);
            // Half a step for each number, which mostly cancel out.
            let tolerance = 4.0 * (inputs as f32).sqrt() * 0.5 / 16383.0;
            for (a, b) in values(&ours).iter().zip(&theirs) {
                prop_assert!((a - b).abs() < tolerance, "{a} {b} {block}");
            }
        }
    }

    #[test]
    fn every_version_gives_the_same_bits(rows in 1usize..36, inputs in 1usize..12, outputs in 1usize..40, seed: u64) {
        for block in BlockType::ALL {
            let inputs = if block == BlockType::Q8_0 { inputs * 32 } else { inputs.div_ceil(4) * 256 };
            let matrix = blocks(block, &[outputs, inputs], seed);
            let x = uniform((rows, inputs), !seed);
            let plain = bits(&product_by(Instructions::Plain, &x, &matrix));
            for instructions in Instructions::available() {
                prop_assert_eq!(&bits(&product_by(instructions, &x, &matrix)), &plain, "{} {:?}", block, instructions);
            }
        }
    }

    #[test]
    fn a_row_does_not_depend_on_its_neighbours(rows in 1usize..40, seed: u64) {
        for block in BlockType::ALL {
            let matrix = blocks(block, &[77, 512], seed);
            let x = uniform((rows, 512), !seed);
            let together = values(&rows_times_blocks(&x, &matrix).unwrap());
            for row in 0..rows {
                let alone = rows_times_blocks(&x.narrow(0, row, 1).unwrap(), &matrix).unwrap();
                prop_assert_eq!(bits(&values(&alone)), bits(&together[row * 77..][..77]));
            }
        }
    }
}

/// The largest sums that integers can come to, and every pattern of bits.
#[test]
fn extreme_blocks_do_not_overflow() {
    for block in BlockType::ALL {
        for byte in [0x00, 0x7f, 0x80, 0xff, 0xe0] {
            let mut bytes = vec![byte; 2 * span_bytes(block)];
            let factors: &[usize] = match block {
                BlockType::Q8_0 => &[0],
                BlockType::Q6K => &[208],
                BlockType::Q5K | BlockType::Q4K => &[0, 2],
            };
            for block in bytes.chunks_mut(block.bytes()) {
                factors.iter().for_each(|&at| block[at..at + 2].copy_from_slice(&half::f16::ONE.to_le_bytes()));
            }
            let mut widened = [0.0; 2 * SPAN];
            block.dequantize(&bytes, &mut widened);
            let x: Vec<f32> = widened.iter().map(|number| number.signum()).collect();
            let exact: f64 = widened.iter().zip(&x).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            for instructions in Instructions::available() {
                // By rows, and by panels.
                for rows in [1, panels_from(instructions)] {
                    let weights = Weights { block, bytes: &bytes, inputs: 2 * SPAN };
                    let size = Size { rows, inputs: 2 * SPAN, outputs: 1 };
                    for found in product(instructions, &x.repeat(rows), weights, size) {
                        let difference = (f64::from(found) - exact).abs();
                        assert!(difference <= exact.abs() * 1e-5, "{found} {exact} {block} {byte} {instructions:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn what_does_not_fit_is_an_error() {
    let matrix = blocks(BlockType::Q8_0, &[2, 64], 1);
    assert!(rows_times_blocks(&uniform((1, 32), 1), &matrix).is_err());
}
