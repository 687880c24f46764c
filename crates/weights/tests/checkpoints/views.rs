//! Names, shapes and the account of what was used.

use candle_core::Device;
use zonos_weights::{Checkpoint, Error, Init};

use crate::make::{error_of, floats, get, open, safetensors};

fn small() -> Checkpoint {
    open(&safetensors(&[
        ("layers.0.w", &[2, 2], &[1., 2., 3., 4.]),
        ("layers.0.scalar", &[], &[5.]),
        ("none", &[0, 2], &[]),
        ("none.deep", &[2, 0], &[]),
    ]))
    .unwrap()
}

#[test]
fn prefixes_join_with_dots() {
    let checkpoint = small();
    let root = checkpoint.weights(&Device::Cpu, None);
    let layer = root.at("layers").at(0);
    assert!(layer.contains("w") && !layer.contains("layers.0.w") && !root.contains("w"));
    assert_eq!(layer.shape("w").unwrap(), Some(&[2, 2][..]));
    assert_eq!(floats(&layer.get("w", &[2, 2]).unwrap()), [1., 2., 3., 4.]);
    assert!(layer.device().is_cpu());
}

#[test]
fn a_missing_tensor_and_a_wrong_shape_are_named() {
    let checkpoint = small();
    let missing = error_of(get(&checkpoint, "layers.1.w", &[2, 2]));
    assert!(matches!(&missing, Error::Missing { name, .. } if name == "layers.1.w"), "{missing}");
    let wrong = error_of(get(&checkpoint, "layers.0.w", &[4]));
    assert!(wrong.to_string().contains("has shape [2, 2], the configuration asks for [4]"), "{wrong}");
    assert!(checkpoint.weights(&Device::Cpu, None).shape("absent").is_err());
}

#[test]
fn parts_are_elements_of_the_first_axis() {
    let checkpoint = small();
    let weights = checkpoint.weights(&Device::Cpu, None);
    assert_eq!(floats(&weights.get_part("layers.0.w", &[2, 2], 1).unwrap()), [3., 4.]);
    assert_eq!(weights.get_part("none.deep", &[2, 0], 1).unwrap().dims(), [0]);
    assert!(matches!(error_of(weights.get_part("layers.0.w", &[4], 0)), Error::Shape { .. }));
    assert!(matches!(error_of(weights.get_part("absent", &[4], 0)), Error::Missing { .. }));
}

#[test]
fn tables_give_the_elements_that_are_asked_for() {
    let checkpoint = small();
    let weights = checkpoint.weights(&Device::Cpu, None);
    let table = weights.get_table("layers.0.w", &[2, 2]).unwrap().unwrap();
    let found = table.gather(&[1, 0, 1]).unwrap();
    assert_eq!((found.dims(), floats(&found)), (&[3, 2][..], vec![3., 4., 1., 2., 3., 4.]));
    assert!(matches!(error_of(table.gather(&[0, 2])), Error::Part { index: 2, .. }));
    assert!(matches!(error_of(table.gather(&[])), Error::Tensor { .. }));
    assert!(matches!(error_of(weights.get_table("layers.0.w", &[4])), Error::Shape { .. }));
    let random = Checkpoint::random(1, |_, _| Init::FanIn(2));
    assert!(random.weights(&Device::Cpu, None).get_table("w", &[2, 2]).unwrap().is_none());
    let error = checkpoint.check_all_used().unwrap_err().to_string();
    assert!(!error.contains("layers.0.w"), "{error}");
}

#[test]
fn parts_that_are_not_there_are_an_error() {
    let files = small();
    let random = Checkpoint::random(1, |_, _| Init::FanIn(2));
    for checkpoint in [&files, &random] {
        let weights = checkpoint.weights(&Device::Cpu, None);
        let shapes: [(&str, &[usize], usize); 4] = [
            ("layers.0.w", &[2, 2], 2),
            ("layers.0.w", &[2, 2], usize::MAX),
            ("layers.0.scalar", &[], 0),
            ("none", &[0, 2], 0),
        ];
        for (name, shape, index) in shapes {
            let error = error_of(weights.get_part(name, shape, index));
            assert!(matches!(error, Error::Part { .. }), "{name} {index}: {error}");
        }
    }
}

#[test]
fn unused_tensors_are_named() {
    let checkpoint = small();
    get(&checkpoint, "layers.0.w", &[2, 2]).unwrap();
    checkpoint.weights(&Device::Cpu, None).get_part("none.deep", &[2, 0], 0).unwrap();
    let error = error_of(checkpoint.check_all_used());
    assert!(matches!(&error, Error::Unknown { names, .. } if *names == ["layers.0.scalar", "none"]), "{error}");
}

#[test]
fn many_unused_tensors_are_counted() {
    let names: Vec<String> = (0..20).map(|index| format!("t{index:02}")).collect();
    let tensors: Vec<(&str, &[usize], &[f32])> =
        names.iter().map(|name| (name.as_str(), &[1][..], &[0.][..])).collect();
    let message = error_of(open(&safetensors(&tensors)).unwrap().check_all_used()).to_string();
    assert!(message.ends_with("t06, t07 and 12 more"), "{message}");
}

#[test]
fn looking_at_a_tensor_does_not_use_it() {
    let checkpoint = open(&safetensors(&[("w", &[1], &[1.])])).unwrap();
    let weights = checkpoint.weights(&Device::Cpu, None);
    assert!(weights.contains("w") && weights.shape("w").is_ok());
    assert!(checkpoint.check_all_used().is_err());
}

#[test]
fn renaming_moves_and_drops() {
    let renamed = small().rename(|name| name.strip_prefix("layers.").map(str::to_owned)).unwrap();
    assert_eq!(renamed.names(), ["0.scalar", "0.w"]);
    assert_eq!(floats(&get(&renamed, "0.w", &[2, 2]).unwrap()), [1., 2., 3., 4.]);
}

#[test]
fn renaming_two_tensors_alike_is_an_error() {
    let error = error_of(small().rename(|_| Some("same".to_owned())));
    assert!(matches!(&error, Error::Duplicate { name, .. } if name == "same"), "{error}");
}
