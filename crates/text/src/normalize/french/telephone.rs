//! Telephone numbers, in groups as they are written.

use compact_str::CompactString;

use super::cardinal;
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::item::{Integer, Item, Telephone};
use crate::normalize::view::View;

/// Signs between groups.
const SIGNS: [&str; 6] = [" ", ".", "-", "\u{a0}", "\u{202f}", "/"];

/// Reads `06 12 34 56 78`, `01.23.45.67.89`, `+33 6 12 34 56 78`, `0800 123 456`, `0612345678`.
pub fn recognize(view: &View, found: &mut Candidates) {
    if !view.begins_word() || matches!(view.text_before(1), "." | "," | "-" | "/" | ":") {
        return;
    }
    let code = if view.is(0, "+") { view.digits(1).filter(|digits| digits.len() <= 3) } else { None };
    let country = code.map(CompactString::from);
    let start = if country.is_some() { view.after_space(2) } else { 0 };
    let Some((groups, next)) = groups(view, start, country.is_some()) else { return };
    let digits: usize = groups.iter().map(CompactString::len).sum();
    let fits = (8..=13).contains(&digits) && view.ends_word(next);
    if fits && (country.is_some() || groups.first().is_some_and(|group| group.starts_with('0'))) {
        found.push(next, cost::SURE, Item::Telephone(Telephone { country, groups, extension: None }));
    }
}

/// Groups of two or three digits, all with the same sign between them, and the token after them.
fn groups(view: &View, n: usize, abroad: bool) -> Option<(Vec<CompactString>, usize)> {
    let first = CompactString::from(view.digits(n)?);
    if first.len() == 10 && first.starts_with('0') {
        let pairs = (0..5).filter_map(|pair| first.get(2 * pair..2 * pair + 2)).map(CompactString::from);
        return Some((pairs.collect(), n + 1));
    }
    let sign = view.text(n + 1);
    let (mut groups, mut next) = (vec![first], n + 1);
    while SIGNS.contains(&sign) && view.is(next, sign) {
        let Some(group) = view.digits(next + 1).filter(|group| (2..=4).contains(&group.len())) else { break };
        groups.push(group.into());
        next += 2;
    }
    let shape = groups.len() > 2 && (abroad || matches!(groups[0].len(), 2 | 4));
    shape.then_some((groups, next))
}

pub fn spell(telephone: &Telephone, out: &mut String) {
    let mut words = String::new();
    if let Some(country) = &telephone.country {
        words.push_str("plus ");
        cardinal::spell(&Integer::new(country.as_str()), &mut words);
    }
    for group in &telephone.groups {
        if !words.is_empty() {
            words.push(' ');
        }
        cardinal::spell(&Integer::new(group.as_str()), &mut words);
    }
    out.push_str(&words);
}
