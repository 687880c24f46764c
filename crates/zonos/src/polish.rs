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

    /// Changes finished samples.
    pub(crate) fn apply(&self, samples: &mut Vec<f32>, sample_rate: u32) {
        let mut polisher = Polisher::new(*self, sample_rate);
        let mut polished = polisher.push(samples);
        polished.extend(polisher.finish());
        *samples = polished;
    }
}

/// Polishes samples while they come. What an end that may be near would change is held back.
#[derive(Clone, Debug)]
pub(crate) struct Polisher {
    polish: Polish,
    /// Samples that are told loud or silent together.
    window: usize,
    /// Samples after the last loud window that stay.
    kept: usize,
    /// Samples that the fade takes.
    fade: usize,
    held: Vec<f32>,
    /// Of those held, how many have been told loud or silent: whole windows since the beginning of the sound.
    judged: usize,
    /// Of those held, and maybe of those to come, how many stay for certain.
    certain: usize,
}

impl Polisher {
    pub(crate) fn new(polish: Polish, sample_rate: u32) -> Self {
        let samples = |seconds: f32| (seconds * sample_rate as f32) as usize;
        let kept = samples(KEPT_SECONDS);
        Self {
            window: samples(WINDOW_SECONDS).max(1),
            fade: (polish.fade_out_ms / 1000.0 * sample_rate as f32) as usize,
            held: Vec::new(),
            judged: 0,
            certain: if polish.trim_silence { kept } else { usize::MAX },
            kept,
            polish,
        }
    }

    /// Takes the next samples. Returns those that are finished.
    pub(crate) fn push(&mut self, samples: &[f32]) -> Vec<f32> {
        self.held.extend_from_slice(samples);
        let finished = if self.polish.trim_silence {
            while self.judged + self.window <= self.held.len() {
                self.judge(self.judged + self.window);
            }
            self.certain.min(self.judged)
        } else {
            self.held.len()
        };
        self.release(finished.saturating_sub(self.fade))
    }

    /// The samples that were held back: no others follow.
    pub(crate) fn finish(&mut self) -> Vec<f32> {
        if self.polish.trim_silence && self.judged < self.held.len() {
            self.judge(self.held.len());
        }
        self.held.truncate(self.certain);
        fade_out(&mut self.held, self.fade);
        self.release(self.held.len())
    }

    /// Tells whether the samples up to `end` are loud.
    fn judge(&mut self, end: usize) {
        if is_loud(&self.held[self.judged..end]) {
            self.certain = self.judged + self.window + self.kept;
        }
        self.judged = end;
    }

    fn release(&mut self, count: usize) -> Vec<f32> {
        let mut samples: Vec<f32> = self.held.drain(..count).collect();
        self.judged = self.judged.saturating_sub(count);
        self.certain = if self.certain == usize::MAX { usize::MAX } else { self.certain.saturating_sub(count) };
        if self.polish.volume != 1.0 {
            samples.iter_mut().for_each(|sample| *sample *= self.polish.volume);
        }
        samples
    }
}

fn is_loud(samples: &[f32]) -> bool {
    let power: f32 = samples.iter().map(|sample| sample * sample).sum();
    power > SILENCE_RMS * SILENCE_RMS * samples.len() as f32
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
