//! Float16 by the vectors of 64-bit ARM processors.

use std::arch::aarch64::*;
use std::arch::asm;

/// Four numbers of 16 bits in float32. The compiler's own function is not stable in all versions that are asked for.
#[inline]
#[target_feature(enable = "neon")]
pub(super) fn widen_halves(halves: uint16x4_t) -> float32x4_t {
    let widened;
    // SAFETY: every such processor has the instruction, which works on registers only.
    unsafe {
        asm!(
            "fcvtl {widened:v}.4s, {halves:v}.4h",
            widened = out(vreg) widened, halves = in(vreg) halves,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    widened
}

#[cfg(test)]
mod tests {
    use half::f16;

    use super::*;

    #[test]
    fn all_halves_widen_exactly() {
        for first in (0..=u16::MAX).step_by(4) {
            let halves = [first, first + 1, first + 2, first + 3];
            let mut widened = [0.0f32; 4];
            // SAFETY: every such processor has vectors; four numbers each.
            unsafe { vst1q_f32(widened.as_mut_ptr(), widen_halves(vld1_u16(halves.as_ptr()))) };
            for (half, widened) in halves.into_iter().zip(widened) {
                let exact = f16::from_bits(half).to_f32();
                assert!(widened.to_bits() == exact.to_bits() || widened.is_nan() && exact.is_nan(), "{half:#06x}");
            }
        }
    }
}
