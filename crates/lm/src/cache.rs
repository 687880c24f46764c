use candle_core::{DType, Device, Tensor};
use half::f16;

use crate::card::Slot;
use crate::matrix::Matrix;
use crate::{Config, Result};

/// Rows that a cache begins with; it doubles when full.
const FIRST_CAPACITY: usize = 256;

/// The type of keys and values in a model with this head: that of the weights, and float16 where these are in blocks, as
/// kernels on cards have it. On the CPU it is float16 for bfloat16, too: keys are normed and values are small, so that ten
/// bits of a fraction serve better than a range; what is beyond it becomes the largest number.
pub(crate) fn cache_dtype(head: &Matrix, device: &Device) -> DType {
    match head.dtype() {
        None => DType::F16,
        Some(DType::BF16) if device.is_cpu() => DType::F16,
        Some(dtype) => dtype,
    }
}

/// Keys and values of one sequence, for every layer. Grows with the sequence.
pub struct KvCache {
    /// None where kernels of our own keep them.
    layers: Vec<LayerCache>,
    rows: usize,
    slot: Option<Slot>,
}

impl KvCache {
    pub(crate) fn new(config: &Config, dtype: DType, device: &Device) -> Result<Self> {
        let capacity = FIRST_CAPACITY.min(config.context);
        let layer = |_| LayerCache::new(config, capacity, dtype, device);
        Ok(Self { layers: (0..config.layers).map(layer).collect::<Result<_>>()?, rows: 0, slot: None })
    }

    /// Keys and values that kernels keep in a slot.
    #[cfg_attr(not(feature = "cuda"), expect(dead_code))]
    pub(crate) fn of_slot(slot: Slot) -> Self {
        Self { layers: Vec::new(), rows: 0, slot: Some(slot) }
    }

    /// Where kernels keep them.
    #[cfg_attr(not(feature = "cuda"), expect(dead_code))]
    pub(crate) fn slot(&self) -> Option<&Slot> {
        self.slot.as_ref()
    }

    /// Rows seen so far: the position of the next one.
    pub fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn layer(&mut self, index: usize) -> &mut LayerCache {
        &mut self.layers[index]
    }

    /// Counts rows as seen, once every layer holds them.
    pub(crate) fn advance(&mut self, rows: usize) {
        self.rows += rows;
    }
}

/// Consecutive rows of a batch that continue one sequence.
pub(crate) struct Span<'a> {
    pub(crate) cache: &'a mut KvCache,
    pub(crate) rows: usize,
}

/// Keys and values of one layer: [kv_heads, capacity, head_dim], of which the first rows are filled.
pub(crate) struct LayerCache {
    keys: Tensor,
    values: Tensor,
    /// Rows that the context allows.
    limit: usize,
}

impl LayerCache {
    fn new(config: &Config, capacity: usize, dtype: DType, device: &Device) -> Result<Self> {
        let empty = || Tensor::zeros((config.kv_heads, capacity, config.head_dim), dtype, device);
        Ok(Self { keys: empty()?, values: empty()?, limit: config.context })
    }

    /// Writes new rows [kv_heads, rows, head_dim] behind the first `filled`, and gives all keys and values so far.
    pub(crate) fn append(&mut self, filled: usize, keys: &Tensor, values: &Tensor) -> Result<(Tensor, Tensor)> {
        let rows = filled + keys.dim(1)?;
        self.reserve(filled, rows)?;
        self.keys.slice_set(&narrowed(keys, self.keys.dtype())?, 1, filled)?;
        self.values.slice_set(&narrowed(values, self.values.dtype())?, 1, filled)?;
        Ok((self.keys.narrow(1, 0, rows)?, self.values.narrow(1, 0, rows)?))
    }

    fn reserve(&mut self, filled: usize, rows: usize) -> Result<()> {
        let capacity = self.keys.dim(1)?;
        if rows > capacity {
            let larger = rows.max(2 * capacity).min(self.limit.max(rows));
            self.keys = grown(&self.keys, filled, larger)?;
            self.values = grown(&self.values, filled, larger)?;
        }
        Ok(())
    }
}

/// The numbers in the type of a cache; in float16 those beyond its range as the largest of it.
fn narrowed(x: &Tensor, dtype: DType) -> Result<Tensor> {
    let largest = f16::MAX.to_f32();
    let x = if dtype == DType::F16 { x.clamp(-largest, largest)? } else { x.clone() };
    Ok(x.to_dtype(dtype)?.contiguous()?)
}

fn grown(old: &Tensor, filled: usize, capacity: usize) -> Result<Tensor> {
    let (heads, _, width) = old.dims3()?;
    let new = Tensor::zeros((heads, capacity, width), old.dtype(), old.device())?;
    if filled > 0 {
        new.slice_set(&old.narrow(1, 0, filled)?.contiguous()?, 1, 0)?;
    }
    Ok(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn float16_holds_what_is_beyond_its_range_as_its_largest_number() {
        let x = Tensor::new(&[1e6f32, -1e6, 0.1, f32::NAN], &Device::Cpu).unwrap();
        let halves = narrowed(&x, DType::F16).unwrap().to_vec1::<f16>().unwrap();
        assert_eq!(halves[..3], [f16::MAX, f16::MIN, f16::from_f32(0.1)]);
        assert!(halves[3].is_nan());
        let same = narrowed(&x, DType::F32).unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(same[..3], [1e6, -1e6, 0.1]);
    }
}
