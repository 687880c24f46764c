//! What torch archives may say, rightly and wrongly.

use candle_core::DType;

use crate::make::{Pickle, View, f32_bytes, floats, get, open, refused, replaced, safetensors, torch, torch_view, zip};

const FOUR: [f32; 4] = [1., 2., 3., 4.];

#[test]
fn flat_and_nested_dictionaries_hold_the_same() {
    let view = View::floats("0");
    let tensor = |pickle: Pickle| pickle.tensor(&view);
    let flat = Pickle::dict(&[("w", &tensor)]);
    let nested =
        |key| Pickle::dict(&[("epoch", &|pickle| pickle.int(3)), (key, &|pickle| pickle.pairs(&[("w", &tensor)]))]);
    for pickle in [flat, nested("model"), nested("state_dict")] {
        let checkpoint = open(&torch(pickle, &[("0", &f32_bytes(&FOUR))])).unwrap();
        assert_eq!(checkpoint.names(), ["w"]);
        assert_eq!(floats(&get(&checkpoint, "w", &[2, 2]).unwrap()), FOUR);
    }
}

#[test]
fn an_ordered_dictionary_filled_item_by_item_is_read() {
    let view = View::floats("0");
    let pickle = Pickle::new().global("collections", "OrderedDict").raw(b")Rq\x00");
    // Python leaves the dictionary's attributes as state at the end.
    let pickle = pickle.text("w").tensor(&view).raw(b"s}b");
    let checkpoint = open(&torch(pickle, &[("0", &f32_bytes(&FOUR))])).unwrap();
    assert_eq!(checkpoint.names(), ["w"]);
}

#[test]
fn a_parameter_is_its_tensor() {
    let view = View::floats("0");
    let parameter = |pickle: Pickle| {
        let call = pickle.global("torch._utils", "_rebuild_parameter").raw(b"(");
        call.tensor(&view).raw(b"\x88").global("collections", "OrderedDict").raw(b")RtR")
    };
    let checkpoint = open(&torch(Pickle::dict(&[("w", &parameter)]), &[("0", &f32_bytes(&FOUR))])).unwrap();
    assert_eq!(floats(&get(&checkpoint, "w", &[2, 2]).unwrap()), FOUR);
}

#[test]
fn a_repeated_name_has_its_last_value() {
    let (first, second) = (View::floats("0"), View::floats("1"));
    let pickle = Pickle::dict(&[("w", &|pickle| pickle.tensor(&first)), ("w", &|pickle| pickle.tensor(&second))]);
    let checkpoint = open(&torch(pickle, &[("0", &f32_bytes(&FOUR)), ("1", &f32_bytes(&[9.; 4]))])).unwrap();
    assert_eq!(floats(&get(&checkpoint, "w", &[2, 2]).unwrap()), [9.; 4]);
}

#[test]
fn every_plain_storage_type_is_read() {
    for (class, dtype, bytes) in [
        ("DoubleStorage", DType::F64, 1f64.to_le_bytes().to_vec()),
        ("FloatStorage", DType::F32, f32_bytes(&[1.])),
        ("HalfStorage", DType::F16, vec![0x00, 0x3c]),
        ("BFloat16Storage", DType::BF16, vec![0x80, 0x3f]),
        ("LongStorage", DType::I64, 1i64.to_le_bytes().to_vec()),
        ("IntStorage", DType::I32, vec![1, 0, 0, 0]),
        ("ShortStorage", DType::I16, vec![1, 0]),
        ("ByteStorage", DType::U8, vec![1]),
        ("BoolStorage", DType::U8, vec![1]),
    ] {
        let view = View { class, shape: &[1], stride: &[1], ..View::floats("0") };
        let checkpoint =
            open(&torch(Pickle::dict(&[("w", &|pickle| pickle.tensor(&view))]), &[("0", &bytes)])).unwrap();
        let tensor = get(&checkpoint, "w", &[1]).unwrap();
        assert_eq!((tensor.dtype(), floats(&tensor)), (dtype, vec![1.]), "{class}");
    }
}

