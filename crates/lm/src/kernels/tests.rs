//! What tests of kernels share.

use candle_core::quantized::QTensor;
use candle_core::{Device, Tensor};
use zonos_weights::{BlockType, Checkpoint, ElementType, Metadata, Quantized, TensorHead};

use super::instructions::Instructions;

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

pub(super) fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// The other tests compare all of these.
#[test]
fn instructions_of_this_processor() {
    let available = Instructions::available();
    println!("compared with the plain version: {available:?}");
    assert_eq!(available.first(), Some(&Instructions::Plain));
    assert_eq!(available.last(), Some(&Instructions::best()));
}
