//! Amounts: numbers with decimals, magnitudes and fractions, as they are written and as they are spoken.

use compact_str::CompactString;

use super::SEPARATORS;
use super::cardinal::{And, spell, spell_digits, spell_ordinal};
use crate::normalize::item::{Amount, Decimal, Fraction, Integer};
use crate::normalize::number::{Written, after_minus, number};
use crate::normalize::token::Kind;
use crate::normalize::view::View;

const MAGNITUDES: [&str; 5] = ["thousand", "million", "billion", "trillion", "quadrillion"];

/// Single characters that are halves, thirds and so on, and their parts.
const VULGAR: [(&str, &str, &str); 15] = [
    ("½", "1", "2"),
    ("⅓", "1", "3"),
    ("⅔", "2", "3"),
    ("¼", "1", "4"),
    ("¾", "3", "4"),
    ("⅕", "1", "5"),
    ("⅖", "2", "5"),
    ("⅗", "3", "5"),
    ("⅘", "4", "5"),
    ("⅙", "1", "6"),
    ("⅚", "5", "6"),
    ("⅛", "1", "8"),
    ("⅜", "3", "8"),
    ("⅝", "5", "8"),
    ("⅞", "7", "8"),
];

/// An amount as it was read.
pub struct Read {
    /// The number that it begins with, without its sign; none before a fraction of one character.
    pub written: Option<Written>,
    /// How much.
    pub amount: Amount,
    /// The token after it.
    pub next: usize,
}

/// Reads an amount with its sign from token `n` on: `-1,234.5`, `2 1/2`, `3.5 million`.
pub fn read(view: &View, n: usize) -> Option<Read> {
    if view.kind(n).is_word() {
        return None;
    }
    let begins = after_minus(view, n);
    let negative = begins > n;
    let written = number(view, begins, &SEPARATORS);
    let (amount, next) = match fraction(view, begins, negative) {
        Some((fraction, next)) => (Amount::Fraction(fraction), next),
        None => scaled(view, written.as_ref()?, negative),
    };
    Some(Read { written, amount, next })
}

/// A number with the magnitude that follows it, if one does, and the token after them.
fn scaled(view: &View, written: &Written, negative: bool) -> (Amount, usize) {
    let Some((magnitude, next)) = magnitude(view, written.next) else {
        return (written.amount(negative), written.next);
    };
    let (integer, fraction) = (written.integer.clone(), written.fraction.clone());
    (Amount::Decimal(Decimal { negative, integer, fraction, magnitude: Some(magnitude.into()) }), next)
}

fn magnitude(view: &View, n: usize) -> Option<(&'static str, usize)> {
    let at = view.after_space(n);
    if !view.kind(at).is_word() {
        return None;
    }
    let word = MAGNITUDES.into_iter().find(|word| word.eq_ignore_ascii_case(view.text(at)))?;
    view.ends_word(at + 1).then_some((word, at + 1))
}

/// Reads `1/2`, `2 1/2`, `½` or `2½`. The signs of a date or of more than one slash make none.
fn fraction(view: &View, n: usize, negative: bool) -> Option<(Fraction, usize)> {
    let after = view.after_space(n + 1);
    if view.kind(n) == Kind::Digits && !matches!(view.kind(after), Kind::Symbol | Kind::Digits) {
        return None;
    }
    if let Some((numerator, denominator, next)) = parts(view, n) {
        return Some((Fraction { negative, whole: None, numerator, denominator }, next));
    }
    let whole = view.digits(n)?;
    let (numerator, denominator, next) = parts(view, after)?;
    let glued = view.kind(n + 1) != Kind::Space;
    let vulgar = !view.is(next - 2, "/") && next < n + 4;
    let whole = whole.into();
    (!glued || vulgar).then_some((Fraction { negative, whole: Some(whole), numerator, denominator }, next))
}

fn parts(view: &View, n: usize) -> Option<(CompactString, CompactString, usize)> {
    if view.kind(n) == Kind::Symbol {
        let (_, numerator, denominator) = VULGAR.into_iter().find(|(sign, ..)| view.is(n, sign))?;
        return Some((numerator.into(), denominator.into(), n + 1));
    }
    let spaced = view.is(n + 1, " ") && view.is(n + 2, "/") && view.is(n + 3, " ");
    let (slash, under) = if spaced { (n + 2, n + 4) } else { (n + 1, n + 2) };
    if !matches!(view.text(slash), "/" | "⁄") {
        return None;
    }
    let (numerator, denominator) = (view.digits(n)?, view.digits(under)?);
    let small = |digits: &str| digits.len() <= 4 && !digits.starts_with('0');
    let fits = small(&numerator) && small(&denominator);
    let ends = !view.is_one_of(under + 1, &["/", "-", ","]) || view.digits(under + 2).is_none();
    (fits && ends).then(|| (numerator.into(), denominator.into(), under + 1))
}

/// Whether an amount is exactly one, so that its unit is singular.
pub fn is_one(amount: &Amount) -> bool {
    match amount {
        Amount::Integer(number) => number.value() == Some(1),
        Amount::Fraction(fraction) => fraction.whole.is_none(),
        Amount::Decimal(_) => false,
    }
}

/// Writes an amount.
pub fn say(amount: &Amount, and: And, out: &mut String) {
    match amount {
        Amount::Integer(number) => integer(number, and, out),
        Amount::Decimal(number) => decimal(number, and, out),
        Amount::Fraction(number) => say_fraction(number, and, out),
    }
}

fn minus(negative: bool, out: &mut String) {
    if negative {
        out.push_str("minus ");
    }
}

/// Writes a whole number; one that begins with 0, digit by digit.
pub fn integer(number: &Integer, and: And, out: &mut String) {
    minus(number.negative, out);
    if number.digits.len() > 1 && number.digits.starts_with('0') {
        return spell_digits(&number.digits, out);
    }
    spell(&number.digits, and, out);
}

/// Writes a number with decimals, a magnitude or both.
pub fn decimal(number: &Decimal, and: And, out: &mut String) {
    minus(number.negative, out);
    if !number.integer.is_empty() {
        spell(&number.integer, and, out);
    }
    if !number.fraction.is_empty() {
        out.push_str(if number.integer.is_empty() { "point " } else { " point " });
        spell_digits(&number.fraction, out);
    }
    if let Some(magnitude) = &number.magnitude {
        out.push(' ');
        out.push_str(magnitude);
    }
}

/// Writes a fraction: "three quarters", "two and a half", "one over one".
pub fn say_fraction(fraction: &Fraction, and: And, out: &mut String) {
    let and = if and == And::Every { and } else { And::Never };
    minus(fraction.negative, out);
    if let Some(whole) = &fraction.whole {
        spell(whole, and, out);
        out.push_str(" and ");
        if (fraction.numerator.as_str(), fraction.denominator.as_str()) == ("1", "2") {
            return out.push_str("a half");
        }
    }
    spell(&fraction.numerator, and, out);
    let one = fraction.numerator == "1";
    match (fraction.denominator.as_str(), one) {
        ("1", _) => out.push_str(" over one"),
        ("2", true) => out.push_str(" half"),
        ("2", false) => out.push_str(" halves"),
        ("4", true) => out.push_str(" quarter"),
        ("4", false) => out.push_str(" quarters"),
        (denominator, _) => {
            out.push(' ');
            spell_ordinal(denominator, and, out);
            if !one {
                out.push('s');
            }
        }
    }
}
