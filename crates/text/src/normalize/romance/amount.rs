//! Amounts as they are written: numbers, decimals, fractions.

use compact_str::CompactString;

use super::super::item::{Amount, Decimal, Fraction};
use super::super::number::{self, Separators, Written};
use super::super::token::Kind;
use super::super::view::View;
use super::lexicon::{Lexicon, SEPARATORS};

/// The number at token `n`, without its sign.
pub fn number(view: &View, n: usize) -> Option<Written> {
    if view.kind(n) == Kind::Digits { number::number(view, n, &SEPARATORS) } else { None }
}

/// The number at token `n` that has a point before its decimals: `3.14`.
pub fn pointed(view: &View, n: usize) -> Option<Written> {
    const POINT: Separators = Separators { groups: &[], decimals: &["."] };
    let pointed = view.kind(n) == Kind::Digits && view.is(n + 1, ".");
    number::number(view, n, &POINT).filter(|written| pointed && !written.fraction.is_empty())
}

/// What is written in figures at a place, read once for all that ask.
pub struct Figures {
    /// The token after the minus sign; the place itself without one.
    pub begin: usize,
    /// Whether there is a minus sign.
    pub negative: bool,
    /// The number, without its sign.
    pub number: Option<Written>,
    /// The fraction, and the token after it: it may begin with the number.
    pub fraction: Option<(Fraction, usize)>,
}

impl Figures {
    /// Reads what is at token `n`.
    pub fn read(view: &View, n: usize) -> Self {
        let begin = number::after_minus(view, n);
        let negative = begin > n;
        let number = number(view, begin);
        let fraction = fraction(view, begin, number.as_ref());
        let fraction = fraction.map(|(fraction, next)| (Fraction { negative, ..fraction }, next));
        Self { begin, negative, number, fraction }
    }

    /// The fraction or, without one, the number, and the token after it.
    pub fn amount(&self) -> Option<(Amount, usize)> {
        match &self.fraction {
            Some((fraction, next)) => Some((Amount::Fraction(fraction.clone()), *next)),
            None => self.number.as_ref().map(|written| (written.amount(self.negative), written.next)),
        }
    }

    /// The amount and a word for a power of ten behind it, and the token after them.
    pub fn large_amount(&self, lexicon: &Lexicon, view: &View) -> Option<(Amount, usize)> {
        let (amount, next) = self.amount()?;
        let at = view.after_space(next);
        if at == next || !lexicon.magnitudes.contains(&view.text(at)) {
            return Some((amount, next));
        }
        let magnitude = Some(view.text(at).into());
        let decimal = match amount {
            Amount::Integer(number) => {
                Decimal { negative: number.negative, integer: number.digits, magnitude, ..Decimal::default() }
            }
            Amount::Decimal(decimal) => Decimal { magnitude, ..decimal },
            Amount::Fraction(_) => return Some((amount, next)),
        };
        Some((Amount::Decimal(decimal), at + 1))
    }
}

/// `3/4`, `1 3/4`, `½`, `1½` from token `n` on, without a sign, and the token after it. `first` is the number there.
fn fraction(view: &View, n: usize, first: Option<&Written>) -> Option<(Fraction, usize)> {
    let made =
        |whole, ((numerator, denominator), next)| (Fraction { negative: false, whole, numerator, denominator }, next);
    if let Some(found) = proper(view, n, first) {
        return Some(made(None, found));
    }
    let whole = view.digits(n)?;
    let at = view.after_space(n + 1);
    let second = if at > n + 1 && view.kind(at) == Kind::Digits { number(view, at) } else { None };
    proper(view, at, second.as_ref()).map(|found| made(Some(whole.into()), found))
}

type Parts = (CompactString, CompactString);

/// A fraction of a number and another, or in one character.
fn proper(view: &View, n: usize, numerator: Option<&Written>) -> Option<(Parts, usize)> {
    match numerator {
        Some(numerator) => slashed(view, numerator),
        None => glyph(view.text(n)).map(|parts| (parts, n + 1)),
    }
}

fn slashed(view: &View, numerator: &Written) -> Option<(Parts, usize)> {
    let slash = numerator.next;
    if !numerator.fraction.is_empty() || !matches!(view.text(slash), "/" | "⁄") {
        return None;
    }
    let denominator = number(view, slash + 1).filter(|written| written.fraction.is_empty())?;
    let longer = view.is(denominator.next, "/") && view.kind(denominator.next + 1) == Kind::Digits;
    let sound = !longer && !denominator.integer.starts_with('0');
    sound.then(|| ((numerator.integer.clone(), denominator.integer), denominator.next))
}

fn glyph(sign: &str) -> Option<Parts> {
    let (numerator, denominator) = match sign {
        "½" => ("1", "2"),
        "⅓" => ("1", "3"),
        "⅔" => ("2", "3"),
        "¼" => ("1", "4"),
        "¾" => ("3", "4"),
        "⅕" => ("1", "5"),
        "⅖" => ("2", "5"),
        "⅗" => ("3", "5"),
        "⅘" => ("4", "5"),
        "⅙" => ("1", "6"),
        "⅚" => ("5", "6"),
        "⅛" => ("1", "8"),
        "⅜" => ("3", "8"),
        "⅝" => ("5", "8"),
        "⅞" => ("7", "8"),
        _ => return None,
    };
    Some((numerator.into(), denominator.into()))
}
