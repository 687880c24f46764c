//! Numbers and what makes more of them: units, currencies, ranges.

use super::measure;
use super::quantity::{self, MAGNITUDES};
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::european::quantity::{Quantity, item};
use crate::normalize::item::{Integer, Item, Range, Relation};
use crate::normalize::number;
use crate::normalize::token::Kind;
use crate::normalize::view::View;

/// Readings of a number that begins at token 0, with its sign.
pub fn recognize(view: &View, found: &mut Candidates) {
    let start = number::after_minus(view, 0);
    if number::continues(view, &[".", ","]) && start == 0 {
        return within_word(view, found);
    }
    let Some(quantity) = quantity::read(view, start, start > 0) else { return };
    found.push(quantity.next, cost::LIKELY, item(quantity.amount.clone()));
    if let Some(large) = quantity.with_magnitude(view, &MAGNITUDES) {
        found.push(large.next, cost::LIKELY, item(large.amount));
    }
    if let Some((item, next)) = measure::named(view, &quantity) {
        range_of_named(view, &item, next, found);
        found.push(next, cost::SURE, item);
    }
    if let Some((items, next)) = network(view, start) {
        found.push(next, cost::SURE, Item::Sequence(items));
    }
    range(view, quantity, found);
}

/// Digits behind a letter or behind the sign of a longer number are read by themselves.
fn within_word(view: &View, found: &mut Candidates) {
    if let Some(digits) = view.digits(0) {
        found.push(1, cost::POSSIBLE, Item::Cardinal(Integer::new(digits), Default::default()));
    }
}

/// `10€-20€`: both ends have their unit.
fn range_of_named(view: &View, from: &Item, dash: usize, found: &mut Candidates) {
    let to = if view.is_one_of(dash, &["-", "–"]) { quantity::read(view, dash + 1, false) } else { None };
    if let Some((to, next)) = to.and_then(|to| measure::named(view, &to)) {
        let range = Range { from: from.clone(), to, relation: Relation::To };
        found.push(next, cost::SURE, Item::Range(Box::new(range)));
    }
}

/// `192.168.1.1`: four numbers up to three digits with points between them, and the token after them.
fn network(view: &View, start: usize) -> Option<(Vec<Item>, usize)> {
    let mut items = Vec::new();
    for place in 0..4 {
        let n = start + 2 * place;
        let digits = view.digits(n).filter(|digits| digits.len() <= 3 && (place == 0 || view.is(n - 1, ".")))?;
        if place > 0 {
            items.push(Item::Words("point".into()));
        }
        items.push(Item::Cardinal(Integer::new(digits), Default::default()));
    }
    let ends = !view.is(start + 7, ".") || view.kind(start + 8) != Kind::Digits;
    ends.then_some((items, start + 7))
}

/// `10-15`, `50–60 %`, `2 x 8`; results such as `3-2` are spoken in the same way.
fn range(view: &View, from: Quantity, found: &mut Candidates) {
    let spaced = view.kind(from.next) == Kind::Space;
    let sign = view.after_space(from.next);
    let relation = match view.text(sign) {
        "-" | "–" if !spaced => Relation::To,
        "x" | "×" => Relation::By,
        _ => return,
    };
    let start = if spaced { view.after_space(sign + 1) } else { sign + 1 };
    let chained = |next| view.is(next, "-") && view.kind(next + 1) == Kind::Digits;
    let Some(to) = quantity::read(view, start, false).filter(|to| !chained(to.next)) else { return };
    let mut push = |to, next, cost| {
        let range = Range { from: item(from.amount.clone()), to, relation };
        found.push(next, cost, Item::Range(Box::new(range)));
    };
    match measure::named(view, &to) {
        Some((item, next)) => push(item, next, cost::SURE),
        // A long dash stays as it is, as in the reference.
        None if view.is(sign, "–") || view.kind(to.next).is_word() => {}
        None => push(item(to.amount), to.next, cost::LIKELY),
    }
}

/// The relation's word between the two spellings.
pub fn relation(relation: Relation) -> &'static str {
    match relation {
        Relation::By => " par ",
        _ => " à ",
    }
}
