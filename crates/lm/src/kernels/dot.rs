//! Dot products of a few weight rows with a few activation rows: one version for each instruction set, chosen at run
//! time. Within a version the sum of a pair of rows is formed in one order, whatever tile it is part of.

use half::{bf16, f16};

/// Weight rows of a tile: each vector of activations is loaded once for them.
pub(super) const WEIGHT_ROWS: usize = 2;
/// Activation rows of a tile: each vector of weights is loaded once for them.
pub(super) const ROWS: usize = 4;

/// A stored number that widens to float32.
#[cfg(target_arch = "x86_64")]
pub(crate) trait Element: Widen + x86::Load {}
/// A stored number that widens to float32.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) trait Element: Widen {}

impl Element for f32 {}
impl Element for bf16 {}
impl Element for f16 {}

/// Widening, one number at a time.
pub(crate) trait Widen: Copy + Send + Sync {
    fn widen(self) -> f32;
}

impl Widen for f32 {
    #[inline(always)]
    fn widen(self) -> f32 {
        self
    }
}

impl Widen for bf16 {
    #[inline(always)]
    fn widen(self) -> f32 {
        f32::from_bits(u32::from(self.to_bits()) << 16)
    }
}

impl Widen for f16 {
    #[inline(always)]
    fn widen(self) -> f32 {
        self.to_f32()
    }
}

/// Each row of `weights` times each row of `x`; all of one length.
pub(super) fn dots<T: Element, const W: usize, const N: usize>(weights: [&[T]; W], x: [&[f32]; N]) -> [[f32; N]; W] {
    let len = x.first().map_or(0, |x| x.len());
    let one_length = weights.iter().all(|row| row.len() == len) && x.iter().all(|row| row.len() == len);
    assert!(one_length, "rows of one length");
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has AVX-512F, as was just asked, and all rows are of one length.
            return unsafe { x86::dots_avx512(weights, x) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c") {
            // SAFETY: the processor has AVX2, FMA and F16C, as was just asked, and all rows are of one length.
            return unsafe { x86::dots_avx2(weights, x) };
        }
    }
    weights.map(|weight| x.map(|x| dot_plain(weight, x)))
}

/// `output` += each of `rows` (as long as `output`, one after the other) times its weight.
pub(super) fn weighted_sum(weights: &[f32], rows: &[f32], output: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        // SAFETY: the processor has AVX2 and FMA, as was just asked.
        return unsafe { x86::weighted_sum_avx2(weights, rows, output) };
    }
    for (weight, row) in weights.iter().zip(rows.chunks_exact(output.len().max(1))) {
        output.iter_mut().zip(row).for_each(|(sum, value)| *sum += weight * value);
    }
}

/// Sums kept side by side, for compilers to turn into vectors.
const LANES: usize = 16;

/// For every other processor, and what the other versions are tested against.
fn dot_plain<T: Widen>(weight: &[T], x: &[f32]) -> f32 {
    let (mut sums, mut tail) = ([0f32; LANES], 0f32);
    let ((blocks, rest), (x_blocks, x_rest)) = (weight.as_chunks::<LANES>(), x.as_chunks::<LANES>());
    for (weight, x) in blocks.iter().zip(x_blocks) {
        for lane in 0..LANES {
            sums[lane] += weight[lane].widen() * x[lane];
        }
    }
    for (weight, x) in rest.iter().zip(x_rest) {
        tail += weight.widen() * x;
    }
    sums.iter().sum::<f32>() + tail
}

#[cfg(target_arch = "x86_64")]
// Sums stay in registers only while nothing borrows them: no iterators, no closures around them.
#[expect(clippy::needless_range_loop)]
mod x86 {
    use std::arch::x86_64::*;

    use half::{bf16, f16};

    use super::Widen;

    /// Loading and widening a vector of numbers.
    pub(crate) trait Load: Sized {
        /// Sixteen numbers.
        ///
        /// # Safety
        /// They must be readable at `at`, and the processor must have AVX-512F.
        unsafe fn load16(at: *const Self) -> __m512;
        /// Eight numbers.
        ///
        /// # Safety
        /// They must be readable at `at`, and the processor must have AVX2 and F16C.
        unsafe fn load8(at: *const Self) -> __m256;
    }

