//! Attention of one new row of a sequence over all its rows: scores, softmax and weighted sum, head by head.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use super::dot::{dots, weighted_sum};
use super::{PARALLEL_FROM, contiguous};

/// `query` [heads, 1, width] over `keys` and `values` [kv_heads, rows, width]: [heads, 1, width]. CPU and float32 only.
/// Keys and values may be the filled part of a longer cache; consecutive query heads share a key head.
pub(crate) fn attend_row(query: &Tensor, keys: &Tensor, values: &Tensor, scale: f32) -> Result<Tensor> {
    query.contiguous()?.apply_op3_no_bwd(keys, values, &AttendRow { scale })
}

struct AttendRow {
    scale: f32,
}

impl CustomOp3 for AttendRow {
    fn name(&self) -> &'static str {
        "attend-row"
    }

    fn cpu_fwd(
        &self,
        query: &CpuStorage,
        query_layout: &Layout,
        keys: &CpuStorage,
        keys_layout: &Layout,
        values: &CpuStorage,
        values_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (heads, _, width) = query_layout.shape().dims3()?;
        let (kv_heads, rows, _) = keys_layout.shape().dims3()?;
        let query = contiguous(query.as_slice::<f32>()?, query_layout)?;
        let keys = Heads::new(keys.as_slice()?, keys_layout, width)?;
        let values = Heads::new(values.as_slice()?, values_layout, width)?;
        let mut output = vec![0.0; query.len()];
        let group = (heads / kv_heads.max(1)).max(1);
        let attend = |(head, output): (usize, &mut [f32])| {
            let query = &query[head * width..][..width];
            let weights = weights(query, keys.head(head / group), self.scale);
            weighted_sum(&weights, values.head(head / group), output);
        };
        if heads * rows * width < PARALLEL_FROM {
            output.chunks_mut(width).enumerate().for_each(attend);
        } else {
            output.par_chunks_mut(width).enumerate().for_each(attend);
        }
        Ok((CpuStorage::F32(output), query_layout.shape().clone()))
    }
}

/// The filled rows of each head of a cache.
struct Heads<'a> {
    values: &'a [f32],
    /// Numbers from one head to the next.
    stride: usize,
    /// Numbers in the rows of one head.
    len: usize,
}

impl<'a> Heads<'a> {
    fn new(values: &'a [f32], layout: &Layout, width: usize) -> Result<Self> {
        let (heads, rows, _) = layout.shape().dims3()?;
        let (start, len) = (layout.start_offset(), rows * width);
        match *layout.stride() {
            [stride, row, 1] if row == width && values.len() >= start + heads.saturating_sub(1) * stride + len => {
                Ok(Self { values: &values[start..], stride, len })
            }
            _ => bail!("rows of layout {layout:?} do not lie one after the other"),
        }
    }

    fn head(&self, index: usize) -> &'a [f32] {
        &self.values[index * self.stride..][..self.len]
    }
}

/// Softmax of the scaled products of a query with each key.
fn weights(query: &[f32], keys: &[f32], scale: f32) -> Vec<f32> {
    const KEYS: usize = 4;
    let width = query.len();
    let mut weights = Vec::with_capacity(keys.len() / width.max(1));
    let (blocks, rest) = keys.split_at(keys.len() / (KEYS * width) * (KEYS * width));
    for block in blocks.chunks_exact(KEYS * width) {
        let keys: [&[f32]; KEYS] = std::array::from_fn(|key| &block[key * width..][..width]);
        weights.extend(dots(keys, [query]).map(|[score]| score * scale));
    }
    for key in rest.chunks_exact(width) {
        weights.extend(dots([key], [query]).map(|[score]| score * scale));
    }
    softmax(&mut weights);
    weights
}

fn softmax(scores: &mut [f32]) {
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    scores.iter_mut().for_each(|score| *score = (*score - largest).exp());
    let total: f32 = scores.iter().sum();
    scores.iter_mut().for_each(|score| *score /= total);
}

#[cfg(test)]
mod tests {
    use candle_core::Device;
    use candle_nn::ops::softmax_last_dim;
    use proptest::prelude::*;

    use super::*;

    fn uniform(shape: [usize; 3], seed: u64) -> Tensor {
        let rule = |_: &str, _: &[usize]| zonos_weights::Init::Around { center: 0.0, width: 2.0 };
        zonos_weights::Checkpoint::random(seed, rule).weights(&Device::Cpu, None).get("x", &shape).unwrap()
    }

    proptest! {
        #[test]
        fn agrees_with_tensor_operations(
            kv_heads in 1usize..4, group in 1usize..5, rows in 1usize..300, spare in 0usize..5, half in 1usize..70, seed: u64,
        ) {
            let width = 2 * half;
            let cache = |salt| uniform([kv_heads, rows + spare, width], seed ^ salt).narrow(1, 0, rows).unwrap();
            let (query, keys, values) = (uniform([kv_heads * group, 1, width], seed), cache(1), cache(2));
            let fast = attend_row(&query, &keys, &values, 0.3).unwrap();
            let grouped = query.reshape((kv_heads, group, width)).unwrap();
            let scores = (grouped.matmul(&keys.t().unwrap()).unwrap() * 0.3).unwrap();
            let plain = softmax_last_dim(&scores).unwrap().matmul(&values).unwrap();
            let difference = (fast.flatten_all().unwrap() - plain.flatten_all().unwrap()).unwrap();
            let worst: f32 = difference.abs().unwrap().max_all().unwrap().to_scalar().unwrap();
            prop_assert!(worst < 1e-4, "{worst}");
        }
    }

    #[test]
    fn rows_that_do_not_follow_each_other_are_refused() {
        let (query, keys) = (uniform([2, 1, 8], 1), uniform([2, 5, 8], 2));
        let turned = uniform([2, 8, 5], 3).transpose(1, 2).unwrap();
        assert!(attend_row(&query, &turned, &keys, 1.0).is_err());
        assert!(attend_row(&query, &keys, &turned, 1.0).is_err());
    }
}
