//! Amounts as they are written: numbers, decimals, fractions.

use super::super::item::{Amount, Decimal, Fraction};
use super::super::number::{self, Separators, Written};
use super::super::token::Kind;
use super::super::view::View;
use super::lexicon::{Lexicon, SEPARATORS};

/// The number at token `n`, without its sign.
pub fn number(view: &View, n: usize) -> Option<Written> {
    number::number(view, n, &SEPARATORS).filter(|written| !written.integer.is_empty())
}

/// The number at token `n` that has a point before its decimals: `3.14`.
pub fn pointed(view: &View, n: usize) -> Option<Written> {
    let point = Separators { groups: &[], decimals: &["."] };
    number::number(view, n, &point).filter(|written| !written.fraction.is_empty() && !written.integer.is_empty())
}

/// The amount at token `n`, sign and fraction included, and the token after it.
pub fn amount(view: &View, n: usize) -> Option<(Amount, usize)> {
    let at = number::after_minus(view, n);
    let negative = at > n;
    if let Some((fraction, next)) = fraction(view, at) {
        return Some((Amount::Fraction(Fraction { negative, ..fraction }), next));
    }
    number(view, at).map(|written| (written.amount(negative), written.next))
}

/// The amount at token `n` and a word for a power of ten behind it.
pub fn large_amount(lexicon: &Lexicon, view: &View, n: usize) -> Option<(Amount, usize)> {
    let (amount, next) = amount(view, n)?;
    let at = view.after_space(next);
    if at == next || !lexicon.magnitudes.contains(&view.text(at)) {
        return Some((amount, next));
    }
    let magnitude = Some(view.text(at).to_owned());
    let decimal = match amount {
        Amount::Integer(number) => {
            Decimal { negative: number.negative, integer: number.digits, magnitude, ..Decimal::default() }
        }
        Amount::Decimal(decimal) => Decimal { magnitude, ..decimal },
        Amount::Fraction(_) => return Some((amount, next)),
    };
    Some((Amount::Decimal(decimal), at + 1))
}

/// `3/4`, `1 3/4`, `½`, `1½` from token `n` on, without a sign, and the token after it.
pub fn fraction(view: &View, n: usize) -> Option<(Fraction, usize)> {
    let proper = |at: usize| slashed(view, at).or_else(|| glyph(view.text(at)).map(|parts| (parts, at + 1)));
    let made =
        |whole, ((numerator, denominator), next)| (Fraction { negative: false, whole, numerator, denominator }, next);
    if let Some(found) = proper(n) {
        return Some(made(None, found));
    }
    let whole = view.digits(n)?;
    let at = view.after_space(n + 1);
    let found =
        proper(at).filter(|((numerator, _), _)| at > n + 1 || view.kind(at) != Kind::Digits || numerator.is_empty());
    found.map(|found| made(Some(whole.into_owned()), found))
}

type Parts = (String, String);

fn slashed(view: &View, n: usize) -> Option<(Parts, usize)> {
    let numerator = number(view, n)?;
    let slash = numerator.next;
    if !numerator.fraction.is_empty() || !view.is_one_of(slash, &["/", "⁄"]) {
        return None;
    }
    let denominator = number(view, slash + 1).filter(|written| written.fraction.is_empty())?;
    let longer = view.is(denominator.next, "/") && view.kind(denominator.next + 1) == Kind::Digits;
    let sound = !longer && !denominator.integer.starts_with('0');
    sound.then_some(((numerator.integer, denominator.integer), denominator.next))
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
    Some((numerator.to_owned(), denominator.to_owned()))
}
