//! What attention does head by head between its products: norm, magnitude and rotation before, gates behind.

use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor, bail};

use super::contiguous;
use super::exp::{exp, sum};
use super::instructions::vectorized;
use super::outputs::each_row;

/// What makes queries or keys of the numbers of a head.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeadNorm<'a> {
    /// Numbers of a head; even.
    pub(crate) width: usize,
    /// Keeps the mean of squares away from zero.
    pub(crate) eps: f32,
    /// What the normed numbers of each head are multiplied with, if by anything.
    pub(crate) magnitudes: Option<&'a [f32]>,
}

/// The heads of each row of `x` [rows, heads · width], normed, multiplied and rotated in the pairs (0, 1), (2, 3), … by the
/// angles of the row, whose `cos` and `sin` are [rows, width / 2]: [heads, rows, width]. CPU and float32 only.
pub(crate) fn normed_heads(x: &Tensor, norm: HeadNorm, cos: &Tensor, sin: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op3_no_bwd(cos, sin, &NormedHeads(norm))
}

/// `heads` [rows, heads, width] times the sigmoid of `gates` [rows, heads]: [rows, heads · width]. CPU and float32 only.
pub(crate) fn gated_heads(heads: &Tensor, gates: &Tensor) -> Result<Tensor> {
    heads.contiguous()?.apply_op2_no_bwd(&gates.contiguous()?, &GatedHeads)
}

struct NormedHeads<'a>(HeadNorm<'a>);

impl CustomOp3 for NormedHeads<'_> {
    fn name(&self) -> &'static str {
        "normed-heads"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        cos: &CpuStorage,
        cos_layout: &Layout,
        sin: &CpuStorage,
        sin_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let ((rows, inputs), HeadNorm { width, magnitudes, .. }) = (x_layout.shape().dims2()?, self.0);
        let heads = inputs / width.max(1);
        let angles = [rows, width / 2];
        let fits = inputs == heads * width && width % 2 == 0 && magnitudes.is_none_or(|all| all.len() == heads);
        if !fits || cos_layout.dims() != angles || sin_layout.dims() != angles {
            bail!("rows of {inputs} are not {heads} heads of {width} with angles of {:?}", cos_layout.shape())
        }
        let x = contiguous(x.as_slice::<f32>()?, x_layout)?;
        let (cos, sin) =
            (contiguous(cos.as_slice::<f32>()?, cos_layout)?, contiguous(sin.as_slice::<f32>()?, sin_layout)?);
        let make = |index: usize, results: &mut [f32]| {
            let (head, row) = (index / rows, index % rows);
            let angles = row * (width / 2)..(row + 1) * (width / 2);
            let x = &x[row * inputs + head * width..][..width];
            vectorized(
                #[inline(always)]
                || normed_head(x, self.0, head, (&cos[angles.clone()], &sin[angles.clone()]), results),
            );
        };
        Ok((CpuStorage::F32(each_row(x.len(), width, make)), Shape::from((heads, rows, width))))
    }
}

#[inline(always)]
fn normed_head(x: &[f32], norm: HeadNorm, head: usize, (cos, sin): (&[f32], &[f32]), results: &mut [f32]) {
    let squares = sum(
        x,
        #[inline(always)]
        |x| x * x,
    );
    let scale = 1.0 / (squares / norm.width as f32 + norm.eps).sqrt();
    let magnitude = norm.magnitudes.map_or(1.0, |magnitudes| magnitudes[head]);
    let pairs = x.as_chunks::<2>().0.iter().zip(results.as_chunks_mut().0);
    for (([a, b], result), (cos, sin)) in pairs.zip(cos.iter().zip(sin)) {
        let (a, b) = (a * scale * magnitude, b * scale * magnitude);
        *result = [a * cos - b * sin, a * sin + b * cos];
    }
}

struct GatedHeads;

impl CustomOp2 for GatedHeads {
    fn name(&self) -> &'static str {
        "gated-heads"
    }

    fn cpu_fwd(
        &self,
        heads: &CpuStorage,
        layout: &Layout,
        gates: &CpuStorage,
        gates_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (rows, count, width) = layout.shape().dims3()?;
        if gates_layout.dims() != [rows, count] {
            bail!("gates of {:?} do not fit heads of {:?}", gates_layout.shape(), layout.shape())
        }
        let heads = contiguous(heads.as_slice::<f32>()?, layout)?;
        let gates = contiguous(gates.as_slice::<f32>()?, gates_layout)?;
        let make = |head: usize, results: &mut [f32]| {
            let gate = 1.0 / (1.0 + exp(-gates[head]));
            results.iter_mut().zip(&heads[head * width..]).for_each(|(result, x)| *result = x * gate);
        };
        Ok((CpuStorage::F32(each_row(heads.len(), width, make)), Shape::from((rows, count * width))))
    }
}

#[cfg(test)]
mod tests {
    use candle_nn::ops::{rms_norm, sigmoid};
    use candle_nn::rotary_emb::rope_i;
    use proptest::prelude::*;

    use super::*;
    use crate::kernels::tests::{uniform, values};

    fn assert_near(found: &Tensor, expected: &Tensor) {
        assert_eq!(found.dims(), expected.dims());
        for (a, b) in values(found).iter().zip(values(expected)) {
            assert!((a - b).abs() <= 2e-6 + 2e-6 * b.abs(), "{a} {b}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn agrees_with_tensor_operations(rows in 1usize..40, heads in 1usize..6, half in 1usize..70, seed: u64) {
            let width = 2 * half;
            let x = uniform((rows, heads * width), seed);
            let (cos, sin) = (uniform((rows, half), seed ^ 1), uniform((rows, half), seed ^ 2));
            let magnitudes: Vec<f32> = (0..heads).map(|head| 0.5 + head as f32).collect();
            let norm = HeadNorm { width, eps: 1e-6, magnitudes: Some(&magnitudes) };
            let ours = normed_heads(&x, norm, &cos, &sin).unwrap();

            let split = x.reshape((rows, heads, width)).unwrap();
            let normed = rms_norm(&split, &Tensor::ones(width, x.dtype(), x.device()).unwrap(), 1e-6).unwrap();
            let magnitudes = Tensor::from_vec(magnitudes, (1, heads, 1), x.device()).unwrap();
            let turned = normed.broadcast_mul(&magnitudes).unwrap().transpose(0, 1).unwrap().contiguous().unwrap();
            assert_near(&ours, &rope_i(&turned.unsqueeze(0).unwrap(), &cos, &sin).unwrap().squeeze(0).unwrap());

            let gates = (uniform((rows, heads), seed ^ 3) * 9.0).unwrap();
            let gated = split.broadcast_mul(&sigmoid(&gates).unwrap().unsqueeze(2).unwrap()).unwrap();
            assert_near(&gated_heads(&split, &gates).unwrap(), &gated.reshape((rows, heads * width)).unwrap());
        }
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let (x, angles) = (uniform((2, 12), 1), uniform((2, 2), 2));
        let norm = |width, magnitudes| HeadNorm { width, eps: 1e-6, magnitudes };
        assert!(normed_heads(&x, norm(4, None), &angles, &angles).is_ok());
        assert!(normed_heads(&x, norm(5, None), &angles, &angles).is_err());
        assert!(normed_heads(&x, norm(0, None), &angles, &angles).is_err());
        assert!(normed_heads(&x, norm(6, None), &angles, &angles).is_err());
        assert!(normed_heads(&x, norm(4, Some(&[1.0])), &angles, &angles).is_err());
        assert!(gated_heads(&x.reshape((2, 3, 4)).unwrap(), &angles).is_err());
    }
}
