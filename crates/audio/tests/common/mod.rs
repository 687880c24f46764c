//! The signal in the fixtures, and how to find it again in decoded audio.

// Each test file uses a part of this.
#![allow(dead_code, clippy::unwrap_used)]

use std::f64::consts::TAU;
use std::path::PathBuf;

pub const SECONDS: f64 = 0.4;

/// The project's own fixtures.
fn own() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures")
}

/// An encoded copy of [`signal`].
pub fn fixture(name: &str) -> PathBuf {
    own().join("audio").join(name)
}

/// Outputs of the reference: those in the folder that `ZONOS_FIXTURES` names, else the project's copy.
pub fn reference(path: &str) -> PathBuf {
    std::env::var_os("ZONOS_FIXTURES").map_or_else(own, PathBuf::from).join(path)
}

/// The left channel of all fixtures: a sweep from 300 to 2400 Hz and a tone of 1 kHz, 0.4 s long.
pub fn signal(rate: u32) -> Vec<f32> {
    let len = (SECONDS * f64::from(rate)).round() as usize;
    (0..len)
        .map(|i| {
            let t = i as f64 / f64::from(rate);
            let fade = (t / 0.02).min((SECONDS - t) / 0.02).min(1.0);
            let sweep = (TAU * (300.0 * t + 2100.0 / (2.0 * SECONDS) * t * t)).sin();
            let tone = (TAU * 1000.0 * t).sin();
            (fade * (0.4 * sweep + 0.2 * tone)) as f32
        })
        .collect()
}

/// Where a signal was found.
#[derive(Debug)]
pub struct Found {
    /// By how many samples it is late.
    pub lag: isize,
    /// The correlation there: 1 is the same shape.
    pub correlation: f64,
    /// How many times as loud it is.
    pub gain: f64,
}

/// Finds `signal` in `audio`, up to `reach` samples early or late.
pub fn find(signal: &[f32], audio: &[f32], reach: isize) -> Found {
    (-reach..=reach)
        .map(|lag| compare(signal, audio, lag))
        .max_by(|a, b| a.correlation.total_cmp(&b.correlation))
        .unwrap()
}

fn compare(signal: &[f32], audio: &[f32], lag: isize) -> Found {
    let (mut both, mut own, mut other) = (0.0, 1e-30, 1e-30);
    for (i, &s) in signal.iter().enumerate() {
        let at = usize::try_from(i as isize + lag).ok();
        let a = f64::from(at.and_then(|at| audio.get(at)).copied().unwrap_or(0.0));
        let s = f64::from(s);
        both += s * a;
        own += s * s;
        other += a * a;
    }
    Found { lag, correlation: both / (own * other).sqrt(), gain: (other / own).sqrt() }
}
