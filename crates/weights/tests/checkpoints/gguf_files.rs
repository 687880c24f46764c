//! What GGUF files hold: tensors plain and in blocks, metadata, and where they are found.

use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{DType, Device, Tensor};
use zonos_weights::{BlockType, Checkpoint, ElementType, Error, MetaValue, Metadata, TensorHead, write_gguf};

use crate::make::{error_of, f32_bytes, floats, folder, get, gguf, open, safetensors, write};

fn metadata(architecture: &str) -> Metadata {
    let mut metadata = Metadata::default();
    metadata.insert("general.architecture", architecture);
    metadata
}

/// Numbers in blocks: the bytes, and what they mean to candle.
fn quantized(shape: &[usize], block: GgmlDType) -> (Vec<u8>, Vec<f32>) {
    let count: usize = shape.iter().product();
    let numbers: Vec<f32> = (0..count).map(|index| ((index * 37) % 101) as f32 / 50.0 - 1.0).collect();
    let tensor = Tensor::from_vec(numbers, shape, &Device::Cpu).unwrap();
    let quantized = QTensor::quantize(&tensor, block).unwrap();
    (quantized.data().unwrap().to_vec(), floats(&quantized.dequantize(&Device::Cpu).unwrap()))
}

const Q4_K: ElementType = ElementType::Blocks(BlockType::Q4K);
const F32: ElementType = ElementType::Plain(DType::F32);

#[test]
fn plain_tensors_come_back_as_stored() {
    for (dtype, bytes) in [(DType::F32, f32_bytes(&[1.])), (DType::F16, vec![0, 0x3c]), (DType::BF16, vec![0x80, 0x3f])]
    {
        let checkpoint = open(&gguf(&Metadata::default(), &[("w", dtype.into(), &[1], &bytes)])).unwrap();
        let tensor = get(&checkpoint, "w", &[1]).unwrap();
        assert_eq!((tensor.dtype(), floats(&tensor)), (dtype, vec![1.]));
    }
}

#[test]
fn blocks_are_seen_where_they_lie_whole_and_in_part() {
    let (bytes, numbers) = quantized(&[3, 2, 256], GgmlDType::Q4K);
    let checkpoint = open(&gguf(&Metadata::default(), &[("w", Q4_K, &[3, 2, 256], &bytes)])).unwrap();
    let weights = checkpoint.weights(&Device::Cpu, None);
    assert_eq!(weights.element_type("w").unwrap(), Some(Q4_K));
    let whole = weights.get_quantized("w", &[3, 2, 256]).unwrap().unwrap();
    assert_eq!((whole.block_type(), whole.bytes()), (BlockType::Q4K, bytes.as_slice()));
    assert_eq!(whole.dequantize(), numbers);
    checkpoint.check_all_used().unwrap();
    let part = whole.part(2).unwrap();
    assert_eq!((part.shape(), part.dequantize()), (&[2, 256][..], numbers[1024..].to_vec()));
    let rows = part.narrow(1..2).unwrap();
    assert_eq!((rows.shape(), rows.dequantize()), (&[1, 256][..], numbers[1280..].to_vec()));
    assert!(whole.part(3).is_none() && whole.narrow(2..4).is_none() && rows.part(0).unwrap().part(0).is_none());
    drop(checkpoint);
    assert_eq!(whole.bytes(), bytes, "the view keeps the file mapped");
}

#[test]
fn blocks_are_widened_for_those_who_ask_for_a_tensor() {
    for (block, ggml) in [
        (BlockType::Q8_0, GgmlDType::Q8_0),
        (BlockType::Q6K, GgmlDType::Q6K),
        (BlockType::Q5K, GgmlDType::Q5K),
        (BlockType::Q4K, GgmlDType::Q4K),
    ] {
        let (bytes, numbers) = quantized(&[2, 512], ggml);
        let checkpoint =
            open(&gguf(&Metadata::default(), &[("w", ElementType::Blocks(block), &[2, 512], &bytes)])).unwrap();
        let weights = checkpoint.weights(&Device::Cpu, None);
        assert_eq!(floats(&weights.get_f32("w", &[2, 512]).unwrap()), numbers);
        assert_eq!(floats(&weights.get_part("w", &[2, 512], 1).unwrap()).len(), 512);
        assert_eq!(weights.get("w", &[2, 512]).unwrap().dtype(), DType::F16);
        let wanted = checkpoint.weights(&Device::Cpu, Some(DType::BF16));
        assert_eq!(wanted.get("w", &[2, 512]).unwrap().dtype(), DType::BF16);
    }
}

