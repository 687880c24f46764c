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
        found.push(next, cost::SURE, item);
    }
    range(view, quantity, found);
}

/// Digits behind a letter or behind the sign of a longer number are read by themselves.
fn within_word(view: &View, found: &mut Candidates) {
    if let Some(digits) = view.digits(0) {
        found.push(1, cost::POSSIBLE, Item::Cardinal(Integer::new(digits), Default::default()));
    }
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
