//! Amounts in German: how they are written and spoken.

use super::cardinal;
use super::ordinal;
use crate::normalize::european::quantity::Quantity;
use crate::normalize::item::{Amount, Decimal, Fraction, Gender, Integer};
use crate::normalize::number::Separators;
use crate::normalize::view::View;

pub const SEPARATORS: Separators =
    Separators { groups: &[".", " ", "\u{a0}", "\u{202f}", "\u{2009}", "'", "’"], decimals: &[","] };

/// Words for powers of ten that follow a number.
pub const MAGNITUDES: [&str; 8] =
    ["million", "millionen", "milliarde", "milliarden", "billion", "billionen", "billiarde", "billiarden"];

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

/// Whether an amount is one, which what is counted agrees with.
pub fn is_one(amount: &Amount) -> bool {
    match amount {
        Amount::Integer(number) => number.value() == Some(1),
        Amount::Fraction(fraction) => fraction.whole.is_none(),
        Amount::Decimal(_) => false,
    }
}

/// "zwei komma fünf null millionen": decimals digit by digit.
pub fn spell_decimal(decimal: &Decimal, out: &mut String) {
    let integer = if decimal.integer.is_empty() { "0" } else { &decimal.integer };
    let number = Integer { negative: decimal.negative, digits: integer.into() };
    match &decimal.magnitude {
        Some(_) if decimal.fraction.is_empty() => cardinal::spell_counting(&number, Gender::Feminine, out),
        _ => cardinal::spell(&number, out),
    }
    if !decimal.fraction.is_empty() {
        out.push_str(" komma ");
        cardinal::spell_digits(&decimal.fraction, out);
    }
    if let Some(magnitude) = &decimal.magnitude {
        out.push(' ');
        out.push_str(magnitude);
    }
}

/// "zwei drei viertel", "ein halb".
pub fn spell_fraction(fraction: &Fraction, out: &mut String) {
    if fraction.negative {
        out.push_str("minus ");
    }
    for number in fraction.whole.iter().chain([&fraction.numerator]) {
        cardinal::spell_counting(&Integer::new(number.as_str()), Gender::Neuter, out);
        out.push(' ');
    }
    let denominator = Integer::new(fraction.denominator.as_str());
    match denominator.value() {
        Some(1) => out.push_str("eintel"),
        Some(2) => out.push_str(if fraction.numerator == "1" { "halb" } else { "halbe" }),
        _ => {
            ordinal::spell_stem(&denominator, out);
            out.push_str("el");
        }
    }
}
