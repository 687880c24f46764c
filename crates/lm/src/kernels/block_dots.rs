//! Dot products of one row of quantized blocks with a few rows of activations, the blocks widened in registers: for a
//! few rows memory is the bound, and a row of weights passes through once.
//!
//! Each version adds in the order of the float32 kernel for the same instructions, and widens as the plain version
//! does: a result equals, bit for bit, that of weights widened before.

use zonos_weights::BlockType;

use super::dot;

/// Whether this processor has a version for these blocks.
pub(super) fn has_version(block: BlockType) -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        has_avx512() || (has_avx2() && matches!(block, BlockType::Q8_0 | BlockType::Q4K))
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let _ = block;
        false
    }
}

/// A row of blocks times each row of `x`.
pub(super) fn dots<const N: usize>(block: BlockType, weight: &[u8], x: [&[f32]; N]) -> [f32; N] {
    let fits = |row: &&[f32]| row.len().is_multiple_of(block.numbers()) && weight.len() == bytes_of(block, row.len());
    assert!(x.iter().all(fits), "whole blocks, as many as the rows have");
    #[cfg(target_arch = "x86_64")]
    {
        if has_avx512() {
            // SAFETY: the processor has what the version needs, and `weight` holds the blocks of one row of `x`.
            return unsafe {
                match block {
                    BlockType::Q8_0 => avx512::dots::<avx512::Q8_0, 2, N>(weight, x),
                    BlockType::Q6K => avx512::dots::<avx512::Q6K, 8, N>(weight, x),
                    BlockType::Q5K => avx512::dots::<avx512::Q5K, 4, N>(weight, x),
                    BlockType::Q4K => avx512::dots::<avx512::Q4K, 4, N>(weight, x),
                }
            };
        }
        if has_avx2() {
            match block {
                // SAFETY: as above.
                BlockType::Q8_0 => return unsafe { avx2::dots::<avx2::Q8_0, 4, N>(weight, x) },
                // SAFETY: as above.
                BlockType::Q4K => return unsafe { avx2::dots::<avx2::Q4K, 8, N>(weight, x) },
                BlockType::Q6K | BlockType::Q5K => {}
            }
        }
    }
    dots_plain(block, weight, x)
}

fn bytes_of(block: BlockType, numbers: usize) -> usize {
    numbers / block.numbers() * block.bytes()
}

/// For every other processor, and what the other versions are tested against.
fn dots_plain<const N: usize>(block: BlockType, weight: &[u8], x: [&[f32]; N]) -> [f32; N] {
    let mut numbers = vec![0.0; x.first().map_or(0, |x| x.len())];
    block.dequantize(weight, &mut numbers);
    let [results] = dot::dots([numbers.as_slice()], x);
    results
}

#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512f")
}

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c")
}

/// The scales and offsets of 6 bits in the twelve bytes of a Q4_K or Q5_K block: eight bytes of one, eight of the
/// other. The upper two bits of the first eight bytes belong to the last four scales and offsets.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn six_bits(packed: [u32; 3]) -> [u32; 4] {
    const LOW: u32 = 0x3f3f_3f3f;
    const HALF: u32 = 0x0f0f_0f0f;
    const TOP: u32 = 0x3030_3030;
    let [scales, offsets, last] = packed;
    [scales & LOW, (last & HALF) | (scales >> 2 & TOP), offsets & LOW, (last >> 4 & HALF) | (offsets >> 2 & TOP)]
}

#[cfg(target_arch = "x86_64")]
// Sums stay in registers only while nothing borrows them: no iterators, no closures around them.
mod avx512 {
    use std::arch::x86_64::*;

    use super::six_bits;

    /// Blocks that are widened `V` vectors of sixteen numbers at a time.
    pub(super) trait Blocks<const V: usize> {
        /// Such pieces in a block.
        const PIECES: usize;
        /// Bytes of a block.
        const BYTES: usize;
        /// The scales (and offsets) of a block in float32.
        type Factors;

