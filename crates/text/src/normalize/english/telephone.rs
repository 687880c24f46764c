//! Telephone numbers, social security numbers and network addresses: digits read one by one.

use compact_str::CompactString;

use super::cardinal::{And, spell, spell_digits};
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::item::{Item, Telephone};
use crate::normalize::token::Kind;
use crate::normalize::view::View;

/// Lengths of the groups of digits that make a telephone number of the Americas or a social security number.
const SHAPES: [&[usize]; 4] = [&[3, 3, 4, 4], &[3, 3, 4], &[3, 2, 4], &[3, 4]];

/// Proposes numbers that are read digit by digit.
pub fn recognize(view: &View, found: &mut Candidates) {
    if !view.begins_word() || (view.is_one_of(0, &["+", "("]) && view.kind(1).is_gap()) {
        return;
    }
    international(view, found);
    domestic(view, 0, None, found);
    if view.digits(0).is_some_and(|digits| &*digits == "1") && view.is(1, "-") {
        domestic(view, 2, Some("1-"), found);
        toll_free(view, found);
    }
    network(view, found);
}

/// `+1 (555) 123-4567`, `+1 555 123 4567`
fn international(view: &View, found: &mut Candidates) {
    if !view.is(0, "+") {
        return;
    }
    let Some(country) = view.digits(1) else { return };
    let at = if view.is(2, "-") { 3 } else { view.after_space(2) };
    if at > 2 {
        domestic(view, at, Some(&country), found);
        abroad(view, at, &country, found);
    }
}

/// A number of another country at token `n`: groups of any length, three or more.
fn abroad(view: &View, n: usize, country: &str, found: &mut Candidates) {
    let (groups, next) = groups(view, n);
    let digits: usize = groups.iter().map(CompactString::len).sum();
    if groups.len() > 2 && (7..=13).contains(&digits) && view.ends_word(next) {
        found.push(next, cost::SURE, Item::Telephone(with_country(Some(country), groups)));
    }
}

/// A number of one of the [`SHAPES`] at token `n`; all of them begin with three digits.
fn domestic(view: &View, n: usize, country: Option<&str>, found: &mut Candidates) {
    let (groups, next) = match view.digits(n) {
        Some(first) if first.len() == 3 && view.kind(n + 2) == Kind::Digits => groups(view, n),
        None if view.is(n, "(") => bracketed(view, n),
        _ => return,
    };
    let shape: Vec<usize> = groups.iter().map(CompactString::len).collect();
    let spaced = view.slice(n..next).contains(' ') && !view.is(n, "(");
    let fits = SHAPES.contains(&shape.as_slice()) && (!spaced || country.is_some());
    if fits && view.ends_word(next) {
        found.push(next, cost::SURE, Item::Telephone(with_country(country, groups)));
    }
}

/// A number after `+` and its country, or after `1-`, which is a group like the others.
fn with_country(country: Option<&str>, groups: Vec<CompactString>) -> Telephone {
    match country {
        Some("1-") => {
            let groups = std::iter::once("1".into()).chain(groups).collect();
            Telephone { groups, ..Telephone::default() }
        }
        country => Telephone { country: country.map(CompactString::from), groups, extension: None },
    }
}

/// `(555) 123-4567`
fn bracketed(view: &View, n: usize) -> (Vec<CompactString>, usize) {
    let Some(area) = view.digits(n + 1).filter(|_| view.is(n + 2, ")")) else { return (vec![], n) };
    let at = if view.is(n + 3, "-") { n + 4 } else { view.after_space(n + 3) };
    let (rest, next) = groups(view, at);
    (std::iter::once(area.into()).chain(rest).collect(), next)
}

/// Groups of digits with the same sign between them.
fn groups(view: &View, n: usize) -> (Vec<CompactString>, usize) {
    let Some(first) = view.digits(n) else { return (vec![], n) };
    let (mut groups, mut next) = (vec![first.into()], n + 1);
    let sign = view.text(next);
    while let Some(group) = view.digits(next + 1).filter(|_| view.is(next, sign) && matches!(sign, "-" | "." | " ")) {
        groups.push(group.into());
        next += 2;
    }
    (groups, next)
}

/// `1-800-FLOWERS`
fn toll_free(view: &View, found: &mut Candidates) {
    let (area, word) = (view.digits(2), view.text(4));
    let capitals = word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_uppercase());
    if let Some(area) = area.filter(|area| area.len() == 3 && view.is(3, "-") && capitals) {
        let groups = vec![area.into(), word.into()];
        found.push(5, cost::SURE, Item::Telephone(with_country(Some("1-"), groups)));
    }
}

/// `192.168.0.1`
fn network(view: &View, found: &mut Candidates) {
    if !view.is(1, ".") || !view.is(3, ".") {
        return;
    }
    let (groups, next) = groups(view, 0);
    let fits = groups.len() == 4 && groups.iter().all(|group| group.len() <= 3);
    if fits && view.ends_word(next) {
        let words: Vec<String> = groups.iter().map(|group| digits(group)).collect();
        found.push(next, cost::SURE, Item::Words(words.join(" dot ").into()));
    }
}

fn digits(group: &str) -> String {
    let mut words = String::new();
    spell_digits(group, &mut words);
    words
}

/// Writes a telephone number with pauses between its groups.
pub fn say(number: &Telephone, out: &mut String) {
    let country = number.country.as_ref().map(|country| {
        let mut words = String::from("plus ");
        spell(country, And::Never, &mut words);
        words
    });
    let group = |group: &CompactString| match group.as_str() {
        "800" => "eight hundred".into(),
        word if word.starts_with(|first: char| first.is_alphabetic()) => word.into(),
        group => digits(group),
    };
    let parts: Vec<String> = country.into_iter().chain(number.groups.iter().map(group)).collect();
    out.push_str(&parts.join(", "));
}
