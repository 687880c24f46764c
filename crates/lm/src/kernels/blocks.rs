//! Products with quantized weights. For many rows, a few rows of blocks are widened to float32 in a buffer that stays in
//! the cache, then multiplied by the kernels of float32 weights; for few, blocks are widened in registers. Either way a
//! result is the same, bit for bit, as with weights that were widened before; and as there, no row depends on the
//! others.

use std::array::from_fn;

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};
use zonos_weights::{BlockType, Quantized};

use super::dot::{ROWS, WEIGHT_ROWS};
use super::{OUTPUTS_PER_TASK, Size, block_dots, by_columns, contiguous, fill_columns};

/// `x` [rows, in] in float32 times the transpose of `weight` [.., in], whose leading dimensions count as rows: [rows,
/// out] in float32. CPU only.
pub(crate) fn rows_times_blocks(x: &Tensor, weight: &Quantized) -> Result<Tensor> {
    x.contiguous()?.apply_op1_no_bwd(&RowsTimesBlocks(weight))
}

struct RowsTimesBlocks<'a>(&'a Quantized);

impl CustomOp1 for RowsTimesBlocks<'_> {
    fn name(&self) -> &'static str {
        "rows-times-blocks"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (rows, inputs) = layout.shape().dims2()?;
        let Some((&weight_inputs, leading)) = self.0.shape().split_last() else { bail!("a matrix without rows") };
        let outputs = leading.iter().product();
        if inputs != weight_inputs {
            bail!("{rows} rows of {inputs} do not fit a matrix of {outputs} × {weight_inputs}")
        }
        let x = contiguous(x.as_slice::<f32>()?, layout)?;
        let y = product(x, self.0, Size { rows, inputs, outputs });
        Ok((CpuStorage::F32(y), Shape::from((rows, outputs))))
    }
}

fn product(x: &[f32], weight: &Quantized, size: Size) -> Vec<f32> {
    let fast = block_dots::has_version(weight.block_type());
    match size.rows {
        1 if fast => few_rows::<1>(x, weight, size),
        2 if fast => few_rows::<2>(x, weight, size),
        3 if fast => few_rows::<3>(x, weight, size),
        4 if fast => few_rows::<4>(x, weight, size),
        _ => buffered(x, weight, size),
    }
}

fn row_bytes(block: BlockType, inputs: usize) -> usize {
    inputs / block.numbers() * block.bytes()
}

/// Each row of weights once, against all rows of `x`.
fn few_rows<const N: usize>(x: &[f32], weight: &Quantized, size: Size) -> Vec<f32> {
    let block = weight.block_type();
    let row_bytes = row_bytes(block, size.inputs);
    let x = from_fn::<_, N, _>(|n| &x[n * size.inputs..][..size.inputs]);
    by_columns(weight.bytes(), row_bytes, size, |columns, blocks| {
        for (column, blocks) in columns.chunks_exact_mut(N).zip(blocks.chunks_exact(row_bytes.max(1))) {
            column.copy_from_slice(&block_dots::dots(block, blocks, x));
        }
    })
}

/// By way of a buffer of widened weights.
fn buffered(x: &[f32], weight: &Quantized, size: Size) -> Vec<f32> {
    let block = weight.block_type();
    let row_bytes = row_bytes(block, size.inputs);
    // Many rows pass over a task's weights tile by tile: these are widened once for all. For few, the buffer is to be
    // small, for the nearest cache to hold it.
    let together = if size.rows > ROWS { OUTPUTS_PER_TASK } else { WEIGHT_ROWS.min(size.rows) };
    by_columns(weight.bytes(), row_bytes, size, |columns, blocks| {
        let mut buffer = vec![0.0; together * size.inputs];
        let columns = columns.chunks_mut((together * size.rows).max(1));
        for (columns, blocks) in columns.zip(blocks.chunks((together * row_bytes).max(1))) {
            let numbers = &mut buffer[..blocks.len() / row_bytes * size.inputs];
            dequantize(block, blocks, numbers);
            fill_columns(x, numbers, columns, size);
        }
    })
}

