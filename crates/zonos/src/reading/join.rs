//! Making one sound of the parts: silences, levels, seams.

use std::time::Duration;

use crate::silence::trim_silence;
use crate::{Level, Loudness, ReadingOptions, Result};

/// Silence that stays at the ends of parts where two meet: speech may begin and end softly. Counts as part of the pause.
const EDGE: Duration = Duration::from_millis(40);
/// Length of the fades where two parts meet, so that neither begins nor ends with a step.
const FADE: Duration = Duration::from_millis(5);

/// Takes the parts in their order.
pub(crate) struct Joiner {
    sample_rate: u32,
    level: Level,
    lead_silence: Option<Duration>,
    tail_silence: Option<Duration>,
    /// The loudness of the first part that has one, as it was made.
    first: Option<f64>,
    /// Silence that the last part ended with, in samples.
    tail: usize,
}

/// Where a part stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The pause before it.
    pub(crate) before: Duration,
    /// The pause after the last part; nothing after others, which have it before the next.
    pub(crate) after: Duration,
    pub(crate) is_first: bool,
    pub(crate) is_last: bool,
}

/// A part as it goes into the whole.
pub(crate) struct Joined {
    /// The pause before it, and its own samples.
    pub(crate) samples: Vec<f32>,
    /// Samples of the pause.
    pub(crate) pause: usize,
    /// The factor on its own.
    pub(crate) gain: f32,
}

impl Joiner {
    pub(crate) fn new(options: &ReadingOptions, sample_rate: u32) -> Self {
        let ReadingOptions { level, lead_silence, tail_silence, .. } = *options;
        Self { sample_rate, level, lead_silence, tail_silence, first: None, tail: 0 }
    }

    pub(crate) fn join(&mut self, mut part: Vec<f32>, place: Place) -> Result<Joined> {
        let meets_before = !place.is_first || place.before > Duration::ZERO;
        let meets_after = !place.is_last || place.after > Duration::ZERO;
        let leading = if place.is_first { self.lead_silence } else { Some(EDGE) };
        let trailing = if place.is_last { self.tail_silence } else { Some(EDGE) };
        let count = |length: Option<Duration>| length.map(|length| self.samples(length));
        let silence = trim_silence(&mut part, self.sample_rate, count(leading), count(trailing));
        let gain = self.gain(&part)?;
        if gain != 1.0 {
            part.iter_mut().for_each(|sample| *sample *= gain);
        }
        let fade = self.samples(FADE);
        fade_in(&mut part, if meets_before { fade } else { 0 });
        fade_in_reversed(&mut part, if meets_after { fade } else { 0 });
        let known = self.tail + if place.is_first { 0 } else { silence.leading };
        let pause = self.samples(place.before).saturating_sub(known);
        self.tail = silence.trailing;
        let mut samples = vec![0.0; pause];
        samples.append(&mut part);
        samples.resize(samples.len() + self.samples(place.after), 0.0);
        Ok(Joined { samples, pause, gain })
    }

    /// The factor that brings a part to its level.
    fn gain(&mut self, part: &[f32]) -> Result<f32> {
        if self.level == Level::Free {
            return Ok(1.0);
        }
        let loudness = Loudness::of(part, self.sample_rate)?;
        self.first = self.first.or(loudness.lufs);
        Ok(match (self.level, self.first) {
            (Level::Lufs(target), _) => loudness.gain_to(target),
            (Level::AsFirst, Some(first)) => loudness.gain_to(first),
            _ => 1.0,
        })
    }

    fn samples(&self, length: Duration) -> usize {
        (length.as_secs_f64() * f64::from(self.sample_rate)).round() as usize
    }
}

/// A cosine fade from nothing over the first `length` samples.
fn fade_in(samples: &mut [f32], length: usize) {
    samples.iter_mut().take(length).enumerate().for_each(|(step, sample)| *sample *= rise(step, length));
}

/// The same at the end, backwards.
fn fade_in_reversed(samples: &mut [f32], length: usize) {
    samples.iter_mut().rev().take(length).enumerate().for_each(|(step, sample)| *sample *= rise(step, length));
}

