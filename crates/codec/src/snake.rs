//! Snake, the activation of DAC: x + sin²(αx) / α (Ziyin, Hartwig and Ueda, "Neural Networks Fail to Learn Periodic
//! Functions and How to Fix It", 2020).

use candle_core::{CpuStorage, CustomOp2, DType, Device, Layout, Shape, Tensor};
use rayon::prelude::*;
use zonos_weights::Weights;

use crate::Result;
use crate::conv_cpu::contiguous;
use crate::parameters::vector;

/// Keeps the division finite where α is 0.
const EPSILON: f32 = 1e-9;

/// x + sin²(αx) / (α + 1e-9), with one α for each channel.
pub(crate) struct Snake {
    /// `[1, channels, 1]`.
    alpha: Tensor,
}

impl Snake {
    pub(crate) fn load(weights: &Weights, channels: usize) -> Result<Self> {
        Ok(Self { alpha: vector(weights, "alpha", &[1, channels, 1])? })
    }

    /// `x` is `[1, channels, time]`.
    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        if matches!(x.device(), Device::Cpu) && x.dtype() == DType::F32 {
            return Ok(x.contiguous()?.apply_op2_no_bwd(&self.alpha, &CpuSnake)?);
        }
        let sine = x.broadcast_mul(&self.alpha)?.sin()?;
        let inverse = (&self.alpha + f64::from(EPSILON))?.recip()?;
        Ok((x + sine.sqr()?.broadcast_mul(&inverse)?)?)
    }
}

/// The same in one pass over memory.
struct CpuSnake;

impl CustomOp2 for CpuSnake {
    fn name(&self) -> &'static str {
        "snake"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        alpha: &CpuStorage,
        alpha_layout: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        let (x, alpha) = (contiguous(x, x_layout)?, contiguous(alpha, alpha_layout)?);
        let time = x_layout.dims().last().copied().unwrap_or(0).max(1);
        let mut y = vec![0.0; x.len()];
        y.par_chunks_mut(time).zip(x.par_chunks(time)).zip(alpha).for_each(|((y, x), &alpha)| {
            let inverse = 1.0 / (alpha + EPSILON);
            y.iter_mut().zip(x).for_each(|(y, &x)| *y = x + sine_squared(alpha * x) * inverse);
        });
        Ok((CpuStorage::F32(y), x_layout.shape().clone()))
    }
}

/// sin²(x) to within 5e-7, in operations that compilers turn into vector code.
///
/// sin² repeats every π, so x is brought to −π/2..π/2 (subtracting multiples of π in three parts whose products are
/// exact) and a Taylor polynomial does the rest.
fn sine_squared(x: f32) -> f32 {
    const PI_HIGH: f32 = 201.0 / 64.0;
    const PI_MIDDLE: f32 = 507.0 / 524_288.0;
    const PI_LOW: f32 = 6.278_329_6e-7;
    /// Adding and subtracting it rounds to a whole number.
    const ROUND: f32 = 12_582_912.0;
    let turns = (x * std::f32::consts::FRAC_1_PI + ROUND) - ROUND;
    let reduced = x - turns * PI_HIGH - turns * PI_MIDDLE - turns * PI_LOW;
    // Rounding can leave a little more than π/2. Far out nothing is left of the phase; the bound keeps it a sine.
    let reduced = reduced.clamp(-2.0, 2.0);
    let square = reduced * reduced;
    let tail = 2.755_731_9e-6 - square * 2.505_210_8e-8;
    let series = 1.0 - square * (1.0 / 6.0 - square * (8.333_333e-3 - square * (1.984_127e-4 - square * tail)));
    let sine = reduced * series;
    sine * sine
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sine_squared_is_close_everywhere() {
        let worst = |limit: f32| {
            let error = |step: i32| {
                let x = step as f32 / 100_000.0 * limit;
                (f64::from(sine_squared(x)) - f64::from(x).sin().powi(2)).abs()
            };
            (-100_000..=100_000).map(error).fold(0.0, f64::max)
        };
        assert!(worst(2.0) < 5e-7, "{}", worst(2.0));
        assert!(worst(300.0) < 5e-7, "{}", worst(300.0));
        assert!(worst(20_000.0) < 1e-6, "{}", worst(20_000.0));
        assert!((0.0..=1.0).contains(&sine_squared(1e30)), "{}", sine_squared(1e30));
        assert!(sine_squared(f32::NAN).is_nan());
    }

    #[test]
    fn one_pass_equals_tensor_operations() {
        let x = Tensor::randn(0f32, 3.0, (1, 5, 333), &Device::Cpu).unwrap();
        let alpha = Tensor::new(&[0.5f32, -1.0, 3.0, 0.0, 20.0], &Device::Cpu).unwrap().reshape((1, 5, 1)).unwrap();
        let exact = |tensor: &Tensor| tensor.to_dtype(DType::F64).unwrap();
        let slow = Snake { alpha: exact(&alpha) }.forward(&exact(&x)).unwrap();
        let fast = exact(&Snake { alpha }.forward(&x).unwrap());
        let error = (fast - slow).unwrap().abs().unwrap().max_all().unwrap().to_scalar::<f64>().unwrap();
        assert!(error < 2e-6, "{error}");
    }
}