/// [`BlockType::dequantize`], by the widest vectors that the processor has.
fn dequantize(block: BlockType, blocks: &[u8], numbers: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512dq")
        {
            // SAFETY: the processor has what the version needs, as was just asked.
            return unsafe { x86::dequantize_avx512(block, blocks, numbers) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2, as was just asked.
            return unsafe { x86::dequantize_avx2(block, blocks, numbers) };
        }
    }
    block.dequantize(blocks, numbers);
}

/// The plain version, of which the compiler makes vectors: no number depends on another, so none rounds otherwise.
#[cfg(target_arch = "x86_64")]
mod x86 {
    use zonos_weights::BlockType;

    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq")]
    pub(super) fn dequantize_avx512(block: BlockType, blocks: &[u8], numbers: &mut [f32]) {
        block.dequantize(blocks, numbers);
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn dequantize_avx2(block: BlockType, blocks: &[u8], numbers: &mut [f32]) {
        block.dequantize(blocks, numbers);
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};
    use proptest::prelude::*;

    use super::*;
    use crate::kernels::rows_times_matrix;
    use crate::kernels::tests::{blocks, uniform, values};

    /// Every version that this processor has.
    fn versions(block: BlockType, blocks: &[u8]) -> Vec<Vec<f32>> {
        let made = |version: &dyn Fn(&mut [f32])| {
            let mut numbers = vec![f32::NAN; blocks.len() / block.bytes() * block.numbers()];
            version(&mut numbers);
            numbers
        };
        let mut versions = vec![made(&|numbers| block.dequantize(blocks, numbers))];
        versions.push(made(&|numbers| dequantize(block, blocks, numbers)));
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2.
            versions.push(made(&|numbers| unsafe { x86::dequantize_avx2(block, blocks, numbers) }));
        }
        versions
    }

    #[test]
    fn every_version_equals_the_plain_one() {
        for block in BlockType::ALL {
            let matrix = blocks(block, &[6, 512], 7);
            let versions = versions(block, matrix.bytes());
            assert!(versions.iter().all(|version| *version == versions[0]), "{block}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

        /// Bit for bit what weights give that were widened to float32 before.
        #[test]
        fn equals_the_product_with_widened_weights(
            rows in 1usize..20,
            inputs in 1usize..4,
            outputs in 1usize..100,
            seed: u64,
        ) {
            for block in BlockType::ALL {
                let inputs = inputs * block.numbers();
                let matrix = blocks(block, &[outputs, inputs], seed);
                let x = uniform((rows, inputs), !seed);
                let widened = Tensor::from_vec(matrix.dequantize(), (outputs, inputs), &Device::Cpu).unwrap();
                let product = rows_times_blocks(&x, &matrix).unwrap();
                prop_assert_eq!(product.dtype(), DType::F32);
                prop_assert_eq!(values(&product), values(&rows_times_matrix(&x, &widened).unwrap()), "{}", block);
            }
        }

        #[test]
        fn a_row_does_not_depend_on_its_neighbours(rows in 1usize..40, seed: u64) {
            for block in BlockType::ALL {
                let matrix = blocks(block, &[77, 512], seed);
                let x = uniform((rows, 512), !seed);
                let together = rows_times_blocks(&x, &matrix).unwrap();
                for row in 0..rows {
                    let alone = rows_times_blocks(&x.narrow(0, row, 1).unwrap(), &matrix).unwrap();
                    prop_assert_eq!(values(&alone), values(&together.narrow(0, row, 1).unwrap()));
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let matrix = blocks(BlockType::Q8_0, &[2, 64], 1);
        assert!(rows_times_blocks(&uniform((1, 32), 1), &matrix).is_err());
    }
}
