//! The silence before and after speech.

/// Windows that are told loud or silent as one.
const WINDOW_SECONDS: f32 = 0.01;
/// Silence is this much below the loudest window (40 dB), within bounds of −60 and −40 dB of full scale: clips with a
/// background have silences that are not silent.
const BELOW_LOUDEST: f32 = 0.01;
const QUIETEST: f32 = 1e-3;
const LOUDEST: f32 = 1e-2;

/// How much silence a sound begins and ends with, in samples. Of nothing but silence all is leading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Silence {
    /// Before the first loud window of 10 ms.
    pub leading: usize,
    /// After the last.
    pub trailing: usize,
}

impl Silence {
    /// Measures the silence around a sound.
    pub fn of(samples: &[f32], sample_rate: u32) -> Self {
        let window = ((WINDOW_SECONDS * sample_rate as f32) as usize).max(1);
        let loudest = samples.chunks(window).map(rms).fold(0.0, f32::max);
        let threshold = (loudest * BELOW_LOUDEST).clamp(QUIETEST, LOUDEST);
        let is_loud = |window: &[f32]| rms(window) > threshold;
        let leading = samples.chunks(window).take_while(|window| !is_loud(window)).map(<[f32]>::len).sum();
        let heard = samples.chunks(window).rposition(is_loud).map_or(samples.len(), |last| (last + 1) * window);
        Self { leading, trailing: samples.len().saturating_sub(heard) }
    }
}

/// Cuts the silence around a sound down to a length in samples at each end, where one is given. Returns what is left
/// of it.
pub fn trim_silence(
    samples: &mut Vec<f32>,
    sample_rate: u32,
    leading: Option<usize>,
    trailing: Option<usize>,
) -> Silence {
    let found = Silence::of(samples, sample_rate);
    let kept = Silence {
        leading: leading.map_or(found.leading, |most| found.leading.min(most)),
        trailing: trailing.map_or(found.trailing, |most| found.trailing.min(most)),
    };
    samples.truncate(samples.len() - (found.trailing - kept.trailing));
    samples.drain(..found.leading - kept.leading);
    kept
}

fn rms(samples: &[f32]) -> f32 {
    let power: f32 = samples.iter().map(|sample| sample * sample).sum();
    (power / samples.len().max(1) as f32).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 1000;

    /// Silence, a tone, silence.
    fn sound(leading: usize, loud: usize, trailing: usize, floor: f32) -> Vec<f32> {
        let loudness = |at: usize| if (leading..leading + loud).contains(&at) { 0.5 } else { floor };
        (0..leading + loud + trailing).map(|at| if at % 2 == 0 { loudness(at) } else { -loudness(at) }).collect()
    }

    #[test]
    fn silence_is_measured_at_both_ends() {
        for floor in [0.0, 9e-4, 4e-3] {
            let silence = Silence::of(&sound(200, 300, 100, floor), RATE);
            assert_eq!(silence, Silence { leading: 200, trailing: 100 }, "{floor}");
        }
        assert_eq!(Silence::of(&sound(0, 55, 0, 0.0), RATE), Silence::default());
        assert_eq!(Silence::of(&[0.0; 77], RATE), Silence { leading: 77, trailing: 0 });
        assert_eq!(Silence::of(&[], RATE), Silence::default());
    }

    #[test]
    fn silence_is_cut_to_the_length_chosen() {
        let whole = sound(200, 300, 100, 0.0);
        let mut samples = whole.clone();
        assert_eq!(trim_silence(&mut samples, RATE, Some(50), Some(0)), Silence { leading: 50, trailing: 0 });
        assert_eq!(samples, whole[150..500]);
        let mut samples = whole.clone();
        trim_silence(&mut samples, RATE, None, Some(1000));
        assert_eq!(samples, whole);
        let mut samples = vec![0.0; 30];
        trim_silence(&mut samples, RATE, Some(10), Some(10));
        assert_eq!(samples.len(), 10);
    }
}
