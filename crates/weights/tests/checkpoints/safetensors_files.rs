//! What safetensors files may say, rightly and wrongly.

use candle_core::{DType, Device};
use zonos_weights::Checkpoint;

use crate::make::{f32_bytes, floats, folder, get, open, refused, safetensors, safetensors_raw, write};

#[test]
fn tensors_come_back_as_stored_whatever_the_file_is_called() {
    let folder = folder();
    let path = write(&folder, "weights.pth", &safetensors(&[("a.b", &[2, 3], &[1., 2., 3., 4., 5., 6.])]));
    let checkpoint = Checkpoint::open(&path).unwrap();
    assert_eq!(checkpoint.path(), path);
    assert_eq!(checkpoint.bytes(), 24);
    assert_eq!(floats(&get(&checkpoint, "a.b", &[2, 3]).unwrap()), [1., 2., 3., 4., 5., 6.]);
}

#[test]
fn every_plain_element_type_is_read() {
    for (stored, made, bytes) in [
        ("F64", DType::F64, 1f64.to_le_bytes().to_vec()),
        ("F32", DType::F32, f32_bytes(&[1.])),
        ("F16", DType::F16, vec![0x00, 0x3c]),
        ("BF16", DType::BF16, vec![0x80, 0x3f]),
        ("I64", DType::I64, 1i64.to_le_bytes().to_vec()),
        ("I32", DType::I32, vec![1, 0, 0, 0]),
        ("U32", DType::U32, vec![1, 0, 0, 0]),
        ("I16", DType::I16, vec![1, 0]),
        ("U8", DType::U8, vec![1]),
        ("BOOL", DType::U8, vec![1]),
    ] {
        let header = format!(r#"{{"w":{{"dtype":"{stored}","shape":[1],"data_offsets":[0,{}]}}}}"#, bytes.len());
        let checkpoint = open(&safetensors_raw(&header, &bytes)).unwrap();
        let tensor = get(&checkpoint, "w", &[1]).unwrap();
        assert_eq!(tensor.dtype(), made);
        assert_eq!(floats(&tensor), [1.], "{stored}");
    }
}

#[test]
fn an_exotic_type_is_named() {
    let header = r#"{"w":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}"#;
    assert!(refused(&safetensors_raw(header, &[0])).contains("`w` has unsupported type"));
}

#[test]
fn the_wanted_type_replaces_the_stored_one() {
    let checkpoint = open(&safetensors(&[("w", &[1], &[1.0 + 1.0 / 1024.0])])).unwrap();
    let half = checkpoint.weights(&Device::Cpu, Some(DType::BF16));
    assert_eq!(half.get("w", &[1]).unwrap().dtype(), DType::BF16);
    assert_eq!(half.get_f32("w", &[1]).unwrap().dtype(), DType::F32);
    assert_eq!(floats(&half.get_f32("w", &[1]).unwrap()), [1.0 + 1.0 / 1024.0]);
}

#[test]
fn data_at_an_odd_address_is_read() {
    let header = r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
    for padding in 0..8 {
        let header = format!("{header}{}", " ".repeat(padding));
        let checkpoint = open(&safetensors_raw(&header, &f32_bytes(&[1., -2.]))).unwrap();
        assert_eq!(floats(&get(&checkpoint, "w", &[2]).unwrap()), [1., -2.]);
    }
}

#[test]
fn empty_tensors_and_scalars_are_read() {
    let bytes = safetensors(&[("none", &[2, 0, 3], &[]), ("one", &[], &[7.])]);
    let checkpoint = open(&bytes).unwrap();
    assert_eq!(get(&checkpoint, "none", &[2, 0, 3]).unwrap().elem_count(), 0);
    assert_eq!(floats(&get(&checkpoint, "one", &[]).unwrap()), [7.]);
}

/// A header of 19,280 bytes has a length that begins with the letters PK, like a zip archive.
#[test]
fn a_header_length_that_spells_zip_is_no_zip() {
    let header = format!("{:<19280}", r#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#);
    let bytes = safetensors_raw(&header, &f32_bytes(&[3.]));
    assert!(bytes.starts_with(b"PK"));
    assert_eq!(floats(&get(&open(&bytes).unwrap(), "w", &[1]).unwrap()), [3.]);
}

#[test]
fn headers_that_lie_are_refused() {
    for header in [
        r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
        r#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#,
        r#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
        r#"{"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#,
        r#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,400]}}"#,
        r#"{"w":{"dtype":"U8","shape":[18446744073709551615],"data_offsets":[0,18446744073709551615]}}"#,
        r#"{"w":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#,
        r#"{"w":{"dtype":"F32","shape":[0,4611686018427387904,4611686018427387904],"data_offsets":[0,0]},
            "v":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
        r#"{"w":[]}"#,
        "[[[[",
        "",
    ] {
        let message = refused(&safetensors_raw(header, &[0; 4]));
        assert!(message.contains("damaged or of another format"), "{message}");
    }
}

#[test]
fn a_deeply_nested_header_is_refused() {
    let message = refused(&safetensors_raw(&"[".repeat(1 << 20), &[]));
    assert!(message.contains("damaged"), "{message}");
}

#[test]
fn a_length_beyond_the_file_is_refused() {
    for length in [9, u64::from(u32::MAX), u64::MAX] {
        let bytes = [&length.to_le_bytes()[..], b"{}"].concat();
        assert!(refused(&bytes).contains("damaged"));
    }
}

#[test]
fn other_formats_are_named() {
    assert!(refused(b"").contains("damaged"));
    assert!(refused(b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M").contains("before version 1.6"));
    assert!(refused(b"GGUF\x03\0\0\0\0\0\0\0").contains("GGUF"));
    assert!(refused(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n").contains("git lfs pull"));
    assert!(refused(b"<!DOCTYPE html><html>sign in</html>").contains("damaged"));
}