#[test]
fn plain_and_random_tensors_are_not_quantized() {
    let plain = open(&gguf(&Metadata::default(), &[("w", F32, &[1], &f32_bytes(&[1.]))])).unwrap();
    let random = Checkpoint::random(1, |_, _| zonos_weights::Init::FanIn(1));
    for checkpoint in [plain, random] {
        assert!(checkpoint.weights(&Device::Cpu, None).get_quantized("w", &[1]).unwrap().is_none());
    }
    assert!(Checkpoint::random(1, |_, _| zonos_weights::Init::FanIn(1)).raw("w").is_err());
}

#[test]
fn metadata_of_every_kind_comes_back() {
    let mut metadata = metadata("test");
    metadata.insert("count", 7usize);
    metadata.insert("large", MetaValue::Unsigned(1 << 40));
    metadata.insert("below", MetaValue::Signed(-3));
    metadata.insert("eps", 1e-5f32);
    metadata.insert("double", MetaValue::F64(0.1));
    metadata.insert("yes", true);
    metadata.insert("list", vec![1usize, 0, 1 << 40]);
    metadata.insert("names", vec!["a", "é", ""]);
    metadata.insert("nested", MetaValue::Array(vec![vec![1u32].into(), vec![2u32, 3].into()]));
    metadata.insert("none", MetaValue::Array(Vec::new()));
    let checkpoint = open(&gguf(&metadata, &[])).unwrap();
    assert_eq!(checkpoint.metadata(), &metadata);
    assert_eq!(checkpoint.architecture(), Some("test"));
    let value = |key| checkpoint.metadata().get(key).unwrap();
    assert_eq!((value("count").as_usize(), value("below").as_usize()), (Some(7), None));
    assert_eq!(value("eps").as_f64().map(|eps| eps as f32), Some(1e-5));
    assert_eq!((value("yes").as_bool(), value("names").as_array().map(<[_]>::len)), (Some(true), Some(3)));
    let renamed = checkpoint.rename(|name| Some(name.to_owned())).unwrap();
    assert_eq!(renamed.metadata(), &metadata);
}

#[test]
fn alignment_is_that_of_the_file() {
    let mut metadata = Metadata::default();
    metadata.insert("general.alignment", 64u32);
    let tensors: [(&str, ElementType, &[usize], &[u8]); 2] =
        [("a", F32, &[1], &f32_bytes(&[1.])), ("b", F32, &[2], &f32_bytes(&[2., 3.]))];
    let checkpoint = open(&gguf(&metadata, &tensors)).unwrap();
    assert_eq!(floats(&get(&checkpoint, "b", &[2]).unwrap()), [2., 3.]);
    for wrong in [0u32, 7, 12, 1 << 30] {
        metadata.insert("general.alignment", wrong);
        let folder = folder();
        let written = write_gguf::<Error>(folder.path().join("a.gguf"), &metadata, &[], |_, _| Ok(()));
        assert!(error_of(written).to_string().contains("general.alignment"));
    }
}

