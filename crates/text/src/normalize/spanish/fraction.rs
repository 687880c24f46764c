//! Fractions in words.

use crate::normalize::item::{Fraction, Gender, Integer};
use crate::normalize::romance::push;

use super::{cardinal, ordinal};

/// Writes a fraction: `dos tercios`, `un onceavo`, `tres sobre ciento diez`.
pub fn spell(fraction: &Fraction, gender: Gender, out: &mut String) {
    let value = Integer::new(fraction.denominator.as_str()).value();
    let one = fraction.numerator.trim_start_matches('0') == "1";
    if one && value == Some(2) {
        return push(out, if gender == Gender::Feminine { "media" } else { "medio" });
    }
    match value.and_then(part) {
        Some(part) => {
            cardinal::spell(&fraction.numerator, Gender::Masculine, out);
            push(out, &part);
            if !one {
                out.push('s');
            }
        }
        None => {
            cardinal::spell(&fraction.numerator, Gender::Unknown, out);
            push(out, "sobre");
            cardinal::spell(&fraction.denominator, Gender::Unknown, out);
        }
    }
}

/// The name of a part, in the singular; none for parts that have no handy name.
fn part(denominator: u64) -> Option<String> {
    let name = match denominator {
        2 => "medio".into(),
        3 => "tercio".into(),
        4..=10 => in_order(denominator),
        11..=99 => format!("{}avo", joined(denominator)),
        _ if denominator <= 1000 && denominator.is_multiple_of(100) => in_order(denominator),
        _ if denominator < 1_000_000 && denominator.is_multiple_of(1000) => scaled(denominator / 1000, "milésimo"),
        _ if denominator.is_multiple_of(1_000_000) => scaled(denominator / 1_000_000, "millonésimo"),
        _ => return None,
    };
    Some(name)
}

fn in_order(number: u64) -> String {
    let mut name = String::new();
    ordinal::spell(&number.to_string(), Gender::Unknown, &mut name);
    name
}

fn scaled(number: u64, scale: &str) -> String {
    format!("{}{scale}", u32::try_from(number).map(ordinal::multiplier).unwrap_or_default())
}

/// A number below a hundred in one word, as parts are named after it: `cuarentaiun`.
fn joined(number: u64) -> String {
    let mut words = String::new();
    cardinal::spell(&number.to_string(), Gender::Unknown, &mut words);
    let words = words.replace(" y ", "i").replace("séis", "seis").replace("trés", "tres").replace("dós", "dos");
    match words.strip_suffix("uno") {
        Some(stem) => format!("{stem}un"),
        None => words.trim_end_matches('a').into(),
    }
}
