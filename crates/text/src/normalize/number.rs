//! Numbers as they are written.

use std::borrow::Cow;

use compact_str::CompactString;

use super::item::{Amount, Decimal, Integer};
use super::token::Kind;
use super::view::View;

/// The signs within numbers of a locale. Each is the text of one token; a space may be `" "`, `"\u{a0}"`, `"\u{202f}"`.
#[derive(Clone, Copy, Debug)]
pub struct Separators {
    /// Between groups of three digits.
    pub groups: &'static [&'static str],
    /// Before decimals.
    pub decimals: &'static [&'static str],
}

/// A number as it is written, without its sign.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Digits before the decimal sign, without separators; empty in `.5`.
    pub integer: CompactString,
    /// Digits after it; empty without decimals.
    pub fraction: CompactString,
    /// Whether separators set groups apart.
    pub grouped: bool,
    /// The token after it.
    pub next: usize,
}

impl Written {
    /// It as an amount.
    pub fn amount(&self, negative: bool) -> Amount {
        if self.fraction.is_empty() {
            return Amount::Integer(Integer { negative, digits: self.integer.clone() });
        }
        let (integer, fraction) = (self.integer.clone(), self.fraction.clone());
        Amount::Decimal(Decimal { negative, integer, fraction, magnitude: None })
    }
}

/// Reads a number from token `n` on: digits, groups of three set apart in one and the same way, decimals.
///
/// Groups that do not all have three digits are none, and a chain such as `1.2.3` has no decimals: then it is the first
/// digits only.
pub fn number(view: &View, n: usize, separators: &Separators) -> Option<Written> {
    let Some(first) = view.digits(n) else { return leading_point(view, n, separators) };
    let whole = groups_from(view, n, separators.groups).unwrap_or_else(|| Written {
        integer: first.into(),
        next: n + 1,
        ..Written::default()
    });
    Some(with_decimals(view, whole, separators))
}

/// `.5`
fn leading_point(view: &View, n: usize, separators: &Separators) -> Option<Written> {
    let whole = Written { next: n, ..Written::default() };
    let read = with_decimals(view, whole, separators);
    (!read.fraction.is_empty()).then_some(read)
}

fn groups_from(view: &View, n: usize, signs: &[&str]) -> Option<Written> {
    let first = view.digits(n).filter(|_| view.kind(n + 2) == Kind::Digits)?;
    let sign = view.text(n + 1);
    if first.len() > 3 || first.starts_with('0') || !signs.contains(&sign) {
        return None;
    }
    let mut next = n + 1;
    let mut integer = CompactString::from(first);
    while let Some(group) = follows(view, next, sign) {
        if group.len() != 3 {
            return None;
        }
        integer.push_str(&group);
        next += 2;
    }
    Some(Written { integer, grouped: true, next, ..Written::default() })
}

fn with_decimals(view: &View, whole: Written, separators: &Separators) -> Written {
    let Some(fraction) = view.digits(whole.next + 1) else { return whole };
    let sign = view.text(whole.next);
    if !separators.decimals.contains(&sign) || follows(view, whole.next + 2, sign).is_some() {
        return whole;
    }
    Written { fraction: fraction.into(), next: whole.next + 2, ..whole }
}

/// The digits at token `n + 1` if token `n` is `sign`.
fn follows<'v>(view: &View<'v>, n: usize, sign: &str) -> Option<Cow<'v, str>> {
    if view.is(n, sign) && !sign.is_empty() { view.digits(n + 1) } else { None }
}

/// The token after a minus sign at token `n` that makes what follows negative; `n` itself if there is none.
///
/// It stands after white space, punctuation, an opening bracket or quote, or at the beginning, with no space behind it.
pub fn after_minus(view: &View, n: usize) -> usize {
    if view.kind(n).is_word() || view.kind(n) == Kind::Digits {
        return n;
    }
    let before = if n == 0 { (view.kind_before(1), view.text_before(1)) } else { (view.kind(n - 1), view.text(n - 1)) };
    let opens = before.0.is_gap()
        || matches!(
            before.1,
            "(" | "[" | "?" | "!" | "," | ";" | ":" | "=" | "\"" | "“" | "‘" | "'" | "„" | "«" | "「" | "（"
        );
    let is_minus = view.is_one_of(n, &["-", "−", "－", "\u{2011}"]);
    if opens && is_minus && !view.kind(n + 1).is_gap() { n + 1 } else { n }
}

/// Whether the digits at token 0 are the rest of a longer number or word: one of `signs` and a digit, or a letter,
/// stands right before.
pub fn continues(view: &View, signs: &[&str]) -> bool {
    view.kind_before(1).is_word() || (signs.contains(&view.text_before(1)) && view.kind_before(2) == Kind::Digits)
}

/// A number's digits in groups of `size` from the right, most significant first, without leading groups of zero: what
/// names of large numbers are made from. At least one group. `size` is 1 to 9.
pub fn groups(digits: &str, size: usize) -> Vec<u32> {
    let digits = digits.trim_start_matches('0').as_bytes();
    let first = digits.len() % size;
    let (head, tail) = digits.split_at(first);
    let value = |group: &[u8]| group.iter().fold(0, |value, digit| value * 10 + u32::from(digit.wrapping_sub(b'0')));
    let head = (!head.is_empty()).then(|| value(head));
    let mut groups: Vec<u32> = head.into_iter().chain(tail.chunks(size).map(value)).collect();
    if groups.is_empty() {
        groups.push(0);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::token::tokenize;

    const ENGLISH: Separators = Separators { groups: &[","], decimals: &["."] };
    const FRENCH: Separators = Separators { groups: &[" ", "\u{a0}", "\u{202f}"], decimals: &[","] };

    fn read(text: &str, separators: &Separators) -> (String, String, usize) {
        let tokens = tokenize(text);
        let written = number(&View::new(text, &tokens, 0), 0, separators).unwrap_or_default();
        (written.integer.into(), written.fraction.into(), written.next)
    }

    fn parts(integer: &str, fraction: &str, next: usize) -> (String, String, usize) {
        (integer.into(), fraction.into(), next)
    }

    #[test]
    fn groups_and_decimals_follow_the_locale() {
        assert_eq!(read("1,234,567.89", &ENGLISH), parts("1234567", "89", 7));
        assert_eq!(read("1\u{202f}234,5", &FRENCH), parts("1234", "5", 5));
        assert_eq!(read(".75", &ENGLISH), parts("", "75", 2));
        assert_eq!(read("１２，", &ENGLISH), parts("12", "", 1));
    }

    #[test]
    fn what_is_no_grouping_is_the_first_digits() {
        assert_eq!(read("1,23", &ENGLISH), parts("1", "", 1));
        assert_eq!(read("1,234,5", &ENGLISH), parts("1", "", 1));
        assert_eq!(read("1.2.3", &ENGLISH), parts("1", "", 1));
        assert_eq!(read("1234,567", &ENGLISH), parts("1234", "", 1));
    }

    #[test]
    fn digits_fall_into_groups() {
        assert_eq!(groups("1234567", 3), [1, 234, 567]);
        assert_eq!(groups("0012", 3), [12]);
        assert_eq!(groups("100000000", 4), [1, 0, 0]);
        assert_eq!(groups("000", 3), [0]);
    }
}
