//! The golden checkpoints, written by torch and by safetensors from the same values.

use candle_core::{DType, Device, Tensor};
use safetensors::{Dtype, SafeTensors};
use zonos_weights::Checkpoint;

use crate::make::{fixture, get};

fn bytes(tensor: &Tensor) -> Vec<u8> {
    // The narrower type decides; widening bfloat16 loses nothing.
    let values = tensor.to_dtype(DType::F32).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
    values.iter().flat_map(|value| value.to_bits().to_le_bytes()).collect()
}

fn stored(checkpoint: &Checkpoint, name: &str) -> Tensor {
    let weights = checkpoint.weights(&Device::Cpu, None);
    let shape = weights.shape(name).unwrap().unwrap();
    weights.get(name, shape).unwrap()
}

fn assert_same(pair: [&str; 2], other_type: fn(&str) -> Option<DType>) {
    let [plain, torch] = pair.map(|name| Checkpoint::open(fixture(name)).unwrap());
    assert_eq!(plain.names(), torch.names());
    for name in plain.names() {
        let (left, right) = (stored(&plain, name), stored(&torch, name));
        assert_eq!(left.dims(), right.dims(), "{name}");
        assert_eq!(right.dtype(), other_type(name).unwrap_or(left.dtype()), "{name}");
        assert_eq!(bytes(&left), bytes(&right), "{name}");
    }
    torch.check_all_used().unwrap();
    plain.check_all_used().unwrap();
}

#[test]
fn backbone_is_the_same_in_both_formats() {
    assert_same(["backbone_tiny/model.safetensors", "backbone_tiny/model.pth"], |name| {
        name.ends_with(".balancing_biases").then_some(DType::F32)
    });
    assert_eq!(Checkpoint::open(fixture("backbone_tiny/model.pth")).unwrap().names().len(), 99);
}

#[test]
fn vocoder_is_the_same_in_both_formats() {
    assert_same(["vocoder/dac_tiny.safetensors", "vocoder/dac_tiny.pth"], |_| None);
}

#[test]
fn every_golden_file_opens_with_all_its_tensors() {
    for name in ["backbone_tiny/goldens", "vocoder/dac_tiny", "speaker/goldens", "speaker/model", "sampler/sampler"] {
        let path = fixture(&format!("{name}.safetensors"));
        let file = std::fs::read(&path).unwrap();
        let expected = SafeTensors::deserialize(&file).unwrap();
        let checkpoint = Checkpoint::open(&path).unwrap();
        assert_eq!(checkpoint.names().len(), expected.len(), "{name}");
        for tensor in checkpoint.names() {
            let view = expected.tensor(tensor).unwrap();
            let made = get(&checkpoint, tensor, view.shape()).unwrap();
            assert_eq!(made.dims(), view.shape(), "{tensor}");
            if view.dtype() == Dtype::I32 {
                let values = made.flatten_all().unwrap().to_vec1::<i32>().unwrap();
                let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
                assert_eq!(raw, view.data(), "{tensor}");
            }
        }
    }
}
