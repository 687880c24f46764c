//! Fractions in words.

use crate::normalize::item::{Fraction, Gender, Integer};
use crate::normalize::romance::push;

use super::{cardinal, ordinal};

/// Writes a fraction: `dois terços`, `três onze avos`.
pub fn spell(fraction: &Fraction, out: &mut String) {
    let one = fraction.numerator.trim_start_matches('0') == "1";
    cardinal::spell(&fraction.numerator, Gender::Masculine, out);
    push(out, &part(&fraction.denominator));
    if !one && !out.ends_with("avos") {
        out.push('s');
    }
}

/// The name of a part, in the singular; `avos` with the number where it has none.
fn part(denominator: &str) -> String {
    let value = Integer::new(denominator).value().unwrap_or_default();
    let mut name = String::new();
    match value {
        2 => push(&mut name, "meio"),
        3 => push(&mut name, "terço"),
        4..=10 | 20 | 30 | 40 | 50 | 60 | 70 | 80 | 90 | 100 | 1000 | 1_000_000 => {
            ordinal::spell(denominator, Gender::Unknown, &mut name);
        }
        _ => {
            cardinal::spell(denominator, Gender::Masculine, &mut name);
            push(&mut name, "avos");
        }
    }
    name
}