#[test]
fn an_unknown_storage_type_is_named() {
    let view = View { class: "ComplexFloatStorage", ..View::floats("0") };
    let message = refused(&torch(Pickle::dict(&[("w", &|pickle| pickle.tensor(&view))]), &[("0", &[0; 64])]));
    assert!(message.contains("torch.ComplexFloatStorage"), "{message}");
}

#[test]
fn views_of_one_storage_are_read_where_they_lie() {
    let checkpoint = open(&torch_view(1, &[3], &[1])).unwrap();
    assert_eq!(floats(&get(&checkpoint, "w", &[3]).unwrap()), [2., 3., 4.]);
    let scalar = open(&torch_view(3, &[], &[])).unwrap();
    assert_eq!(floats(&get(&scalar, "w", &[]).unwrap()), [4.]);
    // The stride of an axis of one element says nothing.
    let single = open(&torch_view(0, &[1, 4], &[77, 1])).unwrap();
    assert_eq!(floats(&get(&single, "w", &[1, 4]).unwrap()), FOUR);
}

#[test]
fn empty_tensors_are_read_whatever_their_strides() {
    for (shape, stride) in [(&[0i64][..], &[1i64][..]), (&[2, 0, 3], &[3, 3, 1]), (&[0, 5], &[5, 1])] {
        let checkpoint = open(&torch_view(0, shape, stride)).unwrap();
        let shape: Vec<usize> = shape.iter().map(|&dim| dim as usize).collect();
        assert_eq!(get(&checkpoint, "w", &shape).unwrap().elem_count(), 0);
    }
}

#[test]
fn views_that_do_not_fit_are_refused() {
    for (offset, shape, stride, reason) in [
        (0, &[5i64][..], &[1i64][..], "beyond its storage"),
        (1, &[2, 2], &[2, 1], "beyond its storage"),
        (i64::MAX, &[1], &[1], "beyond its storage"),
        (0, &[i64::MAX, i64::MAX], &[i64::MAX, 1], "beyond its storage"),
        (0, &[2, 2], &[1, 2], "strided view"),
        (0, &[2], &[2], "strided view"),
        (0, &[4], &[0], "strided view"),
        (0, &[2, 2], &[1], "strided view"),
        (-1, &[1], &[1], "-1 is no size"),
        (0, &[-1], &[1], "-1 is no size"),
        (0, &[1], &[-1], "-1 is no size"),
        (0, &[1; 17], &[1; 17], "17 dimensions"),
    ] {
        let message = refused(&torch_view(offset, shape, stride));
        assert!(message.contains(reason), "{offset} {shape:?} {stride:?}: {message}");
    }
}

#[test]
fn a_missing_storage_is_named() {
    let view = View::floats("7");
    let message = refused(&torch(Pickle::dict(&[("w", &|pickle| pickle.tensor(&view))]), &[("0", &[0; 16])]));
    assert!(message.contains("tensor `w` lies in `data/7`"), "{message}");
}

#[test]
fn storages_outside_the_archive_are_out_of_reach() {
    let view = View::floats("../../../etc/passwd");
    let message = refused(&torch(Pickle::dict(&[("w", &|pickle| pickle.tensor(&view))]), &[("0", &[0; 16])]));
    assert!(message.contains("missing"), "{message}");
}

#[test]
fn numbers_in_the_other_byte_order_are_refused() {
    let view = View::floats("0");
    let pickle = Pickle::dict(&[("w", &|pickle| pickle.tensor(&view))]).finish();
    let files: [(&str, &[u8]); 3] = [("m/data.pkl", &pickle), ("m/data/0", &[0; 16]), ("m/byteorder", b"big")];
    assert!(refused(&zip(&files)).contains("little endian"));
    // Older versions of torch do not say; they knew one order only.
    assert_eq!(open(&zip(&files[..2])).unwrap().names(), ["w"]);
}

