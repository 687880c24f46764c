//! Dot products of one weight row with up to four activation rows, compiled once for each instruction set.

use half::{bf16, f16};

/// Activation rows that share one reading of the weights.
pub(super) const ROWS: usize = 4;
/// Partial sums kept side by side. Part of the fixed order of summation: the same on every processor.
const LANES: usize = 32;

/// A stored number that widens to float32.
pub(crate) trait Element: Copy + Send + Sync {
    fn widen(self) -> f32;
}

impl Element for f32 {
    #[inline(always)]
    fn widen(self) -> f32 {
        self
    }
}

impl Element for bf16 {
    #[inline(always)]
    fn widen(self) -> f32 {
        f32::from_bits(u32::from(self.to_bits()) << 16)
    }
}

impl Element for f16 {
    /// Shifts exponent and fraction into place and corrects the exponent's bias by an exact product: unlike a
    /// conversion instruction this becomes vector code everywhere. Weights are finite; infinities become 65536.
    #[inline(always)]
    fn widen(self) -> f32 {
        let bits = u32::from(self.to_bits());
        let magnitude = f32::from_bits((bits & 0x7fff) << 13) * f32::from_bits((254 - 15) << 23);
        f32::from_bits(magnitude.to_bits() | (bits & 0x8000) << 16)
    }
}

/// `weight` times each row of `x`; all of one length.
pub(super) fn dot<T: Element, const N: usize>(weight: &[T], x: [&[f32]; N]) -> [f32; N] {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has AVX-512F, and with it AVX2 and FMA, as was just asked.
            return unsafe { dot_avx512(weight, x) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the processor has AVX2 and FMA, as was just asked.
            return unsafe { dot_avx2(weight, x) };
        }
    }
    dot_plain(weight, x)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,fma")]
fn dot_avx512<T: Element, const N: usize>(weight: &[T], x: [&[f32]; N]) -> [f32; N] {
    dot_by(weight, x, f32::mul_add)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn dot_avx2<T: Element, const N: usize>(weight: &[T], x: [&[f32]; N]) -> [f32; N] {
    dot_by(weight, x, f32::mul_add)
}

/// NEON has fused products in its base set; elsewhere a fused product would be a slow library call.
fn dot_plain<T: Element, const N: usize>(weight: &[T], x: [&[f32]; N]) -> [f32; N] {
    if cfg!(target_arch = "aarch64") { dot_by(weight, x, f32::mul_add) } else { dot_by(weight, x, |a, b, c| a * b + c) }
}

#[inline(always)]
fn dot_by<T: Element, const N: usize>(
    weight: &[T],
    x: [&[f32]; N],
    multiply_add: impl Fn(f32, f32, f32) -> f32,
) -> [f32; N] {
    let mut sums = [[0f32; LANES]; N];
    let (blocks, rest) = weight.as_chunks::<LANES>();
    let x = x.map(|x| x.as_chunks::<LANES>());
    for (block, weight) in blocks.iter().enumerate() {
        let weight = weight.map(Element::widen);
        for row in 0..N {
            let x = &x[row].0[block];
            for lane in 0..LANES {
                sums[row][lane] = multiply_add(weight[lane], x[lane], sums[row][lane]);
            }
        }
    }
    std::array::from_fn(|row| {
        let tail = rest.iter().zip(x[row].1).fold(0.0, |sum, (weight, x)| multiply_add(weight.widen(), *x, sum));
        fold(sums[row]) + tail
    })
}

/// Adds the lanes pairwise.
#[inline(always)]
fn fold(mut lanes: [f32; LANES]) -> f32 {
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
        width /= 2;
    }
    lanes[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_numbers_widen_exactly() {
        for bits in 0..=u16::MAX {
            let number = f16::from_bits(bits);
            if number.is_finite() {
                assert_eq!(number.widen().to_bits(), number.to_f32().to_bits(), "{bits:#06x}");
            }
            let number = bf16::from_bits(bits);
            if !number.is_nan() {
                assert_eq!(number.widen().to_bits(), number.to_f32().to_bits(), "{bits:#06x}");
            }
        }
    }

    #[test]
    fn every_instruction_set_agrees_with_the_plain_version() {
        let weight: Vec<f32> = (0..333).map(|i| ((i * 7919) % 101) as f32 / 50.0 - 1.0).collect();
        let x: Vec<f32> = (0..333).map(|i| ((i * 104_729) % 89) as f32 / 44.0 - 1.0).collect();
        let [plain] = dot_plain(&weight, [&x]);
        let [chosen] = dot(&weight, [&x]);
        assert!((plain - chosen).abs() < 1e-4, "{plain} {chosen}");
    }
}
