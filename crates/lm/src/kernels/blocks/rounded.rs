//! Activations rounded to integers, for products with quantized weights.

use std::ops::Range;

use crate::kernels::instructions::Instructions;
#[cfg(target_arch = "x86_64")]
use crate::kernels::instructions::vectorized;

/// Numbers that share a scale.
pub(super) const GROUP: usize = 32;
/// Groups that are multiplied together.
pub(super) const GROUPS: usize = 8;
/// Numbers of them all: a block of the K types, eight of Q8_0.
pub(super) const SPAN: usize = GROUP * GROUPS;

/// The largest magnitude of a rounded number: a group's products with Q6_K, of which each weight times its scale has
/// 13 bits, then still add up within 32 bits.
const LARGEST: f32 = 16383.0;
/// Groups smaller than this count as zero; their factor would not be finite.
const NEGLIGIBLE: f32 = 1e-30;

/// Bits of the lower half of a number: both halves fit bytes with a sign.
#[cfg(target_arch = "x86_64")]
pub(super) const HALF_BITS: u32 = 7;
/// Rows whose halves are multiplied together.
#[cfg(target_arch = "x86_64")]
pub(super) const HALVED_ROWS: usize = 8;
/// A group of so many rows: of each row the upper halves, then the lower ones.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Halves(pub(super) [[i8; GROUP]; 2 * HALVED_ROWS]);

/// The numbers of a span as two bytes with signs: 256 times the first and the second.
#[cfg(target_arch = "aarch64")]
pub(super) type Bytes = [[i8; SPAN]; 2];

/// Rows of activations as integers of 15 bits: each group of 32 has a scale. Rows are filled up to whole spans by zeros.
pub(super) struct Rounded {
    numbers: Vec<i16>,
    #[cfg(target_arch = "aarch64")]
    bytes: Vec<Bytes>,
    scales: Vec<f32>,
    sums: Vec<f32>,
    spans: usize,
    /// Some rows at a time, span by span.
    #[cfg(target_arch = "x86_64")]
    halves: Vec<[Halves; GROUPS]>,
}

/// One row of them, or some spans of it.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    /// Span by span, in the order in which weights widen: see [`place`].
    pub(super) numbers: &'a [[i16; SPAN]],
    /// The same for instructions that multiply bytes.
    #[cfg(target_arch = "aarch64")]
    pub(super) bytes: &'a [Bytes],
    /// What an integer of each group counts.
    pub(super) scales: &'a [[f32; GROUPS]],
    /// The sum of each group's numbers, as rounded.
    pub(super) sums: &'a [[f32; GROUPS]],
}

/// One span of a row.
#[derive(Clone, Copy)]
pub(super) struct Span<'a> {
    pub(super) numbers: &'a [i16; SPAN],
    #[cfg(target_arch = "aarch64")]
    pub(super) bytes: &'a Bytes,
    pub(super) scales: &'a [f32; GROUPS],
    pub(super) sums: &'a [f32; GROUPS],
}

impl Rounded {
    /// Rounds rows of `inputs` numbers.
    pub(super) fn new(instructions: Instructions, x: &[f32], inputs: usize) -> Self {
        let spans = inputs.div_ceil(SPAN);
        let rows = x.len() / inputs.max(1);
        let mut rounded = Self {
            numbers: vec![0; rows * spans * SPAN],
            #[cfg(target_arch = "aarch64")]
            bytes: Vec::new(),
            scales: vec![0.0; rows * spans * GROUPS],
            sums: vec![0.0; rows * spans * GROUPS],
            spans,
            #[cfg(target_arch = "x86_64")]
            halves: Vec::new(),
        };
        let numbers = rounded.numbers.chunks_exact_mut((spans * SPAN).max(1));
        let scales = rounded.scales.chunks_exact_mut((spans * GROUPS).max(1));
        let sums = rounded.sums.chunks_exact_mut((spans * GROUPS).max(1));
        for (((x, numbers), scales), sums) in x.chunks_exact(inputs.max(1)).zip(numbers).zip(scales).zip(sums) {
            round(instructions, x, numbers, scales, sums);
        }
        #[cfg(target_arch = "aarch64")]
        rounded.bytes.extend(rounded.numbers.as_chunks().0.iter().map(split));
        rounded
    }

    /// Spans of a row.
    pub(super) fn spans(&self) -> usize {
        self.spans
    }