#[test]
fn the_pickle_is_found_by_its_whole_name() {
    let view = View::floats("0");
    let pickle = Pickle::dict(&[("w", &|pickle| pickle.tensor(&view))]).finish();
    let storage = f32_bytes(&FOUR);
    let bare: [(&str, &[u8]); 3] = [("data.pkl", &pickle), ("data/0", &storage), ("xdata.pkl", b"other")];
    assert_eq!(open(&zip(&bare)).unwrap().names(), ["w"]);
    let two: [(&str, &[u8]); 3] = [("a/data.pkl", &pickle), ("b/data.pkl", &pickle), ("a/data/0", &storage)];
    assert!(refused(&zip(&two)).contains("more than one data.pkl"));
}

#[test]
fn archives_of_other_things_say_what_is_missing() {
    assert!(refused(&zip(&[])).contains("without data.pkl"));
    assert!(refused(&zip(&[("word/document.xml", b"<w/>")])).contains("without data.pkl"));
    assert!(refused(&zip(&[("a/data.pkl", b"")])).contains("ends early"));
    assert!(refused(&zip(&[("a/data.pkl", &Pickle::new().raw(b"}").finish())])).contains("no tensors"));
    assert!(refused(&zip(&[("a/data.pkl", &Pickle::new().raw(b"K\x01").finish())])).contains("no tensors"));
    let inner = safetensors(&[("w", &[1], &[1.])]);
    assert!(refused(&zip(&[("model.safetensors", &inner)])).contains("without data.pkl"));
}

/// Sets the compression method of every file in the archive.
fn with_method(archive: &[u8], method: u8) -> Vec<u8> {
    let mut bytes = archive.to_vec();
    for start in 0..bytes.len().saturating_sub(12) {
        match &bytes[start..start + 4] {
            b"PK\x03\x04" => bytes[start + 8] = method,
            b"PK\x01\x02" => bytes[start + 10] = method,
            _ => {}
        }
    }
    bytes
}

#[test]
fn compressed_files_are_refused() {
    let message = refused(&with_method(&torch_view(0, &[4], &[1]), 8));
    assert!(message.contains("compressed or encrypted"), "{message}");
}

#[test]
fn sizes_that_lie_are_refused() {
    let storage = [0xabu8; 4096];
    let view = View { shape: &[1024], stride: &[1], ..View::floats("0") };
    let honest = torch(Pickle::dict(&[("w", &|pickle| pickle.tensor(&view))]), &[("0", &storage)]);
    assert_eq!(open(&honest).unwrap().names(), ["w"]);
    // The central directory says "uncompressed to 4 GiB", then both sizes say so.
    let central = [4096u32.to_le_bytes(), 4096u32.to_le_bytes()].concat();
    let places: Vec<_> = (0..honest.len()).filter(|&start| honest[start..].starts_with(&central)).collect();
    let last = *places.last().unwrap();
    for (first, field) in [(4, "one"), (0, "both")] {
        let mut bytes = honest.clone();
        bytes[last + first..last + 8]
            .chunks_mut(4)
            .for_each(|size| size.copy_from_slice(&0xffff_fff0u32.to_le_bytes()));
        let message = refused(&bytes);
        assert!(message.contains("damaged"), "{field}: {message}");
    }
}

#[test]
fn a_pickle_from_protocol_4_is_read() {
    let pickle = Pickle::new().raw(b"\x95\0\0\0\0\0\0\0\0}\x94(");
    let pickle = pickle.raw(b"\x8c\x04note").raw(b"C\x02ab").raw(b"\x8c\x03set\x8f(K\x01\x90");
    let pickle = pickle.raw(b"\x8c\x01w\x94").raw(b"\x8c\x0ctorch._utils\x8c\x12_rebuild_tensor_v2\x93(");
    let pickle = pickle.storage("FloatStorage", "0").int(0).raw(b"K\x02K\x02\x86K\x02K\x01\x86\x89NtRu");
    let checkpoint = open(&torch(pickle, &[("0", &f32_bytes(&FOUR))])).unwrap();
    assert_eq!(floats(&get(&checkpoint, "w", &[2, 2]).unwrap()), FOUR);
}

#[test]
fn a_changed_class_name_is_no_tensor() {
    let bytes = torch_view(0, &[4], &[1]);
    let changed = replaced(&bytes, b"_rebuild_tensor_v2", b"_rebuild_tensor_v9");
    assert!(refused(&changed).contains("no tensors"));
}