    impl Load for f32 {
        #[inline]
        #[target_feature(enable = "avx512f")]
        unsafe fn load16(at: *const Self) -> __m512 {
            // SAFETY: as the trait demands.
            unsafe { _mm512_loadu_ps(at) }
        }

        #[inline]
        #[target_feature(enable = "avx2")]
        unsafe fn load8(at: *const Self) -> __m256 {
            // SAFETY: as the trait demands.
            unsafe { _mm256_loadu_ps(at) }
        }
    }

    impl Load for bf16 {
        #[inline]
        #[target_feature(enable = "avx512f")]
        unsafe fn load16(at: *const Self) -> __m512 {
            // SAFETY: as the trait demands.
            let bits = unsafe { _mm256_loadu_si256(at.cast()) };
            _mm512_castsi512_ps(_mm512_slli_epi32::<16>(_mm512_cvtepu16_epi32(bits)))
        }

        #[inline]
        #[target_feature(enable = "avx2")]
        unsafe fn load8(at: *const Self) -> __m256 {
            // SAFETY: as the trait demands.
            let bits = unsafe { _mm_loadu_si128(at.cast()) };
            _mm256_castsi256_ps(_mm256_slli_epi32::<16>(_mm256_cvtepu16_epi32(bits)))
        }
    }

    impl Load for f16 {
        #[inline]
        #[target_feature(enable = "avx512f")]
        unsafe fn load16(at: *const Self) -> __m512 {
            // SAFETY: as the trait demands.
            _mm512_cvtph_ps(unsafe { _mm256_loadu_si256(at.cast()) })
        }

        #[inline]
        #[target_feature(enable = "avx2,f16c")]
        unsafe fn load8(at: *const Self) -> __m256 {
            // SAFETY: as the trait demands.
            _mm256_cvtph_ps(unsafe { _mm_loadu_si128(at.cast()) })
        }
    }

    /// Vectors summed side by side for each pair of rows: as many as registers hold for a tile of two by four rows.
    const AVX512_SUMS: usize = 2;
    const AVX2_SUMS: usize = 1;

    /// All rows must be of one length.
    #[target_feature(enable = "avx512f")]
    pub(super) fn dots_avx512<T: Widen + Load, const W: usize, const N: usize>(
        weights: [&[T]; W],
        x: [&[f32]; N],
    ) -> [[f32; N]; W] {
        const BLOCK: usize = 16 * AVX512_SUMS;
        let mut sums = [[[_mm512_setzero_ps(); AVX512_SUMS]; N]; W];
        let end = x.first().map_or(0, |x| x.len() / BLOCK * BLOCK);
        for start in (0..end).step_by(BLOCK) {
            for part in 0..AVX512_SUMS {
                let at = start + 16 * part;
                // SAFETY: `at + 16` is at most `end`, and so inside every row of `weights` and `x`.
                let weights = weights.map(|row| unsafe { T::load16(row.as_ptr().add(at)) });
                // SAFETY: as above.
                let x = x.map(|row| unsafe { _mm512_loadu_ps(row.as_ptr().add(at)) });
                for w in 0..W {
                    for n in 0..N {
                        sums[w][n][part] = _mm512_fmadd_ps(weights[w], x[n], sums[w][n][part]);
                    }
                }
            }
        }
        let mut results = [[0f32; N]; W];
        for w in 0..W {
            for n in 0..N {
                results[w][n] = add_avx512(sums[w][n]) + tail(&weights[w][end..], &x[n][end..]);
            }
        }
        results
    }

    #[target_feature(enable = "avx512f")]
    fn add_avx512([a, b]: [__m512; AVX512_SUMS]) -> f32 {
        _mm512_reduce_add_ps(_mm512_add_ps(a, b))
    }

