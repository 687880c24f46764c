//! French.

mod cardinal;
mod date;
mod electronic;
mod math;
mod measure;
mod numeral;
mod ordinal;
mod quantity;
mod telephone;
mod time;
mod words;

use super::candidate::Candidates;
use super::item::{Integer, Item, Range};
use super::rules::Rules;
use super::token::Kind;
use super::view::View;

/// The rules of French.
pub struct French;

impl Rules for French {
    fn recognize(&self, view: &View, found: &mut Candidates) {
        match view.kind(0) {
            Kind::Digits => numbers(view, found),
            Kind::Word(_) => {
                words::abbreviation(view, found);
                words::roman(view, found);
                math::recognize(view, found);
                electronic::recognize(view, found);
                measure::recognize_signed(view, found);
            }
            Kind::Mark | Kind::Symbol => signs(view, found),
            Kind::Space | Kind::Break | Kind::Edge => {}
        }
    }

    fn spell(&self, item: &Item, out: &mut String) {
        match item {
            Item::Cardinal(number, form) => cardinal::spell_counting(number, form.gender, out),
            Item::Decimal(decimal) => quantity::spell_decimal(decimal, out),
            Item::Ordinal(number, form) => ordinal::spell(number, *form, out),
            Item::Fraction(fraction) => quantity::spell_fraction(fraction, out),
            Item::Percent(percent) => measure::spell_percent(percent, out),
            Item::Money(money) => measure::spell_money(money, out),
            Item::Date(date) => date::spell(date, out),
            Item::Time(time) => time::spell(time, out),
            Item::Range(range) => self.spell_range(range, out),
            Item::Measure(measure) => measure::spell(measure, out),
            Item::Telephone(telephone) => telephone::spell(telephone, out),
            Item::Electronic(electronic) => electronic::spell(electronic, out),
            Item::Roman(roman) => cardinal::spell(&Integer::new(roman.value.to_string()), out),
            Item::Math(terms) => math::spell(terms, out),
            Item::Digits(digits) => cardinal::spell_digits(digits, out),
            Item::Letters(words) | Item::Words(words) | Item::Mark(words) => out.push_str(words),
            Item::Sequence(items) => self.spell_sequence(items, out),
            Item::Year(_) | Item::Decade(_) | Item::Serial(_) => {}
        }
    }

    /// French has a space before its high punctuation.
    fn closes_up(&self) -> bool {
        false
    }
}

impl French {
    fn spell_range(&self, range: &Range, out: &mut String) {
        self.spell(&range.from, out);
        out.push_str(numeral::relation(range.relation));
        self.spell(&range.to, out);
    }

    fn spell_sequence(&self, items: &[Item], out: &mut String) {
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                out.push(' ');
            }
            self.spell(item, out);
        }
    }
}

fn numbers(view: &View, found: &mut Candidates) {
    date::recognize(view, found);
    numeral::recognize(view, found);
    ordinal::recognize(view, found);
    time::recognize(view, found);
    telephone::recognize(view, found);
    math::recognize(view, found);
    electronic::recognize(view, found);
}

fn signs(view: &View, found: &mut Candidates) {
    if matches!(view.text(0), "-" | "−" | "\u{2011}") {
        numeral::recognize(view, found);
    }
    measure::recognize_signed(view, found);
    telephone::recognize(view, found);
    electronic::recognize(view, found);
    math::prefix(view, found);
    math::marks(view, found);
}

#[cfg(test)]
mod tests;
