//! Every version against candle's product and against each other.

use candle_core::DType;
use proptest::prelude::*;

use super::*;
use crate::kernels::tests::{bits, uniform, values};

/// The product by each set of instructions that this processor has, of one element type.
fn products<T: Element>(x: &[f32], weight: &[T], size: Size) -> Vec<(Instructions, Vec<f32>)> {
    let product = |instructions| (instructions, product(instructions, x, weight, size));
    Instructions::available().into_iter().map(product).collect()
}

fn products_of(x: &Tensor, weight: &Tensor) -> Vec<(Instructions, Vec<f32>)> {
    let ((rows, inputs), outputs) = (x.dims2().unwrap(), weight.dim(0).unwrap());
    let (x, size) = (values(x), Size { rows, inputs, outputs });
    match weight.dtype() {
        DType::F32 => products::<f32>(&x, &weight.flatten_all().unwrap().to_vec1().unwrap(), size),
        DType::F16 => products::<half::f16>(&x, &weight.flatten_all().unwrap().to_vec1().unwrap(), size),
        _ => products::<half::bf16>(&x, &weight.flatten_all().unwrap().to_vec1().unwrap(), size),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_version_agrees_with_candle(rows in 1usize..12, inputs in 1usize..600, outputs in 1usize..80, seed: u64) {
        let (x, weight) = (uniform((rows, inputs), seed), uniform((outputs, inputs), !seed));
        for dtype in [DType::F32, DType::F16, DType::BF16] {
            let weight = weight.to_dtype(dtype).unwrap();
            let theirs = values(&x.matmul(&weight.to_dtype(DType::F32).unwrap().t().unwrap()).unwrap());
            for (instructions, ours) in products_of(&x, &weight) {
                for (a, b) in ours.iter().zip(&theirs) {
                    prop_assert!((a - b).abs() < 2e-4, "{a} {b} {dtype:?} {instructions:?}");
                }
            }
        }
    }

    /// All that multiply and add in one step give the same bits.
    #[test]
    fn vectors_of_every_width_give_the_same_bits(rows in 1usize..12, inputs in 1usize..600, seed: u64) {
        let (x, weight) = (uniform((rows, inputs), seed), uniform((40, inputs), !seed));
        for dtype in [DType::F32, DType::F16, DType::BF16] {
            let mut products = products_of(&x, &weight.to_dtype(dtype).unwrap());
            products.retain(|(instructions, _)| *instructions != Instructions::Plain);
            for (instructions, product) in &products {
                prop_assert_eq!(bits(product), bits(&products[0].1), "{:?}", instructions);
            }
        }
    }

    #[test]
    fn a_row_does_not_depend_on_its_neighbours(rows in 1usize..14, inputs in 1usize..600, seed: u64) {
        let (x, weight) = (uniform((rows, inputs), seed), uniform((77, inputs), !seed));
        for dtype in [DType::F32, DType::F16, DType::BF16] {
            let weight = weight.to_dtype(dtype).unwrap();
            let together = products_of(&x, &weight);
            for row in 0..rows {
                let alone = products_of(&x.narrow(0, row, 1).unwrap(), &weight);
                for ((instructions, alone), (_, together)) in alone.iter().zip(&together) {
                    prop_assert_eq!(bits(alone), bits(&together[row * 77..][..77]), "{:?}", instructions);
                }
            }
        }
    }
}

#[test]
fn what_does_not_fit_is_an_error() {
    assert!(rows_times_matrix(&uniform((1, 32), 1), &uniform((2, 64), 1)).is_err());
    assert!(rows_times_matrix(&uniform((1, 32), 1), &uniform((2, 32), 1).to_dtype(DType::F64).unwrap()).is_err());
}
