//! Convolutions of kernel 7 with fewer multiplications (Winograd, "Arithmetic Complexity of Computations", 1980; Lavin and
//! Gray, "Fast Algorithms for Convolutional Neural Networks", 2016).
//!
//! Inputs and taps are taken for polynomials, whose product is known from its values at enough points. At each point
//! that is one product; transforms lead there and back. Ten products in the place of 28 make four outputs, eight in the
//! place of 14 two. The points 0, ±1/2, ±1, ±2 (and ±3/4) and infinity keep the rounding error low: it is five
//! times that of the plain sum, 105 dB below the signal.

use std::array::from_fn;

use super::isa::Isa;
use super::kernel::Rows;
use super::lanes::{LaneWork, Lanes};
use super::panels::Panels;
use crate::window::KERNEL;

/// The positive points; each comes with its negative. Tiles of 8 use the first three.
const POINTS: [f64; 4] = [1.0, 0.5, 2.0, 0.75];
/// Beside the pairs there are zero and infinity.
const ENDS: usize = 2;

/// A convolution of kernel 7 by the values at zero, at `PAIRS` points and their negatives, and at infinity.
pub(super) struct Winograd<const PAIRS: usize> {
    /// The weights' values at 0, at each point and its negative, and at infinity.
    points: Vec<Panels>,
    transform: Transform<PAIRS>,
    channels: usize,
    isa: Isa,
}

/// Coefficients of the transforms.
struct Transform<const PAIRS: usize> {
    /// The points, to the power that each output needs.
    powers: Vec<[f32; PAIRS]>,
    /// Of ∏ (x² − b²) over all points b, in rising powers of x², without the leading 1.
    all: [f32; PAIRS],
    /// Of the same without each of the points.
    without: [[f32; PAIRS]; PAIRS],
}

impl<const PAIRS: usize> Winograd<PAIRS> {
    /// Inputs of a tile, and products that make its outputs.
    const INPUTS: usize = 2 * PAIRS + ENDS;
    /// Outputs of a tile.
    pub(super) const OUTPUTS: usize = Self::INPUTS + 1 - KERNEL;

    /// `weight(output, input, tap)`.
    pub(super) fn new(channels: usize, weight: impl Fn(usize, usize, usize) -> f32) -> Self {
        let pack = |row: [f64; KERNEL]| {
            let value = |input, output| {
                let taps = row.iter().enumerate();
                taps.map(|(tap, factor)| factor * f64::from(weight(output, input, tap))).sum::<f64>() as f32
            };
            Panels::pack(channels, channels, value)
        };
        let points = Self::weight_rows().map(pack).collect();
        Self { points, transform: Transform::new(), channels, isa: Isa::best() }
    }

    /// The finite points in the order of computation.
    fn finite() -> impl Iterator<Item = f64> + Clone {
        [0.0].into_iter().chain(POINTS.into_iter().take(PAIRS).flat_map(|point| [point, -point]))
    }

    /// The weights' transform: which share of each tap makes the value at a point.
    fn weight_rows() -> impl Iterator<Item = [f64; KERNEL]> {
        let finite = Self::finite().map(|point| {
            let others = Self::finite().filter(move |other| *other != point);
            let scale: f64 = others.map(|other| point - other).product();
            from_fn(|tap| point.powi(tap as i32) / scale)
        });
        finite.chain([from_fn(|tap| if tap + 1 == KERNEL { 1.0 } else { 0.0 })])
    }

    /// `y [groups · OUTPUTS · dilation, channels]` from `x`, which has 6 · `dilation` rows more. `room` is memory for
    /// the values at the points.
    pub(super) fn run(&self, x: &[f32], dilation: usize, y: &mut [f32], room: &mut Vec<f32>) {
        let width = self.channels;
        let tiles = y.len() / (width * Self::OUTPUTS).max(1);
        let size = tiles * width;
        room.resize(2 * Self::INPUTS * size, 0.0);
        let (inside, outside) = room.split_at_mut(Self::INPUTS * size);
        outside.fill(0.0);
        self.isa.run(Inward { x, dilation, width, values: inside, transform: &self.transform });
        let products = self.points.iter().zip(inside.chunks(size.max(1))).zip(outside.chunks_mut(size.max(1)));
        for ((weights, x), y) in products {
            weights.add(Rows { values: x, step: width, count: tiles }, y);
        }
        self.isa.run(Outward { values: outside, dilation, width, y, powers: &self.transform.powers });
    }
}

