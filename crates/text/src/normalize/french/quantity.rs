//! Amounts in French: how they are written and spoken.

use super::cardinal;
use super::ordinal;
use crate::normalize::european::quantity::Quantity;
use crate::normalize::item::{Amount, Decimal, Fraction, Gender, Integer};
use crate::normalize::number::Separators;
use crate::normalize::view::View;

pub const SEPARATORS: Separators =
    Separators { groups: &[" ", "\u{a0}", "\u{202f}", "\u{2009}", ".", "'", "’"], decimals: &[","] };

/// Words for powers of ten that follow a number.
pub const MAGNITUDES: [&str; 6] = ["million", "millions", "milliard", "milliards", "billion", "billions"];

/// Reads an amount from token `n` on, which is behind its sign.
pub fn read(view: &View, n: usize, negative: bool) -> Option<Quantity> {
    Quantity::read(view, n, negative, &SEPARATORS)
}

/// Writes an amount before what is counted.
pub fn spell(amount: &Amount, gender: Gender, out: &mut String) {
    match amount {
        Amount::Integer(number) => cardinal::spell_counting(number, gender, out),
        Amount::Decimal(decimal) => spell_decimal(decimal, out),
        Amount::Fraction(fraction) => spell_fraction(fraction, out),
    }
}

/// Whether what is counted is in the plural: from two on.
pub fn is_plural(amount: &Amount) -> bool {
    let two = |digits: &str| !matches!(digits.trim_start_matches('0'), "" | "1");
    match amount {
        Amount::Integer(number) => two(&number.digits),
        Amount::Decimal(decimal) => decimal.magnitude.is_some() || two(&decimal.integer),
        Amount::Fraction(fraction) => fraction.whole.as_deref().is_some_and(two),
    }
}

/// Writes an amount and what is counted, with "de" behind a million: "deux millions d’euros".
pub fn spell_of(amount: &Amount, gender: Gender, names: [&str; 2], out: &mut String) {
    let before = out.len();
    spell(amount, gender, out);
    let name = names[usize::from(is_plural(amount) || ends_in_millions(&out[before..]))];
    out.push_str(
        match (ends_in_millions(&out[before..]), name.starts_with(['a', 'e', 'h', 'i', 'o', 'u', 'y', 'é'])) {
            (true, true) => " d’",
            (true, false) => " de ",
            _ => " ",
        },
    );
    out.push_str(name);
}

fn ends_in_millions(words: &str) -> bool {
    let last = words.rsplit(' ').next().unwrap_or_default().trim_end_matches('s');
    last.ends_with("illion") || last.ends_with("illiard")
}

/// "trois virgule quatorze": zeros before decimals are named, the rest is a number.
pub fn spell_decimal(decimal: &Decimal, out: &mut String) {
    let integer = if decimal.integer.is_empty() { "0" } else { &decimal.integer };
    cardinal::spell(&Integer { negative: decimal.negative, digits: integer.into() }, out);
    if !decimal.fraction.is_empty() {
        out.push_str(" virgule ");
        spell_decimals(&decimal.fraction, out);
    }
    if let Some(magnitude) = &decimal.magnitude {
        out.push(' ');
        out.push_str(magnitude);
    }
}

/// Long runs of decimals are read one by one.
fn spell_decimals(digits: &str, out: &mut String) {
    if digits.len() > 4 {
        cardinal::spell_digits(digits, out);
    } else {
        cardinal::spell(&Integer::new(digits), out);
    }
}

/// "deux et trois quarts", "un demi".
pub fn spell_fraction(fraction: &Fraction, out: &mut String) {
    if fraction.negative {
        out.push_str("moins ");
    }
    if let Some(whole) = &fraction.whole {
        cardinal::spell(&Integer::new(whole.as_str()), out);
        out.push_str(" et ");
    }
    let one = fraction.numerator == "1";
    let half = fraction.denominator == "2";
    if !(half && one && fraction.whole.is_some()) {
        cardinal::spell(&Integer::new(fraction.numerator.as_str()), out);
        out.push(' ');
    }
    match fraction.denominator.as_str() {
        "2" => out.push_str("demi"),
        "3" => out.push_str("tiers"),
        "4" => out.push_str("quart"),
        denominator => ordinal::spell_regular(&Integer::new(denominator), out),
    }
    if !one && fraction.denominator != "3" {
        out.push('s');
    }
}
