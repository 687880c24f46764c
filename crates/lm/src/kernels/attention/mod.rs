//! Attention of the newest rows of a sequence over all its rows.
//!
//! A cache is taken in sections of so many rows, counted from the first one. What a section comes to for a query is a part:
//! its largest score, its sum of weights, its weighted sum of values. Threads share the sections; then parts are joined in
//! the order of rows. Query heads that share keys read them together, once. So a row's bits depend on itself and the rows
//! before it alone: not on threads, nor on what is computed beside it.

mod lanes;
mod parts;
// Sums stay in registers only while nothing borrows them: no iterators, no closures around them.
#[allow(clippy::needless_range_loop)]
mod section;
#[cfg(test)]
mod tests;

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, WithDType, bail};

use self::parts::Batch;
use super::contiguous;
use super::float::Element;
use super::instructions::Instructions;

/// `query` [heads, new, width] in float32 over `keys` and `values` [kv_heads, rows, width], both in f32, f16 or bf16:
/// [new, heads, width] in float32. The new rows are the last of all rows; each sees those before it and itself. CPU only.
/// Keys and values may be the filled part of a longer cache; consecutive query heads share a key head.
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
        let size = Size::new(query_layout, keys_layout, values_layout)?;
        let query = Query { numbers: contiguous(query.as_slice::<f32>()?, query_layout)?, scale: self.scale };
        let cache = [(keys, keys_layout), (values, values_layout)];
        let output = match keys {
            CpuStorage::F32(_) => attention::<f32>(query, cache, size)?,
            CpuStorage::F16(_) => attention::<half::f16>(query, cache, size)?,
            CpuStorage::BF16(_) => attention::<half::bf16>(query, cache, size)?,
            _ => bail!("keys must be f32, f16 or bf16"),
        };
        Ok((CpuStorage::F32(output), Shape::from((size.new, size.heads(), size.width))))
    }
}

/// How much attends to how much.
#[derive(Clone, Copy, Debug)]
struct Size {
    kv_heads: usize,
    /// Query heads for each of them.
    group: usize,
    width: usize,
    /// Rows of the sequence, the new ones among them.
    rows: usize,
    new: usize,
}

impl Size {
    fn new(query: &Layout, keys: &Layout, values: &Layout) -> Result<Self> {
        let ((heads, new, width), (kv_heads, rows, _)) = (query.shape().dims3()?, keys.shape().dims3()?);
        let group = heads / kv_heads.max(1);
        let fits = keys.dims() == [kv_heads, rows, width] && keys.dims() == values.dims() && heads == group * kv_heads;
        if !fits || rows < new || width == 0 {
            let (query, keys, values) = (query.shape(), keys.shape(), values.shape());
            bail!("queries {query:?} do not fit keys {keys:?} and values {values:?}")
        }
        Ok(Self { kv_heads, group, width, rows, new })
    }

    fn heads(self) -> usize {
        self.kv_heads * self.group
    }

    /// Rows that a new row sees.
    fn seen(self, row: usize) -> usize {
        self.rows - self.new + row + 1
    }
}

/// All queries, [heads, new, width], and what their products are multiplied with.
#[derive(Clone, Copy)]
struct Query<'a> {
    numbers: &'a [f32],
    scale: f32,
}

fn attention<T: Element + WithDType>(
    query: Query,
    [keys, values]: [(&CpuStorage, &Layout); 2],
    size: Size,
) -> Result<Vec<f32>> {
    let keys = Heads::new(keys.0.as_slice::<T>()?, keys.1, size)?;
    let values = Heads::new(values.0.as_slice::<T>()?, values.1, size)?;
    Ok(Batch { instructions: Instructions::best(), query, keys, values, size }.attend())
}

/// The filled rows of each head of a cache.
#[derive(Clone, Copy)]
struct Heads<'a, T> {
    numbers: &'a [T],
    /// Numbers from one head to the next.
    stride: usize,
    /// Numbers in the rows of one head.
    len: usize,
}

impl<'a, T> Heads<'a, T> {
    fn new(numbers: &'a [T], layout: &Layout, size: Size) -> Result<Self> {
        let (start, len) = (layout.start_offset(), size.rows * size.width);
        match *layout.stride() {
            [stride, row, 1]
                if row == size.width && numbers.len() >= start + size.kv_heads.saturating_sub(1) * stride + len =>
            {
                Ok(Self { numbers: &numbers[start..], stride, len })
            }
            _ => bail!("rows of layout {layout:?} do not lie one after the other"),
        }
    }

    fn head(&self, index: usize) -> &'a [T] {
        &self.numbers[index * self.stride..][..self.len]
    }
}
