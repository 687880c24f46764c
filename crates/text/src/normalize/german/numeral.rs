//! Numbers and what makes more of them: units, currencies, ranges, chains.

use super::measure;
use super::money;
use super::quantity::{self, MAGNITUDES};
use super::score;
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::european::quantity::{Quantity, item};
use crate::normalize::item::{Integer, Item, Part, Range, Relation};
use crate::normalize::number;
use crate::normalize::token::Kind;
use crate::normalize::view::View;

/// Readings of a number that begins at token 0, with its sign.
pub fn recognize(view: &View, found: &mut Candidates) {
    let start = number::after_minus(view, 0);
    if number::continues(view, &[".", ","]) && start == 0 {
        return within_word(view, found);
    }
    if let Some((parts, next)) = chain(view, start).filter(|_| start == 0) {
        found.push(next, cost::LIKELY, Item::Serial(parts));
    }
    let Some(quantity) = quantity::read(view, start, start > 0) else { return };
    found.push(quantity.next, cost::LIKELY, item(quantity.amount.clone()));
    if let Some(large) = quantity.with_magnitude(view, &MAGNITUDES) {
        found.push(large.next, cost::LIKELY, item(large.amount));
    }
    for (item, next) in named(view, &quantity).into_iter().chain(measure::by_unit(view, &quantity)) {
        range_of_named(view, &item, next, found);
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

/// What a unit or currency behind an amount makes of it.
fn named(view: &View, quantity: &Quantity) -> Option<(Item, usize)> {
    // "5,- €"
    let flat = view.is(quantity.next, ",") && view.is_one_of(quantity.next + 1, &["-", "–", "—"]);
    let n = view.after_space(if flat { quantity.next + 2 } else { quantity.next });
    money::with_sign(view, n, &quantity.amount).or_else(|| measure::with_unit(view, quantity))
}

/// `10€-20€`: both ends have their unit.
fn range_of_named(view: &View, from: &Item, dash: usize, found: &mut Candidates) {
    let to = if view.is_one_of(dash, &["-", "–"]) { quantity::read(view, dash + 1, false) } else { None };
    if let Some((to, next)) = to.and_then(|to| named(view, &to)) {
        let range = Range { from: from.clone(), to, relation: Relation::To };
        found.push(next, cost::SURE, Item::Range(Box::new(range)));
    }
}

/// `10-15`, `50–60 %`, `2x8`
fn range(view: &View, from: Quantity, found: &mut Candidates) {
    let spaced = view.kind(from.next) == Kind::Space;
    let sign = view.after_space(from.next);
    let relation = match view.text(sign) {
        "-" | "–" if !spaced => score::relation(view),
        "x" | "×" => Relation::By,
        _ => return,
    };
    let start = if spaced { view.after_space(sign + 1) } else { sign + 1 };
    let Some(to) = quantity::read(view, start, false).filter(|to| !view.is(to.next, "-")) else { return };
    let mut push = |to, next, cost| {
        let range = Range { from: item(from.amount.clone()), to, relation };
        found.push(next, cost, Item::Range(Box::new(range)));
    };
    match named(view, &to) {
        Some((item, next)) => push(item, next, cost::SURE),
        // A long dash stays as it is, as in the reference.
        None if view.is(sign, "–") || view.kind(to.next).is_word() => {}
        None => push(item(to.amount), to.next, cost::LIKELY),
    }
}

/// `2.0`, `1.2.03`, `192.168.1.1`, `1,000,123`: numbers with signs between them that are no decimals.
fn chain(view: &View, start: usize) -> Option<(Vec<Part>, usize)> {
    let sign = view.text(start + 1);
    if !matches!(sign, "." | ",") {
        return None;
    }
    let mut parts = vec![Part::Digits(view.digits(start)?.into())];
    let mut next = start + 1;
    while let Some(digits) = view.digits(next + 1).filter(|_| view.is(next, sign) && parts.len() < 16) {
        parts.extend([Part::Sign(sign.into()), Part::Digits(digits.into())]);
        next += 2;
    }
    let whole = quantity::read(view, start, false).is_some_and(|quantity| quantity.next >= next);
    (parts.len() > 1 && !whole).then_some((parts, next))
}

/// Writes a chain: the first number of two or before a comma is counted, all others are read digit by digit.
pub fn spell_chain(parts: &[Part], out: &mut String) {
    let digitwise = parts.len() > 3 && parts.contains(&Part::Sign(".".into()));
    // Four numbers with commas between them are two with decimals.
    let pairs = parts.len() % 4 == 3 && !digitwise;
    for (index, part) in parts.iter().enumerate() {
        match part {
            Part::Digits(digits) if digitwise || (index > 0 && !(pairs && index % 4 == 0)) => {
                super::cardinal::spell_digits(digits, out);
            }
            Part::Digits(digits) => super::cardinal::spell(&Integer::new(digits.as_str()), out),
            Part::Sign(_) if pairs && index % 4 == 3 => out.push_str(", "),
            Part::Sign(sign) => out.push_str(if sign == "." { " punkt " } else { " komma " }),
            Part::Letters(letters) => out.push_str(letters),
        }
    }
}

/// The relation's word between the two spellings.
pub fn relation(relation: Relation) -> &'static str {
    match relation {
        Relation::To => " bis ",
        Relation::Score | Relation::Ratio => " zu ",
        Relation::By => " mal ",
    }
}
