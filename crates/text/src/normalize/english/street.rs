//! Street addresses: "1428 Elm St." is "fourteen twenty eight Elm Street".

use std::sync::LazyLock;

use super::cardinal::{And, spell, spell_below_hundred, spell_digits, spell_year};
use super::date::ordinal;
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::item::Item;
use crate::normalize::table::Table;
use crate::normalize::view::View;

/// Words that end a street's name, in short and in full.
static STREETS: LazyLock<Table> = LazyLock::new(|| {
    Table::parse(
        "St\tStreet\nAve\tAvenue\nBlvd\tBoulevard\nHwy\tHighway\nhwy\tHighway\nCt\tCourt\nRd\tRoad\nDr\tDrive\nLn\tLane\nPl\tPlace\nSq\tSquare\nPkwy\tParkway\nExpy\tExpressway\n",
    )
});

static STATES: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("states.tsv")));

/// Words at most in a street's name.
const LONGEST: usize = 4;

/// Proposes an address at a number, with town and state where they follow.
pub fn recognize(view: &View, found: &mut Candidates) {
    let Some(number) = view.digits(0).filter(|digits| digits.len() <= 4 && view.begins_word()) else { return };
    if !view.is(1, " ") || number.starts_with('0') {
        return;
    }
    if let Some((street, next)) = street(view, 2) {
        let mut words = String::new();
        spell_house(&number, &mut words);
        words.push_str(&street);
        found.push(next, cost::SURE, Item::Words(words.into()));
    }
}

/// The name of a street from token `n` on, with a space before each word.
fn street(view: &View, n: usize) -> Option<(String, usize)> {
    let (mut words, mut at) = (String::new(), n);
    for index in 0..=LONGEST {
        let end = if index > 0 { STREETS.longest(view, at) } else { None };
        if let Some((_, row, next)) = end.filter(|(_, _, next)| view.ends_word(*next)) {
            words.push(' ');
            words.push_str(&row.concat());
            return Some((words, after_stop(view, next)));
        }
        at = name(view, at, index == 0, &mut words)?;
        at = Some(at).filter(|at| view.is(*at, " "))? + 1;
    }
    None
}

/// One word of a name: capitalized, a direction, or an ordinal.
fn name(view: &View, n: usize, first: bool, words: &mut String) -> Option<usize> {
    if let Some(digits) = view.digits(n) {
        let Item::Ordinal(number, _) = ordinal(view, &digits, n + 1)? else { return None };
        words.push(' ');
        super::cardinal::spell_ordinal(&number.digits, And::Never, words);
        return Some(n + 2);
    }
    let word = view.text(n);
    let full = match word {
        "N" => "North",
        "S" => "South",
        "E" => "East",
        "W" => "West",
        _ => word,
    };
    if !word.starts_with(|letter: char| letter.is_uppercase()) {
        return None;
    }
    words.push(' ');
    words.push_str(if first { full } else { word });
    Some(if first && word != full && view.is(n + 1, ".") { n + 2 } else { n + 1 })
}

/// The full stop of an abbreviation is none of the sentence's, unless a new one begins.
fn after_stop(view: &View, n: usize) -> usize {
    let begins = view.is(n + 1, " ") && view.text(n + 2).starts_with(|letter: char| letter.is_uppercase());
    if view.is(n, ".") && !begins { n + 1 } else { n }
}

/// Writes a house's number: "three fifty", "seven zero eight", "twelve thirty four".
fn spell_house(digits: &str, out: &mut String) {
    let (head, tail) = digits.split_at(digits.len().saturating_sub(2));
    match (digits.len(), tail.parse::<u32>()) {
        (3, Ok(rest)) if rest >= 10 => {
            spell(head, And::Never, out);
            out.push(' ');
            spell_below_hundred(rest, out);
        }
        (3, Ok(1..10)) => spell_digits(digits, out),
        (4, _) => spell_year(digits, And::Never, out),
        _ => spell(digits, And::Never, out),
    }
}

/// Proposes the name of a state at its two letters after a comma.
pub fn state(view: &View, found: &mut Candidates) {
    if view.text(0).len() != 2 || view.text_before(2) != "," || view.text_before(1) != " " {
        return;
    }
    if let Some(name) = STATES.first(view.text(0)).filter(|_| view.ends_word(1)) {
        found.push(1, cost::SURE, Item::Words(name.into()));
    }
}

/// Whether a state's letters stand before token 0, so that digits are a ZIP code.
pub fn is_zip(view: &View) -> bool {
    let before = if view.text_before(2) == "," { view.text_before(3) } else { view.text_before(2) };
    STATES.get(before).is_some()
}
