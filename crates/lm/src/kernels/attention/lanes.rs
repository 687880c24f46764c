//! Sixteen numbers side by side, in the registers that there are.

use super::super::float::Element;

/// How many they are.
pub(super) const LANES: usize = 16;

/// Sixteen numbers that are computed together: the same bits from all that multiply and add in one step.
///
/// Whoever names a version other than [`Plain`] vouches that the processor has its instructions, and calls from a function
/// that is compiled for them: everything here is compiled into its caller.
pub(super) trait Lanes: Copy {
    fn zero() -> Self;

    /// The same number everywhere.
    fn splat(number: f32) -> Self;

    /// Widens stored numbers.
    fn load<T: Element>(numbers: &[T; LANES]) -> Self;

    fn store(self, to: &mut [f32; LANES]);

    /// `self · factor + sum`.
    fn multiply_add(self, factor: Self, sum: Self) -> Self;

    /// The sum of all sixteen: halves are added onto halves.
    fn total(self) -> f32;
}

/// For every processor, and what the other versions are tested against.
#[derive(Clone, Copy)]
pub(super) struct Plain([f32; LANES]);

/// Whether plain code multiplies and adds in one step.
const FUSED: bool = cfg!(target_arch = "aarch64");

impl Lanes for Plain {
    #[inline(always)]
    fn zero() -> Self {
        Self([0.0; LANES])
    }

    #[inline(always)]
    fn splat(number: f32) -> Self {
        Self([number; LANES])
    }

    #[inline(always)]
    fn load<T: Element>(numbers: &[T; LANES]) -> Self {
        Self(numbers.map(T::widen))
    }

    #[inline(always)]
    fn store(self, to: &mut [f32; LANES]) {
        *to = self.0;
    }

    #[inline(always)]
    fn multiply_add(self, factor: Self, sum: Self) -> Self {
        Self(std::array::from_fn(|lane| {
            let (a, b, sum) = (self.0[lane], factor.0[lane], sum.0[lane]);
            if FUSED { a.mul_add(b, sum) } else { a * b + sum }
        }))
    }

    #[inline(always)]
    fn total(self) -> f32 {
        let eight: [f32; 8] = std::array::from_fn(|lane| self.0[lane] + self.0[lane + 8]);
        let four: [f32; 4] = std::array::from_fn(|lane| eight[lane] + eight[lane + 4]);
        (four[0] + four[2]) + (four[1] + four[3])
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) mod x86 {
    use std::arch::x86_64::*;

    use super::{Element, LANES, Lanes};

    /// Two vectors of eight: AVX2 with FMA and F16C.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Avx2([__m256; 2]);

    // SAFETY, for all: the trait's callers vouch for the instructions, and arrays hold as many numbers as are read or
    // written.
    impl Lanes for Avx2 {
        #[inline(always)]
        fn zero() -> Self {
            // SAFETY: see above.
            Self(unsafe { [_mm256_setzero_ps(), _mm256_setzero_ps()] })
        }

        #[inline(always)]
        fn splat(number: f32) -> Self {
            // SAFETY: see above.
            Self([unsafe { _mm256_set1_ps(number) }; 2])
        }

        #[inline(always)]
        fn load<T: Element>(numbers: &[T; LANES]) -> Self {
            let at = numbers.as_ptr();
            // SAFETY: see above.
            Self(unsafe { [T::load8(at), T::load8(at.add(8))] })
        }

        #[inline(always)]
        fn store(self, to: &mut [f32; LANES]) {
            let to = to.as_mut_ptr();
            // SAFETY: see above.
            unsafe {
                _mm256_storeu_ps(to, self.0[0]);
                _mm256_storeu_ps(to.add(8), self.0[1]);
            }
        }

        #[inline(always)]
        fn multiply_add(self, factor: Self, sum: Self) -> Self {
            let half = |half: usize| {
                // SAFETY: see above.
                unsafe { _mm256_fmadd_ps(self.0[half], factor.0[half], sum.0[half]) }
            };
            Self([half(0), half(1)])
        }

        #[inline(always)]
        fn total(self) -> f32 {
            // SAFETY: see above.
            unsafe { total(_mm256_add_ps(self.0[0], self.0[1])) }
        }
    }

    /// One vector of sixteen: AVX-512F, and what comes with it.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Avx512(__m512);

    // SAFETY, for all: as above.
    impl Lanes for Avx512 {
        #[inline(always)]
        fn zero() -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm512_setzero_ps() })
        }

        #[inline(always)]
        fn splat(number: f32) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm512_set1_ps(number) })
        }

        #[inline(always)]
        fn load<T: Element>(numbers: &[T; LANES]) -> Self {
            // SAFETY: see above.
            Self(unsafe { T::load16(numbers.as_ptr()) })
        }

        #[inline(always)]
        fn store(self, to: &mut [f32; LANES]) {
            // SAFETY: see above.
            unsafe { _mm512_storeu_ps(to.as_mut_ptr(), self.0) }
        }

        #[inline(always)]
        fn multiply_add(self, factor: Self, sum: Self) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm512_fmadd_ps(self.0, factor.0, sum.0) })
        }

        #[inline(always)]
        fn total(self) -> f32 {
            // SAFETY: see above.
            unsafe {
                let upper = _mm256_castpd_ps(_mm512_extractf64x4_pd::<1>(_mm512_castps_pd(self.0)));
                total(_mm256_add_ps(_mm512_castps512_ps256(self.0), upper))
            }
        }
    }

    /// The sum of eight numbers.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn total(eight: __m256) -> f32 {
        let four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps::<1>(eight));
        let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
        _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
    }
}

#[cfg(target_arch = "aarch64")]
pub(super) mod arm {
    use std::arch::aarch64::*;
    use std::array::from_fn;

    use super::{Element, LANES, Lanes};

    /// Four vectors of four.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Neon([float32x4_t; 4]);

    // SAFETY, for all: every 64-bit ARM processor has the instructions, and arrays hold as many numbers as are read or
    // written.
    impl Lanes for Neon {
        #[inline(always)]
        fn zero() -> Self {
            Self::splat(0.0)
        }

        #[inline(always)]
        fn splat(number: f32) -> Self {
            // SAFETY: see above.
            Self([unsafe { vdupq_n_f32(number) }; 4])
        }

        #[inline(always)]
        fn load<T: Element>(numbers: &[T; LANES]) -> Self {
            // SAFETY: see above.
            Self(from_fn(|part| unsafe { T::load4(numbers.as_ptr().add(4 * part)) }))
        }

        #[inline(always)]
        fn store(self, to: &mut [f32; LANES]) {
            for (part, vector) in self.0.into_iter().enumerate() {
                // SAFETY: see above.
                unsafe { vst1q_f32(to.as_mut_ptr().add(4 * part), vector) }
            }
        }

        #[inline(always)]
        fn multiply_add(self, factor: Self, sum: Self) -> Self {
            // SAFETY: see above.
            Self(from_fn(|part| unsafe { vfmaq_f32(sum.0[part], self.0[part], factor.0[part]) }))
        }

        #[inline(always)]
        fn total(self) -> f32 {
            let [a, b, c, d] = self.0;
            // SAFETY: see above.
            unsafe {
                let four = vaddq_f32(vaddq_f32(a, c), vaddq_f32(b, d));
                vaddv_f32(vadd_f32(vget_low_f32(four), vget_high_f32(four)))
            }
        }
    }
}
