//! Stored numbers that widen to float32.

use half::{bf16, f16};

/// A stored number that widens to float32.
#[cfg(target_arch = "x86_64")]
pub(crate) trait Element: Widen + super::avx2::Load + super::avx512::Load {}
/// A stored number that widens to float32.
#[cfg(target_arch = "aarch64")]
pub(crate) trait Element: Widen + super::neon::Load {}
/// A stored number that widens to float32.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(crate) trait Element: Widen {}

impl Element for f32 {}
impl Element for bf16 {}
impl Element for f16 {}

/// Widening, one number at a time.
pub(crate) trait Widen: Copy + Send + Sync {
    const ZERO: Self;

    fn widen(self) -> f32;
}

impl Widen for f32 {
    const ZERO: Self = 0.0;

    #[inline(always)]
    fn widen(self) -> f32 {
        self
    }
}

impl Widen for bf16 {
    const ZERO: Self = bf16::ZERO;

    #[inline(always)]
    fn widen(self) -> f32 {
        f32::from_bits(u32::from(self.to_bits()) << 16)
    }
}

impl Widen for f16 {
    const ZERO: Self = f16::ZERO;

    #[inline(always)]
    fn widen(self) -> f32 {
        self.to_f32()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bfloat16_widens_exactly() {
        for bits in 0..=u16::MAX {
            let number = bf16::from_bits(bits);
            if !number.is_nan() {
                assert_eq!(number.widen().to_bits(), number.to_f32().to_bits(), "{bits:#06x}");
            }
        }
    }
}
