use std::fmt;
use std::str::FromStr;

use candle_core::{DType, Device};

use crate::{Card, Error, Result};

/// Where a model computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// CUDA where it is compiled in and a card is found, else Metal, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// An NVIDIA card, by number.
    Cuda(usize),
    /// An Apple GPU, by number.
    Metal(usize),
}

impl DeviceChoice {
    /// Opens the device, for programs that use the crates below this one by themselves.
    ///
    /// # Errors
    /// When it is not there, is not compiled in, or does not run this build; in one sentence.
    pub fn open(self) -> Result<Device> {
        self.open_for(0)
    }

    /// Opens the device for a model that needs `bytes` of memory there. What does not fit a card is left to the CPU
    /// where the choice is open.
    pub(crate) fn open_for(self, bytes: u64) -> Result<Device> {
        match self {
            Self::Auto => Ok(Self::best(bytes)),
            Self::Cpu => Ok(Device::Cpu),
            Self::Cuda(ordinal) => self.fitting(cuda(ordinal), bytes),
            Self::Metal(ordinal) => self.fitting(metal(ordinal), bytes),
        }
    }

    /// Opens the device and lets it go again, to learn whether it is there.
    ///
    /// # Errors
    /// As [`DeviceChoice::open`].
    pub fn check(self) -> Result<()> {
        self.open().map(drop)
    }

    fn best(bytes: u64) -> Device {
        let kinds = [Self::Cuda(0), Self::Metal(0)].into_iter();
        kinds.map(|kind| kind.open_for(bytes)).find_map(Result::ok).unwrap_or(Device::Cpu)
    }

    fn fitting(self, opened: Opened, bytes: u64) -> Result<Device> {
        let failed = |reason| Error::Device { name: self.to_string(), reason };
        let device = opened.map_err(failed)?;
        let free = card(&device).map(|card| card.memory_bytes.saturating_sub(card.used_bytes));
        match free {
            Some(free) if free < bytes => Err(failed(too_little(free, bytes))),
            _ => Ok(device),
        }
    }
}

/// A device, or in words why there is none.
type Opened = std::result::Result<Device, String>;

#[cfg(feature = "cuda")]
fn cuda(ordinal: usize) -> Opened {
    crate::cuda::open(ordinal)
}

#[cfg(not(feature = "cuda"))]
fn cuda(_ordinal: usize) -> Opened {
    Err(not_compiled("cuda"))
}

fn metal(ordinal: usize) -> Opened {
    if !candle_core::utils::metal_is_available() {
        return Err(not_compiled("metal"));
    }
    Device::new_metal(ordinal).map_err(|error| error.to_string())
}

/// The card that computes, where there is one that tells.
pub(crate) fn card(device: &Device) -> Option<Card> {
    #[cfg(feature = "cuda")]
    let card = crate::cuda::card(device);
    #[cfg(not(feature = "cuda"))]
    let card = None.filter(|_| !device.is_cpu());
    card
}

fn too_little(free: u64, needed: u64) -> String {
    let gigabytes = |bytes: u64| bytes as f64 / 1e9;
    let (free, needed) = (gigabytes(free), gigabytes(needed));
    format!("{free:.1} GB of its memory are free, the model needs about {needed:.1}: use `cpu` or a quantized model")
}

fn not_compiled(feature: &str) -> String {
    format!("this build has no {feature} support: build with `--features {feature}`, or use `cpu`")
}

impl FromStr for DeviceChoice {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (kind, ordinal) = text.split_once(':').unwrap_or((text, "0"));
        match (kind, ordinal.parse()) {
            ("auto", Ok(0)) => Ok(Self::Auto),
            ("cpu", Ok(0)) => Ok(Self::Cpu),
            ("cuda", Ok(ordinal)) => Ok(Self::Cuda(ordinal)),
            ("metal", Ok(ordinal)) => Ok(Self::Metal(ordinal)),
            _ => {
                let reason = "expected auto, cpu, cuda, cuda:N, metal or metal:N".to_owned();
                Err(Error::Device { name: text.to_owned(), reason })
            }
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(ordinal) => write!(f, "cuda:{ordinal}"),
            Self::Metal(ordinal) => write!(f, "metal:{ordinal}"),
        }
    }
}

/// The element type of the backbone's large matrices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// 32-bit float.
    F32,
    /// 16-bit float.
    F16,
    /// bfloat16.
    Bf16,
}

impl Precision {
    pub(crate) fn dtype(self) -> DType {
        match self {
            Self::F32 => DType::F32,
            Self::F16 => DType::F16,
            Self::Bf16 => DType::BF16,
        }
    }
}

impl FromStr for Precision {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "f32" => Ok(Self::F32),
            "f16" => Ok(Self::F16),
            "bf16" => Ok(Self::Bf16),
            _ => Err(Error::OutOfRange { name: "dtype", value: text.to_owned(), range: "f32, f16 or bf16" }),
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
        })
    }
}

/// What a device is called in messages and reports.
pub(crate) fn device_name(device: &Device) -> &'static str {
    match device {
        Device::Cpu => "cpu",
        Device::Cuda(_) => "cuda",
        Device::Metal(_) => "metal",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written() {
        for name in ["auto", "cpu", "cuda:0", "cuda:3", "metal:1"] {
            assert_eq!(name.parse::<DeviceChoice>().unwrap().to_string(), name);
        }
        assert_eq!("cuda".parse::<DeviceChoice>().unwrap(), DeviceChoice::Cuda(0));
        for name in ["", "gpu", "cpu:1", "cuda:", "cuda:-1", "cuda:x"] {
            assert!(name.parse::<DeviceChoice>().is_err(), "{name}");
        }
    }
}
