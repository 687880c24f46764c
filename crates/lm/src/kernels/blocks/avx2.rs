//! Products with quantized weights by AVX2.

use std::arch::x86_64::*;

use zonos_weights::BlockType;

use super::multiply::{Tiles, span_bytes};
use super::panel::{Panel, Staged, Sums};
use super::rounded::{GROUP, GROUPS, Row, SPAN, Span};

/// A span of blocks, a quarter of it at a time: two groups.
pub(super) trait Blocks {
    /// Which they are.
    const TYPE: BlockType;
    /// Whether there are offsets.
    const OFFSETS: bool;

    /// The scales of the groups, and the offsets.
    ///
    /// # Safety
    /// A span of blocks must be readable at `span`, and the processor must have AVX2 and F16C.
    unsafe fn factors(span: *const u8) -> (__m256, __m256);

    /// The integers of a quarter: of each group those with an even place, then the others.
    ///
    /// # Safety
    /// As above, and `quarter` must be less than four.
    unsafe fn integers(span: *const u8, quarter: usize) -> [__m256i; 4];
}

/// 32 bytes.
///
/// # Safety
/// They must be readable at `at`, and the processor must have AVX2.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn bytes(at: *const u8) -> __m256i {
    // SAFETY: as demanded.
    unsafe { _mm256_loadu_si256(at.cast()) }
}

/// Shifts each 16 bits by a number that the compiler knows after unrolling.
#[inline]
#[target_feature(enable = "avx2")]
fn right(x: __m256i, bits: usize) -> __m256i {
    _mm256_srl_epi16(x, _mm_cvtsi32_si128(bits as i32))
}

/// The even and the odd bytes as integers of 16 bits.
#[inline]
#[target_feature(enable = "avx2")]
fn unsigned(bytes: __m256i) -> [__m256i; 2] {
    [_mm256_and_si256(bytes, _mm256_set1_epi16(0xff)), _mm256_srli_epi16::<8>(bytes)]
}

/// As above, with their signs.
#[inline]
#[target_feature(enable = "avx2")]
fn signed(bytes: __m256i) -> [__m256i; 2] {
    [_mm256_srai_epi16::<8>(_mm256_slli_epi16::<8>(bytes)), _mm256_srai_epi16::<8>(bytes)]
}

pub(super) struct Q8_0;