        /// Widens them.
        ///
        /// # Safety
        /// A block must be readable at `block`, and the processor must have AVX-512F.
        unsafe fn factors(block: *const u8) -> Self::Factors;

        /// The numbers of one piece.
        ///
        /// # Safety
        /// A block must be readable at `block`, `piece` must be one of it, and the processor must have AVX-512F.
        unsafe fn widen(block: *const u8, factors: &Self::Factors, piece: usize) -> [__m512; V];
    }

    /// `weight` must hold as many whole blocks as each row of `x` has numbers.
    #[target_feature(enable = "avx512f")]
    pub(super) fn dots<B: Blocks<V>, const V: usize, const N: usize>(weight: &[u8], x: [&[f32]; N]) -> [f32; N] {
        let mut sums = [[_mm512_setzero_ps(); 2]; N];
        for block in 0..weight.len() / B::BYTES {
            // SAFETY: the block is the one of that index in `weight`.
            let at = unsafe { weight.as_ptr().add(block * B::BYTES) };
            // SAFETY: as above.
            let factors = unsafe { B::factors(at) };
            for piece in 0..B::PIECES {
                // SAFETY: as above, and the piece is one of the block.
                let numbers = unsafe { B::widen(at, &factors, piece) };
                let place = 16 * V * (block * B::PIECES + piece);
                for v in 0..V {
                    for n in 0..N {
                        // SAFETY: rows of `x` have as many numbers as there are in all blocks.
                        let x = unsafe { _mm512_loadu_ps(x[n].as_ptr().add(place + 16 * v)) };
                        sums[n][v % 2] = _mm512_fmadd_ps(numbers[v], x, sums[n][v % 2]);
                    }
                }
            }
        }
        let mut results = [0f32; N];
        for n in 0..N {
            // The float32 kernel adds what does not fill a vector: here nothing, which still turns −0 into 0.
            results[n] = _mm512_reduce_add_ps(_mm512_add_ps(sums[n][0], sums[n][1])) + 0.0;
        }
        results
    }

    /// A float16 in all lanes.
    ///
    /// # Safety
    /// Two bytes must be readable at `at`, and the processor must have AVX-512F.
    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn half(at: *const u8) -> __m512 {
        // SAFETY: as demanded.
        _mm512_cvtph_ps(_mm256_set1_epi16(unsafe { at.cast::<i16>().read_unaligned() }))
    }

    /// Sixteen bytes, each as a number of 32 bits without a sign.
    ///
    /// # Safety
    /// They must be readable at `at`, and the processor must have AVX-512F.
    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn bytes(at: *const u8) -> __m512i {
        // SAFETY: as demanded.
        _mm512_cvtepu8_epi32(unsafe { _mm_loadu_si128(at.cast()) })
    }

    /// Sixteen signed bytes in float32.
    ///
    /// # Safety
    /// They must be readable at `at`, and the processor must have AVX-512F.
    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn signed(at: *const u8) -> __m512 {
        // SAFETY: as demanded.
        _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(unsafe { _mm_loadu_si128(at.cast()) }))
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn stored(vector: __m512) -> [f32; 16] {
        let mut lanes = [0f32; 16];
        // SAFETY: `lanes` has room for sixteen numbers.
        unsafe { _mm512_storeu_ps(lanes.as_mut_ptr(), vector) };
        lanes
    }

