//! Amounts: numbers with signs, decimals, magnitudes and fractions.

use super::cardinal;
use super::ordinal;
use crate::normalize::item::{Amount, Decimal, Fraction, Gender, Integer, Item};
use crate::normalize::number::{self, Separators};
use crate::normalize::token::Kind;
use crate::normalize::view::View;

const SEPARATORS: Separators =
    Separators { groups: &[".", " ", "\u{a0}", "\u{202f}", "\u{2009}", "'", "’"], decimals: &[","] };

/// Words for powers of ten that follow a number.
const MAGNITUDES: [&str; 8] =
    ["million", "millionen", "milliarde", "milliarden", "billion", "billionen", "billiarde", "billiarden"];

/// Fractions that are one character.
const VULGAR: [(&str, &str, &str); 12] = [
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
    ("⅛", "1", "8"),
    ("⅜", "3", "8"),
];

/// An amount in the text.
pub struct Quantity {
    pub amount: Amount,
    /// The token after it.
    pub next: usize,
}

impl Quantity {
    /// Reads an amount without a sign from token `n` on.
    pub fn read(view: &View, n: usize, negative: bool) -> Option<Self> {
        let plain = || number::number(view, n, &SEPARATORS).filter(|_| view.kind(n) == Kind::Digits);
        if let Some(fraction) = Self::fraction(view, n, negative) {
            return Some(fraction);
        }
        plain().map(|written| Self { amount: written.amount(negative), next: written.next })
    }

    /// `3/4`, `1 1/2`, `1½`; digits on both sides of a slash and no third number.
    fn fraction(view: &View, n: usize, negative: bool) -> Option<Self> {
        let whole = view.digits(n).map(|digits| digits.into_owned());
        let build = |whole, (numerator, denominator, next)| {
            let amount = Amount::Fraction(Fraction { negative, whole, numerator, denominator });
            Self { amount, next }
        };
        if let Some(parts) = slashed(view, n).or_else(|| vulgar(view, n)) {
            return Some(build(None, parts));
        }
        let spaced = view.after_space(n + 1);
        let second = if spaced > n + 1 { slashed(view, spaced) } else { None };
        second.or_else(|| vulgar(view, spaced)).and_then(|parts| Some(build(Some(whole?), parts)))
    }

    /// The same with a magnitude behind it, `3,5 Millionen`.
    pub fn with_magnitude(&self, view: &View) -> Option<Self> {
        let word = self.next + 1;
        let known = view.kind(self.next) == Kind::Space && is_magnitude(view.text(word));
        let magnitude = known.then(|| view.text(word).to_owned());
        let decimal = match &self.amount {
            Amount::Integer(Integer { negative, digits }) => {
                Decimal { negative: *negative, integer: digits.clone(), magnitude, ..Decimal::default() }
            }
            Amount::Decimal(decimal) => Decimal { magnitude, ..decimal.clone() },
            Amount::Fraction(_) => return None,
        };
        known.then_some(Self { amount: Amount::Decimal(decimal), next: word + 1 })
    }
}

/// Whether a word is a magnitude, in capitals or not.
fn is_magnitude(word: &str) -> bool {
    MAGNITUDES.iter().any(|magnitude| word.eq_ignore_ascii_case(magnitude))
}

type Parts = (String, String, usize);

fn slashed(view: &View, n: usize) -> Option<Parts> {
    let (numerator, denominator) = (view.digits(n)?, view.digits(n + 2)?);
    // "1939/40" are years.
    let years = numerator.len() == 4 && matches!(denominator.len(), 2 | 4);
    let alone =
        !years && view.is_one_of(n + 1, &["/", "⁄"]) && !view.is_one_of(n + 3, &["/", "="]) && view.ends_word(n + 3);
    alone.then(|| (numerator.into_owned(), denominator.into_owned(), n + 3))
}

fn vulgar(view: &View, n: usize) -> Option<Parts> {
    let (_, numerator, denominator) = VULGAR.iter().find(|(sign, ..)| view.is(n, sign))?;
    Some(((*numerator).to_owned(), (*denominator).to_owned(), n + 1))
}

/// The item that is an amount by itself.
pub fn item(amount: Amount) -> Item {
    match amount {
        Amount::Integer(number) => Item::Cardinal(number, Default::default()),
        Amount::Decimal(decimal) => Item::Decimal(decimal),
        Amount::Fraction(fraction) => Item::Fraction(fraction),
    }
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
    let number = Integer { negative: decimal.negative, digits: integer.to_owned() };
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