fn rise(step: usize, length: usize) -> f32 {
    0.5 * (1.0 - (std::f32::consts::PI * step as f32 / length as f32).cos())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 44_100;

    fn tone(seconds: f32, amplitude: f32) -> Vec<f32> {
        let angle = |at: usize| at as f32 / RATE as f32 * 440.0 * std::f32::consts::TAU;
        (0..(seconds * RATE as f32) as usize).map(|at| angle(at).cos() * amplitude).collect()
    }

    fn place(number: usize, of: usize, pause: f32) -> Place {
        let before = if number == 0 { Duration::ZERO } else { Duration::from_secs_f32(pause) };
        Place { before, after: Duration::ZERO, is_first: number == 0, is_last: number + 1 == of }
    }

    fn joined(parts: &[Vec<f32>], pause: f32, options: &ReadingOptions) -> Vec<Joined> {
        let mut joiner = Joiner::new(options, RATE);
        let mut join =
            |(number, part): (usize, &Vec<f32>)| joiner.join(part.clone(), place(number, parts.len(), pause));
        parts.iter().enumerate().map(|part| join(part).unwrap()).collect()
    }

    #[test]
    fn seams_have_no_step() {
        // Parts that begin and end at full swing, as if they were cut off.
        let parts = [tone(0.5, 0.8), tone(0.5, 0.8), tone(0.5, 0.8)];
        for pause in [0.0, 0.001, 0.3] {
            let whole: Vec<f32> =
                joined(&parts, pause, &ReadingOptions::default()).into_iter().flat_map(|part| part.samples).collect();
            let steepest =
                |samples: &[f32]| samples.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
            // No steeper than the tone itself.
            assert!(steepest(&whole) <= steepest(&parts[0]) * 1.01, "{pause}");
        }
    }

    #[test]
    fn pauses_have_the_length_asked_for_silence_included() {
        let quiet = |seconds: f32| vec![0.0; (seconds * RATE as f32) as usize];
        let part = [quiet(0.3), tone(0.5, 0.5), quiet(0.2)].concat();
        for (pause, silence) in [(0.0, 0.08), (0.05, 0.08), (0.5, 0.5)] {
            let whole: Vec<f32> = joined(&[part.clone(), part.clone()], pause, &ReadingOptions::default())
                .into_iter()
                .flat_map(|part| part.samples)
                .collect();
            let seconds = whole.len() as f32 / RATE as f32;
            assert!((seconds - (0.3 + 0.5 + silence + 0.5 + 0.2)).abs() < 0.011, "{pause}: {seconds}");
        }
    }

    #[test]
    fn one_part_alone_stays_as_it_is() {
        let part = tone(0.5, 0.5);
        let alone = joined(std::slice::from_ref(&part), 0.0, &ReadingOptions::default());
        assert_eq!((&alone[0].samples, alone[0].gain), (&part, 1.0));
    }

    #[test]
    fn outer_silence_is_cut_where_asked() {
        let quiet = vec![0.0; RATE as usize];
        let part = [quiet.clone(), tone(0.5, 0.5), quiet].concat();
        let options = ReadingOptions {
            lead_silence: Some(Duration::from_millis(100)),
            tail_silence: Some(Duration::ZERO),
            ..ReadingOptions::default()
        };
        let seconds = joined(&[part], 0.0, &options)[0].samples.len() as f32 / RATE as f32;
        assert!((seconds - 0.6).abs() < 0.011, "{seconds}");
    }

    #[test]
    fn levels_are_matched_to_the_first_or_to_a_target() {
        let parts = [tone(1.0, 0.2), tone(1.0, 0.05), tone(1.0, 0.6)];
        let lufs = |level: Level| -> Vec<f64> {
            let joined = joined(&parts, 0.3, &ReadingOptions { level, ..ReadingOptions::default() });
            joined.iter().map(|part| Loudness::of(&part.samples[part.pause..], RATE).unwrap().lufs.unwrap()).collect()
        };
        let free = lufs(Level::Free);
        assert!(free[2] - free[1] > 20.0);
        for (level, target) in [(Level::AsFirst, free[0]), (Level::Lufs(-20.0), -20.0)] {
            assert!(lufs(level).iter().all(|lufs| (lufs - target).abs() < 0.5), "{level:?}");
        }
    }

    #[test]
    fn parts_without_sound_do_no_harm() {
        let parts = [Vec::new(), tone(0.2, 0.5), vec![0.0; 4000], Vec::new()];
        let joined = joined(&parts, 0.2, &ReadingOptions::default());
        assert!(joined.iter().all(|part| part.gain == 1.0 && part.samples.iter().all(|sample| sample.is_finite())));
    }
}