impl Blocks for Q8_0 {
    const TYPE: BlockType = BlockType::Q8_0;
    const OFFSETS: bool = false;

    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn factors(span: *const u8) -> (__m256, __m256) {
        // SAFETY: as the trait demands; a block begins with its scale.
        let half = |block: usize| unsafe { span.add(34 * block).cast::<i16>().read_unaligned() };
        let halves = _mm_setr_epi16(half(0), half(1), half(2), half(3), half(4), half(5), half(6), half(7));
        (_mm256_cvtph_ps(halves), _mm256_setzero_ps())
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn integers(span: *const u8, quarter: usize) -> [__m256i; 4] {
        // SAFETY: as the trait demands; 32 bytes follow each scale.
        let (first, second) = unsafe { (bytes(span.add(68 * quarter + 2)), bytes(span.add(68 * quarter + 36))) };
        let ([a, b], [c, d]) = (signed(first), signed(second));
        [a, b, c, d]
    }
}

pub(super) struct Q4K;

impl Blocks for Q4K {
    const TYPE: BlockType = BlockType::Q4K;
    const OFFSETS: bool = true;

    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn factors(span: *const u8) -> (__m256, __m256) {
        // SAFETY: as the trait demands.
        unsafe { affines(span) }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn integers(span: *const u8, quarter: usize) -> [__m256i; 4] {
        // SAFETY: as the trait demands; 128 bytes after the first 16.
        let both = unsafe { bytes(span.add(16 + 32 * quarter)) };
        let low = |x| _mm256_and_si256(x, _mm256_set1_epi16(15));
        [low(both), low(_mm256_srli_epi16::<8>(both)), low(_mm256_srli_epi16::<4>(both)), _mm256_srli_epi16::<12>(both)]
    }
}

pub(super) struct Q5K;

impl Blocks for Q5K {
    const TYPE: BlockType = BlockType::Q5K;
    const OFFSETS: bool = true;

    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn factors(span: *const u8) -> (__m256, __m256) {
        // SAFETY: as the trait demands.
        unsafe { affines(span) }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn integers(span: *const u8, quarter: usize) -> [__m256i; 4] {
        // SAFETY: as the trait demands; 32 bytes of fifth bits after the first 16, then 128 bytes.
        let (fifth, both) = unsafe { (bytes(span.add(16)), bytes(span.add(48 + 32 * quarter))) };
        let group = |four, group: usize| {
            let bit = 2 * quarter + group;
            // To bit 4 of each byte, from the right or from the left.
            let fifth = if bit < 4 { left(fifth, 4 - bit) } else { right(fifth, bit - 4) };
            let four = _mm256_and_si256(four, _mm256_set1_epi8(15));
            unsigned(_mm256_or_si256(four, _mm256_and_si256(fifth, _mm256_set1_epi8(16))))
        };
        let ([a, b], [c, d]) = (group(both, 0), group(_mm256_srli_epi16::<4>(both), 1));
        [a, b, c, d]
    }
}

/// As [`right`].
#[inline]
#[target_feature(enable = "avx2")]
fn left(x: __m256i, bits: usize) -> __m256i {
    _mm256_sll_epi16(x, _mm_cvtsi32_si128(bits as i32))
}

pub(super) struct Q6K;

impl Blocks for Q6K {
    const TYPE: BlockType = BlockType::Q6K;
    const OFFSETS: bool = false;

    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn factors(span: *const u8) -> (__m256, __m256) {
        // SAFETY: as the trait demands.
        let half = unsafe { span.add(208).cast::<i16>().read_unaligned() };
        (_mm256_cvtph_ps(_mm_set1_epi16(half)), _mm256_setzero_ps())
    }