#[test]
fn a_writer_must_keep_to_its_plan() {
    let folder = folder();
    let path = folder.path().join("a.gguf");
    let head = |element, shape: &[usize]| TensorHead { name: "w".to_owned(), element, shape: shape.to_vec() };
    let write = |head: TensorHead, bytes: &'static [u8]| {
        write_gguf::<Error>(&path, &Metadata::default(), &[head], |_, file| {
            file.write_all(bytes).unwrap();
            Ok(())
        })
    };
    assert!(error_of(write(head(F32, &[2]), &[0; 4])).to_string().contains("4 bytes for a tensor of 8"));
    assert!(matches!(error_of(write(head(Q4_K, &[2, 96]), &[])), Error::Unstorable { .. }));
    assert!(matches!(error_of(write(head(DType::I64.into(), &[2]), &[0; 16])), Error::Unstorable { .. }));
    let failed = write_gguf(&path, &Metadata::default(), &[head(F32, &[1])], |_, _| Err(Error::Stopped));
    assert!(matches!(failed, Err(Error::Stopped)));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn bytes_of_the_program_are_read_without_a_file() {
    let bytes = gguf(&metadata("test"), &[("w", F32, &[1], &f32_bytes(&[5.]))]).leak();
    let checkpoint = Checkpoint::from_static("the built-in model", bytes).unwrap();
    assert_eq!(floats(&get(&checkpoint, "w", &[1]).unwrap()), [5.]);
    assert!(bytes.as_ptr_range().contains(&checkpoint.raw("w").unwrap().bytes.as_ptr()), "not copied");
    let plain = Checkpoint::from_static("the built-in model", safetensors(&[("a", &[1], &[1.])]).leak()).unwrap();
    assert_eq!(plain.names(), ["a"]);
    let broken = error_of(Checkpoint::from_static("the built-in model", b"GGUF")).to_string();
    assert!(broken.contains("the built-in model is damaged"), "{broken}");
}

#[test]
fn folders_hold_one_file_of_an_architecture() {
    let folder = folder();
    write(&folder, "only.gguf", &gguf(&metadata("speech"), &[("w", F32, &[1], &f32_bytes(&[1.]))]));
    assert_eq!(Checkpoint::open(folder.path()).unwrap().names(), ["w"]);
    write(&folder, "codec.gguf", &gguf(&metadata("codec"), &[]));
    write(&folder, "broken.gguf", b"GGUF");
    assert!(matches!(error_of(Checkpoint::open(folder.path())), Error::NoCheckpoint { .. }));
    let found = Checkpoint::find_gguf(folder.path(), "speech").unwrap().unwrap();
    assert!(found.path().ends_with("only.gguf"));
    assert!(Checkpoint::find_gguf(folder.path(), "other").unwrap().is_none());
    write(&folder, "second.gguf", &gguf(&metadata("speech"), &[]));
    let several = error_of(Checkpoint::find_gguf(folder.path(), "speech")).to_string();
    assert!(several.contains("only.gguf") && several.contains("second.gguf"), "{several}");
}

#[test]
fn a_checkpoint_is_saved_as_safetensors_tensor_by_tensor() {
    let folder = folder();
    let tensors: [(&str, ElementType, &[usize], &[u8]); 3] = [
        ("half", DType::F16.into(), &[3], &[0, 0x3c, 0, 0x40, 0, 0xbc]),
        ("z", F32, &[2, 1], &f32_bytes(&[1., 2.])),
        ("none", F32, &[0], &[]),
    ];
    let checkpoint = open(&gguf(&Metadata::default(), &tensors)).unwrap();
    let path = folder.path().join("a.safetensors");
    let mut seen = 0;
    checkpoint.save_safetensors(&path, |bytes| (seen = bytes, true).1).unwrap();
    assert_eq!(seen, checkpoint.bytes());
    let read = std::fs::read(&path).unwrap();
    let parsed = ::safetensors::SafeTensors::deserialize(&read).unwrap();
    assert_eq!(parsed.tensor("half").unwrap().data(), tensors[0].3);
    assert_eq!(floats(&get(&Checkpoint::open(&path).unwrap(), "z", &[2, 1]).unwrap()), [1., 2.]);
    let stopped = checkpoint.save_safetensors(folder.path().join("b.safetensors"), |_| false);
    assert!(matches!(error_of(stopped), Error::Stopped));
    let (bytes, _) = quantized(&[1, 256], GgmlDType::Q4K);
    let blocks = open(&gguf(&Metadata::default(), &[("w", Q4_K, &[1, 256], &bytes)])).unwrap();
    let refused = error_of(blocks.save_safetensors(folder.path().join("b.safetensors"), |_| true));
    assert!(refused.to_string().contains("`w` of shape [1, 256] cannot be stored as q4_k"), "{refused}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
