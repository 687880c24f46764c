//! The log-mel spectrogram that the encoder hears.

use std::sync::Arc;

use candle_core::{Device, Tensor};
use rayon::prelude::*;
use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

use crate::{Error, Result};

/// Samples of one transform, and of the window.
pub(crate) const FFT: usize = 1024;
/// Samples from one frame to the next.
pub(crate) const HOP: usize = 256;
/// Magnitudes of one transform.
pub(crate) const BINS: usize = FFT / 2 + 1;
/// Samples reflected at both ends, so that every hop has its frame.
const PADDING: usize = (FFT - HOP) / 2;
/// The smallest mel value that is told from silence.
const FLOOR: f32 = 1e-5;

/// Mono samples to log-mel frames: reflection of 384 samples at both ends, frames of 1024 samples every 256 (no
/// centring), periodic Hann window, magnitudes, mel bands from 0 Hz to half the sample rate with Slaney's scale and
/// area normalization, natural logarithm of at least 1e-5.
pub struct LogMel {
    window: Vec<f64>,
    bands: Vec<Band>,
    fft: Arc<dyn RealToComplex<f64>>,
}

/// One triangular filter: the weights of the bins from `first` on.
struct Band {
    first: usize,
    weights: Vec<f64>,
}

/// What a thread reuses from frame to frame.
struct Scratch {
    frame: Vec<f64>,
    spectrum: Vec<Complex<f64>>,
    inside: Vec<Complex<f64>>,
}

impl LogMel {
    /// A front end for `mel_dim` bands of audio at `sample_rate`.
    pub fn new(sample_rate: u32, mel_dim: usize) -> Self {
        let turn = |index: usize| index as f64 / FFT as f64 * std::f64::consts::TAU;
        Self {
            window: (0..FFT).map(|index| 0.5 - 0.5 * turn(index).cos()).collect(),
            bands: bands(f64::from(sample_rate), mel_dim),
            fft: RealFftPlanner::new().plan_fft_forward(FFT),
        }
    }

    /// Samples that make `frames` frames, at least.
    pub(crate) fn min_samples(frames: usize) -> usize {
        // A reflection does not repeat the edge, so it needs one sample more than it gives.
        (frames * HOP).max(PADDING + 1)
    }

    /// The window, 1024 values.
    pub fn window(&self) -> Vec<f32> {
        self.window.iter().map(|&value| value as f32).collect()
    }

    /// The filters as a matrix `[513 bins, bands]`, row by row.
    pub fn filterbank(&self) -> Vec<f32> {
        let weight =
            |bin: usize, band: &Band| band.weights.get(bin.wrapping_sub(band.first)).map_or(0.0, |&w| w as f32);
        (0..BINS).flat_map(|bin| self.bands.iter().map(move |band| weight(bin, band))).collect()
    }

    /// The frames of `samples` as float32 `[samples / 256 rounded down, bands]`.
    ///
    /// # Errors
    /// When there are too few samples to reflect (384 or less), or one is not finite.
    pub fn compute(&self, samples: &[f32], device: &Device) -> Result<Tensor> {
        let minimum = Self::min_samples(1);
        if samples.len() < minimum {
            return Err(Error::TooShort { samples: samples.len(), minimum });
        }
        if let Some(index) = samples.iter().position(|sample| !sample.is_finite()) {
            return Err(Error::NotFinite { index });
        }
        let (padded, frames) = (reflected(samples), samples.len() / HOP);
        let mut mel = vec![0.0; frames * self.bands.len()];
        let rows = mel.par_chunks_mut(self.bands.len()).zip(padded.par_windows(FFT).step_by(HOP));
        rows.try_for_each_init(|| self.scratch(), |scratch, (row, frame)| self.frame(frame, row, scratch))?;
        Ok(Tensor::from_vec(mel, (frames, self.bands.len()), device)?)
    }

    /// In double precision: next to the floor, float32 rounding of loud bins would show in the quiet ones.
    fn frame(&self, samples: &[f32], row: &mut [f32], scratch: &mut Scratch) -> Result<()> {
        let Scratch { frame, spectrum, inside } = scratch;
        let windowed = samples.iter().zip(&self.window).map(|(&sample, window)| f64::from(sample) * window);
        frame.iter_mut().zip(windowed).for_each(|(value, windowed)| *value = windowed);
        self.fft.process_with_scratch(frame, spectrum, inside).map_err(candle_core::Error::wrap)?;
        for (value, band) in row.iter_mut().zip(&self.bands) {
            let bins = spectrum.iter().skip(band.first).zip(&band.weights);
            let sum: f64 = bins.map(|(bin, weight)| bin.norm() * weight).sum();
            *value = (sum as f32).max(FLOOR).ln();
        }
        Ok(())
    }

    fn scratch(&self) -> Scratch {
        Scratch {
            frame: self.fft.make_input_vec(),
            spectrum: self.fft.make_output_vec(),
            inside: self.fft.make_scratch_vec(),
        }
    }
}

