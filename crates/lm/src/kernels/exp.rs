//! The exponential function and sums, written so that compilers make vectors of them, with the same bits on every
//! processor: nothing multiplies and adds in one step.

/// e to the power of `x`, to about two units in the last place; the smallest normal number from −87.3 down, and the largest
/// powers from 88 up.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    // ln 2 in two parts: the first has few bits, so that its multiples are exact.
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    // Adding it leaves the nearest integer in the last bits.
    const SHIFT: f32 = 12_582_912.0;
    // Not by `clamp`: what is no number stays none, without a branch.
    let x = if x < -87.3 { -87.3 } else { x };
    let x = if x > 88.0 { 88.0 } else { x };
    let shifted = x * std::f32::consts::LOG2_E + SHIFT;
    let (whole, power) = (shifted - SHIFT, shifted.to_bits().wrapping_sub(SHIFT.to_bits()));
    let rest = x - whole * LN_2[0] - whole * LN_2[1];
    // The coefficients of Cephes' expf.
    let mut series = 1.987_569_1e-4;
    for coefficient in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        series = series * rest + coefficient;
    }
    let fraction = series * (rest * rest) + rest + 1.0;
    fraction * f32::from_bits(power.wrapping_add(127) << 23)
}

/// Sums kept side by side.
const LANES: usize = 32;

/// The sum of what `of` makes of each number.
#[inline(always)]
pub(super) fn sum(x: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let (chunks, rest) = x.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for chunk in chunks {
        for lane in 0..LANES {
            sums[lane] += of(chunk[lane]);
        }
    }
    let rest = rest.iter().fold(0.0, |sum, x| sum + of(*x));
    fold(sums) + rest
}

/// The largest number; what is no number is passed over.
#[inline(always)]
fn largest(x: &[f32]) -> f32 {
    let larger = |a: f32, b: f32| if b > a { b } else { a };
    let (chunks, rest) = x.as_chunks::<LANES>();
    let mut lanes = [f32::NEG_INFINITY; LANES];
    for chunk in chunks {
        for lane in 0..LANES {
            lanes[lane] = larger(lanes[lane], chunk[lane]);
        }
    }
    lanes.iter().chain(rest).copied().fold(f32::NEG_INFINITY, larger)
}

/// Puts e to the power of each number, less the largest one, in its place. Returns the largest and the sum of the powers.
#[inline(always)]
pub(super) fn powers(x: &mut [f32]) -> (f32, f32) {
    let largest = largest(x);
    x.iter_mut().for_each(
        #[inline(always)]
        |x| *x = exp(*x - largest),
    );
    let sum = sum(
        x,
        #[inline(always)]
        |x| x,
    );
    (largest, sum)
}

/// Adds up, halves onto halves.
#[inline(always)]
fn fold(mut sums: [f32; LANES]) -> f32 {
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            sums[lane] += sums[lane + half];
        }
        half /= 2;
    }
    sums[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_near_exact_ones() {
        for step in -8700..=8799 {
            let x = step as f32 / 100.0 + 0.003;
            let exact = f64::from(x).exp();
            let error = (f64::from(exp(x)) - exact).abs() / exact;
            assert!(error < 2.5e-7, "{x}: {error}");
        }
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(f32::NEG_INFINITY) < 1.3e-38 && exp(f32::INFINITY) > 1e38 && exp(f32::NAN).is_nan());
    }

    #[test]
    fn sums_hold_every_number() {
        for len in [0usize, 1, 31, 32, 33, 200] {
            let x: Vec<f32> = (0..len).map(|i| i as f32).collect();
            assert_eq!(sum(&x, |x| x), (len * len.saturating_sub(1) / 2) as f32);
            assert_eq!(largest(&x), x.last().copied().unwrap_or(f32::NEG_INFINITY));
        }
    }
}
