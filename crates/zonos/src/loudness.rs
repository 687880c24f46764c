//! Loudness as EBU R 128 measures it, and gains that change it without clipping.

use ebur128::{EbuR128, Mode};

use crate::{Error, Result};

/// The true peak that no gain raises a sound above: −1 dB of full scale, as EBU R 128 asks for.
const CEILING: f64 = 0.891_25;
/// No gain is larger; what needs more is hardly speech.
const MOST_DECIBELS: f64 = 20.0;

/// How loud a sound is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loudness {
    /// Integrated loudness in LUFS; absent where nothing is loud enough to be measured.
    pub lufs: Option<f64>,
    /// The true peak, as a factor of full scale.
    pub peak: f64,
}

impl Loudness {
    /// Measures a sound of one channel.
    ///
    /// # Errors
    /// When the measurement does not take the sample rate.
    pub fn of(samples: &[f32], sample_rate: u32) -> Result<Self> {
        let mut meter = EbuR128::new(1, sample_rate, Mode::I | Mode::TRUE_PEAK).map_err(Error::Loudness)?;
        meter.add_frames_f32(samples).map_err(Error::Loudness)?;
        let lufs = meter.loudness_global().map_err(Error::Loudness)?;
        let peak = meter.true_peak(0).map_err(Error::Loudness)?;
        // The standard measures blocks of 400 ms: a shorter sound is taken as one block.
        let lufs = if lufs.is_finite() { lufs } else { power_as_lufs(samples) };
        Ok(Self { lufs: (lufs > GATE).then_some(lufs), peak })
    }

    /// The factor that brings the sound to `target` LUFS, but raises no peak above −1 dB and changes nothing by more
    /// than 20 dB.
    pub fn gain_to(&self, target: f64) -> f32 {
        let decibels = self.lufs.map_or(0.0, |lufs| (target - lufs).clamp(-MOST_DECIBELS, MOST_DECIBELS));
        let gain = 10_f64.powf(decibels / 20.0);
        let room = (CEILING / self.peak.max(f64::MIN_POSITIVE)).max(1.0);
        gain.min(room) as f32
    }
}

/// Below this the standard counts nothing, in LUFS.
const GATE: f64 = -70.0;

fn power_as_lufs(samples: &[f32]) -> f64 {
    let power: f64 = samples.iter().map(|&sample| f64::from(sample) * f64::from(sample)).sum();
    -0.691 + 10.0 * (power / samples.len().max(1) as f64).log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 44_100;

    fn tone(seconds: f32, amplitude: f32) -> Vec<f32> {
        let angle = |at: usize| at as f32 / RATE as f32 * 997.0 * std::f32::consts::TAU;
        (0..(seconds * RATE as f32) as usize).map(|at| angle(at).sin() * amplitude).collect()
    }

    fn lufs(samples: &[f32]) -> f64 {
        Loudness::of(samples, RATE).unwrap().lufs.unwrap()
    }

    #[test]
    fn a_tone_has_the_loudness_of_the_standard() {
        // A sine of 997 Hz at full scale has −3.01 LUFS in one channel.
        assert!((lufs(&tone(3.0, 1.0)) - -3.01).abs() < 0.05);
        assert!((lufs(&tone(3.0, 0.1)) - -23.01).abs() < 0.05);
        assert!((lufs(&tone(0.1, 0.1)) - -23.7).abs() < 0.1, "too short for a block");
    }

    #[test]
    fn gains_reach_the_target_without_clipping() {
        let quiet = tone(1.0, 0.05);
        let gain = Loudness::of(&quiet, RATE).unwrap().gain_to(-16.0);
        let louder: Vec<f32> = quiet.iter().map(|sample| sample * gain).collect();
        assert!((lufs(&louder) - -16.0).abs() < 0.1);
        let mut peaky = tone(1.0, 0.05);
        peaky[1000] = 0.8;
        let measured = Loudness::of(&peaky, RATE).unwrap();
        assert!(f64::from(measured.gain_to(-5.0)) * measured.peak <= CEILING + 1e-6);
        assert!(measured.gain_to(-40.0) < 1.0);
    }

    #[test]
    fn silence_is_left_alone() {
        for samples in [vec![0.0; 44_100], vec![0.0; 10], Vec::new(), vec![1e-6; 44_100]] {
            let silence = Loudness::of(&samples, RATE).unwrap();
            assert_eq!((silence.lufs, silence.gain_to(-16.0)), (None, 1.0));
        }
    }
}