impl<const PAIRS: usize> Transform<PAIRS> {
    fn new() -> Self {
        let points = POINTS.into_iter().take(PAIRS);
        let without = |place: usize| {
            let others = points.clone().enumerate().filter(move |(other, _)| *other != place);
            product(others.map(|(_, point)| point))
        };
        let powers = |power: usize| from_fn(|pair| POINTS[pair].powi(power as i32) as f32);
        Self {
            powers: (0..Winograd::<PAIRS>::OUTPUTS).map(powers).collect(),
            all: product(points.clone()),
            without: from_fn(without),
        }
    }
}

/// The first coefficients of ∏ (x² − b²), in rising powers of x².
fn product<const COUNT: usize>(points: impl Iterator<Item = f64>) -> [f32; COUNT] {
    let mut whole = vec![1.0];
    for point in points {
        let raised = std::iter::once(0.0).chain(whole.iter().copied());
        let lower = whole.iter().map(|coefficient| -coefficient * point * point).chain([0.0]);
        whole = raised.zip(lower).map(|(raised, lower): (f64, f64)| raised + lower).collect();
    }
    from_fn(|power| whole.get(power).map_or(0.0, |coefficient| *coefficient as f32))
}

/// The row where a tile begins: tiles interleave, so that the rows of each lie `dilation` apart.
fn first_row(tile: usize, dilation: usize, outputs: usize) -> usize {
    tile / dilation * dilation * outputs + tile % dilation
}

/// Inputs to their values at the points, `[points, tiles, width]`.
struct Inward<'a, const PAIRS: usize> {
    x: &'a [f32],
    dilation: usize,
    width: usize,
    values: &'a mut [f32],
    transform: &'a Transform<PAIRS>,
}

impl<const PAIRS: usize> Inward<'_, PAIRS> {
    /// Some channels of a tile, from `lane` on.
    #[inline(always)]
    fn transform<L: Lanes>(&mut self, tile: usize, lane: usize) {
        let first = first_row(tile, self.dilation, Winograd::<PAIRS>::OUTPUTS);
        let row = |place: usize| L::load(&self.x[(first + place * self.dilation) * self.width + lane..]);
        let (last_even, last_odd) = (row(2 * PAIRS), row(2 * PAIRS + 1));
        // Rows of even and odd places, and the even ones from the second on.
        let (mut even, mut odd, mut raised) = ([last_even; PAIRS], [last_odd; PAIRS], [last_even; PAIRS]);
        for power in 0..PAIRS {
            (even[power], odd[power]) = (row(2 * power), row(2 * power + 1));
        }
        raised[..PAIRS - 1].copy_from_slice(&even[1..]);
        let Transform { all, without, .. } = self.transform;
        self.put(0, tile, lane, add_up(last_even, all, even));
        self.put(2 * PAIRS + 1, tile, lane, add_up(last_odd, all, odd));
        for pair in 0..PAIRS {
            // A point and its negative have the same even part and opposite odd parts.
            let (even, odd) =
                (add_up(L::splat(0.0), &without[pair], raised), add_up(L::splat(0.0), &without[pair], odd));
            let point = POINTS[pair] as f32;
            self.put(2 * pair + 1, tile, lane, odd.multiply_add(L::splat(point), even));
            self.put(2 * pair + 2, tile, lane, odd.multiply_add(L::splat(-point), even));
        }
    }

    #[inline(always)]
    fn put<L: Lanes>(&mut self, point: usize, tile: usize, lane: usize, value: L) {
        let size = self.values.len() / Winograd::<PAIRS>::INPUTS;
        value.store(&mut self.values[point * size + tile * self.width + lane..]);
    }
}

impl<const PAIRS: usize> LaneWork for Inward<'_, PAIRS> {
    #[inline(always)]
    fn run<Wide: Lanes, Single: Lanes>(mut self) {
        let whole = self.width / Wide::COUNT * Wide::COUNT;
        for tile in 0..self.values.len() / (Winograd::<PAIRS>::INPUTS * self.width).max(1) {
            (0..whole).step_by(Wide::COUNT).for_each(|lane| self.transform::<Wide>(tile, lane));
            (whole..self.width).for_each(|lane| self.transform::<Single>(tile, lane));
        }
    }
}

/// `first` + Σ factor · value.
#[inline(always)]
fn add_up<L: Lanes, const COUNT: usize>(first: L, factors: &[f32; COUNT], values: [L; COUNT]) -> L {
    values.into_iter().zip(factors).fold(first, |sum, (value, factor)| value.multiply_add(L::splat(*factor), sum))
}

