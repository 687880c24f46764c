//! Numbers side by side in a register, for what is done between two products.

use super::isa::Isa;

/// Some numbers that are computed together. How many does not change what comes out.
pub(super) trait Lanes: Copy {
    /// How many.
    const COUNT: usize;

    /// The first [`Lanes::COUNT`] of `values`.
    fn load(values: &[f32]) -> Self;

    /// Writes them to the front of `values`.
    fn store(self, values: &mut [f32]);

    /// The same number everywhere.
    fn splat(value: f32) -> Self;

    fn add(self, other: Self) -> Self;

    fn subtract(self, other: Self) -> Self;

    fn multiply(self, other: Self) -> Self;

    /// `self · factor + sum`, rounded once where the processor can.
    fn multiply_add(self, factor: Self, sum: Self) -> Self;

    /// Brought to `-bound..bound`; what is no number stays so.
    fn clamp(self, bound: Self) -> Self;
}

/// Work on lanes: the same for wide ones and, where they do not go into what there is, for single ones.
pub(super) trait LaneWork {
    /// Does it; to be inlined.
    fn run<Wide: Lanes, Single: Lanes>(self);
}

impl Isa {
    /// Does work with these instructions.
    pub(super) fn run(self, work: impl LaneWork) {
        match self {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the processor has AVX-512F, or the variant would not be; with it come AVX2 and FMA.
            Self::Avx512 => unsafe { x86::run_avx512(work) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the processor has AVX2 and FMA, or the variant would not be.
            Self::Avx2 => unsafe { x86::run_avx2(work) },
            #[cfg(target_arch = "aarch64")]
            // SAFETY: every such processor has the instructions.
            Self::Neon => unsafe { neon::run(work) },
            Self::Plain => work.run::<Plain<8, NATIVE_FMA>, Plain<1, NATIVE_FMA>>(),
        }
    }
}

/// Whether plain code multiplies and adds at once.
pub(super) const NATIVE_FMA: bool = cfg!(target_arch = "aarch64");

/// Lanes as compilers make them. `FUSED`: multiply and add are one instruction.
#[derive(Clone, Copy)]
pub(super) struct Plain<const COUNT: usize, const FUSED: bool>([f32; COUNT]);

impl<const COUNT: usize, const FUSED: bool> Plain<COUNT, FUSED> {
    #[inline(always)]
    fn with(self, other: Self, operation: impl Fn(f32, f32) -> f32) -> Self {
        Self(std::array::from_fn(|lane| operation(self.0[lane], other.0[lane])))
    }
}

impl<const COUNT: usize, const FUSED: bool> Lanes for Plain<COUNT, FUSED> {
    const COUNT: usize = COUNT;

    #[inline(always)]
    fn load(values: &[f32]) -> Self {
        let values = &values[..COUNT];
        Self(std::array::from_fn(|lane| values[lane]))
    }

    #[inline(always)]
    fn store(self, values: &mut [f32]) {
        values[..COUNT].copy_from_slice(&self.0);
    }

    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self([value; COUNT])
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.with(other, |a, b| a + b)
    }

    #[inline(always)]
    fn subtract(self, other: Self) -> Self {
        self.with(other, |a, b| a - b)
    }

    #[inline(always)]
    fn multiply(self, other: Self) -> Self {
        self.with(other, |a, b| a * b)
    }

    #[inline(always)]
    fn multiply_add(self, factor: Self, sum: Self) -> Self {
        if FUSED {
            Self(std::array::from_fn(|lane| self.0[lane].mul_add(factor.0[lane], sum.0[lane])))
        } else {
            self.multiply(factor).add(sum)
        }
    }

    #[inline(always)]
    fn clamp(self, bound: Self) -> Self {
        self.with(bound, |value, bound| {
            if value > bound {
                bound
            } else if value < -bound {
                -bound
            } else {
                value
            }
        })
    }
}