    /// Eight scales, then eight offsets, of a Q4_K or Q5_K block.
    ///
    /// # Safety
    /// Sixteen bytes must be readable at `block`, and the processor must have AVX-512F.
    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn affines(block: *const u8) -> [f32; 16] {
        // SAFETY: as demanded.
        let packed = unsafe { block.add(4).cast::<[u32; 3]>().read_unaligned() };
        let [a, b, c, d] = six_bits(packed).map(u32::cast_signed);
        let six = _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_setr_epi32(a, b, c, d)));
        // SAFETY: as demanded.
        let (scale, offset) = unsafe { (half(block), half(block.add(2))) };
        stored(_mm512_mul_ps(six, _mm512_mask_blend_ps(0xff00, scale, offset)))
    }

    /// `scale · q − offset` for sixteen `q` from `first` on.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn table(factors: &[f32; 16], group: usize, first: f32) -> __m512 {
        let q = _mm512_setr_ps(0., 1., 2., 3., 4., 5., 6., 7., 8., 9., 10., 11., 12., 13., 14., 15.);
        let q = _mm512_add_ps(q, _mm512_set1_ps(first));
        _mm512_sub_ps(_mm512_mul_ps(_mm512_set1_ps(factors[group]), q), _mm512_set1_ps(factors[8 + group]))
    }

    pub(super) struct Q8_0;

    impl Blocks<2> for Q8_0 {
        const PIECES: usize = 1;
        const BYTES: usize = 34;
        type Factors = __m512;

        #[inline]
        #[target_feature(enable = "avx512f")]
        unsafe fn factors(block: *const u8) -> __m512 {
            // SAFETY: as the trait demands.
            unsafe { half(block) }
        }

        #[inline]
        #[target_feature(enable = "avx512f")]
        unsafe fn widen(block: *const u8, scale: &__m512, _piece: usize) -> [__m512; 2] {
            // SAFETY: as the trait demands; the numbers follow the scale.
            let (first, second) = unsafe { (signed(block.add(2)), signed(block.add(18))) };
            [_mm512_mul_ps(first, *scale), _mm512_mul_ps(second, *scale)]
        }
    }

    pub(super) struct Q4K;

    /// Two groups, which share 32 bytes.
    impl Blocks<4> for Q4K {
        const PIECES: usize = 4;
        const BYTES: usize = 144;
        type Factors = [f32; 16];

        #[inline]
        #[target_feature(enable = "avx512f")]
        unsafe fn factors(block: *const u8) -> [f32; 16] {
            // SAFETY: as the trait demands.
            unsafe { affines(block) }
        }

        #[inline]
        #[target_feature(enable = "avx512f")]
        unsafe fn widen(block: *const u8, factors: &[f32; 16], piece: usize) -> [__m512; 4] {
            let (low, high) = (table(factors, 2 * piece, 0.0), table(factors, 2 * piece + 1, 0.0));
            // SAFETY: as the trait demands.
            let (a, b) = unsafe { (bytes(block.add(16 + 32 * piece)), bytes(block.add(32 + 32 * piece))) };
            // The look-up takes four bits of each index.
            [
                _mm512_permutexvar_ps(a, low),
                _mm512_permutexvar_ps(b, low),
                _mm512_permutexvar_ps(_mm512_srli_epi32::<4>(a), high),
                _mm512_permutexvar_ps(_mm512_srli_epi32::<4>(b), high),
            ]
        }
    }

    pub(super) struct Q5K;

    /// Two groups, which share 32 bytes; all groups share the 32 bytes of fifth bits.
    impl Blocks<4> for Q5K {
        const PIECES: usize = 4;
        const BYTES: usize = 176;
        type Factors = [f32; 16];

        #[inline]
        #[target_feature(enable = "avx512f")]
        unsafe fn factors(block: *const u8) -> [f32; 16] {
            // SAFETY: as the trait demands.
            unsafe { affines(block) }
        }

        #[inline]
        #[target_feature(enable = "avx512f")]
        unsafe fn widen(block: *const u8, factors: &[f32; 16], piece: usize) -> [__m512; 4] {
            let low = [table(factors, 2 * piece, 0.0), table(factors, 2 * piece, 16.0)];
            let high = [table(factors, 2 * piece + 1, 0.0), table(factors, 2 * piece + 1, 16.0)];
            // SAFETY: as the trait demands.
            let (a, b) = unsafe { (bytes(block.add(48 + 32 * piece)), bytes(block.add(64 + 32 * piece))) };
            // SAFETY: as the trait demands.
            let (fifth_a, fifth_b) = unsafe { (bytes(block.add(16)), bytes(block.add(32))) };
            // The lower group's bit becomes bit 4, the upper group's bit 5.
            let rotation = _mm512_set1_epi32((36 - 2 * piece as i32) % 32);
            let (fifth_a, fifth_b) = (_mm512_rolv_epi32(fifth_a, rotation), _mm512_rolv_epi32(fifth_b, rotation));
            [
                five_bits(a, fifth_a, low),
                five_bits(b, fifth_b, low),
                five_bits(_mm512_srli_epi32::<4>(a), _mm512_srli_epi32::<1>(fifth_a), high),
                five_bits(_mm512_srli_epi32::<4>(b), _mm512_srli_epi32::<1>(fifth_b), high),
            ]
        }
    }

    /// Looks up bits 0 to 3 of one and bit 4 of the other.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn five_bits(four: __m512i, fifth: __m512i, [low, high]: [__m512; 2]) -> __m512 {
        // Where the mask is 1, a bit of the one, else of the other; the look-up takes five bits of each index.
        let index = _mm512_ternarylogic_epi32::<0xca>(_mm512_set1_epi32(15), four, fifth);
        _mm512_permutex2var_ps(low, index, high)
    }

    pub(super) struct Q6K;

    /// Half a block.
    impl Blocks<8> for Q6K {
        const PIECES: usize = 2;
        const BYTES: usize = 210;
        type Factors = [f32; 16];

        #[inline]
        #[target_feature(enable = "avx512f")]
        unsafe fn factors(block: *const u8) -> [f32; 16] {
            // SAFETY: as the trait demands.
            stored(unsafe { _mm512_mul_ps(half(block.add(208)), signed(block.add(192))) })
        }

        #[inline]
        #[target_feature(enable = "avx512f")]
        unsafe fn widen(block: *const u8, factors: &[f32; 16], piece: usize) -> [__m512; 8] {
            // SAFETY: as the trait demands; low bits take 128 bytes, high bits the 64 after.
            let (low, high) = unsafe { (block.add(64 * piece), block.add(128 + 32 * piece)) };
            // SAFETY: as above.
            let [a, b, c, d] = unsafe { [bytes(low), bytes(low.add(16)), bytes(low.add(32)), bytes(low.add(48))] };
            // SAFETY: as above.
            let (e, f) = unsafe { (bytes(high), bytes(high.add(16))) };
            let scale = |lane: usize| _mm512_set1_ps(factors[8 * piece + lane]);
            [
                six_bits_times(a, _mm512_slli_epi32::<4>(e), scale(0)),
                six_bits_times(b, _mm512_slli_epi32::<4>(f), scale(1)),
                six_bits_times(c, _mm512_slli_epi32::<2>(e), scale(2)),
                six_bits_times(d, _mm512_slli_epi32::<2>(f), scale(3)),
                six_bits_times(_mm512_srli_epi32::<4>(a), e, scale(4)),
                six_bits_times(_mm512_srli_epi32::<4>(b), f, scale(5)),
                six_bits_times(_mm512_srli_epi32::<4>(c), _mm512_srli_epi32::<2>(e), scale(6)),
                six_bits_times(_mm512_srli_epi32::<4>(d), _mm512_srli_epi32::<2>(f), scale(7)),
            ]
        }
    }

    /// Bits 0 to 3 of one and bits 4 and 5 of the other, less 32, times `scale`.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn six_bits_times(low: __m512i, high: __m512i, scale: __m512) -> __m512 {
        let mixed = _mm512_ternarylogic_epi32::<0xca>(_mm512_set1_epi32(15), low, high);
        let six = _mm512_and_si512(mixed, _mm512_set1_epi32(63));
        _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_sub_epi32(six, _mm512_set1_epi32(32))), scale)
    }
}

