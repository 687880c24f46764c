//! Products against plain versions, and that rows do not depend on each other.

use candle_core::quantized::QTensor;
use candle_core::{DType, Device, Tensor};
use proptest::prelude::*;
use zonos_weights::{BlockType, Checkpoint, ElementType, Metadata, Quantized, TensorHead};

use super::rows_times_matrix;

pub(super) fn uniform(shape: (usize, usize), seed: u64) -> Tensor {
    let rule = |_: &str, _: &[usize]| zonos_weights::Init::Around { center: 0.0, width: 1.0 };
    let checkpoint = zonos_weights::Checkpoint::random(seed, rule);
    checkpoint.weights(&Device::Cpu, None).get("x", &[shape.0, shape.1]).unwrap()
}

pub(super) fn values(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

/// Random numbers in blocks, out of a file as all of them are.
pub(super) fn blocks(block: BlockType, shape: &[usize], seed: u64) -> Quantized {
    let flat = uniform((shape.iter().product::<usize>() / shape[shape.len() - 1], shape[shape.len() - 1]), seed);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("blocks.gguf");
    let head = TensorHead { name: "w".to_owned(), element: ElementType::Blocks(block), shape: shape.to_vec() };
    let bytes = QTensor::quantize(&flat, crate::quantize::ggml_type(block)).unwrap().data().unwrap().to_vec();
    let write = |_, file: &mut dyn std::io::Write| -> zonos_weights::Result<()> {
        file.write_all(&bytes).unwrap();
        Ok(())
    };
    zonos_weights::write_gguf(&path, &Metadata::default(), &[head], write).unwrap();
    let checkpoint = Checkpoint::open(&path).unwrap();
    checkpoint.weights(&Device::Cpu, None).get_quantized("w", shape).unwrap().unwrap()
}

proptest! {
    #[test]
    fn agrees_with_the_plain_product(rows in 1usize..11, inputs in 1usize..300, outputs in 1usize..200, seed: u64) {
        let (x, weight) = (uniform((rows, inputs), seed), uniform((outputs, inputs), !seed));
        for dtype in [DType::F32, DType::F16, DType::BF16] {
            let weight = weight.to_dtype(dtype).unwrap();
            let plain = x.matmul(&weight.to_dtype(DType::F32).unwrap().t().unwrap()).unwrap();
            let product = rows_times_matrix(&x, &weight).unwrap();
            for (a, b) in values(&product).iter().zip(values(&plain)) {
                prop_assert!((a - b).abs() < 1e-4, "{a} {b} {dtype:?}");
            }
        }
    }

    #[test]
    fn a_row_does_not_depend_on_its_neighbours(rows in 1usize..11, inputs in 1usize..300, seed: u64) {
        let (x, weight) = (uniform((rows, inputs), seed), uniform((77, inputs), !seed));
        let together = rows_times_matrix(&x, &weight).unwrap();
        for row in 0..rows {
            let alone = rows_times_matrix(&x.narrow(0, row, 1).unwrap(), &weight).unwrap();
            prop_assert_eq!(values(&alone), values(&together.narrow(0, row, 1).unwrap()));
        }
    }
}
