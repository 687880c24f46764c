//! `zonos normalize --check`: the normalizer against files of known readings.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;
use zonos::check::{Count, Failure, Report, Tally, pairs};
use zonos::{Language, Normalizer};

use crate::args::NormalizeArgs;
use crate::exit::usage;
use crate::inputs::utf8;
use crate::output::{print, print_json};

/// What `--json` prints for a file.
#[derive(Serialize)]
struct Checked {
    file: String,
    language: String,
    all: Rates,
    categories: Vec<Category>,
    failures: Vec<Other>,
}

#[derive(Serialize)]
struct Category {
    category: String,
    #[serde(flatten)]
    rates: Rates,
}

#[derive(Serialize)]
struct Rates {
    sound: Rate,
    odd: Rate,
    unstable: Rate,
}

#[derive(Serialize)]
struct Rate {
    pairs: usize,
    exact: usize,
}

/// A text that is read in another way.
#[derive(Serialize)]
struct Other {
    category: String,
    written: String,
    known: String,
    read: String,
    remark: String,
}

/// Prints the rates by category of each file, and with `--failures` what is read in another way.
pub fn run(args: &NormalizeArgs) -> Result<()> {
    let files = args.check.iter().map(|path| files(path)).collect::<Result<Vec<_>>>()?.concat();
    let reports = files.iter().map(|file| check(file, args.language)).collect::<Result<Vec<_>>>()?;
    let checked = files.iter().zip(&reports);
    if args.json {
        let all: Vec<Checked> =
            checked.map(|(file, (language, report))| summary(file, *language, report, args.failures)).collect();
        return print_json(&all);
    }
    for (file, (language, report)) in checked {
        if args.failures {
            report.failures.iter().try_for_each(|failure| print(&format!("{failure}\n")))?;
        }
        print(&format!("{} ({language})\n{report}\n", file.display()))?;
    }
    Ok(())
}

/// The file itself, or the `.tsv` files of a folder in the order of their names.
fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let cannot = || format!("cannot read {}", path.display());
    let entries = path.read_dir().with_context(cannot)?.collect::<std::io::Result<Vec<_>>>().with_context(cannot)?;
    let is_table = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "tsv");
    let mut files: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).filter(is_table).collect();
    files.sort();
    if files.is_empty() { Err(usage(format!("{} has no .tsv files", path.display()))) } else { Ok(files) }
}

fn check(file: &Path, language: Option<Language>) -> Result<(Language, Report)> {
    let name = file.display().to_string();
    let language = language.map_or_else(|| language_of(file), Ok)?;
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {name}"))?;
    let pairs = pairs(utf8(&bytes, &name)?).map_err(|error| usage(format!("{name}: {error}")))?;
    Ok((language, Report::of(&Normalizer::new(language), &pairs)))
}

/// The language that a file's name says, up to its first full stop.
fn language_of(file: &Path) -> Result<Language> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let code = name.split('.').next().unwrap_or_default();
    code.parse().map_err(|error| usage(format!("{}: {error}; or give --language", file.display())))
}

fn summary(file: &Path, language: Language, report: &Report, failures: bool) -> Checked {
    let category = |(category, tally): (&String, &Tally)| Category { category: category.clone(), rates: rates(tally) };
    let shown = if failures { report.failures.as_slice() } else { &[] };
    Checked {
        file: file.display().to_string(),
        language: language.to_string(),
        all: rates(&report.all),
        categories: report.categories.iter().map(category).collect(),
        failures: shown.iter().map(other).collect(),
    }
}

fn rates(tally: &Tally) -> Rates {
    let rate = |count: Count| Rate { pairs: count.pairs, exact: count.exact };
    Rates { sound: rate(tally.sound), odd: rate(tally.odd), unstable: rate(tally.unstable) }
}

fn other(failure: &Failure) -> Other {
    let pair = failure.pair.clone();
    Other {
        category: pair.category,
        written: pair.written,
        known: pair.spoken,
        read: failure.got.clone(),
        remark: pair.remark,
    }
}
