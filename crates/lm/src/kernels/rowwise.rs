//! What is computed row by row beside products: norms, softmax, gates and sums. Few rows are done at once by the
//! thread that asks; waking others would take longer.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor, bail};

use super::contiguous;
use super::exp::{exp, powers, sum};
use super::instructions::vectorized;
use super::outputs::each_row;

/// Root-mean-square norm of each row of `x`, times `weight`. CPU and float32 only.
pub(crate) fn rms_norm(x: &Tensor, weight: &Tensor, eps: f32) -> Result<Tensor> {
    x.contiguous()?.apply_op2_no_bwd(weight, &RmsNorm { eps })
}

/// Softmax of each row of `x`. CPU and float32 only.
pub(crate) fn softmax(x: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op1_no_bwd(&Softmax)
}

/// `silu(gate) · up`. CPU and float32 only.
pub(crate) fn gated(gate: &Tensor, up: &Tensor) -> Result<Tensor> {
    gate.contiguous()?.apply_op2_no_bwd(&up.contiguous()?, &Gated)
}

/// How two results lie in a row: the one behind the other, or number by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PairOrder {
    Stacked,
    Interleaved,
}

/// As [`gated`], of gates and ups in the rows of one tensor [rows, 2 · width]. CPU and float32 only.
pub(crate) fn gated_pairs(both: &Tensor, order: PairOrder, gate_first: bool) -> Result<Tensor> {
    both.contiguous()?.apply_op1_no_bwd(&GatedPairs { order, gate_first })
}

struct RmsNorm {
    eps: f32,
}

impl CustomOp2 for RmsNorm {
    fn name(&self) -> &'static str {
        "rms-norm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, weight) = (contiguous(x.as_slice()?, x_layout)?, contiguous(weight.as_slice()?, weight_layout)?);
        let width = weight.len();
        if x_layout.dims().last() != Some(&width) {
            bail!("rows of {:?} are not {width} wide", x_layout.shape())
        }
        let norm = |row: usize, results: &mut [f32]| {
            vectorized(
                #[inline(always)]
                || rms_norm_row(&x[row * width..][..width], weight, self.eps, results),
            );
        };
        Ok((CpuStorage::F32(each_row(x.len(), width, norm)), x_layout.shape().clone()))
    }
}

#[inline(always)]
fn rms_norm_row(x: &[f32], weight: &[f32], eps: f32, results: &mut [f32]) {
    let mean = sum(
        x,
        #[inline(always)]
        |x| x * x,
    ) / x.len().max(1) as f32;
    let scale = 1.0 / (mean + eps).sqrt();
    for ((result, x), weight) in results.iter_mut().zip(x).zip(weight) {
        *result = x * scale * weight;
    }
}

struct Softmax;

impl CustomOp1 for Softmax {
    fn name(&self) -> &'static str {
        "softmax"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (x, width) = (contiguous(x.as_slice::<f32>()?, layout)?, layout.dims().last().copied().unwrap_or(1));
        let softmax = |row: usize, results: &mut [f32]| {
            results.copy_from_slice(&x[row * width..][..width]);
            vectorized(
                #[inline(always)]
                || softmax_row(results),
            );
        };
        Ok((CpuStorage::F32(each_row(x.len(), width, softmax)), layout.shape().clone()))
    }
}

/// Softmax in place. Where anything is no number, nothing is.
#[inline(always)]
fn softmax_row(scores: &mut [f32]) {
    let (_, sum) = powers(scores);
    let scale = 1.0 / sum;
    scores.iter_mut().for_each(
        #[inline(always)]
        |score| *score *= scale,
    );
}

struct Gated;

impl CustomOp2 for Gated {
    fn name(&self) -> &'static str {
        "gated"
    }

    fn cpu_fwd(
        &self,
        gate: &CpuStorage,
        gate_layout: &Layout,
        up: &CpuStorage,
        up_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (gate, up) =
            (contiguous(gate.as_slice::<f32>()?, gate_layout)?, contiguous(up.as_slice::<f32>()?, up_layout)?);
        if gate.len() != up.len() {
            bail!("gates of {:?} do not fit {:?}", gate_layout.shape(), up_layout.shape())
        }
        let width = gate_layout.dims().last().copied().unwrap_or(1);
        let gated = |row: usize, results: &mut [f32]| {
            let rows = (&gate[row * width..][..width], &up[row * width..][..width]);
            vectorized(
                #[inline(always)]
                || gated_row(rows, results),
            );
        };
        Ok((CpuStorage::F32(each_row(gate.len(), width, gated)), gate_layout.shape().clone()))
    }
}

#[inline(always)]
fn gated_row((gate, up): (&[f32], &[f32]), results: &mut [f32]) {
    for ((result, gate), up) in results.iter_mut().zip(gate).zip(up) {
        *result = gated_number(*gate, *up);
    }
}

#[inline(always)]
fn gated_number(gate: f32, up: f32) -> f32 {
    gate / (1.0 + exp(-gate)) * up
}

struct GatedPairs {
    order: PairOrder,
    gate_first: bool,
}

