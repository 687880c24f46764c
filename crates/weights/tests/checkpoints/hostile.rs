//! Files made to harm: nothing is executed, nothing panics, nothing grows without bound.

use std::sync::LazyLock;

use proptest::prelude::*;
use zonos_weights::Checkpoint;

use crate::make::{Pickle, View, f32_bytes, fixture, floats, folder, get, open, refused, safetensors, torch, write};

const FOUR: [f32; 4] = [1., 2., 3., 4.];

/// An archive whose dictionary holds, beside the tensor `w`, what `part` writes.
fn beside(part: impl Fn(Pickle) -> Pickle) -> Vec<u8> {
    let view = View::floats("0");
    let pickle = Pickle::dict(&[("odd", &part), ("w", &|pickle| pickle.tensor(&view))]);
    torch(pickle, &[("0", &f32_bytes(&FOUR))])
}

#[track_caller]
fn assert_only_w(bytes: &[u8]) {
    let checkpoint = open(bytes).unwrap();
    assert_eq!(checkpoint.names(), ["w"]);
    assert_eq!(floats(&get(&checkpoint, "w", &[2, 2]).unwrap()), FOUR);
}

#[test]
fn calls_are_not_made() {
    let folder = folder();
    let witness = folder.path().join("witness");
    let command = format!("touch {}", witness.display());
    let call = |pickle: Pickle| pickle.global("os", "system").raw(b"(").text(&command).raw(b"tR");
    assert_only_w(&beside(call));
    let whole = call(Pickle::new());
    assert!(refused(&torch(whole, &[])).contains("no tensors"));
    assert!(!witness.exists());
}

#[test]
fn lists_and_dictionaries_may_hold_themselves() {
    assert_only_w(&beside(|pickle| pickle.raw(b"]q\x05h\x05a")));
    assert_only_w(&beside(|pickle| pickle.raw(b"}q\x05").text("self").raw(b"h\x05s")));
    assert_only_w(&beside(|pickle| pickle.raw(b"]q\x05(h\x05h\x05h\x05e")));
    // The whole file is a dictionary that names itself as its model.
    let view = View::floats("0");
    let pickle = Pickle::new().raw(b"}q\x00").text("model").raw(b"h\x00s").text("w").tensor(&view).raw(b"s");
    assert_only_w(&torch(pickle, &[("0", &f32_bytes(&FOUR))]));
}

/// A test thread's stack is 2 MiB; a thousand bytes of it for each level would not last.
#[test]
fn deep_nesting_does_not_exhaust_the_stack() {
    let deep = vec![0x85; 500_000];
    assert_only_w(&beside(|pickle| pickle.raw(b")").raw(&deep)));
    assert!(refused(&torch(Pickle::new().raw(b")").raw(&deep), &[])).contains("no tensors"));
    assert!(refused(&torch(Pickle::new().raw(b")").raw(&deep).raw(b"K"), &[])).contains("ends early"));
    let dicts = b"}".iter().chain([b'K', 1].iter()).copied();
    let dicts: Vec<u8> = std::iter::repeat_n(dicts, 200_000).flatten().chain(vec![b'}']).collect();
    let closed = [&dicts[..], &vec![b's'; 200_000]].concat();
    assert_only_w(&beside(|pickle| pickle.raw(&closed)));
}

#[test]
fn objects_without_end_are_refused() {
    // Objects on the stack, in the memo, marks, and objects made and thrown away.
    for unit in [&b"]"[..], b"(", b"\x94", b"N0", b"N\x94"] {
        let many = unit.repeat(3 << 20);
        let message = refused(&torch(Pickle::new().raw(b"N").raw(&many), &[]));
        assert!(message.contains("more objects than any checkpoint"), "{message}");
    }
}

/// One long shape, repeated for a few bytes each, would take the square of the file's size.
#[test]
fn a_long_shape_is_refused() {
    let long = [&b"("[..], &b"K\x01".repeat(100_000), b"tq\x07"].concat();
    let pickle = Pickle::new().global("torch._utils", "_rebuild_tensor_v2").raw(b"(").storage("FloatStorage", "0");
    let pickle = pickle.int(0).raw(&long).raw(b"h\x07tR");
    assert!(refused(&torch(pickle, &[("0", &[0; 4])])).contains("100000 dimensions"));
}

/// One long text, recalled for many names, would take the square of the file's size.
#[test]
fn an_endless_class_name_is_refused() {
    let pickle = Pickle::new().text(&"m".repeat(100_000)).raw(b"q\x07").text("name").raw(b"\x93");
    assert!(refused(&torch(pickle, &[])).contains("endless name"));
}

/// Only numbers and short lists of them are kept of what an archive says beside its tensors.
#[test]
fn arguments_are_kept_within_bounds() {
    let view = View::floats("0");
    let arguments = |pickle: Pickle| {
        let list = [&b"("[..], &b"K\x01".repeat(1000), b"lq\x08"].concat();
        let pickle = pickle.raw(b"}").text("kwargs").raw(b"}(").text("rate").int(7).text("list").raw(&list);
        let pickle = pickle.text("text").text("none").text("self").raw(b"h\x08");
        let many = (0..200).fold(pickle, |pickle, index| pickle.text(&format!("k{index}")).raw(b"h\x08"));
        many.raw(b"us")
    };
    let pickle = Pickle::dict(&[("metadata", &arguments), ("w", &|pickle| pickle.tensor(&view))]);
    let checkpoint = open(&torch(pickle, &[("0", &f32_bytes(&FOUR))])).unwrap();
    let value = |key: &str| checkpoint.metadata().get(&format!("metadata.kwargs.{key}"));
    assert_eq!(value("rate").unwrap().as_usize(), Some(7));
    assert_eq!(value("list").unwrap().as_array().unwrap().len(), 64);
    assert_eq!((value("text"), value("k199")), (None, None));
    assert!(checkpoint.metadata().iter().len() <= 64 && !checkpoint.is_gguf());
}

