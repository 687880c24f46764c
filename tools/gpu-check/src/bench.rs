//! Measures a model: decoding alone and in company, prompts of common lengths, codec, first audio.

use anyhow::{Context, Result};
use zonos::bench::BenchOptions;
use zonos::{ElementType, Engine, EngineOptions, Precision, QuantizeOptions, quantize, quantize_random_full};

use crate::report::Measured;
use crate::{Args, announce};

/// Fills texts up to the length that is asked for.
const LETTERS: &str = "The quick brown fox jumps over the lazy dog, and then it does so once again. ";

/// Measures each prompt; `keep` gets what was found as soon as it is known.
pub fn run(args: &Args, weights: ElementType, keep: &mut impl FnMut(Measured) -> Result<()>) -> Result<()> {
    announce(&format!("loads a model of {weights} weights"));
    let engine = match weights.to_string().parse() {
        Ok(precision) => load(args, precision),
        Err(_) => load_quantized(args, weights),
    };
    let engine = engine.with_context(|| format!("cannot load a model of {weights} weights"))?;
    let empty = rows_without_text(&engine)?;
    for (index, &rows) in args.prompts.iter().enumerate() {
        let batches = if index == 0 { args.batches.clone() } else { Vec::new() };
        announce(&format!("{weights}: a prompt of {rows} rows, frames behind it, {} widths of batches", batches.len()));
        let text = text_of(rows, empty);
        let report = engine.bench(&BenchOptions { text, frames: args.frames, batches, ..BenchOptions::default() })?;
        keep(Measured { precision: weights.to_string(), report })?;
    }
    Ok(())
}

fn load(args: &Args, precision: Precision) -> Result<Engine> {
    let (model, device) = (args.model.clone(), args.device);
    let options = EngineOptions { model, device, precision: Some(precision), ..EngineOptions::default() };
    Ok(if args.model.is_some() { Engine::with_options(&options) } else { Engine::random_full(&options) }?)
}

/// A model whose experts, and in eight bits attention and dense layers, are quantized, with a random codec: from a file, so
/// that its way to the card is seen too.
fn load_quantized(args: &Args, experts: ElementType) -> Result<Engine> {
    let file = args.out.join(format!("gpu-check-{experts}.gguf"));
    let spine = "q8_0".parse().map_err(anyhow::Error::msg)?;
    let options = QuantizeOptions { experts, spine, head: None, name: "gpu-check".to_owned() };
    announce(&format!("makes {}", file.display()));
    match &args.model {
        Some(model) => quantize(model, &file, &options, |_| true)?,
        None => quantize_random_full(&file, &options, |_| true)?,
    };
    let (model, device) = (Some(file.display().to_string()), args.device);
    let engine = Engine::random_full(&EngineOptions { model, device, ..EngineOptions::default() });
    // What is mapped stays readable.
    std::fs::remove_file(&file).with_context(|| format!("cannot remove {}", file.display()))?;
    Ok(engine?)
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