    /// With the scale of each sixteen in them.
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn integers(span: *const u8, quarter: usize) -> [__m256i; 4] {
        let (half, upper) = (quarter / 2, quarter % 2);
        // SAFETY: as the trait demands; low bits take 128 bytes, high bits the 64 after.
        let (low, high) = unsafe { (span.add(64 * half), bytes(span.add(128 + 32 * half))) };
        // SAFETY: as the trait demands; sixteen scales after the bits.
        let scales = unsafe { _mm_loadu_si128(span.add(192).cast()) };
        // Those of first sixteens, then those of second ones.
        let apart = _mm_setr_epi8(0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15);
        let scales = _mm256_cvtepi8_epi16(_mm_shuffle_epi8(scales, apart));
        let group = |group: usize| {
            // SAFETY: as above.
            let four = right(unsafe { bytes(low.add(32 * group)) }, 4 * upper);
            let four = _mm256_and_si256(four, _mm256_set1_epi8(15));
            let bit = 4 * upper + 2 * group;
            // To bits 4 and 5 of each byte.
            let two = if bit < 4 { left(high, 4 - bit) } else { right(high, bit - 4) };
            let six = _mm256_or_si256(four, _mm256_and_si256(two, _mm256_set1_epi8(0x30)));
            // The scale of the first sixteen in the lower half, that of the others in the upper.
            let place = (2 * (2 * quarter + group)) as i16;
            let scales = _mm256_shuffle_epi8(scales, _mm256_set1_epi16(place | (place + 1) << 8));
            let [even, odd] = signed(_mm256_sub_epi8(six, _mm256_set1_epi8(32)));
            [_mm256_mullo_epi16(even, scales), _mm256_mullo_epi16(odd, scales)]
        };
        let ([a, b], [c, d]) = (group(0), group(1));
        [a, b, c, d]
    }
}

/// Eight scales and eight offsets of a Q4_K or Q5_K block.
///
/// # Safety
/// Sixteen bytes must be readable at `block`, and the processor must have AVX2 and F16C.
#[inline]
#[target_feature(enable = "avx2,f16c")]
unsafe fn affines(block: *const u8) -> (__m256, __m256) {
    const LOW: u64 = 0x3f3f_3f3f_3f3f_3f3f;
    const HALF: u64 = 0x0f0f_0f0f_0f0f_0f0f;
    const TOP: u64 = 0x3030_3030_3030_3030;
    // SAFETY: as demanded.
    let (first, last) = unsafe {
        (block.add(4).cast::<u64>().read_unaligned(), u64::from(block.add(12).cast::<u32>().read_unaligned()))
    };
    // Four scales and four offsets have six bits of a byte each; the upper bits of the other four are in the same bytes,
    // their lower ones share the last four bytes.
    let low = _mm_cvtsi64_si128((first & LOW).cast_signed());
    let high = _mm_cvtsi64_si128((((last | last << 28) & HALF) | (first >> 2 & TOP)).cast_signed());
    let all = _mm_unpacklo_epi32(low, high);
    // SAFETY: as demanded.
    let factor = |at: usize| _mm256_cvtph_ps(_mm_set1_epi16(unsafe { block.add(at).cast::<i16>().read_unaligned() }));
    let widen = |bytes| _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
    (_mm256_mul_ps(widen(all), factor(0)), _mm256_mul_ps(widen(_mm_srli_si128::<8>(all)), factor(2)))
}

/// How far ahead of the weights that are multiplied the next ones are asked for.
const AHEAD: usize = 2048;

/// Adds the products of one row of weights, whole spans of blocks, with some of activations to the sums of the groups.
///
/// # Safety
/// `weight` must hold as many spans as each of `x`, and the processor must have AVX2, FMA and F16C.
#[target_feature(enable = "avx2,fma,f16c")]
pub(super) unsafe fn dot<B: Blocks, const C: usize>(weight: &[u8], x: [Row; C], sums: &mut [[f32; GROUPS]; C]) {
    let bytes = span_bytes(B::TYPE);
    // SAFETY: eight numbers.
    let mut totals = sums.each_ref().map(|sums| unsafe { _mm256_loadu_ps(sums.as_ptr()) });
    for index in 0..weight.len() / bytes {
        // SAFETY: the span is the one of that index in `weight`.
        let span = unsafe { weight.as_ptr().add(index * bytes) };
        for line in 0..bytes.div_ceil(64) {
            _mm_prefetch::<_MM_HINT_T0>(span.wrapping_add(AHEAD + 64 * line).cast());
        }
        // SAFETY: as above.
        let (scale, offset) = unsafe { B::factors(span) };
        let numbers = x.map(|x| &x.numbers[index]);
        // SAFETY: as above.
        let quarters = unsafe {
            [
                multiply_quarter::<B, C>(span, numbers, 0),
                multiply_quarter::<B, C>(span, numbers, 1),
                multiply_quarter::<B, C>(span, numbers, 2),
                multiply_quarter::<B, C>(span, numbers, 3),
            ]
        };
        for c in 0..C {
            let (scales, offsets) = (&x[c].scales[index], &x[c].sums[index]);
            // SAFETY: eight numbers each.
            let (x_scale, x_sum) = unsafe { (_mm256_loadu_ps(scales.as_ptr()), _mm256_loadu_ps(offsets.as_ptr())) };
            let products = _mm256_cvtepi32_ps(add_across(quarters.map(|quarter| quarter[c])));
            totals[c] = _mm256_fmadd_ps(products, _mm256_mul_ps(scale, x_scale), totals[c]);
            if B::OFFSETS {
                totals[c] = _mm256_fnmadd_ps(offset, x_sum, totals[c]);
            }
        }
    }
    for c in 0..C {
        // SAFETY: room for eight numbers.
        unsafe { _mm256_storeu_ps(sums[c].as_mut_ptr(), totals[c]) };
    }
}

/// The products of a quarter with each row of activations, added up to four numbers for each of the two groups, which
/// alternate.
///
/// # Safety
/// A span of blocks must be readable at `span`, and the processor must have AVX2.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn multiply_quarter<B: Blocks, const C: usize>(
    span: *const u8,
    x: [&[i16; SPAN]; C],
    quarter: usize,
) -> [__m256i; C] {
    // SAFETY: as demanded.
    let weights = unsafe { B::integers(span, quarter) };
    x.map(|x| {
        // SAFETY: a span of activations has sixteen vectors.
        let x = |at: usize| unsafe { _mm256_loadu_si256(x.as_ptr().add(64 * quarter + 16 * at).cast()) };
        let product = |at: usize| _mm256_madd_epi16(weights[at], x(at));
        interleave(_mm256_add_epi32(product(0), product(1)), _mm256_add_epi32(product(2), product(3)))
    })
}

/// The sum of each group, from those of the quarters.
#[inline]
#[target_feature(enable = "avx2")]
fn add_across([ab, cd, ef, gh]: [__m256i; 4]) -> __m256i {
    let pairs = |low, high| _mm256_add_epi32(_mm256_unpacklo_epi64(low, high), _mm256_unpackhi_epi64(low, high));
    let (first, second) = (pairs(ab, cd), pairs(ef, gh));
    let low = _mm256_permute2x128_si256::<0x20>(first, second);
    let high = _mm256_permute2x128_si256::<0x31>(first, second);
    _mm256_add_epi32(low, high)
}

#[inline]
#[target_feature(enable = "avx2")]
fn interleave(a: __m256i, b: __m256i) -> __m256i {
    _mm256_add_epi32(_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b))
}

/// Writes one span of a row of weights to a panel.
///
/// # Safety
/// `span` must be one, and the processor must have AVX2 and F16C.
#[target_feature(enable = "avx2,f16c")]
pub(super) unsafe fn stage<B: Blocks>(span: &[u8], row: usize, staged: &mut Staged, panel: &mut Panel) {
    let span = span.as_ptr();
    // SAFETY: as demanded.
    let (scale, offset) = unsafe { B::factors(span) };
    for quarter in 0..4 {
        // SAFETY: as demanded, and a staged row has room for sixteen vectors.
        unsafe {
            let [a, b, c, d] = B::integers(span, quarter);
            let to = staged[row].as_mut_ptr().add(64 * quarter);
            _mm256_storeu_si256(to.cast(), a);
            _mm256_storeu_si256(to.add(16).cast(), b);
            _mm256_storeu_si256(to.add(32).cast(), c);
            _mm256_storeu_si256(to.add(48).cast(), d);
        }
    }
    let (mut scales, mut offsets) = ([0.0; GROUPS], [0.0; GROUPS]);
    // SAFETY: room for eight numbers each.
    unsafe {
        _mm256_storeu_ps(scales.as_mut_ptr(), scale);
        _mm256_storeu_ps(offsets.as_mut_ptr(), offset);
    }
    for group in 0..GROUPS {
        panel.scales[group][row] = scales[group];
        panel.offsets[group][row] = offsets[group];
    }
}

/// Turns the staged rows, so that the same two numbers of all rows lie together.
#[target_feature(enable = "avx2")]
pub(super) fn turn(staged: &Staged, panel: &mut Panel) {
    for half in 0..2 {
        for part in 0..16 {
            // SAFETY: a staged row has sixteen vectors.
            let row = |row: usize| unsafe { _mm256_loadu_si256(staged[8 * half + row].as_ptr().add(16 * part).cast()) };
            let turned = transpose([row(0), row(1), row(2), row(3), row(4), row(5), row(6), row(7)]);
            for (pair, vector) in turned.into_iter().enumerate() {
                let to = panel.pairs[8 * part + pair][8 * half..].as_mut_ptr();
                // SAFETY: room for eight pairs.
                unsafe { _mm256_storeu_si256(to.cast(), vector) };
            }
        }
    }
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn transpose([a, b, c, d, e, f, g, h]: [__m256i; 8]) -> [__m256i; 8] {
    let four = |a, b, c, d| {
        let (ab, ab_high) = (_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
        let (cd, cd_high) = (_mm256_unpacklo_epi32(c, d), _mm256_unpackhi_epi32(c, d));
        [
            _mm256_unpacklo_epi64(ab, cd),
            _mm256_unpackhi_epi64(ab, cd),
            _mm256_unpacklo_epi64(ab_high, cd_high),
            _mm256_unpackhi_epi64(ab_high, cd_high),
        ]
    };
    let ([a, b, c, d], [e, f, g, h]) = (four(a, b, c, d), four(e, f, g, h));
    let low = |a, b| _mm256_permute2x128_si256::<0x20>(a, b);
    let high = |a, b| _mm256_permute2x128_si256::<0x31>(a, b);
    [low(a, e), low(b, f), low(c, g), low(d, h), high(a, e), high(b, f), high(c, g), high(d, h)]
}

/// Products of panels, by sixteen integers at a time.
pub(super) struct Avx2;

impl Tiles for Avx2 {
    const MOST: usize = 4;

    unsafe fn tile<const C: usize>(panel: &Panel, x: [Span; C], sums: &mut [Sums; C]) {
        // SAFETY: as the trait demands.
        unsafe { multiply(panel, x, sums) }
    }
}

#[target_feature(enable = "avx2,fma")]
fn multiply<const C: usize>(panel: &Panel, x: [Span; C], sums: &mut [Sums; C]) {
    for group in 0..GROUPS {
        let products = multiply_group(panel, x, group);
        for c in 0..C {
            let (scale, sum) = (_mm256_set1_ps(x[c].scales[group]), _mm256_set1_ps(x[c].sums[group]));
            for half in 0..2 {
                // SAFETY: sixteen rows each.
                unsafe {
                    let sums = sums[c][group].as_mut_ptr().add(8 * half);
                    let factor = _mm256_mul_ps(_mm256_loadu_ps(panel.scales[group].as_ptr().add(8 * half)), scale);
                    let offset = _mm256_loadu_ps(panel.offsets[group].as_ptr().add(8 * half));
                    let total = _mm256_fmadd_ps(_mm256_cvtepi32_ps(products[c][half]), factor, _mm256_loadu_ps(sums));
                    _mm256_storeu_ps(sums, _mm256_fnmadd_ps(offset, sum, total));
                }
            }
        }
    }
}

/// The exact products of one group, of the first eight rows of the panel and the last.
#[inline]
#[target_feature(enable = "avx2")]
fn multiply_group<const C: usize>(panel: &Panel, x: [Span; C], group: usize) -> [[__m256i; 2]; C] {
    let numbers = x.map(|x| x.numbers.as_ptr());
    let mut products = [[_mm256_setzero_si256(); 2]; C];
    for pair in GROUP / 2 * group..GROUP / 2 * (group + 1) {
        let weights = panel.pairs[pair].as_ptr();
        // SAFETY: sixteen pairs lie there.
        let (low, high) = unsafe { (_mm256_loadu_si256(weights.cast()), _mm256_loadu_si256(weights.add(8).cast())) };
        for c in 0..C {
            // SAFETY: a span has 128 pairs.
            let x = _mm256_set1_epi32(unsafe { numbers[c].add(2 * pair).cast::<i32>().read_unaligned() });
            products[c][0] = _mm256_add_epi32(products[c][0], _mm256_madd_epi16(low, x));
            products[c][1] = _mm256_add_epi32(products[c][1], _mm256_madd_epi16(high, x));
        }
    }
    products
}
