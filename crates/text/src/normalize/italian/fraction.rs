//! Fractions in words.

use crate::normalize::item::{Fraction, Gender};
use crate::normalize::romance::{is_half, push};

use super::{cardinal, ordinal};

/// Writes a fraction: `due terzi`, `sette sedicesimi`, `mezzo`.
pub fn spell(fraction: &Fraction, out: &mut String) {
    if is_half(fraction) {
        return push(out, "mezzo");
    }
    let one = fraction.numerator.trim_start_matches('0') == "1";
    cardinal::spell(&fraction.numerator, Gender::Masculine, out);
    let mut part = String::new();
    match fraction.denominator.as_str() {
        "2" => part.push_str("mezzo"),
        denominator => ordinal::spell(denominator, Gender::Unknown, &mut part),
    }
    match part.strip_suffix('o').filter(|_| !one) {
        Some(stem) => push(out, &format!("{stem}i")),
        None => push(out, &part),
    }
}