    /// A row.
    pub(super) fn row(&self, row: usize) -> Row<'_> {
        let all = Row {
            numbers: self.numbers.as_chunks().0,
            #[cfg(target_arch = "aarch64")]
            bytes: &self.bytes,
            scales: self.scales.as_chunks().0,
            sums: self.sums.as_chunks().0,
        };
        all.part(row * self.spans..(row + 1) * self.spans)
    }
}

#[cfg(target_arch = "x86_64")]
impl Rounded {
    /// With all numbers as halves, too, for tiles.
    pub(super) fn with_halves(mut self) -> Self {
        let rows = self.numbers.len() / (self.spans * SPAN).max(1);
        self.halves = vec![[Halves([[0; GROUP]; 2 * HALVED_ROWS]); GROUPS]; rows.div_ceil(HALVED_ROWS) * self.spans];
        vectorized(
            #[inline(always)]
            || {
                for (index, numbers) in self.numbers.as_chunks().0.iter().enumerate() {
                    let (row, span) = (index / self.spans, index % self.spans);
                    let halves = &mut self.halves[row / HALVED_ROWS * self.spans + span];
                    halve(numbers, halves, row % HALVED_ROWS);
                }
            },
        );
        self
    }

    /// The halves of a span of the rows from `HALVED_ROWS * index` on, with zeros behind the last row. They must have
    /// been made.
    pub(super) fn halves(&self, index: usize, span: usize) -> &[Halves; GROUPS] {
        &self.halves[index * self.spans + span]
    }
}

/// Writes the halves of a span of one of some rows.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn halve(numbers: &[i16; SPAN], halves: &mut [Halves; GROUPS], row: usize) {
    for (numbers, halves) in numbers.as_chunks::<GROUP>().0.iter().zip(halves) {
        halves.0[2 * row] = numbers.map(|number| (number >> HALF_BITS) as i8);
        halves.0[2 * row + 1] = numbers.map(|number| (number & ((1 << HALF_BITS) - 1)) as i8);
    }
}

impl<'a> Row<'a> {
    /// A span.
    pub(super) fn span(self, span: usize) -> Span<'a> {
        Span {
            numbers: &self.numbers[span],
            #[cfg(target_arch = "aarch64")]
            bytes: &self.bytes[span],
            scales: &self.scales[span],
            sums: &self.sums[span],
        }
    }

    /// Some spans.
    fn part(self, spans: Range<usize>) -> Self {
        Self {
            numbers: &self.numbers[spans.clone()],
            #[cfg(target_arch = "aarch64")]
            bytes: &self.bytes[spans.clone()],
            scales: &self.scales[spans.clone()],
            sums: &self.sums[spans],
        }
    }

    /// The first spans, and the others.
    pub(super) fn split_at(self, spans: usize) -> (Self, Self) {
        (self.part(0..spans), self.part(spans..self.numbers.len()))
    }
}

/// The place that a number of a span has there, in the order in which weights widen. Where words are shifted for that, it
/// is of each group the numbers with an even place, then the others; elsewhere their own order.
pub(super) fn place(index: usize) -> usize {
    if WIDENED_IN_ORDER { index } else { index / GROUP * GROUP + index % 2 * (GROUP / 2) + index % GROUP / 2 }
}

const WIDENED_IN_ORDER: bool = cfg!(target_arch = "aarch64");

/// Splits the numbers of a span.
#[cfg(target_arch = "aarch64")]
fn split(numbers: &[i16; SPAN]) -> Bytes {
    // The lower byte has a sign: where it is negative, the upper one is one more.
    [numbers.map(|number| (number.wrapping_add(128) >> 8) as i8), numbers.map(|number| number as i8)]
}

fn round(instructions: Instructions, x: &[f32], numbers: &mut [i16], scales: &mut [f32], sums: &mut [f32]) {
    match instructions {
        // SAFETY: the processor has the instructions.
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx2 | Instructions::Avx512 | Instructions::Vnni | Instructions::Amx => unsafe {
            round_avx2(x, numbers, scales, sums);
        },
        _ => round_row(x, numbers, scales, sums),
    }
}

/// The plain version, of which the compiler makes vectors.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn round_avx2(x: &[f32], numbers: &mut [i16], scales: &mut [f32], sums: &mut [f32]) {
    round_row(x, numbers, scales, sums);
}

