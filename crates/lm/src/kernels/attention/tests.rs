//! Every version against tensor operations and against each other.

use candle_core::{DType, Device};
use candle_nn::ops::softmax_last_dim;
use half::{bf16, f16};
use proptest::prelude::*;

use super::*;
use crate::kernels::tests::{bits, values};

const CACHES: [DType; 3] = [DType::F32, DType::F16, DType::BF16];

fn uniform(shape: [usize; 3], seed: u64) -> Tensor {
    let rule = |_: &str, _: &[usize]| zonos_weights::Init::Around { center: 0.0, width: 2.0 };
    zonos_weights::Checkpoint::random(seed, rule).weights(&Device::Cpu, None).get("x", &shape).unwrap()
}

/// Keys or values of a cache that has `spare` rows more.
fn cache([heads, rows, width]: [usize; 3], spare: usize, dtype: DType, seed: u64) -> Tensor {
    uniform([heads, rows + spare, width], seed).to_dtype(dtype).unwrap().narrow(1, 0, rows).unwrap()
}

/// Attention by each set of instructions that this processor has.
fn versions(query: &Tensor, keys: &Tensor, values: &Tensor) -> Vec<(Instructions, Vec<f32>)> {
    match keys.dtype() {
        DType::F32 => versions_of::<f32>(query, keys, values),
        DType::F16 => versions_of::<f16>(query, keys, values),
        _ => versions_of::<bf16>(query, keys, values),
    }
}

fn versions_of<T: Element + WithDType>(
    query: &Tensor,
    keys: &Tensor,
    values: &Tensor,
) -> Vec<(Instructions, Vec<f32>)> {
    let numbers = crate::kernels::tests::values(query);
    let ((keys, keys_layout), (values, values_layout)) = (keys.storage_and_layout(), values.storage_and_layout());
    let size = Size::new(query.layout(), keys_layout, values_layout).unwrap();
    let (candle_core::Storage::Cpu(keys), candle_core::Storage::Cpu(values)) = (&*keys, &*values) else { panic!() };
    let by = |instructions| {
        let keys = Heads::new(keys.as_slice::<T>().unwrap(), keys_layout, size).unwrap();
        let values = Heads::new(values.as_slice::<T>().unwrap(), values_layout, size).unwrap();
        let query = Query { numbers: &numbers, scale: 0.3 };
        (instructions, Batch { instructions, query, keys, values, size }.attend())
    };
    Instructions::available().into_iter().map(by).collect()
}

