//! Cutting a long sequence into windows that overlap by the receptive field.

use std::ops::Range;

/// Kernel of the convolutions that keep the rate.
pub(crate) const KERNEL: usize = 7;
/// Dilations of the residual units of each block.
pub(crate) const DILATIONS: [usize; 3] = [1, 3, 9];

/// Steps that the residual units of one block look to each side.
const RESIDUAL_REACH: i64 = {
    let sum = DILATIONS[0] + DILATIONS[1] + DILATIONS[2];
    (sum * (KERNEL / 2)) as i64
};
const CONV_REACH: i64 = (KERNEL / 2) as i64;

/// Frames before and after a frame that its samples depend on, for a decoder with upsampling `rates`.
///
/// Followed backwards from the frame's samples: each convolution widens the span by its reach, and output `o` of a
/// transposed convolution of stride s, kernel 2s and padding p comes from the inputs from `(o + p − 2s + 1) / s`,
/// rounded up, to `(o + p) / s`, rounded down.
pub(crate) fn decoder_context(rates: &[usize]) -> usize {
    let hop: usize = rates.iter().product();
    let (mut first, mut last) = (-CONV_REACH, hop as i64 - 1 + CONV_REACH);
    for rate in rates.iter().rev() {
        let (stride, padding) = (*rate as i64, padding(*rate) as i64);
        // ⌈(o − 2s + 1) / s⌉ is ⌊o / s⌋ − 1.
        first = (first - RESIDUAL_REACH + padding).div_euclid(stride) - 1;
        last = (last + RESIDUAL_REACH + padding).div_euclid(stride);
    }
    (CONV_REACH - first).max(last + CONV_REACH) as usize
}

/// Frames before and after a frame whose samples its codes depend on, for an encoder with downsampling `rates`.
pub(crate) fn encoder_context(rates: &[usize]) -> usize {
    // The last convolution has kernel 3.
    let (mut first, mut last) = (-1i64, 1i64);
    for rate in rates.iter().rev() {
        let (stride, padding) = (*rate as i64, padding(*rate) as i64);
        first = first * stride - padding - RESIDUAL_REACH;
        last = last * stride - padding + 2 * stride - 1 + RESIDUAL_REACH;
    }
    let hop: usize = rates.iter().product();
    let samples = (CONV_REACH - first).max(last + CONV_REACH - (hop as i64 - 1)) as usize;
    samples.div_ceil(hop)
}

/// Padding of a strided convolution of kernel 2·rate.
pub(crate) fn padding(rate: usize) -> usize {
    rate.div_ceil(2)
}

/// A stretch of a sequence, and the longer stretch that it must be computed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) keep: Range<usize>,
    pub(crate) input: Range<usize>,
}

impl Window {
    /// `keep` of a sequence of `len`, widened by `context` as far as the sequence goes.
    pub(crate) fn new(keep: Range<usize>, context: usize, len: usize) -> Self {
        let input = keep.start.saturating_sub(context)..keep.end.saturating_add(context).min(len);
        Self { keep, input }
    }

    /// Where the kept stretch begins in what was computed.
    pub(crate) fn offset(&self) -> usize {
        self.keep.start - self.input.start
    }
}

/// The windows that cover `range` of a sequence of `len`, each keeping at most `size`.
pub(crate) fn windows(range: Range<usize>, size: usize, context: usize, len: usize) -> impl Iterator<Item = Window> {
    let end = range.end;
    range.step_by(size).map(move |start| Window::new(start..(start + size).min(end), context, len))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Follows every single tap instead of spans.
    fn reach_by_taps(rates: &[usize]) -> usize {
        let hop: i64 = rates.iter().map(|&rate| rate as i64).product();
        let spread = |points: Vec<i64>, dilation: i64| {
            let taps = points.iter().flat_map(|point| (-3..=3).map(move |tap| point + tap * dilation));
            let mut all: Vec<i64> = taps.collect();
            all.sort_unstable();
            all.dedup();
            all
        };
        let mut points = spread((0..hop).collect(), 1);
        for &rate in rates.iter().rev() {
            points = DILATIONS.iter().fold(points, |points, &dilation| spread(points, dilation as i64));
            let (stride, padding) = (rate as i64, padding(rate) as i64);
            let inputs = points.iter().flat_map(|out| {
                let tap = move |kernel: i64| (out + padding - kernel).rem_euclid(stride) == 0;
                (0..2 * stride).filter(move |&kernel| tap(kernel)).map(move |kernel| (out + padding - kernel) / stride)
            });
            points = inputs.collect();
            points.sort_unstable();
            points.dedup();
        }
        let points = spread(points, 1);
        points.iter().map(|point| point.unsigned_abs() as usize).max().unwrap()
    }

    #[test]
    fn spans_agree_with_taps() {
        for rates in [&[8, 8, 4, 2][..], &[2, 3], &[5], &[4, 4], &[2, 2, 2, 2]] {
            assert_eq!(decoder_context(rates), reach_by_taps(rates), "{rates:?}");
        }
    }

    #[test]
    fn windows_cover_the_range_once() {
        let all: Vec<Window> = windows(3..20, 8, 2, 21).collect();
        let kept: Vec<usize> = all.iter().flat_map(|window| window.keep.clone()).collect();
        assert_eq!(kept, (3..20).collect::<Vec<_>>());
        assert_eq!(all[0], Window { keep: 3..11, input: 1..13 });
        assert_eq!(all[2], Window { keep: 19..20, input: 17..21 });
        assert_eq!(windows(0..0, 8, 2, 0).count(), 0);
    }
}
