//! The resampler: exact lengths, nothing moved in time, and agreement with another resampler below 10 kHz.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;

use common::{find, signal};
use proptest::prelude::*;
use realfft::RealFftPlanner;
use safetensors::SafeTensors;
use zonos_audio::{Error, resample};

fn tensor(file: &SafeTensors, name: &str) -> Vec<f32> {
    let bytes = file.tensor(name).unwrap().data().to_vec();
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

/// The energy of a Hann-windowed signal below `limit` Hz.
fn energy_below(limit: f64, rate: f64, signal: &[f32]) -> f64 {
    let len = signal.len();
    let mut windowed: Vec<f64> = (0..len)
        .map(|i| {
            let phase = std::f64::consts::TAU * i as f64 / len as f64;
            f64::from(signal[i]) * (0.5 - 0.5 * phase.cos())
        })
        .collect();
    let fft = RealFftPlanner::new().plan_fft_forward(len);
    let mut spectrum = fft.make_output_vec();
    fft.process(&mut windowed, &mut spectrum).unwrap();
    let bins = (limit * len as f64 / rate) as usize;
    spectrum[..bins].iter().map(|bin| bin.norm_sqr()).sum()
}

/// The reference is a short windowed sinc whose own ripple is at −60 dB; −50 dB tells it from anything that is wrong
/// (linear interpolation: −30 dB, half a sample of delay: −9 dB).
#[test]
fn agrees_with_the_reference_below_10_khz() {
    let bytes = fs::read(common::reference("speaker/goldens.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    for rate in [44_100, 48_000, 16_000, 22_050] {
        let expected = tensor(&file, &format!("resample.{rate}.out"));
        let output = resample(&tensor(&file, &format!("resample.{rate}.in")), rate, 24_000).unwrap();
        assert_eq!(output.len(), expected.len(), "{rate} Hz");
        // Going up, the reference's short filter is soft on both sides of the old Nyquist frequency: it loses 0.7 dB
        // at four fifths of it and lets images through above. That is no measure for anyone.
        let limit = 10_000_f64.min(0.75 * f64::from(rate) / 2.0);
        let difference: Vec<f32> = output.iter().zip(&expected).map(|(a, b)| a - b).collect();
        let error = energy_below(limit, 24_000.0, &difference) / energy_below(limit, 24_000.0, &expected);
        let decibels = 10.0 * error.log10();
        println!("{rate} Hz: {decibels:.1} dB");
        assert!(decibels < -50.0, "{rate} Hz: {decibels:.1} dB");
    }
}

/// Up, down, by simple and by prime ratios: a signal keeps its shape, its level and its place.
#[test]
fn any_ratio_keeps_the_signal() {
    let pairs = [
        (44_100, 24_000),
        (192_000, 24_000),
        (11_025, 24_000),
        (8_000, 24_000),
        (44_101, 24_000),
        (24_000, 44_101),
        (22_051, 44_101),
        (24_000, 44_100),
        (768_000, 24_000),
        (48_000, 16_000),
        (8_000, 192_000),
        (767_999, 24_000),
    ];
    for (from, to) in pairs {
        let found = find(&signal(to), &resample(&signal(from), from, to).unwrap(), 3);
        let sound = found.lag == 0 && found.correlation > 0.999_99 && (found.gain - 1.0).abs() < 1e-3;
        assert!(sound, "{from} to {to} Hz: {found:?}");
    }
}

#[test]
fn there_and_back() {
    let back = resample(&resample(&signal(24_000), 24_000, 44_101).unwrap(), 44_101, 24_000).unwrap();
    let worst = back.iter().zip(signal(24_000)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst < 1e-3, "{worst}");
}

/// What is above the new Nyquist frequency must not fold back.
#[test]
fn no_aliases() {
    let tone: Vec<f32> =
        (0..44_100).map(|i| (std::f64::consts::TAU * 15_000.0 * f64::from(i) / 44_100.0).sin() as f32).collect();
    let output = resample(&tone, 44_100, 24_000).unwrap();
    let middle = &output[2_000..output.len() - 2_000];
    let peak = middle.iter().fold(0.0_f32, |peak, s| peak.max(s.abs()));
    assert!(peak < 1e-4, "{peak}");
}

#[test]
fn equal_rates_copy() {
    assert_eq!(resample(&[0.1, -0.2], 24_000, 24_000).unwrap(), [0.1, -0.2]);
    assert!(resample(&[], 44_100, 24_000).unwrap().is_empty());
}

#[test]
fn a_constant_stays_one() {
    let output = resample(&[0.5; 44_100], 44_100, 24_000).unwrap();
    assert!(output[1_000..23_000].iter().all(|s| (s - 0.5).abs() < 1e-5));
}

#[test]
fn impossible_rates_and_samples() {
    for (from, to, named) in [(0, 24_000, 0), (24_000, 0, 0), (3_999, 24_000, 3_999), (24_000, 768_001, 768_001)] {
        let error = resample(&[0.0], from, to).unwrap_err();
        assert!(matches!(error, Error::SampleRate { rate, .. } if rate == named), "{error}");
    }
    let error = resample(&[0.0, f32::NAN], 44_100, 24_000).unwrap_err();
    assert!(matches!(error, Error::NonFinite { index: 1, .. }), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..Default::default() })]

    #[test]
    fn the_length_is_exact(
        len in prop_oneof![1_usize..50, 1_usize..20_000],
        from in 4_000_u32..200_000,
        to in prop_oneof![Just(24_000_u32), 4_000_u32..200_000],
    ) {
        let output = resample(&vec![0.25; len], from, to).unwrap();
        prop_assert_eq!(output.len() as u64, (len as u64 * u64::from(to)).div_ceil(u64::from(from)));
        prop_assert!(output.iter().all(|s| s.abs() < 0.5));
    }

    #[test]
    fn common_rates_have_exact_lengths(
        len in 1_usize..5_000,
        from in prop::sample::select(&[8_000_u32, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000][..]),
    ) {
        let output = resample(&vec![0.25; len], from, 24_000).unwrap();
        prop_assert_eq!(output.len() as u64, (len as u64 * 24_000).div_ceil(u64::from(from)));
    }
}
