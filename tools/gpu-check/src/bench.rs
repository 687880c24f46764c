//! Measures a model: decoding alone and in company, prompts of common lengths, codec, first audio.

use anyhow::{Context, Result};
use zonos::bench::BenchOptions;
use zonos::{Engine, EngineOptions, Precision};

use crate::Args;
use crate::report::Measured;

/// Rows of the prompts that are measured: a short sentence with a voice, and a longer one.
const PROMPT_ROWS: [usize; 2] = [96, 120];
/// Fills texts up to the length that is asked for.
const LETTERS: &str = "The quick brown fox jumps over the lazy dog, and then it does so once again. ";

/// Measures each prompt; `keep` gets what was found as soon as it is known.
pub fn run(args: &Args, precision: Precision, keep: &mut impl FnMut(Measured) -> Result<()>) -> Result<()> {
    let options = EngineOptions {
        model: args.model.clone(),
        device: args.device,
        precision: Some(precision),
        ..EngineOptions::default()
    };
    let engine = if args.model.is_some() { Engine::with_options(&options) } else { Engine::random_full(&options) };
    let engine = engine.with_context(|| format!("cannot load a model of {precision} weights"))?;
    let empty = rows_without_text(&engine)?;
    for (index, rows) in PROMPT_ROWS.into_iter().enumerate() {
        let batches = if index == 0 { args.batches.clone() } else { Vec::new() };
        let text = text_of(rows, empty);
        let report = engine.bench(&BenchOptions { text, frames: args.frames, batches, ..BenchOptions::default() })?;
        keep(Measured { precision: precision.to_string(), report })?;
    }
    Ok(())
}

/// Rows of a prompt beside those of its text. Measuring it brings the card up to its usual speed, too.
fn rows_without_text(engine: &Engine) -> Result<usize> {
    let text = "A.".to_owned();
    let bytes = text.len();
    let report = engine.bench(&BenchOptions { text, frames: 1, ..BenchOptions::default() })?;
    Ok(report.prompt_rows.saturating_sub(bytes))
}

/// A text whose prompt has `rows` rows, where that of an empty text has `empty`: each byte is one.
fn text_of(rows: usize, empty: usize) -> String {
    LETTERS.chars().cycle().take(rows.saturating_sub(empty)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_the_length_that_is_asked_for() {
        assert_eq!(text_of(120, 20).len(), 100);
        assert_eq!(text_of(20, 20), "");
    }
}
