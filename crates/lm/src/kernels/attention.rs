//! Attention of the newest rows of a sequence over all its rows: scores, softmax and weighted sum, head by head and row
//! by row.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, bail};

use super::contiguous;
use super::exp::dot;
use super::instructions::vectorized;
use super::outputs::{Size, by_columns};
use super::rowwise::softmax_row;

/// `query` [heads, new, width] over `keys` and `values` [kv_heads, rows, width]: [new, heads, width]. The new rows are
/// the last of all rows; each sees those before it and itself. CPU and float32 only. Keys and values may be the filled
/// part of a longer cache; consecutive query heads share a key head.
pub(crate) fn attend(query: &Tensor, keys: &Tensor, values: &Tensor, scale: f32) -> Result<Tensor> {
    query.contiguous()?.apply_op3_no_bwd(keys, values, &Attend { scale })
}

struct Attend {
    scale: f32,
}

impl CustomOp3 for Attend {
    fn name(&self) -> &'static str {
        "attend"
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
        let (heads, new, width) = query_layout.shape().dims3()?;
        let (kv_heads, rows, _) = keys_layout.shape().dims3()?;
        if rows < new {
            bail!("{new} new rows are not among {rows} rows")
        }
        let query = contiguous(query.as_slice::<f32>()?, query_layout)?;
        let keys = Heads::new(keys.as_slice()?, keys_layout, width)?;
        let values = Heads::new(values.as_slice()?, values_layout, width)?;
        let group = (heads / kv_heads.max(1)).max(1);
        // Each number of a head is made of as many keys and values as there are rows.
        let size = Size { rows: new, inputs: 2 * rows, outputs: heads * width };
        let output = by_columns(size, width, |mut columns| {
            for first in columns.range().step_by(width.max(1)) {
                let head = first / width;
                let (keys, values) = (keys.head(head / group), values.head(head / group));
                for row in 0..new {
                    let seen = (rows - new + row + 1) * width;
                    let query = &query[(head * new + row) * width..][..width];
                    let mut output = vec![0.0; width];
                    let head = (query, &keys[..seen], &values[..seen]);
                    vectorized(
                        #[inline(always)]
                        || attend_head(head, self.scale, &mut output),
                    );
                    columns.put(row, first, &output);
                }
            }
        });
        Ok((CpuStorage::F32(output), Shape::from((new, heads, width))))
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

/// A query, keys and values.
type Head<'a> = (&'a [f32], &'a [f32], &'a [f32]);

#[inline(always)]
fn attend_head((query, keys, values): Head, scale: f32, output: &mut [f32]) {
    let width = query.len().max(1);
    let mut weights = vec![0.0; keys.len() / width];
    for (weight, key) in weights.iter_mut().zip(keys.chunks_exact(width)) {
        *weight = dot(query, key) * scale;
    }
    softmax_row(&mut weights);
    for (weight, row) in weights.iter().zip(values.chunks_exact(width)) {
        for (sum, value) in output.iter_mut().zip(row) {
            *sum += weight * value;
        }
    }
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
            let fast = attend(&query, &keys, &values, 0.3).unwrap();
            let grouped = query.reshape((kv_heads, group, width)).unwrap();
            let scores = (grouped.matmul(&keys.t().unwrap()).unwrap() * 0.3).unwrap();
            let plain = softmax_last_dim(&scores).unwrap().matmul(&values).unwrap();
            let difference = (fast.flatten_all().unwrap() - plain.flatten_all().unwrap()).unwrap();
            let worst: f32 = difference.abs().unwrap().max_all().unwrap().to_scalar().unwrap();
            prop_assert!(worst < 1e-4, "{worst}");
        }
    }

    proptest! {
        /// The same bits as alone, with what came before.
        #[test]
        fn a_row_sees_what_came_before_it(rows in 1usize..40, new in 1usize..40, group in 1usize..3, seed: u64) {
            let (new, width) = (new.min(rows), 24);
            let (keys, values) = (uniform([2, rows, width], seed ^ 1), uniform([2, rows, width], seed ^ 2));
            let query = uniform([2 * group, new, width], seed);
            let together = attend(&query, &keys, &values, 0.3).unwrap();
            for row in 0..new {
                let seen = |all: &Tensor| all.narrow(1, 0, rows - new + row + 1).unwrap();
                let query = query.narrow(1, row, 1).unwrap();
                let alone = attend(&query, &seen(&keys), &seen(&values), 0.3).unwrap();
                let flat = |tensor: Tensor| tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
                prop_assert_eq!(flat(alone), flat(together.narrow(0, row, 1).unwrap()));
            }
        }
    }

    #[test]
    fn rows_that_do_not_follow_each_other_are_refused() {
        let (query, keys) = (uniform([2, 1, 8], 1), uniform([2, 5, 8], 2));
        let turned = uniform([2, 8, 5], 3).transpose(1, 2).unwrap();
        assert!(attend(&query, &turned, &keys, 1.0).is_err());
        assert!(attend(&query, &keys, &turned, 1.0).is_err());
        assert!(attend(&uniform([2, 6, 8], 1), &keys, &keys, 1.0).is_err());
    }
}
