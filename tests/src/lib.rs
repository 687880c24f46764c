//! What the parity tests share: reference outputs and how close to them is close enough.
//!
//! Fixtures come from the folder in `ZONOS_FIXTURES`, or from the copy in this package.
#![allow(clippy::panic, clippy::expect_used)]

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use candle_core::{DType, Device, Tensor};
use zonos::DeviceChoice;

/// The device that `ZONOS_TEST_DEVICE` names (`cpu`, `cuda`, `cuda:1`, …), opened once for all tests; the CPU where it
/// names none.
///
/// # Panics
/// When there is no such device, with the reason.
pub fn device() -> Device {
    static DEVICE: OnceLock<Device> = OnceLock::new();
    let open = || {
        let name = std::env::var("ZONOS_TEST_DEVICE").unwrap_or_else(|_| "cpu".to_owned());
        name.parse().and_then(DeviceChoice::open).unwrap_or_else(|error| panic!("ZONOS_TEST_DEVICE: {error}"))
    };
    DEVICE.get_or_init(open).clone()
}

/// A path below the fixtures, such as `backbone_tiny/params.json`.
pub fn fixture(path: &str) -> PathBuf {
    std::env::var_os("ZONOS_FIXTURES").map_or_else(|| own_fixture(path), |root| PathBuf::from(root).join(path))
}

/// A path below this package's own fixtures, for tests that compare nothing with the reference. Where the tests run far
/// from the package, `ZONOS_FIXTURES` has to do.
pub fn own_fixture(path: &str) -> PathBuf {
    let own = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures"));
    let elsewhere = std::env::var_os("ZONOS_FIXTURES").filter(|_| !own.is_dir()).map(PathBuf::from);
    elsewhere.unwrap_or_else(|| own.to_owned()).join(path)
}

/// A JSON file below the fixtures.
pub fn json(path: &str) -> serde_json::Value {
    let text = std::fs::read_to_string(fixture(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A number of a JSON file that may be null.
pub fn index(value: &serde_json::Value) -> Option<usize> {
    value.as_u64().map(|number| number as usize)
}

/// All ids of a JSON list of lists.
pub fn ids(value: &serde_json::Value) -> Vec<u32> {
    let rows = value.as_array().expect("a list").iter();
    rows.flat_map(|row| row.as_array().expect("a list of lists")).map(|id| id.as_u64().expect("an id") as u32).collect()
}

/// The tensors of a reference file.
pub struct Goldens {
    tensors: HashMap<String, Tensor>,
}

impl Goldens {
    /// Reads a safetensors file below the fixtures.
    pub fn read(path: &str) -> Self {
        let tensors = candle_core::safetensors::load(fixture(path), &Device::Cpu);
        Self { tensors: tensors.unwrap_or_else(|error| panic!("{path}: {error}")) }
    }

    /// All names, sorted.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.tensors.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// Whether there is such a tensor.
    pub fn contains(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// The shape of a tensor.
    pub fn shape(&self, name: &str) -> Vec<usize> {
        self.get(name).dims().to_vec()
    }

    /// A tensor as stored.
    pub fn get(&self, name: &str) -> &Tensor {
        self.tensors.get(name).unwrap_or_else(|| panic!("no reference tensor `{name}`"))
    }

    /// A tensor's numbers, row by row.
    pub fn f32(&self, name: &str) -> Vec<f32> {
        values(self.get(name))
    }

    /// A tensor's integers, row by row.
    pub fn ids(&self, name: &str) -> Vec<u32> {
        let tensor = self.get(name).to_dtype(DType::I64).and_then(|tensor| tensor.flatten_all());
        let ids: Vec<i64> = tensor.and_then(|tensor| tensor.to_vec1()).expect("integers");
        ids.into_iter().map(|id| id as u32).collect()
    }
}

/// A tensor's numbers in float32, row by row.
pub fn values(tensor: &Tensor) -> Vec<f32> {
    let flat = tensor.to_dtype(DType::F32).and_then(|tensor| tensor.flatten_all());
    flat.and_then(|tensor| tensor.to_vec1()).expect("numbers")
}

/// Root of the mean squared difference.
pub fn rms_difference(a: &[f32], b: &[f32]) -> f64 {
    let squares: f64 = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum();
    (squares / a.len().max(1) as f64).sqrt()
}

/// Largest difference; infinite where a number is not finite.
pub fn max_difference(a: &[f32], b: &[f32]) -> f64 {
    let differences = a.iter().zip(b).map(|(a, b)| f64::from((a - b).abs()));
    differences.map(|difference| if difference.is_finite() { difference } else { f64::INFINITY }).fold(0.0, f64::max)
}

/// Fails unless all differences are at most `max`, and their root mean square at most `rms`.
#[track_caller]
pub fn assert_close(name: &str, actual: &[f32], expected: &[f32], max: f64, rms: Option<f64>) {
    assert_eq!(actual.len(), expected.len(), "{name}: number of values");
    let (found_max, found_rms) = (max_difference(actual, expected), rms_difference(actual, expected));
    println!("{name}: max {found_max:.3e} (bound {max:.1e}), rms {found_rms:.3e} (bound {rms:?})");
    assert!(found_max <= max, "{name}: max difference {found_max:.3e} is over {max:.1e} (rms {found_rms:.3e})");
    let rms = rms.unwrap_or(f64::INFINITY);
    assert!(found_rms <= rms, "{name}: rms difference {found_rms:.3e} is over {rms:.1e} (max {found_max:.3e})");
}
