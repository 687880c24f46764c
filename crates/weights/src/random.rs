//! Tensors drawn from a seed, for demonstrations, tests and benchmarks.

use candle_core::{DType, Device, Tensor};
use half::{bf16, f16};
use rayon::prelude::*;

/// How a random tensor is filled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// Uniform around zero with a standard deviation of `1/√n`, for products over `n` inputs.
    FanIn(usize),
    /// Uniform within `width` of `center`.
    Around {
        /// The middle of the range.
        center: f32,
        /// Half of the range.
        width: f32,
    },
}

/// Chooses how to fill a tensor from its name and shape.
pub type InitRule = fn(name: &str, shape: &[usize]) -> Init;

/// Values that one random stream fills; streams run in parallel and do not depend on how many threads there are.
const BLOCK: usize = 1 << 16;

pub(crate) struct Random {
    pub(crate) seed: u64,
    pub(crate) rule: InitRule,
}

impl Random {
    pub(crate) fn tensor(
        &self,
        name: &str,
        shape: &[usize],
        dtype: DType,
        device: &Device,
    ) -> candle_core::Result<Tensor> {
        let (center, width) = match (self.rule)(name, shape) {
            Init::FanIn(inputs) => (0.0, (3.0 / inputs.max(1) as f32).sqrt()),
            Init::Around { center, width } => (center, width),
        };
        let at = |unit: f32| center + width * unit;
        let (seed, len) = (self.seed ^ hash(name), shape.iter().product());
        match dtype {
            DType::BF16 => Tensor::from_vec(fill(seed, len, |unit| bf16::from_f32(at(unit))), shape, device),
            DType::F16 => Tensor::from_vec(fill(seed, len, |unit| f16::from_f32(at(unit))), shape, device),
            other => Tensor::from_vec(fill(seed, len, at), shape, device)?.to_dtype(other),
        }
    }
}

/// `len` values of `map` over uniform numbers in −1..1.
fn fill<T: Copy + Default + Send>(seed: u64, len: usize, map: impl Fn(f32) -> T + Sync) -> Vec<T> {
    let mut values = vec![T::default(); len];
    values.par_chunks_mut(BLOCK).enumerate().for_each(|(block, values)| {
        let mut state = mix(seed.wrapping_add(mix(block as u64)));
        for quad in values.chunks_mut(4) {
            state = state.wrapping_add(GOLDEN_GAMMA);
            let bits = mix(state);
            for (lane, value) in quad.iter_mut().enumerate() {
                *value = map(f32::from((bits >> (16 * lane)) as i16) / 32768.0);
            }
        }
    });
    values
}

/// The increment of SplitMix64 (Steele, Lea and Flood, 2014).
const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finalizer of SplitMix64.
fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// FNV-1a: stable across builds, unlike the standard library's hasher.
fn hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}
