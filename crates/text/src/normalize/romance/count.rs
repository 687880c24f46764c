//! Numbers by themselves: cardinals, decimals, ordinals, fractions.

use super::super::candidate::{Candidates, cost};
use super::super::item::{Amount, Form, Integer, Item};
use super::super::number;
use super::super::token::Kind;
use super::super::view::View;
use super::lexicon::{Lexicon, cell, gender};
use super::{Romance, amount};

/// `1.234`, `-5`, `3,5`, `2.0`
pub fn cardinal(language: &dyn Romance, view: &View, found: &mut Candidates) {
    let at = number::after_minus(view, 0);
    let negative = at > 0;
    let Some(written) = amount::number(view, at) else { return };
    let gender = language.agreement(view, written.next);
    let item = match written.amount(negative) {
        Amount::Integer(number) => Item::Cardinal(number, Form { gender, ..Form::default() }),
        Amount::Decimal(decimal) => Item::Decimal(decimal),
        Amount::Fraction(fraction) => Item::Fraction(fraction),
    };
    found.push(written.next, cost::LIKELY, item);
    pointed(language, view, at, found);
}

/// `3.14`: the parts with a word for the point between them.
fn pointed(language: &dyn Romance, view: &View, at: usize, found: &mut Candidates) {
    let Some(written) = amount::pointed(view, at) else { return };
    let whole = Item::Cardinal(Integer { negative: at > 0, digits: written.integer }, Form::default());
    let point = Item::Words(language.lexicon().words.point.to_owned());
    let parts = vec![whole, point, Item::Digits(written.fraction)];
    found.push(written.next, cost::POSSIBLE, Item::Sequence(parts));
}

/// `3.º`, `1er`, `2ª`, `1.000.º`
pub fn ordinal(lexicon: &Lexicon, view: &View, found: &mut Candidates) {
    let Some(written) = amount::number(view, 0).filter(|written| written.fraction.is_empty()) else { return };
    let at = if view.is(written.next, ".") { written.next + 1 } else { written.next };
    let ending = view.text(at);
    let Some(row) = lexicon.ordinals.get(ending).filter(|_| view.ends_word(at + 1)) else { return };
    if view.begins_word() && written.integer.len() <= 9 && !written.integer.starts_with('0') {
        let form = Form { gender: gender(cell(row, 0)), ..Form::default() };
        found.push(at + 1, cost::SURE, Item::Ordinal(Integer::new(written.integer), form));
    }
}

/// `3/4`, `-1/3`, `1 1/2`, `½`
pub fn fraction(lexicon: &Lexicon, view: &View, found: &mut Candidates) {
    let at = number::after_minus(view, 0);
    let Some((mut fraction, next)) = amount::fraction(view, at) else { return };
    fraction.negative = at > 0;
    let glued = view.kind_before(1).is_word() || view.kind(next) == Kind::Digits;
    if !glued && !lexicon.words.and.is_empty() {
        found.push(next, cost::LIKELY, Item::Fraction(fraction));
    }
}