/// The samples with [`PADDING`] of them mirrored at both ends; the edges are not repeated.
fn reflected(samples: &[f32]) -> Vec<f32> {
    let before = samples.iter().skip(1).take(PADDING).rev();
    let after = samples.iter().rev().skip(1).take(PADDING);
    before.chain(samples).chain(after).copied().collect()
}

/// Triangles between neighbouring points that lie evenly on the mel scale from 0 Hz to half the sample rate, each of
/// area 1 (over Hz).
fn bands(sample_rate: f64, count: usize) -> Vec<Band> {
    let top = mel_from_hz(sample_rate / 2.0);
    let point = |index: usize| hz_from_mel(top * index as f64 / (count + 1) as f64);
    let band = |index: usize| triangle([point(index), point(index + 1), point(index + 2)], sample_rate / FFT as f64);
    (0..count).map(band).collect()
}

fn triangle([low, peak, high]: [f64; 3], bin_width: f64) -> Band {
    let height = 2.0 / (high - low);
    let weight = |bin: usize| {
        let hz = bin as f64 * bin_width;
        ((hz - low) / (peak - low)).min((high - hz) / (high - peak)).max(0.0) * height
    };
    let first = (0..BINS).find(|&bin| weight(bin) > 0.0).unwrap_or(0);
    Band { first, weights: (first..BINS).map(weight).take_while(|&weight| weight > 0.0).collect() }
}

/// Slaney's mel scale (Auditory Toolbox, 1998): linear with 15 mels per 1000 Hz, above that logarithmic with 27 mels
/// for a factor of 6.4.
const LINEAR_HZ: f64 = 1000.0;
const LINEAR_MELS: f64 = 15.0;
const LOG_FACTOR: f64 = 6.4;
const LOG_MELS: f64 = 27.0;

fn mel_from_hz(hz: f64) -> f64 {
    if hz < LINEAR_HZ {
        hz * LINEAR_MELS / LINEAR_HZ
    } else {
        LINEAR_MELS + (hz / LINEAR_HZ).ln() / LOG_FACTOR.ln() * LOG_MELS
    }
}

fn hz_from_mel(mel: f64) -> f64 {
    if mel < LINEAR_MELS {
        mel * LINEAR_HZ / LINEAR_MELS
    } else {
        LINEAR_HZ * LOG_FACTOR.powf((mel - LINEAR_MELS) / LOG_MELS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(samples: &[f32]) -> Vec<Vec<f32>> {
        LogMel::new(24_000, 128).compute(samples, &Device::Cpu).unwrap().to_vec2().unwrap()
    }

    #[test]
    fn the_scale_goes_there_and_back() {
        for hz in [0.0, 10.0, 999.0, 1000.0, 1001.0, 12_000.0] {
            assert!((hz_from_mel(mel_from_hz(hz)) - hz).abs() < 1e-8, "{hz}");
        }
        assert_eq!(mel_from_hz(6400.0), 42.0);
    }

    #[test]
    fn every_hop_has_a_frame() {
        for (samples, expected) in [(385, 1), (511, 1), (512, 2), (1280, 5), (2000, 7), (24_000, 93)] {
            assert_eq!(frames(&vec![0.1; samples]).len(), expected, "{samples} samples");
        }
    }

    #[test]
    fn reflections_do_not_repeat_the_edge() {
        let samples: Vec<f32> = (0..400).map(|index| index as f32).collect();
        let padded = reflected(&samples);
        assert_eq!((padded[PADDING - 1], padded[PADDING], padded[0]), (1.0, 0.0, 384.0));
        assert_eq!((padded[PADDING + 400], padded.len()), (398.0, 400 + 2 * PADDING));
    }

    #[test]
    fn a_tone_is_loudest_in_its_band() {
        let tone: Vec<f32> =
            (0..4096).map(|index| (index as f32 / 24_000.0 * 3000.0 * std::f32::consts::TAU).sin()).collect();
        let frame = &frames(&tone)[8];
        let loudest = frame.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap().0;
        let center = hz_from_mel(mel_from_hz(12_000.0) * (loudest + 1) as f64 / 129.0);
        assert!((center - 3000.0).abs() < 60.0, "{center} Hz");
    }

    #[test]
    fn silence_lies_on_the_floor() {
        assert!(frames(&[0.0; 2000]).iter().flatten().all(|&value| value == FLOOR.ln()));
    }

    #[test]
    fn short_and_broken_audio_is_refused() {
        let mel = LogMel::new(24_000, 128);
        assert!(matches!(mel.compute(&[0.0; 384], &Device::Cpu), Err(Error::TooShort { samples: 384, minimum: 385 })));
        assert!(matches!(mel.compute(&[], &Device::Cpu), Err(Error::TooShort { .. })));
        let mut samples = [0.0; 1000];
        samples[3] = f32::NAN;
        assert!(matches!(mel.compute(&samples, &Device::Cpu), Err(Error::NotFinite { index: 3 })));
    }
}
