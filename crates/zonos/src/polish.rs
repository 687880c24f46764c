use crate::{Error, Result};

/// What is done to finished samples, in this order: trim, volume, fade-out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Polish {
    /// Cuts silence at the end (below −60 dB of full scale in windows of 10 ms), but for its first 50 ms.
    pub trim_silence: bool,
    /// Factor on every sample, 0–10.
    pub volume: f32,
    /// Length of a cosine fade over the last samples, 0–10,000 ms.
    pub fade_out_ms: f32,
}

impl Default for Polish {
    fn default() -> Self {
        Self { trim_silence: false, volume: 1.0, fade_out_ms: 0.0 }
    }
}

const SILENCE_RMS: f32 = 1e-3;
const WINDOW_SECONDS: f32 = 0.01;
const KEPT_SECONDS: f32 = 0.05;

impl Polish {
    /// Checks every value against its range.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for the first that lies outside.
    pub fn check(&self) -> Result<()> {
        let fits = |name, value: f32, max, range| match (0.0..=max).contains(&value) {
            true => Ok(()),
            false => Err(Error::OutOfRange { name, value: value.to_string(), range }),
        };
        fits("volume", self.volume, 10.0, "0 to 10")?;
        fits("fade_out_ms", self.fade_out_ms, 10_000.0, "0 to 10000")
    }

    /// Changes the samples.
    pub(crate) fn apply(&self, samples: &mut Vec<f32>, sample_rate: u32) {
        let rate = sample_rate as f32;
        if self.trim_silence {
            trim(samples, rate);
        }
        if self.volume != 1.0 {
            samples.iter_mut().for_each(|sample| *sample *= self.volume);
        }
        fade_out(samples, (self.fade_out_ms / 1000.0 * rate) as usize);
    }
}

fn trim(samples: &mut Vec<f32>, rate: f32) {
    let window = ((WINDOW_SECONDS * rate) as usize).max(1);
    let is_loud = |samples: &[f32]| {
        let power: f32 = samples.iter().map(|sample| sample * sample).sum();
        power > SILENCE_RMS * SILENCE_RMS * samples.len() as f32
    };
    let loud = samples.chunks(window).rposition(is_loud).map_or(0, |last| (last + 1) * window);
    let kept = loud + (KEPT_SECONDS * rate) as usize;
    samples.truncate(kept);
}

fn fade_out(samples: &mut [f32], length: usize) {
    let length = length.min(samples.len());
    let start = samples.len() - length;
    for (step, sample) in samples[start..].iter_mut().enumerate() {
        let phase = std::f32::consts::PI * (step + 1) as f32 / length as f32;
        *sample *= 0.5 * (1.0 + phase.cos());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 1000;

    fn polished(polish: Polish, mut samples: Vec<f32>) -> Vec<f32> {
        polish.apply(&mut samples, RATE);
        samples
    }

    #[test]
    fn the_default_changes_nothing() {
        assert_eq!(polished(Polish::default(), vec![0.5, 0.0, -0.5]), [0.5, 0.0, -0.5]);
    }

    #[test]
    fn silence_at_the_end_is_cut_to_50_ms() {
        let mut samples = vec![0.5; 100];
        samples.resize(1000, 0.0);
        let trim = Polish { trim_silence: true, ..Polish::default() };
        assert_eq!(polished(trim, samples).len(), 150);
        assert_eq!(polished(trim, vec![0.0; 20]).len(), 20);
        assert_eq!(polished(trim, vec![0.5; 77]).len(), 77);
        assert!(polished(trim, Vec::new()).is_empty());
    }

    #[test]
    fn the_fade_ends_at_zero_and_falls_steadily() {
        let fade = Polish { fade_out_ms: 50.0, ..Polish::default() };
        let faded = polished(fade, vec![1.0; 200]);
        assert!(faded[..150].iter().all(|&sample| sample == 1.0));
        assert!(faded[150..].is_sorted_by(|a, b| a > b));
        assert!(faded[199].abs() < 1e-6);
        assert_eq!(polished(fade, vec![1.0; 10]).len(), 10);
    }

    #[test]
    fn values_out_of_range_are_refused() {
        for polish in [
            Polish { volume: -1.0, ..Polish::default() },
            Polish { volume: f32::NAN, ..Polish::default() },
            Polish { fade_out_ms: 1e5, ..Polish::default() },
        ] {
            assert!(polish.check().is_err(), "{polish:?}");
        }
    }
}
