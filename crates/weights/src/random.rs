//! Tensors drawn from a seed, for demonstrations, tests and benchmarks.

use candle_core::{DType, Device, Tensor, WithDType};
use half::{bf16, f16};
use rayon::prelude::*;

use crate::mapped::byte_len;
use crate::{Error, Result};

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
    /// All of the tensor `name`.
    pub(crate) fn whole<'a>(&self, name: &str, shape: &'a [usize]) -> Draw<'a> {
        Draw { seed: self.seed ^ hash(name), init: (self.rule)(name, shape), shape, part: 0 }
    }

    /// Element `index` of the first axis of the tensor `name` of the whole `shape`: the values that [`Self::whole`]
    /// has there. `None` when there is no such element.
    pub(crate) fn part<'a>(&self, name: &str, shape: &'a [usize], index: usize) -> Option<Draw<'a>> {
        let (count, rest) = shape.split_first()?;
        let whole = self.whole(name, shape);
        (index < *count).then_some(Draw { shape: rest, part: index, ..whole })
    }
}

/// A tensor about to be drawn: a stretch of its name's endless stream.
pub(crate) struct Draw<'a> {
    seed: u64,
    init: Init,
    shape: &'a [usize],
    /// How many tensors of this shape lie before it in the stream.
    part: usize,
}

impl Draw<'_> {
    pub(crate) fn tensor(&self, name: &str, dtype: DType, device: &Device) -> Result<Tensor> {
        let (center, width) = match self.init {
            Init::FanIn(inputs) => (0.0, (3.0 / inputs.max(1) as f32).sqrt()),
            Init::Around { center, width } => (center, width),
        };
        let at = |unit: f32| center + width * unit;
        match dtype {
            DType::BF16 => self.make(name, |unit| bf16::from_f32(at(unit)), dtype, device),
            DType::F16 => self.make(name, |unit| f16::from_f32(at(unit)), dtype, device),
            other => self.make(name, at, other, device),
        }
    }

    fn make<T: WithDType>(
        &self,
        name: &str,
        map: impl Fn(f32) -> T + Sync,
        dtype: DType,
        device: &Device,
    ) -> Result<Tensor> {
        let too_large = || Error::TooLarge { name: name.to_owned(), shape: self.shape.to_vec() };
        let bytes = byte_len(self.shape, T::DTYPE).ok_or_else(too_large)?;
        let len = bytes / size_of::<T>();
        let start = self.part.checked_mul(len).ok_or_else(too_large)?;
        let mut values = Vec::new();
        values.try_reserve_exact(len).map_err(|_| too_large())?;
        values.resize(len, T::zero());
        fill(self.seed, start, &mut values, map);
        Tensor::from_vec(values, self.shape, device)
            .and_then(|tensor| tensor.to_dtype(dtype))
            .map_err(|source| Error::Tensor { name: name.to_owned(), source })
    }
}

/// Fills `values` with `map` over uniform numbers in −1..1, those from place `start` of the stream of `seed` on.
fn fill<T: Send>(seed: u64, start: usize, values: &mut [T], map: impl Fn(f32) -> T + Sync) {
    // The first stretch may begin within a block; all others are whole blocks.
    let (head, rest) = values.split_at_mut(values.len().min(BLOCK - start % BLOCK));
    fill_block(seed, start, head, &map);
    let next = start + head.len();
    rest.par_chunks_mut(BLOCK).enumerate().for_each(|(block, values)| {
        fill_block(seed, next + block * BLOCK, values, &map);
    });
}

/// Fills `values`, which lie within one block from place `start` of the stream on. Each number of the block's
/// SplitMix64 sequence makes four values of 16 bits.
fn fill_block<T>(seed: u64, start: usize, values: &mut [T], map: impl Fn(f32) -> T) {
    let base = mix(seed.wrapping_add(mix((start / BLOCK) as u64)));
    let first = start % BLOCK;
    let (odd, quads) = values.split_at_mut(values.len().min(first.next_multiple_of(4) - first));
    let quad_bits = |quad: usize| mix(base.wrapping_add((quad as u64 + 1).wrapping_mul(GOLDEN_GAMMA)));
    for (value, place) in odd.iter_mut().zip(first..) {
        *value = map(unit(quad_bits(place / 4), place % 4));
    }
    for (values, quad) in quads.chunks_mut(4).zip(first.div_ceil(4)..) {
        let bits = quad_bits(quad);
        for (lane, value) in values.iter_mut().enumerate() {
            *value = map(unit(bits, lane));
        }
    }
}

/// One of the four numbers in −1..1 in `bits`.
fn unit(bits: u64, lane: usize) -> f32 {
    f32::from((bits >> (16 * lane)) as i16) / 32768.0
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
