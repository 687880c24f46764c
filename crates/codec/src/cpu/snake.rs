use super::isa::Isa;
use super::lanes::{LaneWork, Lanes};
use crate::snake::EPSILON;

/// Snake on rows: x + sin²(αx) / (α + 1e-9).
pub(crate) struct Snake {
    alpha: Vec<f32>,
    inverse: Vec<f32>,
    isa: Isa,
}

impl Snake {
    pub(crate) fn new(alpha: Vec<f32>) -> Self {
        Self { inverse: alpha.iter().map(|alpha| 1.0 / (alpha + EPSILON)).collect(), alpha, isa: Isa::best() }
    }

    /// Replaces every value of rows of as many channels as there are α.
    pub(super) fn apply(&self, rows: &mut [f32]) {
        self.isa.run(Apply { snake: self, rows });
    }
}

struct Apply<'a> {
    snake: &'a Snake,
    rows: &'a mut [f32],
}

impl LaneWork for Apply<'_> {
    #[inline(always)]
    fn run<Wide: Lanes, Single: Lanes>(self) {
        let Snake { alpha, inverse, .. } = self.snake;
        let whole = alpha.len() / Wide::COUNT * Wide::COUNT;
        for row in self.rows.chunks_mut(alpha.len().max(1)) {
            for lane in (0..whole).step_by(Wide::COUNT) {
                snake::<Wide>(&mut row[lane..], &alpha[lane..], &inverse[lane..]);
            }
            for lane in whole..alpha.len() {
                snake::<Single>(&mut row[lane..], &alpha[lane..], &inverse[lane..]);
            }
        }
    }
}

#[inline(always)]
fn snake<L: Lanes>(values: &mut [f32], alpha: &[f32], inverse: &[f32]) {
    let x = L::load(values);
    let square = sine_squared(L::load(alpha).multiply(x));
    square.multiply_add(L::load(inverse), x).store(values);
}

/// sin²(x) to within 5e-7, in operations that compilers turn into vector code.
///
/// sin² repeats every π, so x is brought to −π/2..π/2 (subtracting multiples of π in three parts whose products are
/// exact) and a Taylor polynomial does the rest.
#[inline(always)]
fn sine_squared<L: Lanes>(x: L) -> L {
    const PI_HIGH: f32 = 201.0 / 64.0;
    const PI_MIDDLE: f32 = 507.0 / 524_288.0;
    const PI_LOW: f32 = 6.278_329_6e-7;
    /// Adding and subtracting it rounds to a whole number.
    const ROUND: f32 = 12_582_912.0;
    /// Of the Taylor polynomial of sin x / x, in falling powers of x².
    const SERIES: [f32; 6] = [-2.505_210_8e-8, 2.755_731_9e-6, -1.984_127e-4, 8.333_333e-3, -1.0 / 6.0, 1.0];
    let round = L::splat(ROUND);
    let turns = x.multiply_add(L::splat(std::f32::consts::FRAC_1_PI), round).subtract(round);
    let subtract = |reduced, part: f32| turns.multiply_add(L::splat(-part), reduced);
    let reduced = [PI_HIGH, PI_MIDDLE, PI_LOW].into_iter().fold(x, subtract);
    // Rounding can leave a little more than π/2. Far out nothing is left of the phase; the bound keeps it a sine.
    let reduced = reduced.clamp(L::splat(2.0));
    let square = reduced.multiply(reduced);
    let series = |sum: L, factor: f32| sum.multiply_add(square, L::splat(factor));
    let sine = reduced.multiply(SERIES.into_iter().fold(L::splat(0.0), series));
    sine.multiply(sine)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::lanes::Plain;

    fn sine_squared(x: f32) -> f32 {
        let mut value = [0.0];
        super::sine_squared(Plain::<1, false>::load(&[x])).store(&mut value);
        value[0]
    }

    #[test]
    fn sine_squared_is_close_everywhere() {
        let worst = |limit: f32| {
            let error = |step: i32| {
                let x = step as f32 / 100_000.0 * limit;
                (f64::from(sine_squared(x)) - f64::from(x).sin().powi(2)).abs()
            };
            (-100_000..=100_000).map(error).fold(0.0, f64::max)
        };
        assert!(worst(2.0) < 5e-7, "{}", worst(2.0));
        assert!(worst(300.0) < 5e-7, "{}", worst(300.0));
        assert!(worst(20_000.0) < 1e-6, "{}", worst(20_000.0));
        assert!((0.0..=1.0).contains(&sine_squared(1e30)), "{}", sine_squared(1e30));
        assert!(sine_squared(f32::NAN).is_nan());
    }

    #[test]
    fn rows_are_what_the_formula_says() {
        let alpha = vec![0.5, -1.0, 3.0, 0.0, 20.0];
        let x: Vec<f32> = (0..5 * 333).map(|index| (index as f32 * 0.77).sin() * 9.0).collect();
        let exact = |index: usize| {
            let (x, alpha) = (f64::from(x[index]), f64::from(alpha[index % 5]));
            x + (alpha * x).sin().powi(2) / (alpha + f64::from(EPSILON))
        };
        let mut rows = x.clone();
        Snake::new(alpha.clone()).apply(&mut rows);
        let error = |index: usize| (f64::from(rows[index]) - exact(index)).abs();
        let worst = (0..x.len()).map(error).fold(0.0, f64::max);
        assert!(worst < 2e-6, "{worst}");
    }

    #[test]
    fn vectors_of_any_length_give_the_same_bits() {
        let alpha: Vec<f32> = (0..21).map(|index| index as f32 / 3.0 - 2.0).collect();
        let x: Vec<f32> = (0..21 * 50).map(|index| (index as f32 * 0.77).sin() * 9.0).chain([f32::NAN; 21]).collect();
        let bits = |isa| {
            let mut rows = x.clone();
            Snake { isa, ..Snake::new(alpha.clone()) }.apply(&mut rows);
            rows.into_iter().map(|value| if value.is_nan() { 0 } else { value.to_bits() }).collect::<Vec<_>>()
        };
        let all: Vec<_> = Isa::fused().map(bits).collect();
        assert!(all.windows(2).all(|pair| pair[0] == pair[1]));
        assert!(all.iter().all(|bits| bits[21 * 50..].iter().all(|bits| *bits == 0)));
    }
}
