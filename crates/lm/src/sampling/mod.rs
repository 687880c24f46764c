//! From logits to codes: repetition penalty, temperature, top-k, top-p, min-p and the draw, per codebook.

mod distribution;
mod repetition;

pub use distribution::Distribution;

use crate::philox::uniform;
use crate::{Config, Error, Frames, Result};

/// At or below this temperature the likeliest code is taken; the first of them where several are equally likely.
pub const GREEDY_TEMPERATURE: f32 = 1e-6;

/// How codes are drawn. The defaults are those of the reference.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampling {
    /// 0 (greedy) to 2; higher is livelier. Default 1.15.
    pub temperature: f32,
    /// Only the k likeliest codes, 1–2048, ties included; 0 keeps 1024 of the 1026, as the reference does. Default 106.
    pub top_k: usize,
    /// Only the likeliest codes that together reach this probability, 0–1; 0 and 1 turn it off. Default 0.
    pub top_p: f32,
    /// Only codes at least this likely compared to the likeliest, 0–1; 0 turns it off. Default 0.18.
    pub min_p: f32,
    /// Frames back in which a code counts as repeated, 0–6144. Default 50.
    pub repetition_window: usize,
    /// How much repeated codes are held back, 1 (not at all) to 10. Default 1.2.
    pub repetition_penalty: f32,
    /// How many codebooks, from the first, hold repeated codes back; −1 stands for all. Default 8.
    pub repetition_codebooks: i32,
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            temperature: 1.15,
            top_k: 106,
            top_p: 0.0,
            min_p: 0.18,
            repetition_window: 50,
            repetition_penalty: 1.2,
            repetition_codebooks: 8,
        }
    }
}

impl Sampling {
    /// Always the likeliest code, with the other parameters at their defaults.
    pub fn greedy() -> Self {
        Self { temperature: 0.0, ..Self::default() }
    }

    /// Checks every parameter against its range for a model.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for the first that lies outside.
    pub fn check(&self, config: &Config) -> Result<()> {
        self.check_ranges()?;
        in_range("repetition_codebooks", self.repetition_codebooks, -1, config.codebooks as i32)
    }

    /// Checks the parameters whose range is the same for every model.
    ///
    /// # Errors
    /// As [`Sampling::check`].
    pub fn check_ranges(&self) -> Result<()> {
        in_range("temperature", self.temperature, 0.0, 2.0)?;
        in_range("top_k", self.top_k, 0, 2048)?;
        in_range("top_p", self.top_p, 0.0, 1.0)?;
        in_range("min_p", self.min_p, 0.0, 1.0)?;
        in_range("repetition_window", self.repetition_window, 0, crate::MAX_FRAMES)?;
        in_range("repetition_penalty", self.repetition_penalty, 1.0, 10.0)
    }
}

fn in_range<T: PartialOrd + std::fmt::Display>(name: &'static str, value: T, low: T, high: T) -> Result<()> {
    // Written so that a NaN fails.
    let fits = value >= low && value <= high;
    if fits { Ok(()) } else { Err(Error::out_of_range(name, value, format!("{low} to {high}"))) }
}

/// Draws the next frame from `logits` (codebooks × vocabulary, row by row) after the frames made so far.
///
/// The draw depends on the seed, the number of the frame and the codebook, and on nothing else.
pub(crate) fn sample(logits: &[f32], sampling: &Sampling, made: &Frames, codes: usize, seed: u64) -> Vec<u32> {
    let codebooks = made.codebooks();
    let mut distribution = Distribution::default();
    let rows = logits.chunks_exact(logits.len() / codebooks.max(1));
    rows.enumerate()
        .map(|(codebook, row)| {
            distribution.compute(row, sampling, made, codebook, codes);
            let number = uniform(seed, made.len() as u64, codebook as u32);
            if sampling.temperature <= GREEDY_TEMPERATURE {
                distribution.likeliest()
            } else {
                distribution.draw(number)
            }
        })
        .collect()
}
