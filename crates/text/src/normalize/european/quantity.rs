//! Amounts as they are written: decimals, magnitudes and fractions.

use compact_str::CompactString;

use crate::normalize::item::{Amount, Decimal, Fraction, Integer, Item};
use crate::normalize::number::{self, Separators};
use crate::normalize::token::Kind;
use crate::normalize::view::View;

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
    /// Reads an amount from token `n` on, which is behind its sign.
    pub fn read(view: &View, n: usize, negative: bool, separators: &Separators) -> Option<Self> {
        let plain = || number::number(view, n, separators).filter(|_| view.kind(n) == Kind::Digits);
        Self::fraction(view, n, negative)
            .or_else(|| plain().map(|written| Self { amount: written.amount(negative), next: written.next }))
    }

    /// `3/4`, `1 1/2`, `1½`; digits on both sides of a slash and no third number.
    fn fraction(view: &View, n: usize, negative: bool) -> Option<Self> {
        let build = |whole, (numerator, denominator, next)| {
            let amount = Amount::Fraction(Fraction { negative, whole, numerator, denominator });
            Self { amount, next }
        };
        if let Some(parts) = slashed(view, n).or_else(|| vulgar(view, n)) {
            return Some(build(None, parts));
        }
        let spaced = view.after_space(n + 1);
        let second = if spaced > n + 1 { slashed(view, spaced) } else { None };
        second.or_else(|| vulgar(view, spaced)).and_then(|parts| Some(build(Some(view.digits(n)?.into()), parts)))
    }

    /// The same with one of `magnitudes` behind it, in capitals or not: `3,5 Millionen`.
    pub fn with_magnitude(&self, view: &View, magnitudes: &[&str]) -> Option<Self> {
        let word = self.next + 1;
        let known = view.kind(self.next) == Kind::Space
            && magnitudes.iter().any(|magnitude| view.text(word).eq_ignore_ascii_case(magnitude));
        if !known {
            return None;
        }
        let magnitude = Some(view.text(word).into());
        let decimal = match &self.amount {
            Amount::Integer(Integer { negative, digits }) => {
                Decimal { negative: *negative, integer: digits.clone(), magnitude, ..Decimal::default() }
            }
            Amount::Decimal(decimal) => Decimal { magnitude, ..decimal.clone() },
            Amount::Fraction(_) => return None,
        };
        Some(Self { amount: Amount::Decimal(decimal), next: word + 1 })
    }
}

type Parts = (CompactString, CompactString, usize);

fn slashed(view: &View, n: usize) -> Option<Parts> {
    if !view.is_one_of(n + 1, &["/", "⁄"]) {
        return None;
    }
    let (numerator, denominator) = (view.digits(n)?, view.digits(n + 2)?);
    // "1939/40" are years.
    let years = numerator.len() == 4 && matches!(denominator.len(), 2 | 4);
    let alone = !years && !view.is_one_of(n + 3, &["/", "="]) && view.ends_word(n + 3);
    alone.then(|| (numerator.into(), denominator.into(), n + 3))
}

fn vulgar(view: &View, n: usize) -> Option<Parts> {
    if view.kind(n) != Kind::Symbol {
        return None;
    }
    let (_, numerator, denominator) = VULGAR.iter().find(|(sign, ..)| view.is(n, sign))?;
    Some(((*numerator).into(), (*denominator).into(), n + 1))
}

/// The item that is an amount by itself.
pub fn item(amount: Amount) -> Item {
    match amount {
        Amount::Integer(number) => Item::Cardinal(number, Default::default()),
        Amount::Decimal(decimal) => Item::Decimal(decimal),
        Amount::Fraction(fraction) => Item::Fraction(fraction),
    }
}

/// A whole number as an amount.
pub fn whole(digits: impl Into<CompactString>) -> Amount {
    Amount::Integer(Integer::new(digits))
}