    /// All rows must be of one length.
    #[target_feature(enable = "avx2,fma,f16c")]
    pub(super) fn dots_avx2<T: Widen + Load, const W: usize, const N: usize>(
        weights: [&[T]; W],
        x: [&[f32]; N],
    ) -> [[f32; N]; W] {
        const BLOCK: usize = 8 * AVX2_SUMS;
        let mut sums = [[[_mm256_setzero_ps(); AVX2_SUMS]; N]; W];
        let end = x.first().map_or(0, |x| x.len() / BLOCK * BLOCK);
        for start in (0..end).step_by(BLOCK) {
            for part in 0..AVX2_SUMS {
                let at = start + 8 * part;
                // SAFETY: `at + 8` is at most `end`, and so inside every row of `weights` and `x`.
                let weights = weights.map(|row| unsafe { T::load8(row.as_ptr().add(at)) });
                // SAFETY: as above.
                let x = x.map(|row| unsafe { _mm256_loadu_ps(row.as_ptr().add(at)) });
                for w in 0..W {
                    for n in 0..N {
                        sums[w][n][part] = _mm256_fmadd_ps(weights[w], x[n], sums[w][n][part]);
                    }
                }
            }
        }
        let mut results = [[0f32; N]; W];
        for w in 0..W {
            for n in 0..N {
                results[w][n] = add_avx2(sums[w][n]) + tail(&weights[w][end..], &x[n][end..]);
            }
        }
        results
    }

    #[target_feature(enable = "avx2")]
    fn add_avx2([sum]: [__m256; AVX2_SUMS]) -> f32 {
        let mut lanes = [0f32; 8];
        // SAFETY: `lanes` has room for eight numbers.
        unsafe { _mm256_storeu_ps(lanes.as_mut_ptr(), sum) };
        lanes.iter().sum()
    }

    /// As the plain version; the compiler makes vectors of it.
    #[target_feature(enable = "avx2,fma")]
    pub(super) fn weighted_sum_avx2(weights: &[f32], rows: &[f32], output: &mut [f32]) {
        for (weight, row) in weights.iter().zip(rows.chunks_exact(output.len().max(1))) {
            for (sum, value) in output.iter_mut().zip(row) {
                *sum = weight.mul_add(*value, *sum);
            }
        }
    }

    /// What does not fill a block.
    #[inline]
    fn tail<T: Widen>(weight: &[T], x: &[f32]) -> f32 {
        weight.iter().zip(x).fold(0.0, |sum, (weight, x)| sum + weight.widen() * x)
    }
}

/// The version for AVX2, whatever else the processor has.
#[cfg(all(test, target_arch = "x86_64"))]
pub(super) fn dots_by_avx2<T: Element, const W: usize, const N: usize>(
    weights: [&[T]; W],
    x: [&[f32]; N],
) -> [[f32; N]; W] {
    // SAFETY: callers ask the processor first, and give rows of one length.
    unsafe { x86::dots_avx2(weights, x) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn numbers(len: usize, step: usize) -> Vec<f32> {
        (0..len).map(|i| ((i * step) % 101) as f32 / 50.0 - 1.0).collect()
    }

    /// Every version that this processor has, for one element type.
    fn versions<T: Element>(weight: &[T], x: [&[f32]; 2]) -> Vec<[f32; 2]> {
        let [first, second] = dots([weight, weight], x);
        let mut versions = vec![x.map(|x| dot_plain(weight, x)), first, second];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                // SAFETY: the processor has AVX-512F and the rows are of one length.
                versions.extend(unsafe { x86::dots_avx512([weight], x) });
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c") {
                // SAFETY: the processor has what the version needs and the rows are of one length.
                versions.extend(unsafe { x86::dots_avx2([weight], x) });
            }
        }
        versions
    }

    fn agree(versions: &[[f32; 2]]) {
        let plain = versions[0];
        for version in versions {
            for (a, b) in version.iter().zip(plain) {
                assert!((a - b).abs() < 1e-3, "{versions:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn every_version_agrees_with_the_plain_one(len in 0usize..700, step in 1usize..5000) {
            let (weight, a, b) = (numbers(len, step), numbers(len, 7919), numbers(len, 104_729));
            agree(&versions(&weight, [&a, &b]));
            let halves: Vec<f16> = weight.iter().map(|&number| f16::from_f32(number)).collect();
            agree(&versions(&halves, [&a, &b]));
            let halves: Vec<bf16> = weight.iter().map(|&number| bf16::from_f32(number)).collect();
            agree(&versions(&halves, [&a, &b]));
        }
    }

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
