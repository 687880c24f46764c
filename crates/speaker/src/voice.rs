use crate::{Error, Result};

/// Numbers of the largest voice that is accepted; the released encoder makes 2048.
const MAX_DIM: usize = 1 << 16;
/// Angle in radians below which two directions count as one.
const SAME_DIRECTION: f64 = 1e-6;

/// How a speaker sounds: the raw output vector of a speaker encoder.
#[derive(Clone, Debug, PartialEq)]
pub struct Voice(Vec<f32>);

impl Voice {
    /// A voice from its numbers.
    ///
    /// # Errors
    /// When there are none, more than 65,536, or one is not finite.
    pub fn new(vector: Vec<f32>) -> Result<Self> {
        if vector.is_empty() || vector.len() > MAX_DIM {
            return Err(Error::Voice(format!("{} numbers; 1 to {MAX_DIM} make a voice", vector.len())));
        }
        match vector.iter().position(|value| !value.is_finite()) {
            None => Ok(Self(vector)),
            Some(place) => Err(Error::Voice(format!("number {place} is {}", vector[place]))),
        }
    }

    /// The numbers.
    pub fn as_slice(&self) -> &[f32] {
        &self.0
    }

    /// How many numbers there are.
    pub fn dim(&self) -> usize {
        self.0.len()
    }

    /// The average of several voices, such as those of several clips of one speaker.
    ///
    /// # Errors
    /// When there are none, or their dimensions differ.
    pub fn mean(voices: &[Voice]) -> Result<Self> {
        let first = voices.first().ok_or_else(|| Error::Voice("the average of no voices".to_owned()))?;
        let mut sums = vec![0.0; first.dim()];
        for voice in voices {
            first.check_same_dim(voice)?;
            sums.iter_mut().zip(&voice.0).for_each(|(sum, &value)| *sum += f64::from(value));
        }
        Self::new(sums.into_iter().map(|sum| (sum / voices.len() as f64) as f32).collect())
    }

    /// A voice between `a` (at `t` = 0) and `b` (at 1), along the arc between their directions.
    ///
    /// With ω the angle between them, the result is (sin((1−t)ω)·a + sin(tω)·b) / sin ω: spherical interpolation of
    /// the directions, its weights applied to the vectors as they are. Where the arc is not defined (same, opposite or
    /// no direction) the interpolation is linear.
    ///
    /// # Errors
    /// When `t` lies outside of 0 to 1, or the dimensions differ.
    pub fn blend(a: &Voice, b: &Voice, t: f32) -> Result<Self> {
        if !(0.0..=1.0).contains(&t) {
            return Err(Error::Share(t));
        }
        a.check_same_dim(b)?;
        let (from, to) = weights(a.angle(b), f64::from(t));
        let mix = |(&a, &b): (&f32, &f32)| (from * f64::from(a) + to * f64::from(b)) as f32;
        Self::new(a.0.iter().zip(&b.0).map(mix).collect())
    }

    /// The angle between two voices in radians; 0 when one has no direction.
    fn angle(&self, other: &Voice) -> f64 {
        let dot =
            |a: &Voice, b: &Voice| -> f64 { a.0.iter().zip(&b.0).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum() };
        let cosine = dot(self, other) / (dot(self, self).sqrt() * dot(other, other).sqrt());
        if cosine.is_nan() { 0.0 } else { cosine.clamp(-1.0, 1.0).acos() }
    }

    fn check_same_dim(&self, other: &Voice) -> Result<()> {
        if self.dim() == other.dim() { Ok(()) } else { Err(Error::Dimensions(self.dim(), other.dim())) }
    }
}