/// Products at the points to outputs: output `j` is Σ pointʲ · product, and the last has that at infinity as well.
struct Outward<'a, const PAIRS: usize> {
    values: &'a [f32],
    dilation: usize,
    width: usize,
    y: &'a mut [f32],
    powers: &'a [[f32; PAIRS]],
}

impl<const PAIRS: usize> Outward<'_, PAIRS> {
    /// Some channels of a tile, from `lane` on.
    #[inline(always)]
    fn transform<L: Lanes>(&mut self, tile: usize, lane: usize) {
        let (size, outputs) = (self.values.len() / Winograd::<PAIRS>::INPUTS, Winograd::<PAIRS>::OUTPUTS);
        let value = |point: usize| L::load(&self.values[point * size + tile * self.width + lane..]);
        let (mut sums, mut differences) = ([L::splat(0.0); PAIRS], [L::splat(0.0); PAIRS]);
        for pair in 0..PAIRS {
            let (plus, minus) = (value(2 * pair + 1), value(2 * pair + 2));
            (sums[pair], differences[pair]) = (plus.add(minus), plus.subtract(minus));
        }
        let first = first_row(tile, self.dilation, outputs);
        let mut put = |place: usize, output: L| {
            output.store(&mut self.y[(first + place * self.dilation) * self.width + lane..]);
        };
        put(0, add_up(value(0), &self.powers[0], sums));
        for (place, powers) in self.powers.iter().enumerate().take(outputs - 1).skip(1) {
            let both = if place % 2 == 0 { sums } else { differences };
            put(place, add_up(L::splat(0.0), powers, both));
        }
        put(outputs - 1, add_up(value(2 * PAIRS + 1), &self.powers[outputs - 1], differences));
    }
}

impl<const PAIRS: usize> LaneWork for Outward<'_, PAIRS> {
    #[inline(always)]
    fn run<Wide: Lanes, Single: Lanes>(mut self) {
        let whole = self.width / Wide::COUNT * Wide::COUNT;
        for tile in 0..self.values.len() / (Winograd::<PAIRS>::INPUTS * self.width).max(1) {
            (0..whole).step_by(Wide::COUNT).for_each(|lane| self.transform::<Wide>(tile, lane));
            (whole..self.width).for_each(|lane| self.transform::<Single>(tile, lane));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANNELS: usize = 21;

    fn noise(len: usize, seed: usize) -> Vec<f32> {
        (0..len).map(|index| ((index * 7919 + seed * 104_729) % 2003) as f32 / 1001.5 - 1.0).collect()
    }

    /// The largest error of a convolution, as a part of its RMS.
    fn error<const PAIRS: usize>(isa: Isa, dilation: usize) -> f64 {
        let taps = noise(CHANNELS * CHANNELS * KERNEL, 1);
        let weight = |output: usize, input: usize, tap: usize| taps[(output * CHANNELS + input) * KERNEL + tap];
        let winograd = Winograd::<PAIRS> { isa, ..Winograd::new(CHANNELS, weight) };
        let rows = 3 * Winograd::<PAIRS>::OUTPUTS * dilation;
        let x = noise((rows + (KERNEL - 1) * dilation) * CHANNELS, 2);
        let mut y = vec![9.0; rows * CHANNELS];
        // What is in the room before does not matter.
        winograd.run(&x, dilation, &mut y, &mut vec![7.0; 100]);
        let exact = |place: usize| {
            let (row, output) = (place / CHANNELS, place % CHANNELS);
            let terms = (0..KERNEL * CHANNELS).map(|term| {
                let (tap, input) = (term / CHANNELS, term % CHANNELS);
                f64::from(x[(row + tap * dilation) * CHANNELS + input]) * f64::from(weight(output, input, tap))
            });
            terms.sum::<f64>()
        };
        let exact: Vec<f64> = (0..y.len()).map(exact).collect();
        let rms = (exact.iter().map(|value| value * value).sum::<f64>() / exact.len() as f64).sqrt();
        y.iter().zip(exact).map(|(y, exact)| (f64::from(*y) - exact).abs()).fold(0.0, f64::max) / rms
    }

    #[test]
    fn outputs_are_those_of_the_convolution() {
        for isa in [Isa::Plain, Isa::best()] {
            for dilation in [1, 3, 9] {
                let (two, four) = (error::<3>(isa, dilation), error::<4>(isa, dilation));
                println!("{isa:?}, dilation {dilation}: two at once {two:.1e}, four {four:.1e}");
                assert!(two < 1e-5 && four < 4e-5, "{isa:?}, dilation {dilation}: {two:.1e}, {four:.1e}");
            }
        }
    }
}
