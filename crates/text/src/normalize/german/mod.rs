//! German.

mod abbreviation;
mod cardinal;
mod date;
mod electronic;
mod math;
mod measure;
mod money;
mod numeral;
mod ordinal;
mod punctuation;
mod quantity;
mod roman;
mod score;
mod telephone;
mod time;

use super::candidate::{Candidates, cost};
use super::item::{Gender, Item, Range};
use super::rules::Rules;
use super::token::Kind;
use super::view::View;

/// The rules of German.
pub struct German;

impl Rules for German {
    fn recognize(&self, view: &View, found: &mut Candidates) {
        match view.kind(0) {
            Kind::Digits => numbers(view, found),
            Kind::Word(_) => words(view, found),
            Kind::Mark | Kind::Symbol => signs(view, found),
            Kind::Space | Kind::Break | Kind::Edge => {}
        }
    }

    fn spell(&self, item: &Item, out: &mut String) {
        match item {
            Item::Cardinal(number, form) if form.gender == Gender::Unknown => cardinal::spell(number, out),
            Item::Cardinal(number, form) => cardinal::spell_counting(number, form.gender, out),
            Item::Decimal(decimal) => quantity::spell_decimal(decimal, out),
            Item::Ordinal(number, form) => ordinal::spell(number, *form, out),
            Item::Fraction(fraction) => quantity::spell_fraction(fraction, out),
            Item::Percent(percent) => measure::spell_percent(percent, out),
            Item::Money(money) => money::spell(money, out),
            Item::Date(date) => date::spell(date, out),
            Item::Year(year) => out.push_str(&year.digits),
            Item::Decade(decade) => date::spell_decade(decade, out),
            Item::Time(time) => time::spell(time, out),
            Item::Range(range) => self.spell_range(range, out),
            Item::Measure(measure) => measure::spell(measure, out),
            Item::Telephone(telephone) => telephone::spell(telephone, out),
            Item::Serial(parts) => numeral::spell_chain(parts, out),
            Item::Electronic(electronic) => electronic::spell(electronic, out),
            Item::Roman(roman) => roman::spell(roman, out),
            Item::Math(terms) => math::spell(terms, out),
            Item::Digits(digits) => cardinal::spell_digits(digits, out),
            Item::Letters(words) | Item::Words(words) | Item::Mark(words) => out.push_str(words),
            Item::Sequence(items) => self.spell_sequence(items, out),
        }
    }
}

impl German {
    fn spell_range(&self, range: &Range, out: &mut String) {
        if let (Item::Time(from), Item::Time(to)) = (&range.from, &range.to) {
            return time::spell_range(from, to, out);
        }
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
    numeral::recognize(view, found);
    ordinal::recognize(view, found);
    date::recognize(view, found);
    date::decade(view, found);
    time::recognize(view, found);
    score::recognize(view, found);
    telephone::recognize(view, found);
    telephone::leading_zero(view, found);
    math::recognize(view, found);
    electronic::recognize(view, found);
    dimension(view, found);
}

fn words(view: &View, found: &mut Candidates) {
    abbreviation::recognize(view, found);
    date::short_names(view, found);
    roman::recognize(view, found);
    math::recognize(view, found);
    electronic::recognize(view, found);
    money::recognize_signed(view, found);
}

fn signs(view: &View, found: &mut Candidates) {
    if matches!(view.text(0), "-" | "−" | "\u{2011}") {
        numeral::recognize(view, found);
    }
    money::recognize_signed(view, found);
    telephone::recognize(view, found);
    electronic::recognize(view, found);
    math::prefix(view, found);
    punctuation::recognize(view, found);
}

/// `3D`, read as `3-D`.
fn dimension(view: &View, found: &mut Candidates) {
    if let Some(digits) = view.digits(0).filter(|digits| digits.len() == 1 && view.is(1, "D") && view.begins_word()) {
        let mut words = String::new();
        cardinal::spell(&super::item::Integer::new(digits), &mut words);
        found.push(2, cost::SURE, Item::Words((words + "-D").into()));
    }
}

#[cfg(test)]
mod tests;
