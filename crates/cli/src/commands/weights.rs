//! `zonos quantize`, `zonos convert` and `zonos compare`: what is done with a model's weights beside speaking.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use zonos::{
    CompareOptions, ComparedModel, ComparisonReport, Fallback, QuantizeOptions, QuantizeProgress, QuantizeReport,
};

use crate::args::{CompareArgs, ConvertArgs, QuantizeArgs};
use crate::exit::{Interrupted, usage};
use crate::interrupt;
use crate::output::{check_file, held, print, print_json};
use crate::progress::{Copying, Ui};
use crate::table::{bytes, table};

pub fn quantize(args: &QuantizeArgs, ui: Ui) -> Result<()> {
    check_ending(&args.output, "gguf")?;
    let name = args.output.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let options = QuantizeOptions { experts: args.experts, spine: args.spine, head: args.head, name };
    let copying = ui.copying(format!("quantizing {}", args.input.as_deref().unwrap_or("random weights")));
    let report = stoppable(&copying, |show| {
        let show = |progress: QuantizeProgress| show(progress.done, progress.total);
        match &args.input {
            Some(model) => zonos::quantize(model, &args.output, &options, show),
            None => zonos::quantize_random_full(&args.output, &options, show),
        }
    })?;
    drop(copying);
    fallbacks(&report.fallbacks).iter().for_each(|note| ui.note(note));
    let QuantizeReport { tensors, bytes: size, .. } = report;
    ui.note(format!("{}: {tensors} tensors, {}", args.output.display(), bytes(size)));
    Ok(())
}

pub fn convert(args: &ConvertArgs, ui: Ui) -> Result<()> {
    check_ending(&args.output, "safetensors")?;
    let copying = ui.copying(format!("converting {}", args.input));
    stoppable(&copying, |show| zonos::convert(&args.input, &args.output, show))?;
    drop(copying);
    ui.note(format!("{}: written", args.output.display()));
    Ok(())
}

pub fn compare(args: &CompareArgs, ui: Ui) -> Result<()> {
    args.threads.map_or(Ok(()), zonos::set_threads)?;
    let options = CompareOptions { frames: args.frames, device: args.device, precision: args.dtype };
    let report = ui.during("comparing", || zonos::compare(&args.first, &args.second, &options))?;
    if args.json { print_json(&report) } else { print(&comparison(&report)) }
}

/// Tells a wrong or impossible output before a model is opened.
fn check_ending(path: &Path, ending: &str) -> Result<()> {
    if path.extension().is_none_or(|found| found != ending) {
        return Err(usage(format!("{} must end in .{ending}", path.display())));
    }
    check_file(path)
}

/// Runs what writes a file and can be stopped between its pieces: Ctrl-C leaves no half-written file.
fn stoppable<T>(copying: &Copying, work: impl FnOnce(&dyn Fn(u64, u64) -> bool) -> zonos::Result<T>) -> Result<T> {
    let show = |done, total| {
        copying.show(done, total);
        !interrupt::was_asked()
    };
    let result = held(|| work(&show));
    if result.is_err() && interrupt::was_asked() { Err(Interrupted.into()) } else { Ok(result?) }
}

/// A note for each way in which tensors are stored otherwise than was asked for.
fn fallbacks(fallbacks: &[Fallback]) -> Vec<String> {
    let mut counts = BTreeMap::new();
    for Fallback { row, wanted, stored, .. } in fallbacks {
        *counts.entry((row, wanted.to_string(), stored.to_string())).or_insert(0) += 1;
    }
    let note = |((row, wanted, stored), count)| {
        format!("{count} tensors are stored as {stored}: rows of {row} numbers do not fill blocks of {wanted}")
    };
    counts.into_iter().map(note).collect()
}

fn comparison(report: &ComparisonReport) -> String {
    let share = |share: f64| format!("{:.2} %", share * 100.0);
    let all = &report.comparison;
    let sizes =
        |model: &ComparedModel| format!("{}, {} read for each frame", bytes(model.bytes), bytes(model.bytes_per_frame));
    let models = [&report.first, &report.second].map(|model| (model.model.as_str(), sizes(model)));
    let line = |kl: f64, agreement: f64| format!("KL {kl:.5}, same code {}", share(agreement));
    let names: Vec<String> = (0..all.codebooks.len()).map(|index| format!("codebook {index}")).collect();
    let mut rows = vec![("frames", all.frames.to_string()), ("all", line(all.kl, all.agreement))];
    rows.extend(names.iter().zip(&all.codebooks).map(|(name, one)| (name.as_str(), line(one.kl, one.agreement))));
    table(&models) + "\n" + &table(&rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fallbacks_of_one_kind_are_one_note() {
        let fallback = |row| Fallback {
            tensor: "w".to_owned(),
            row,
            wanted: "q4_k".parse().unwrap(),
            stored: "q8_0".parse().unwrap(),
        };
        let notes = fallbacks(&[fallback(96), fallback(192), fallback(96)]);
        assert_eq!(notes.len(), 2);
        assert_eq!(notes[0], "2 tensors are stored as q8_0: rows of 96 numbers do not fill blocks of q4_k");
    }
}
