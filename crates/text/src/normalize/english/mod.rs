//! English, American and British.

mod amount;
mod cardinal;
mod date;
mod electronic;
mod money_range;
mod numbers;
mod quantity;
mod street;
mod telephone;
mod time;
mod words;

use self::cardinal::{And, spell_digits, spell_ordinal, spell_year};
use super::candidate::Candidates;
use super::item::{Item, Part, Percent, Range, Relation, Term};
use super::number::Separators;
use super::rules::{Neighbour, Rules};
use super::token::{Kind, Script};
use super::view::View;

/// The rules of English.
pub struct English {
    /// Says "and" in every group of a number, and reads days before months.
    british: bool,
}

/// As in the United States.
pub static AMERICAN: English = English { british: false };
/// As in Great Britain.
pub static BRITISH: English = English { british: true };

const SEPARATORS: Separators = Separators { groups: &[","], decimals: &["."] };

impl Rules for English {
    fn recognize(&self, view: &View, found: &mut Candidates) {
        words::electronic(view, found);
        match view.kind(0) {
            Kind::Digits => self.number(view, found),
            Kind::Word(_) => word(view, self.british, found),
            _ => self.sign(view, found),
        }
    }

    /// Dashes, too, stand apart from what is spoken.
    fn gap(&self, left: Neighbour, right: Neighbour) -> bool {
        let is_word = |neighbour| match neighbour {
            Neighbour::Spoken(_) => true,
            Neighbour::Kept(character) => character.is_alphanumeric() || character == '—',
        };
        is_word(left) && is_word(right)
    }

    fn spell(&self, item: &Item, out: &mut String) {
        let and = if self.british { And::Every } else { And::Last };
        spell(item, and, out);
    }
}

impl English {
    fn number(&self, view: &View, found: &mut Candidates) {
        amount(view, found);
        if self.british {
            quantity::pence(view, found);
        }
        date::recognize(view, self.british, found);
        time::recognize(view, found);
        telephone::recognize(view, found);
        street::recognize(view, found);
        words::abbreviation(view, found);
    }

    fn sign(&self, view: &View, found: &mut Candidates) {
        // Signs before numbers: minus, point, plus, brackets, apostrophes, and fractions of one character.
        let before_number = matches!(view.kind(1), Kind::Digits | Kind::Symbol) || view.is(1, ".");
        if before_number || view.kind(0) == Kind::Symbol {
            if !goes_on(view) {
                amount(view, found);
            }
            telephone::recognize(view, found);
            date::recognize(view, self.british, found);
        }
        quantity::money(view, found);
        money_range::recognize(view, found);
        words::abbreviation(view, found);
        words::sign(view, found);
    }
}

/// Whether a sign belongs to the number before it.
fn goes_on(view: &View) -> bool {
    view.kind_before(1) == Kind::Digits || view.text_before(1) == "."
}

/// Proposes what an amount can be.
fn amount(view: &View, found: &mut Candidates) {
    if let Some(read) = amount::read(view, 0) {
        numbers::recognize(view, &read, found);
        quantity::recognize(view, &read, found);
    }
}

fn word(view: &View, british: bool, found: &mut Candidates) {
    words::abbreviation(view, found);
    words::capital(view, found);
    words::either(view, found);
    date::recognize(view, british, found);
    street::state(view, found);
    if view.text(0).len() <= 3 {
        numbers::formula(view, 1, found);
        quantity::money(view, found);
    }
    if view.kind(0) != Kind::Word(Script::Latin) {
        words::sign(view, found);
    }
}

fn spell(item: &Item, and: And, out: &mut String) {
    let name = if and == And::Every { and } else { And::Never };
    match item {
        Item::Cardinal(number, _) => amount::integer(number, and, out),
        Item::Decimal(number) => amount::decimal(number, and, out),
        Item::Ordinal(number, _) => spell_ordinal(&number.digits, and, out),
        Item::Fraction(number) => amount::say_fraction(number, and, out),
        Item::Percent(percent) => say_percent(percent, and, out),
        Item::Money(money) => quantity::say_money(money, and, out),
        Item::Date(date) => date::say(date, and, out),
        Item::Year(year) => spell_year(&year.digits, and, out),
        Item::Decade(digits) => date::say_decade(digits, out),
        Item::Time(time) => time::say(time, out),
        Item::Range(range) => say_range(range, and, out),
        Item::Measure(measure) => {
            amount::say(&measure.amount, and, out);
            quantity::say_unit(measure, out);
        }
        Item::Telephone(number) => telephone::say(number, out),
        Item::Serial(parts) => say_serial(parts, name, out),
        Item::Electronic(address) => electronic::say(address, out),
        Item::Roman(roman) => words::say_roman(roman, and, out),
        Item::Math(terms) => joined(terms.iter(), out, |term, out| say_term(term, and, out)),
        Item::Digits(digits) => spell_digits(digits, out),
        Item::Letters(text) | Item::Words(text) | Item::Mark(text) => out.push_str(text),
        Item::Sequence(items) => joined(items.iter(), out, |item, out| spell(item, and, out)),
    }
}

/// Writes things one after the other with spaces between them.
fn joined<T>(things: impl Iterator<Item = T>, out: &mut String, mut write: impl FnMut(T, &mut String)) {
    for (index, thing) in things.enumerate() {
        if index > 0 {
            out.push(' ');
        }
        write(thing, out);
    }
}

fn say_percent(percent: &Percent, and: And, out: &mut String) {
    amount::say(&percent.amount, and, out);
    out.push_str(if percent.per_mille { " per mille" } else { " percent" });
}

fn say_range(range: &Range, and: And, out: &mut String) {
    spell(&range.from, and, out);
    out.push_str(if range.relation == Relation::By { " by " } else { " to " });
    spell(&range.to, and, out);
}

fn say_serial(parts: &[Part], and: And, out: &mut String) {
    joined(parts.iter(), out, |part, out| match part {
        Part::Digits(digits) => cardinal::spell(digits, and, out),
        Part::Sign(_) => out.push_str("point"),
        Part::Letters(letters) => out.push_str(letters),
    });
}

fn say_term(term: &Term, and: And, out: &mut String) {
    match term {
        Term::Number(number) => amount::say(number, and, out),
        Term::Name(name) => out.push_str(name),
        Term::Operator(sign) => out.push_str(match sign.as_str() {
            "+" => "plus",
            "=" => "equals",
            "/" => "divided",
            "÷" => "divided by",
            "×" => "times",
            _ => "minus",
        }),
    }
}
