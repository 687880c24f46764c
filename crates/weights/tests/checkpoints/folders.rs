//! Which files of a folder make up a checkpoint.

use zonos_weights::{Checkpoint, Error};

use crate::make::{Pickle, View, error_of, f32_bytes, floats, folder, get, safetensors, torch, write};

fn torch_file() -> Vec<u8> {
    let view = View::floats("0");
    torch(Pickle::dict(&[("torch", &|pickle| pickle.tensor(&view))]), &[("0", &f32_bytes(&[1., 2., 3., 4.]))])
}

#[test]
fn one_file_comes_before_parts_and_parts_before_torch() {
    let folder = folder();
    write(&folder, "model.pth", &torch_file());
    write(&folder, "config.json", b"{}");
    assert_eq!(Checkpoint::open(folder.path()).unwrap().names(), ["torch"]);
    write(&folder, "model-00002-of-00002.safetensors", &safetensors(&[("b", &[1], &[2.])]));
    write(&folder, "model-00001-of-00002.safetensors", &safetensors(&[("a", &[1], &[1.])]));
    let parts = Checkpoint::open(folder.path()).unwrap();
    assert_eq!(parts.names(), ["a", "b"]);
    assert_eq!(floats(&get(&parts, "b", &[1]).unwrap()), [2.]);
    write(&folder, "model.safetensors", &safetensors(&[("whole", &[1], &[0.])]));
    assert_eq!(Checkpoint::open(folder.path()).unwrap().names(), ["whole"]);
}

#[test]
fn a_single_file_may_have_any_name() {
    let folder = folder();
    write(&folder, "weights_44khz.pth", &torch_file());
    write(&folder, "config.json", b"{}");
    assert_eq!(Checkpoint::open(folder.path()).unwrap().names(), ["torch"]);
    write(&folder, "another.safetensors", &safetensors(&[("a", &[1], &[1.])]));
    assert!(matches!(error_of(Checkpoint::open(folder.path())), Error::NoCheckpoint { .. }));
}

#[test]
fn a_missing_part_is_named() {
    let folder = folder();
    write(&folder, "model-00001-of-00003.safetensors", &safetensors(&[("a", &[1], &[1.])]));
    write(&folder, "model-00003-of-00003.safetensors", &safetensors(&[("c", &[1], &[1.])]));
    let error = error_of(Checkpoint::open(folder.path()));
    assert!(matches!(&error, Error::MissingPart { .. }), "{error}");
    assert!(error.to_string().contains("model-00002-of-00003.safetensors"), "{error}");
}

#[test]
fn parts_with_names_of_another_kind_are_taken_as_they_are() {
    let folder = folder();
    write(&folder, "model-a.safetensors", &safetensors(&[("a", &[1], &[1.])]));
    write(&folder, "model-b-of-ours.safetensors", &safetensors(&[("b", &[1], &[1.])]));
    assert_eq!(Checkpoint::open(folder.path()).unwrap().names(), ["a", "b"]);
}

#[test]
fn the_same_name_in_two_parts_is_an_error() {
    let folder = folder();
    for part in ["model-1.safetensors", "model-2.safetensors"] {
        write(&folder, part, &safetensors(&[("same", &[1], &[1.])]));
    }
    let error = error_of(Checkpoint::open(folder.path()));
    assert!(matches!(&error, Error::Duplicate { name, .. } if name == "same"), "{error}");
}

#[test]
fn an_empty_folder_and_a_missing_file_say_so() {
    let folder = folder();
    assert!(matches!(error_of(Checkpoint::open(folder.path())), Error::NoCheckpoint { .. }));
    assert!(matches!(error_of(Checkpoint::open(folder.path().join("absent.safetensors"))), Error::Io { .. }));
}

#[cfg(unix)]
#[test]
fn a_device_is_no_checkpoint() {
    assert!(matches!(error_of(Checkpoint::open("/dev/zero")), Error::NoCheckpoint { .. }));
}

#[test]
fn a_damaged_part_is_named() {
    let folder = folder();
    write(&folder, "model-1.safetensors", &safetensors(&[("a", &[1], &[1.])]));
    write(&folder, "model-2.safetensors", b"nonsense");
    assert!(error_of(Checkpoint::open(folder.path())).to_string().contains("model-2.safetensors"));
}
