//! Numbers by themselves: cardinals, decimals, ordinals, fractions.

use super::super::candidate::{Candidates, cost};
use super::super::item::{Amount, Form, Gender, Integer, Item};
use super::super::token::Kind;
use super::super::view::View;
use super::Romance;
use super::amount::{self, Figures};
use super::lexicon::{Lexicon, cell, gender};
use super::spelling::is_half;

/// `1.234`, `-5`, `3,5`, `2.0`
pub fn cardinal(language: &dyn Romance, view: &View, figures: &Figures, found: &mut Candidates) {
    let Some(written) = &figures.number else { return };
    let gender = language.agreement(view, written.next);
    let item = match written.amount(figures.negative) {
        Amount::Integer(number) => Item::Cardinal(number, Form { gender, ..Form::default() }),
        Amount::Decimal(decimal) => Item::Decimal(decimal),
        Amount::Fraction(fraction) => Item::Fraction(fraction),
    };
    found.push(written.next, cost::LIKELY, item);
    pointed(language, view, figures, found);
}

/// `3.14`: the parts with a word for the point between them.
fn pointed(language: &dyn Romance, view: &View, figures: &Figures, found: &mut Candidates) {
    let Some(written) = amount::pointed(view, figures.begin) else { return };
    let whole = Item::Cardinal(Integer { negative: figures.negative, digits: written.integer }, Form::default());
    let point = Item::Words(language.lexicon().words.point.into());
    let parts = vec![whole, point, Item::Digits(written.fraction)];
    found.push(written.next, cost::POSSIBLE, Item::Sequence(parts));
}

/// `los 90s`
pub fn decade(lexicon: &Lexicon, view: &View, found: &mut Candidates) {
    let Some(digits) = view.digits(0).filter(|digits| digits.ends_with('0') && matches!(digits.len(), 2 | 4)) else {
        return;
    };
    if view.is(1, "s") && view.ends_word(2) && lexicon.words.before_decade.contains(&view.word_before()) {
        found.push(2, cost::SURE, Item::Decade(digits.into()));
    }
}

/// `3.º`, `1er`, `2ª`, `1.000.º`
pub fn ordinal(lexicon: &Lexicon, view: &View, figures: &Figures, found: &mut Candidates) {
    let Some(written) = figures.number.as_ref().filter(|written| written.fraction.is_empty()) else { return };
    let at = if view.is(written.next, ".") { written.next + 1 } else { written.next };
    let ending = view.text(at);
    let Some(row) = lexicon.ordinals.get(ending).filter(|_| view.ends_word(at + 1)) else { return };
    let degrees = ending == "°" && !view.kind(view.after_space(at + 1)).is_word();
    if view.begins_word() && written.integer.len() <= 9 && !written.integer.starts_with('0') && !degrees {
        let told = ending == "°" && lexicon.words.feminine.contains(&view.word_before());
        let gender = if told { Gender::Feminine } else { gender(cell(row, 0)) };
        let form = Form { gender, ..Form::default() };
        found.push(at + 1, cost::SURE, Item::Ordinal(Integer::new(written.integer.clone()), form));
    }
}

/// `3/4`, `-1/3`, `1 1/2`, `½`
pub fn fraction(language: &dyn Romance, view: &View, figures: &Figures, found: &mut Candidates) {
    let Some((fraction, next)) = figures.fraction.clone() else { return };
    let glued = view.kind_before(1).is_word() || view.kind(next) == Kind::Digits;
    let sign = next == figures.begin + 1 && !language.lexicon().words.reads_fraction_signs;
    if glued || sign {
        return;
    }
    let half =
        language.half(view, next).filter(|_| is_half(&fraction) && fraction.whole.is_none() && !fraction.negative);
    match half {
        Some(half) => found.push(next, cost::LIKELY, Item::Words(half.into())),
        None => found.push(next, cost::LIKELY, Item::Fraction(fraction)),
    }
}
