//! Every language against its known readings.
//!
//! `tests/fixtures/<language>.tsv` holds the readings of the reference, `<language>.differences.tsv` where we knowingly
//! read in another way and why: see `zonos_text::check` for both. Every pair is read as the reference does or as the
//! differences say; nothing is left out.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::path::PathBuf;

use zonos_text::check::{Difference, Report, Standing, differences, pairs};
use zonos_text::{Language, Normalizer};

/// The least part of sound pairs that is read exactly as the reference does.
const OVERALL: f64 = 0.97;
/// The same within each category of [`LARGE`] sound pairs or more.
const BY_CATEGORY: f64 = 0.95;
const LARGE: usize = 20;

fn fixture(language: Language, ending: &str) -> Option<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/{language}{ending}"));
    path.exists().then(|| std::fs::read_to_string(path).unwrap())
}

/// Causes that begin so tell the readers of one country from those whom the reference serves; they count for nothing.
const OF_THE_COUNTRY: &str = "British";

/// Each language that has rules, its report and its differences.
fn languages() -> impl Iterator<Item = (Language, Report, Vec<Difference>)> {
    let read = |language| {
        let known = fixture(language, ".tsv")?;
        let report = Report::of(&Normalizer::new(language), &pairs(&known).unwrap());
        let differences: Vec<Difference> =
            differences(&fixture(language, ".differences.tsv").unwrap_or_default()).unwrap();
        Some((language, report, differences))
    };
    Language::ALL.into_iter().filter_map(read)
}

fn without_those_of_the_country(language: Language, differences: &[Difference]) -> Report {
    let of_the_country = |written: &str| {
        differences.iter().any(|listed| listed.written == written && listed.cause.starts_with(OF_THE_COUNTRY))
    };
    let mut known = pairs(&fixture(language, ".tsv").unwrap()).unwrap();
    known.retain(|pair| !of_the_country(&pair.written));
    Report::of(&Normalizer::new(language), &known)
}

#[test]
fn sound_readings_are_the_reference_s() {
    for (language, _, differences) in languages() {
        let report = without_those_of_the_country(language, &differences);
        assert!(report.all.sound.rate() >= OVERALL, "{language}\n{report}");
        for (category, tally) in report.categories.iter().filter(|(_, tally)| tally.sound.pairs >= LARGE) {
            assert!(tally.sound.rate() >= BY_CATEGORY, "{language} {category}\n{report}");
        }
    }
}

#[test]
fn other_readings_are_those_that_are_listed() {
    for (language, report, differences) in languages() {
        let listed: HashMap<_, _> = differences.iter().map(|difference| (&difference.written, difference)).collect();
        let strays: Vec<String> = (report.failures.iter())
            .filter(|failure| failure.pair.standing() != Standing::Unstable)
            .filter(|failure| listed.get(&failure.pair.written).is_none_or(|listed| listed.spoken != failure.got))
            .map(ToString::to_string)
            .collect();
        assert!(strays.is_empty(), "{language} reads these in a way that is not listed:\n{}", strays.join("\n"));
    }
}

#[test]
fn listed_differences_are_differences() {
    for (language, report, differences) in languages() {
        let differs =
            |difference: &&Difference| report.failures.iter().any(|failure| failure.pair.written == difference.written);
        let stale: Vec<_> = differences.iter().filter(|difference| !differs(difference)).collect();
        assert!(stale.is_empty(), "{language} has differences that are none: {stale:?}");
        assert!(differences.iter().all(|difference| !difference.cause.trim_matches('?').is_empty()), "{language}");
    }
}