/// The weights of two voices an `angle` apart.
fn weights(angle: f64, t: f64) -> (f64, f64) {
    let opposite = std::f64::consts::PI - angle;
    if angle.min(opposite) < SAME_DIRECTION {
        (1.0 - t, t)
    } else {
        (((1.0 - t) * angle).sin() / angle.sin(), (t * angle).sin() / angle.sin())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn voice(values: &[f32]) -> Voice {
        Voice::new(values.to_vec()).unwrap()
    }

    fn blend(a: &[f32], b: &[f32], t: f32) -> Vec<f32> {
        Voice::blend(&voice(a), &voice(b), t).unwrap().0
    }

    fn assert_near(actual: &[f32], expected: &[f32]) {
        let near = actual.iter().zip(expected).all(|(a, b)| (a - b).abs() <= 1e-6 * b.abs().max(1.0));
        assert!(near && actual.len() == expected.len(), "{actual:?} is not {expected:?}");
    }

    #[test]
    fn a_blend_follows_the_arc() {
        let half = std::f32::consts::FRAC_1_SQRT_2;
        assert_near(&blend(&[1.0, 0.0], &[0.0, 1.0], 0.5), &[half, half]);
        // Weights from the directions, applied to vectors of any length.
        assert_near(&blend(&[2.0, 0.0], &[0.0, 4.0], 0.5), &[2.0 * half, 4.0 * half]);
        let third = (std::f32::consts::FRAC_PI_2 / 3.0).sin_cos();
        assert_near(&blend(&[1.0, 0.0], &[0.0, 1.0], 1.0 / 3.0), &[third.1, third.0]);
    }

    #[test]
    fn voices_without_an_arc_blend_linearly() {
        assert_near(&blend(&[1.0, 2.0], &[1.0, 2.0], 0.3), &[1.0, 2.0]);
        assert_near(&blend(&[1.0, 2.0], &[3.0, 6.0], 0.5), &[2.0, 4.0]);
        assert_near(&blend(&[1.0, 2.0], &[-1.0, -2.0], 0.25), &[0.5, 1.0]);
        assert_near(&blend(&[0.0, 0.0], &[4.0, 0.0], 0.25), &[1.0, 0.0]);
    }

    #[test]
    fn shares_outside_of_the_range_are_refused() {
        for t in [-0.1, 1.1, f32::NAN, f32::INFINITY] {
            assert!(matches!(Voice::blend(&voice(&[1.0]), &voice(&[2.0]), t), Err(Error::Share(_))), "{t}");
        }
    }

    #[test]
    fn voices_of_different_encoders_are_refused() {
        let (short, long) = (voice(&[1.0]), voice(&[1.0, 2.0]));
        assert!(matches!(Voice::blend(&short, &long, 0.5), Err(Error::Dimensions(1, 2))));
        assert!(matches!(Voice::mean(&[long, short]), Err(Error::Dimensions(2, 1))));
    }

    #[test]
    fn the_mean_is_of_each_number() {
        assert_eq!(Voice::mean(&[voice(&[1.0, 2.0]), voice(&[3.0, -2.0])]).unwrap(), voice(&[2.0, 0.0]));
        assert!(matches!(Voice::mean(&[]), Err(Error::Voice(_))));
    }

    #[test]
    fn numbers_that_make_no_voice_are_refused() {
        for values in [vec![], vec![1.0, f32::NAN], vec![f32::NEG_INFINITY], vec![0.0; MAX_DIM + 1]] {
            assert!(matches!(Voice::new(values), Err(Error::Voice(_))));
        }
        assert!(Voice::new(vec![0.0, f32::NAN]).unwrap_err().to_string().contains("number 1 is NaN"));
    }

    proptest! {
        #[test]
        fn the_ends_are_the_voices(pairs in prop::collection::vec((-9f32..9.0, -9f32..9.0), 1..20)) {
            let (a, b): (Vec<f32>, Vec<f32>) = pairs.into_iter().unzip();
            assert_near(&blend(&a, &b, 0.0), &a);
            assert_near(&blend(&a, &b, 1.0), &b);
        }

        #[test]
        fn blends_of_unit_voices_keep_their_length(angle in 1e-3f64..3.0, t in 0f32..=1.0) {
            let b = [angle.cos() as f32, angle.sin() as f32];
            let length = blend(&[1.0, 0.0], &b, t).iter().map(|value| value * value).sum::<f32>().sqrt();
            prop_assert!((length - 1.0).abs() < 1e-4, "{}", length);
        }
    }
}
