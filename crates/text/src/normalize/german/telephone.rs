//! Telephone numbers, digit by digit.

use compact_str::CompactString;

use super::cardinal;
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::item::{Integer, Item, Telephone};
use crate::normalize::token::Kind;
use crate::normalize::view::View;

/// The least and most digits of a number, without its country.
const DIGITS: std::ops::RangeInclusive<usize> = 6..=15;

/// Reads `+49 30 123456`, `(0411) 1234-1234`, `0171 2345678`, `089-1234567`.
///
/// An area code of three digits with a space behind it is left to other readings, as in the reference.
pub fn recognize(view: &View, found: &mut Candidates) {
    if !view.begins_word() || matches!(view.text_before(1), "." | "," | "-" | "/" | ":") {
        return;
    }
    let (country, next) = country(view);
    let (area, next) = area(view, next);
    // Nobody dials the zero of "+49 (0)30".
    let area = area.filter(|digits| country.is_none() || digits != "0");
    let Some((mut groups, next)) = groups(view, next) else { return };
    let first = area.clone().or_else(|| groups.first().cloned()).unwrap_or_default();
    groups.splice(0..0, area);
    let local = first.starts_with('0') && groups.len() > 1 && (first.len() > 3 || !view.is(1, " "));
    let fits = DIGITS.contains(&groups.iter().map(CompactString::len).sum()) && view.ends_word(next);
    if fits
        && (country.is_some() || local)
        && !view.is_one_of(next, &[",", "."]) | (view.kind(next + 1) != Kind::Digits)
    {
        found.push(next, cost::SURE, Item::Telephone(Telephone { country, groups, extension: None }));
    }
}

/// A long number with zeros before it, digit by digit: `01712345678`, `0049`.
pub fn leading_zero(view: &View, found: &mut Candidates) {
    let Some(digits) = view.digits(0).filter(|digits| digits.starts_with('0') && digits.len() > 3) else { return };
    found.push(1, cost::SURE, Item::Digits(digits.into()));
}

/// Digits behind `+`, and the token where the rest begins.
fn country(view: &View) -> (Option<CompactString>, usize) {
    let code = if view.is(0, "+") { view.digits(1).filter(|digits| digits.len() <= 3) } else { None };
    match code {
        Some(digits) => (Some(digits.into()), view.after_space(2)),
        None => (None, 0),
    }
}

/// Digits in brackets, and the token where the rest begins.
fn area(view: &View, n: usize) -> (Option<CompactString>, usize) {
    match view.digits(n + 1).filter(|_| view.is(n, "(") && view.is(n + 2, ")")) {
        Some(digits) => (Some(digits.into()), view.after_space(n + 3)),
        None => (None, n),
    }
}

/// Groups of digits with a space, hyphen or slash between them.
fn groups(view: &View, n: usize) -> Option<(Vec<CompactString>, usize)> {
    let mut groups = vec![view.digits(n)?.into()];
    let mut next = n + 1;
    while view.is_one_of(next, &[" ", "-", "/", "\u{a0}"]) {
        let Some(digits) = view.digits(next + 1).filter(|digits| digits.len() > 1) else { break };
        groups.push(digits.into());
        next += 2;
    }
    Some((groups, next))
}

pub fn spell(telephone: &Telephone, out: &mut String) {
    if let Some(country) = &telephone.country {
        out.push_str("plus ");
        cardinal::spell(&Integer::new(country.as_str()), out);
        out.push(' ');
    }
    cardinal::spell_digits(&telephone.groups.concat(), out);
}