#[test]
fn lengths_beyond_the_pickle_are_refused() {
    for length in
        [&b"X\xff\xff\xff\xff"[..], b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff", b"\x8b\xff\xff\xff\x7f", b"\x8a\xff"]
    {
        assert!(refused(&torch(Pickle::new().raw(length), &[])).contains("ends early"));
    }
}

#[test]
fn pickles_that_make_no_sense_are_refused() {
    for (pickle, reason) in [
        (&b""[..], "empty stack"),
        (b"0", "empty stack"),
        (b"t", "no mark"),
        (b"R", "empty stack"),
        (b"\x87", "empty stack"),
        (b"q\x00", "remembers nothing"),
        (b"h\x00", "never stored"),
        (b"}(K\x01u", "key but no value"),
        (b"(K\x01d", "key but no value"),
        (b"K\x01K\x02\x93", "class without a name"),
        (b"K\x01Q", "names no storage"),
        (b")Q", "names no storage"),
        (b"\xff", "opcode 0xff"),
        (b"i", "opcode 0x69"),
        (b"X\x01\0\0\0\xff", "utf-8"),
        (b"ctorch._utils\n_rebuild_tensor_v2\n)R", "wrong kind"),
    ] {
        let message = refused(&torch(Pickle::new().raw(pickle), &[]));
        assert!(message.contains(reason), "{pickle:?}: {message}");
    }
}

#[test]
fn numbers_too_long_for_64_bits_are_passed_over() {
    assert_only_w(&beside(|pickle| pickle.raw(b"\x8a\x10").raw(&[0xff; 16])));
    assert_only_w(&beside(|pickle| pickle.raw(b"\x8a\x00")));
}

fn small_safetensors() -> Vec<u8> {
    safetensors(&[("a", &[2, 3], &[0.5; 6]), ("b.c", &[1], &[2.]), ("none", &[0], &[])])
}

static TORCH: LazyLock<Vec<u8>> = LazyLock::new(|| beside(|pickle| pickle.raw(b"](K\x01K\x02e")));
static VOCODER: LazyLock<Vec<u8>> = LazyLock::new(|| std::fs::read(fixture("vocoder/dac_tiny.pth")).unwrap());

/// Opens what may be damaged and reads all that it claims to hold.
fn read_all(bytes: &[u8]) {
    let folder = folder();
    let Ok(checkpoint) = Checkpoint::open(write(&folder, "file", bytes)) else {
        return;
    };
    let weights = checkpoint.weights(&candle_core::Device::Cpu, None);
    for name in checkpoint.names() {
        let shape = weights.shape(name).unwrap().unwrap();
        assert_eq!(weights.get(name, shape).unwrap().dims(), shape);
        let _ = weights.get_part(name, shape, 0);
    }
}

/// Where the zip's table of contents begins.
fn directory(archive: &[u8]) -> usize {
    archive.windows(4).position(|window| window == b"PK\x01\x02").unwrap()
}

fn flipped(bytes: &[u8], flips: &[(usize, u8)], range: std::ops::Range<usize>) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (place, bits) in flips {
        bytes[range.start + place % range.len()] ^= bits;
    }
    bytes
}

fn flips() -> impl Strategy<Value = Vec<(usize, u8)>> {
    prop::collection::vec((any::<usize>(), any::<u8>()), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cut_files_are_errors(cut in any::<usize>()) {
        for bytes in [&small_safetensors(), &*TORCH] {
            let cut = cut % bytes.len();
            prop_assert!(open(&bytes[..cut]).is_err());
        }
    }

    #[test]
    fn flipped_headers_do_not_panic(flips in flips()) {
        let bytes = small_safetensors();
        read_all(&flipped(&bytes, &flips, 0..bytes.len() - 28));
    }

    #[test]
    fn flipped_archives_do_not_panic(flips in flips()) {
        read_all(&flipped(&TORCH, &flips, 0..TORCH.len()));
    }

    #[test]
    fn flipped_tables_of_contents_do_not_panic(flips in flips()) {
        read_all(&flipped(&TORCH, &flips, directory(&TORCH)..TORCH.len()));
    }

    #[test]
    fn random_pickles_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read_all(&torch(Pickle::new().raw(&bytes), &[("0", &[0; 16])]));
    }

    /// Opcodes and small numbers only: most of these get past the first byte.
    #[test]
    fn random_opcodes_do_not_panic(
        picks in prop::collection::vec(prop::sample::select(b"()]}tleasudqh0Q\x85\x86\x87\x81RbNK1\x00\x01\x94\x90\x91\x8f2".to_vec()), 0..60)
    ) {
        let view = View::floats("0");
        let pickle = Pickle::new().global("torch._utils", "_rebuild_tensor_v2").tensor(&view).raw(&picks);
        read_all(&torch(pickle, &[("0", &f32_bytes(&FOUR))]));
    }

    #[test]
    fn random_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read_all(&bytes);
        read_all(&[b"PK\x03\x04", &bytes[..]].concat());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_real_archive_with_flipped_bytes_does_not_panic(flips in flips(), cut in any::<usize>()) {
        let pickle_end = VOCODER.len().min(20_000);
        read_all(&flipped(&VOCODER, &flips, 0..pickle_end));
        read_all(&VOCODER[..cut % VOCODER.len()]);
    }
}