/// A register type with the instructions of its lanes.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! lanes {
    ($register:ty, $count:literal, $load:ident, $store:ident, $splat:ident, $add:ident, $sub:ident, $mul:ident,
     $fma:ident, $min:ident, $max:ident) => {
        // SAFETY, for all: work gets this type from a function for its instructions only, so the processor has them; and
        // what is read or written was cut to size.
        impl Lanes for $register {
            const COUNT: usize = $count;

            #[inline(always)]
            fn load(values: &[f32]) -> Self {
                let values = &values[..Self::COUNT];
                // SAFETY: see above.
                unsafe { $load(values.as_ptr()) }
            }

            #[inline(always)]
            fn store(self, values: &mut [f32]) {
                let values = &mut values[..Self::COUNT];
                // SAFETY: see above.
                unsafe { $store(values.as_mut_ptr(), self) }
            }

            #[inline(always)]
            fn splat(value: f32) -> Self {
                // SAFETY: see above.
                unsafe { $splat(value) }
            }

            #[inline(always)]
            fn add(self, other: Self) -> Self {
                // SAFETY: see above.
                unsafe { $add(self, other) }
            }

            #[inline(always)]
            fn subtract(self, other: Self) -> Self {
                // SAFETY: see above.
                unsafe { $sub(self, other) }
            }

            #[inline(always)]
            fn multiply(self, other: Self) -> Self {
                // SAFETY: see above.
                unsafe { $mul(self, other) }
            }

            #[inline(always)]
            fn multiply_add(self, factor: Self, sum: Self) -> Self {
                // SAFETY: see above.
                unsafe { $fma(self, factor, sum) }
            }

            #[inline(always)]
            fn clamp(self, bound: Self) -> Self {
                let least = Self::splat(0.0).subtract(bound);
                // SAFETY: see above. Both give their second operand where one is no number, or what is none.
                unsafe { $min(bound, $max(least, self)) }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m256, __m512, _mm256_add_ps, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_max_ps, _mm256_min_ps, _mm256_mul_ps,
        _mm256_set1_ps, _mm256_storeu_ps, _mm256_sub_ps, _mm512_add_ps, _mm512_fmadd_ps, _mm512_loadu_ps,
        _mm512_max_ps, _mm512_min_ps, _mm512_mul_ps, _mm512_set1_ps, _mm512_storeu_ps, _mm512_sub_ps,
    };

    use super::{LaneWork, Lanes, Plain};

    /// # Safety
    /// AVX2 and FMA.
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn run_avx2(work: impl LaneWork) {
        work.run::<__m256, Plain<1, true>>();
    }

    /// # Safety
    /// AVX-512F, AVX2 and FMA.
    #[target_feature(enable = "avx512f,avx2,fma")]
    pub(super) unsafe fn run_avx512(work: impl LaneWork) {
        work.run::<__m512, Plain<1, true>>();
    }

    lanes!(
        __m256,
        8,
        _mm256_loadu_ps,
        _mm256_storeu_ps,
        _mm256_set1_ps,
        _mm256_add_ps,
        _mm256_sub_ps,
        _mm256_mul_ps,
        _mm256_fmadd_ps,
        _mm256_min_ps,
        _mm256_max_ps
    );
    lanes!(
        __m512,
        16,
        _mm512_loadu_ps,
        _mm512_storeu_ps,
        _mm512_set1_ps,
        _mm512_add_ps,
        _mm512_sub_ps,
        _mm512_mul_ps,
        _mm512_fmadd_ps,
        _mm512_min_ps,
        _mm512_max_ps
    );
}

#[cfg(target_arch = "aarch64")]
mod neon {
    use std::arch::aarch64::{
        float32x4_t, vaddq_f32, vdupq_n_f32, vfmaq_f32, vld1q_f32, vmaxq_f32, vminq_f32, vmulq_f32, vst1q_f32,
        vsubq_f32,
    };

    use super::{LaneWork, Lanes, Plain};

    #[target_feature(enable = "neon")]
    pub(super) fn run(work: impl LaneWork) {
        work.run::<float32x4_t, Plain<1, true>>();
    }

    #[inline]
    #[target_feature(enable = "neon")]
    fn multiply_add(lanes: float32x4_t, factor: float32x4_t, sum: float32x4_t) -> float32x4_t {
        vfmaq_f32(sum, lanes, factor)
    }

    lanes!(
        float32x4_t,
        4,
        vld1q_f32,
        vst1q_f32,
        vdupq_n_f32,
        vaddq_f32,
        vsubq_f32,
        vmulq_f32,
        multiply_add,
        vminq_f32,
        vmaxq_f32
    );
}
