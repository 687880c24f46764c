//! Holds the normalizer against files of known readings: `check [--failures] [--odd] [--differences] FILE.tsv…`
//!
//! The language comes from the file's name. `--failures` prints the sound pairs that are read in another way, `--odd`
//! the odd ones, `--differences` both as lines of a file of differences, whose causes are still to be written.

use std::path::Path;

use zonos_text::check::{Failure, Report, Standing, escape, pairs};
use zonos_text::{Language, Normalizer};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let flag = |name: &str| arguments.iter().any(|argument| argument == name);
    for file in arguments.iter().filter(|argument| !argument.starts_with("--")) {
        let stem = Path::new(file).file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let language: Language = stem.parse()?;
        let report = Report::of(&Normalizer::new(language), &pairs(&std::fs::read_to_string(file)?)?);
        if flag("--failures") {
            report.failures_of(Standing::Sound).for_each(|failure| println!("{failure}"));
        }
        if flag("--odd") {
            report.failures_of(Standing::Odd).for_each(|failure| println!("{failure}"));
        }
        if flag("--differences") {
            report.failures.iter().for_each(print_difference);
        } else {
            println!("{file}\n{report}");
        }
    }
    Ok(())
}

fn print_difference(failure: &Failure) {
    let cause = if failure.pair.remark.is_empty() { "?" } else { &failure.pair.remark };
    println!("{cause}\t{}\t{}", escape(&failure.pair.written), escape(&failure.got));
}