#[cfg(target_arch = "x86_64")]
// As above.
#[expect(clippy::needless_range_loop)]
mod avx2 {
    use std::arch::x86_64::*;

    use super::six_bits;

    /// Blocks that are widened `V` vectors of eight numbers at a time.
    pub(super) trait Blocks<const V: usize> {
        /// Such pieces in a block.
        const PIECES: usize;
        /// Bytes of a block.
        const BYTES: usize;
        /// The scales (and offsets) of a block in float32.
        type Factors;

        /// Widens them.
        ///
        /// # Safety
        /// A block must be readable at `block`, and the processor must have AVX2, FMA and F16C.
        unsafe fn factors(block: *const u8) -> Self::Factors;

        /// The numbers of one piece.
        ///
        /// # Safety
        /// As above, and `piece` must be one of the block.
        unsafe fn widen(block: *const u8, factors: &Self::Factors, piece: usize) -> [__m256; V];
    }

    /// `weight` must hold as many whole blocks as each row of `x` has numbers.
    #[target_feature(enable = "avx2,fma,f16c")]
    pub(super) fn dots<B: Blocks<V>, const V: usize, const N: usize>(weight: &[u8], x: [&[f32]; N]) -> [f32; N] {
        let mut sums = [_mm256_setzero_ps(); N];
        for block in 0..weight.len() / B::BYTES {
            // SAFETY: the block is the one of that index in `weight`.
            let at = unsafe { weight.as_ptr().add(block * B::BYTES) };
            // SAFETY: as above.
            let factors = unsafe { B::factors(at) };
            for piece in 0..B::PIECES {
                // SAFETY: as above, and the piece is one of the block.
                let numbers = unsafe { B::widen(at, &factors, piece) };
                let place = 8 * V * (block * B::PIECES + piece);
                for v in 0..V {
                    for n in 0..N {
                        // SAFETY: rows of `x` have as many numbers as there are in all blocks.
                        let x = unsafe { _mm256_loadu_ps(x[n].as_ptr().add(place + 8 * v)) };
                        sums[n] = _mm256_fmadd_ps(numbers[v], x, sums[n]);
                    }
                }
            }
        }
        let mut results = [0f32; N];
        for n in 0..N {
            results[n] = stored(sums[n]).iter().sum::<f32>() + 0.0;
        }
        results
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn stored(vector: __m256) -> [f32; 8] {
        let mut lanes = [0f32; 8];
        // SAFETY: `lanes` has room for eight numbers.
        unsafe { _mm256_storeu_ps(lanes.as_mut_ptr(), vector) };
        lanes
    }

    /// A float16 in all lanes.
    ///
    /// # Safety
    /// Two bytes must be readable at `at`, and the processor must have AVX2 and F16C.
    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn half(at: *const u8) -> __m256 {
        // SAFETY: as demanded.
        _mm256_cvtph_ps(_mm_set1_epi16(unsafe { at.cast::<i16>().read_unaligned() }))
    }

    /// Eight bytes of each of two numbers, in float32.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn bytes(low: u32, high: u32) -> __m256 {
        _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_setr_epi32(low.cast_signed(), high.cast_signed(), 0, 0)))
    }

    /// Eight signed bytes in float32.
    ///
    /// # Safety
    /// They must be readable at `at`, and the processor must have AVX2.
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn signed(at: *const u8) -> __m256 {
        // SAFETY: as demanded.
        _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(unsafe { _mm_loadl_epi64(at.cast()) }))
    }

    pub(super) struct Q8_0;

    impl Blocks<4> for Q8_0 {
        const PIECES: usize = 1;
        const BYTES: usize = 34;
        type Factors = __m256;

        #[inline]
        #[target_feature(enable = "avx2,f16c")]
        unsafe fn factors(block: *const u8) -> __m256 {
            // SAFETY: as the trait demands.
            unsafe { half(block) }
        }

        #[inline]
        #[target_feature(enable = "avx2")]
        unsafe fn widen(block: *const u8, scale: &__m256, _piece: usize) -> [__m256; 4] {
            // SAFETY: as the trait demands; the numbers follow the scale.
            let [a, b, c, d] =
                unsafe { [signed(block.add(2)), signed(block.add(10)), signed(block.add(18)), signed(block.add(26))] };
            [_mm256_mul_ps(a, *scale), _mm256_mul_ps(b, *scale), _mm256_mul_ps(c, *scale), _mm256_mul_ps(d, *scale)]
        }
    }

    pub(super) struct Q4K;

    /// Two groups, which share 32 bytes.
    impl Blocks<8> for Q4K {
        const PIECES: usize = 4;
        const BYTES: usize = 144;
        type Factors = [[f32; 8]; 2];

        #[inline]
        #[target_feature(enable = "avx2,f16c")]
        unsafe fn factors(block: *const u8) -> [[f32; 8]; 2] {
            // SAFETY: as the trait demands.
            let [a, b, c, d] = six_bits(unsafe { block.add(4).cast::<[u32; 3]>().read_unaligned() });
            // SAFETY: as the trait demands.
            let (scale, offset) = unsafe { (half(block), half(block.add(2))) };
            [stored(_mm256_mul_ps(bytes(a, b), scale)), stored(_mm256_mul_ps(bytes(c, d), offset))]
        }

        #[inline]
        #[target_feature(enable = "avx2")]
        unsafe fn widen(block: *const u8, factors: &[[f32; 8]; 2], piece: usize) -> [__m256; 8] {
            let mut numbers = [_mm256_setzero_ps(); 8];
            let fifteen = _mm256_set1_epi32(15);
            for part in 0..4 {
                let at = 16 + 32 * piece + 8 * part;
                // SAFETY: as the trait demands.
                let both = _mm256_cvtepu8_epi32(unsafe { _mm_loadl_epi64(block.add(at).cast()) });
                numbers[part] = affine(_mm256_and_si256(both, fifteen), factors, 2 * piece);
                numbers[4 + part] = affine(_mm256_srli_epi32::<4>(both), factors, 2 * piece + 1);
            }
            numbers
        }
    }

    /// `scale · q − offset` of a group.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn affine(q: __m256i, [scales, offsets]: &[[f32; 8]; 2], group: usize) -> __m256 {
        let scaled = _mm256_mul_ps(_mm256_cvtepi32_ps(q), _mm256_set1_ps(scales[group]));
        _mm256_sub_ps(scaled, _mm256_set1_ps(offsets[group]))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernels::tests::{blocks, uniform, values};

    /// Every version that this processor has beside the plain one, with the kernel whose order of sums it keeps.
    fn assert_equal(block: BlockType, weight: &[u8], x: [&[f32]; 2]) {
        let plain = dots_plain(block, weight, x);
        assert_eq!(dots(block, weight, x), plain, "{block}");
        assert_eq!(dots(block, weight, [x[1]]), [plain[1]], "{block}");
        #[cfg(target_arch = "x86_64")]
        if has_avx2() {
            let found = match block {
                // SAFETY: the processor has what the version needs, and the rows fit.
                BlockType::Q8_0 => unsafe { avx2::dots::<avx2::Q8_0, 4, 2>(weight, x) },
                // SAFETY: as above.
                BlockType::Q4K => unsafe { avx2::dots::<avx2::Q4K, 8, 2>(weight, x) },
                BlockType::Q6K | BlockType::Q5K => return,
            };
            let mut numbers = vec![0.0; x[0].len()];
            block.dequantize(weight, &mut numbers);
            assert_eq!([found], dot::dots_by_avx2([numbers.as_slice()], x), "{block}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_version_equals_the_plain_one(count in 1usize..5, seed: u64) {
            for block in BlockType::ALL {
                let len = count * 256;
                let matrix = blocks(block, &[1, len], seed);
                let x = values(&uniform((2, len), !seed));
                assert_equal(block, matrix.bytes(), [&x[..len], &x[len..]]);
            }
        }
    }
}