#[inline(always)]
fn round_row(x: &[f32], numbers: &mut [i16], scales: &mut [f32], sums: &mut [f32]) {
    let results = numbers.as_chunks_mut::<GROUP>().0.iter_mut().zip(scales.iter_mut().zip(sums));
    for (x, (numbers, (scale, sum))) in x.chunks(GROUP).zip(results) {
        let mut group = [0.0; GROUP];
        group[..x.len()].copy_from_slice(x);
        (*scale, *sum) = round_group(&group, numbers);
    }
}

/// Rounds one group. Returns its scale and the sum of its rounded numbers.
#[inline(always)]
fn round_group(x: &[f32; GROUP], numbers: &mut [i16; GROUP]) -> (f32, f32) {
    // Magnitudes order as their bits do, and what is no number comes last: it makes the scale, and so results, none.
    let largest = f32::from_bits(x.iter().fold(0, |largest, x| largest.max(x.to_bits() & 0x7fff_ffff)));
    let factor = if largest > NEGLIGIBLE { LARGEST / largest } else { 0.0 };
    let scale = largest / LARGEST;
    let rounded = x.map(|x| round_to_integer(x * factor));
    if WIDENED_IN_ORDER {
        *numbers = rounded.map(|number| number as i16);
    } else {
        for index in 0..GROUP / 2 {
            numbers[index] = rounded[2 * index] as i16;
            numbers[GROUP / 2 + index] = rounded[2 * index + 1] as i16;
        }
    }
    (scale, scale * rounded.into_iter().fold(0, i32::wrapping_add) as f32)
}

/// The nearest integer, the even one of two, of what is less than 2²² either way; 0 or less than 2²⁴ of what is not, by
/// adding a number whose last bit counts one.
#[inline(always)]
fn round_to_integer(x: f32) -> i32 {
    const SHIFT: f32 = 12_582_912.0;
    (x + SHIFT).to_bits().cast_signed() - SHIFT.to_bits().cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_to_the_nearest() {
        let x: Vec<f32> = (0..300).map(|i| ((i * 7919) % 1001) as f32 / 37.0 - 13.0).collect();
        for instructions in Instructions::available() {
            let rounded = Rounded::new(instructions, &x, 300);
            let row = rounded.row(0);
            for (index, x) in x.iter().enumerate() {
                let (span, index) = (index / SPAN, index % SPAN);
                let found = f32::from(row.numbers[span][place(index)]) * row.scales[span][index / GROUP];
                assert!((found - x).abs() <= 14.0 / LARGEST / 1.9, "{found} {x} {instructions:?}");
            }
            let sum: f32 = x[..GROUP].iter().sum();
            assert!((row.sums[0][0] - sum).abs() < 0.02, "{instructions:?}");
        }
    }

    #[cfg(target_arch = "aarch64")]
    #[test]
    fn two_bytes_make_a_number() {
        let numbers = std::array::from_fn(|index| if index == 0 { 16383 } else { (index * 128) as i16 - 16384 });
        let [upper, lower] = split(&numbers);
        for (index, number) in numbers.into_iter().enumerate() {
            assert_eq!(256 * i16::from(upper[index]) + i16::from(lower[index]), number);
        }
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn halves_make_up_the_numbers() {
        let x: Vec<f32> = (0..9 * 300).map(|i| ((i * 7919) % 1001) as f32 / 37.0 - 13.0).collect();
        let rounded = Rounded::new(Instructions::best(), &x, 300).with_halves();
        for (row, span) in (0..9).flat_map(|row| (0..2).map(move |span| (row, span))) {
            let halves = rounded.halves(row / HALVED_ROWS, span);
            for (index, number) in rounded.row(row).span(span).numbers.iter().enumerate() {
                let half =
                    |half: usize| i16::from(halves[index / GROUP].0[row % HALVED_ROWS * 2 + half][index % GROUP]);
                assert_eq!((half(0) << HALF_BITS) + half(1), *number, "row {row}, number {index} of span {span}");
            }
        }
    }

    #[test]
    fn what_is_no_number_stays_none() {
        for wrong in [f32::NAN, f32::INFINITY] {
            let mut x = [1.0; GROUP];
            x[5] = wrong;
            let rounded = Rounded::new(Instructions::best(), &x, GROUP);
            assert!(!rounded.row(0).scales[0][0].is_finite());
        }
        let rounded = Rounded::new(Instructions::best(), &[0.0; GROUP], GROUP);
        assert_eq!((rounded.row(0).scales[0][0], rounded.row(0).sums[0][0]), (0.0, 0.0));
    }
}