/// What tensor operations make of the newest row.
fn plain(query: &Tensor, keys: &Tensor, values: &Tensor) -> Vec<f32> {
    let (kv_heads, group) = (keys.dim(0).unwrap(), query.dim(0).unwrap() / keys.dim(0).unwrap());
    let (keys, values) = (keys.to_dtype(DType::F32).unwrap(), values.to_dtype(DType::F32).unwrap());
    let grouped = query.reshape((kv_heads, group, ())).unwrap();
    let scores = (grouped.matmul(&keys.t().unwrap()).unwrap() * 0.3).unwrap();
    crate::kernels::tests::values(&softmax_last_dim(&scores).unwrap().matmul(&values).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_version_agrees_with_tensor_operations(
        kv_heads in 1usize..4, group in 1usize..7, rows in 1usize..600, spare in 0usize..5, width in 1usize..140, seed: u64,
    ) {
        for dtype in CACHES {
            let [keys, values] = [1, 2].map(|salt| cache([kv_heads, rows, width], spare, dtype, seed ^ salt));
            let query = uniform([kv_heads * group, 1, width], seed);
            let expected = plain(&query, &keys, &values);
            for (instructions, found) in versions(&query, &keys, &values) {
                for (a, b) in found.iter().zip(&expected) {
                    prop_assert!((a - b).abs() < 1e-4, "{a} {b} {dtype:?} {instructions:?}");
                }
            }
        }
    }

    /// All that multiply and add in one step give the same bits.
    #[test]
    fn vectors_of_every_width_give_the_same_bits(group in 1usize..6, rows in 1usize..300, width in 1usize..140, seed: u64) {
        for dtype in CACHES {
            let [keys, values] = [1, 2].map(|salt| cache([2, rows, width], 0, dtype, seed ^ salt));
            let mut found = versions(&uniform([2 * group, rows.min(3), width], seed), &keys, &values);
            found.retain(|(instructions, _)| *instructions != Instructions::Plain);
            for (instructions, output) in &found {
                prop_assert_eq!(bits(output), bits(&found[0].1), "{:?}", instructions);
            }
        }
    }

    /// The same bits as alone, with what came before.
    #[test]
    fn a_row_sees_what_came_before_it(rows in 1usize..400, new in 1usize..40, group in 1usize..6, seed: u64) {
        let (new, width) = (new.min(rows), 24);
        let [keys, values_] = [1, 2].map(|salt| cache([2, rows, width], 0, DType::F16, seed ^ salt));
        let query = uniform([2 * group, new, width], seed);
        let together = attend(&query, &keys, &values_, 0.3).unwrap();
        for row in 0..new {
            let seen = |all: &Tensor| all.narrow(1, 0, rows - new + row + 1).unwrap();
            let query = query.narrow(1, row, 1).unwrap();
            let alone = attend(&query, &seen(&keys), &seen(&values_), 0.3).unwrap();
            prop_assert_eq!(bits(&values(&alone)), bits(&values(&together.narrow(0, row, 1).unwrap())));
        }
    }
}

/// So many that parts of all of them are not made at once.
#[test]
fn many_rows_have_the_bits_that_they_have_alone() {
    let (rows, new, width) = (1500, 700, 16);
    let [keys, values_] = [1, 2].map(|salt| cache([2, rows, width], 0, DType::F16, salt));
    let query = uniform([12, new, width], 5);
    let together = attend(&query, &keys, &values_, 0.3).unwrap();
    for row in [0, 1, 7, 8, 300, 699] {
        let seen = |all: &Tensor| all.narrow(1, 0, rows - new + row + 1).unwrap();
        let alone = attend(&query.narrow(1, row, 1).unwrap(), &seen(&keys), &seen(&values_), 0.3).unwrap();
        assert_eq!(bits(&values(&alone)), bits(&values(&together.narrow(0, row, 1).unwrap())), "{row}");
    }
}

/// Scores that would overflow without taking off the largest, in any section.
#[test]
fn large_scores_stay_finite() {
    let (rows, width) = (300, 16);
    for large in [0, 127, 128, 299] {
        let mut keys = vec![0.0; rows * width];
        keys[large * width] = 1000.0;
        let numbers = (0..rows * width).map(|at| (at / width) as f32).collect();
        let tensor = |numbers: Vec<f32>| Tensor::from_vec(numbers, (1, rows, width), &Device::Cpu).unwrap();
        let query = Tensor::ones((1, 1, width), DType::F32, &Device::Cpu).unwrap();
        let found = values(&attend(&query, &tensor(keys), &tensor(numbers), 1.0).unwrap());
        assert!(found.iter().all(|value| (value - large as f32).abs() < 1e-3), "{large}: {found:?}");
    }
}

#[test]
fn what_is_no_number_stays_none() {
    let (query, keys) = (uniform([1, 1, 8], 1), uniform([1, 200, 8], 2));
    let mut wrong = values(&keys);
    wrong[150 * 8 + 3] = f32::NAN;
    let wrong = Tensor::from_vec(wrong, (1, 200, 8), &Device::Cpu).unwrap();
    assert!(values(&attend(&query, &wrong, &keys, 1.0).unwrap()).iter().all(|value| value.is_nan()));
    assert!(values(&attend(&query, &keys, &wrong, 1.0).unwrap())[3].is_nan());
}

#[test]
fn what_does_not_fit_is_refused() {
    let (query, keys) = (uniform([2, 1, 8], 1), uniform([2, 5, 8], 2));
    let turned = uniform([2, 8, 5], 3).transpose(1, 2).unwrap();
    assert!(attend(&query, &turned, &keys, 1.0).is_err());
    assert!(attend(&query, &keys, &turned, 1.0).is_err());
    assert!(attend(&uniform([2, 6, 8], 1), &keys, &keys, 1.0).is_err());
    assert!(attend(&uniform([3, 1, 8], 1), &keys, &keys, 1.0).is_err());
    assert!(attend(&query, &keys, &keys.to_dtype(DType::F16).unwrap(), 1.0).is_err());
}