impl CustomOp1 for GatedPairs {
    fn name(&self) -> &'static str {
        "gated-pairs"
    }

    fn cpu_fwd(&self, both: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (rows, width) = layout.shape().dims2()?;
        if width % 2 != 0 {
            bail!("rows of {width} are not made of pairs")
        }
        let both = contiguous(both.as_slice::<f32>()?, layout)?;
        let gated = |row: usize, results: &mut [f32]| {
            let both = &both[row * width..][..width];
            vectorized(
                #[inline(always)]
                || self.row(both, results),
            );
        };
        Ok((CpuStorage::F32(each_row(both.len() / 2, width / 2, gated)), Shape::from((rows, width / 2))))
    }
}

impl GatedPairs {
    #[inline(always)]
    fn row(&self, both: &[f32], results: &mut [f32]) {
        let (first, second) = both.split_at(results.len());
        match (self.order, self.gate_first) {
            (PairOrder::Stacked, true) => gated_row((first, second), results),
            (PairOrder::Stacked, false) => gated_row((second, first), results),
            (PairOrder::Interleaved, true) => {
                let pairs = both.as_chunks().0.iter().zip(results);
                pairs.for_each(|([gate, up], result)| *result = gated_number(*gate, *up));
            }
            (PairOrder::Interleaved, false) => {
                let pairs = both.as_chunks().0.iter().zip(results);
                pairs.for_each(|([up, gate], result)| *result = gated_number(*gate, *up));
            }
        }
    }
}

/// `x + y`, of one shape. CPU and float32 only.
pub(crate) fn add(x: &Tensor, y: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op2_no_bwd(&y.contiguous()?, &Add)
}

struct Add;

impl CustomOp2 for Add {
    fn name(&self) -> &'static str {
        "add"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        y: &CpuStorage,
        y_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        if x_layout.shape() != y_layout.shape() {
            bail!("{:?} and {:?} cannot be added", x_layout.shape(), y_layout.shape())
        }
        let (x, y) = (contiguous(x.as_slice::<f32>()?, x_layout)?, contiguous(y.as_slice::<f32>()?, y_layout)?);
        let width = x_layout.dims().last().copied().unwrap_or(1);
        let add = |row: usize, results: &mut [f32]| {
            let numbers = x[row * width..].iter().zip(&y[row * width..]);
            results.iter_mut().zip(numbers).for_each(|(result, (x, y))| *result = x + y);
        };
        Ok((CpuStorage::F32(each_row(x.len(), width, add)), x_layout.shape().clone()))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;
    use candle_nn::ops;
    use proptest::prelude::*;

    use super::*;
    use crate::kernels::tests::{bits, uniform, values};

    fn assert_near(found: &Tensor, expected: &Tensor) {
        assert_eq!(found.dims(), expected.dims());
        for (a, b) in values(found).iter().zip(values(expected)) {
            assert!((a - b).abs() <= 1e-6 + 2e-6 * b.abs(), "{a} {b}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn agrees_with_tensor_operations(rows in 1usize..60, half in 1usize..300, seed: u64) {
            let (x, other) = (uniform((rows, 2 * half), seed), uniform((rows, 2 * half), !seed));
            let x = (x * 4.0).unwrap();
            let weight = other.get(0).unwrap();
            assert_near(&rms_norm(&x, &weight, 1e-5).unwrap(), &ops::rms_norm(&x, &weight, 1e-5).unwrap());
            assert_near(&softmax(&x).unwrap(), &ops::softmax_last_dim(&x).unwrap());
            assert_near(&gated(&x, &other).unwrap(), &(ops::silu(&x).unwrap() * &other).unwrap());
            assert_eq!(bits(&values(&add(&x, &other).unwrap())), bits(&values(&(&x + &other).unwrap())));
        }
    }

    proptest! {
        #[test]
        fn pairs_are_gated_as_those_apart(rows in 1usize..20, width in 1usize..300, seed: u64) {
            let (first, second) = (uniform((rows, width), seed), uniform((rows, width), !seed));
            let stacked = Tensor::cat(&[&first, &second], 1).unwrap();
            let interleaved = Tensor::stack(&[&first, &second], 2).unwrap().reshape((rows, 2 * width)).unwrap();
            for (both, order) in [(stacked, PairOrder::Stacked), (interleaved, PairOrder::Interleaved)] {
                for (gate_first, gate, up) in [(true, &first, &second), (false, &second, &first)] {
                    let found = values(&gated_pairs(&both, order, gate_first).unwrap());
                    prop_assert_eq!(bits(&found), bits(&values(&gated(gate, up).unwrap())));
                }
            }
        }
    }

    #[test]
    fn what_is_no_number_stays_none() {
        let x = Tensor::new(&[[1.0, f32::NAN, 2.0]], &Device::Cpu).unwrap();
        assert!(values(&softmax(&x).unwrap()).iter().all(|value| value.is_nan()));
        assert!(values(&gated(&x, &x).unwrap())[1].is_nan());
        let weight = Tensor::new(&[1f32, 1.0, 1.0], &Device::Cpu).unwrap();
        assert!(values(&rms_norm(&x, &weight, 1e-5).unwrap()).iter().all(|value| value.is_nan()));
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let (x, other) = (uniform((2, 4), 1), uniform((2, 6), 2));
        assert!(rms_norm(&x, &other.get(0).unwrap(), 1e-5).is_err());
        assert!(gated(&x, &other).is_err());
        assert!(gated_pairs(&uniform((2, 3), 1), PairOrder::Stacked, true).is_err());
        assert!(add(&x, &other).is_err());
    }
}
