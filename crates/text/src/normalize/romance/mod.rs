//! What Spanish, Italian and Portuguese share: how numbers, dates, sums and the like are recognized, and how the parts
//! of an item are put together. What differs is in a language's [`Lexicon`] and in its methods of [`Romance`].

mod address;
mod amount;
mod calendar;
mod clock;
mod count;
mod formula;
mod lexicon;
mod quantity;
mod roman;
mod series;
mod spelling;
mod telephone;
mod words;
mod write;

use super::candidate::Candidates;
use super::item::{Date, Fraction, Gender, Integer, Money, Time};
use super::token::Kind;
use super::view::View;

use self::amount::Figures;

pub use self::lexicon::{Lexicon, Sources, Words};
pub use self::spelling::{amount, is_half, paired_decimals, spell};
pub use self::write::{beside_sign, pick, push};

/// A language of this family.
///
/// Genders say where a number stands: [`Gender::Unknown`] by itself (`uno`), [`Gender::Masculine`] before a masculine
/// noun (`un`), [`Gender::Feminine`] before a feminine one (`una`).
pub trait Romance: Send + Sync {
    /// Its tables and words.
    fn lexicon(&self) -> &'static Lexicon;

    /// Writes a whole number without its sign.
    fn cardinal(&self, digits: &str, gender: Gender, out: &mut String);

    /// Writes a number that counts in order.
    fn ordinal(&self, digits: &str, gender: Gender, out: &mut String);

    /// Writes the digits after the decimal sign.
    fn decimals(&self, digits: &str, gender: Gender, out: &mut String);

    /// Writes a fraction without its sign and whole number.
    fn fraction(&self, fraction: &Fraction, gender: Gender, out: &mut String);

    /// Writes a sum of money.
    fn money(&self, money: &Money, out: &mut String);

    /// Writes a date.
    fn date(&self, date: &Date, out: &mut String);

    /// Writes a time of day.
    fn time(&self, time: &Time, out: &mut String);

    /// Writes the number of a king, a chapter or a century: by default in order.
    fn numbered(&self, number: &Integer, gender: Gender, out: &mut String) {
        self.ordinal(&number.digits, gender, out);
    }

    /// Writes the country's number of a telephone: by default digit by digit.
    fn country(&self, digits: &str, out: &mut String) {
        digits.split("").filter(|digit| !digit.is_empty()).for_each(|digit| self.cardinal(digit, Gender::Unknown, out));
    }

    /// How `1/2` is read before token `n` if it has another form there.
    fn half(&self, _view: &View, _n: usize) -> Option<&'static str> {
        None
    }

    /// Where the number before token `n` stands.
    fn agreement(&self, _view: &View, _n: usize) -> Gender {
        Gender::Unknown
    }
}

/// Proposes readings in a language.
pub fn recognize(language: &dyn Romance, view: &View, found: &mut Candidates) {
    let lexicon = language.lexicon();
    match view.kind(0) {
        Kind::Digits => number(language, view, found),
        Kind::Word(_) => word(lexicon, view, found),
        Kind::Symbol | Kind::Mark => sign(language, view, found),
        _ => {}
    }
}

fn number(language: &dyn Romance, view: &View, found: &mut Candidates) {
    let lexicon = language.lexicon();
    let figures = Figures::read(view, 0);
    words::fixed(lexicon, view, found);
    count::cardinal(language, view, &figures, found);
    count::ordinal(lexicon, view, &figures, found);
    count::decade(lexicon, view, found);
    count::fraction(language, view, &figures, found);
    quantity::quantity(lexicon, view, &figures, found);
    calendar::date(lexicon, view, found);
    clock::time(lexicon, view, found);
    series::range(lexicon, view, found);
    series::serial(view, found);
    series::dotted(view, found);
    telephone::telephone(lexicon, view, found);
    telephone::named(view, found);
    formula::formula(lexicon, view, figures.number.as_ref().map_or(1, |written| written.next), found);
    address::address(lexicon, view, found);
}

fn word(lexicon: &Lexicon, view: &View, found: &mut Candidates) {
    if !view.begins_word() {
        return;
    }
    words::fixed(lexicon, view, found);
    quantity::money_before(lexicon, view, found);
    calendar::month_first(lexicon, view, found);
    roman::numeral(lexicon, view, found);
    if !view.kind(1).is_gap() {
        series::serial(view, found);
        address::address(lexicon, view, found);
    }
    formula::formula(lexicon, view, 1, found);
}

fn sign(language: &dyn Romance, view: &View, found: &mut Candidates) {
    let lexicon = language.lexicon();
    let figures = Figures::read(view, 0);
    count::cardinal(language, view, &figures, found);
    count::fraction(language, view, &figures, found);
    quantity::quantity(lexicon, view, &figures, found);
    quantity::money_before(lexicon, view, found);
    telephone::telephone(lexicon, view, found);
    formula::root(lexicon, view, found);
    words::fixed(lexicon, view, found);
    words::symbol(lexicon, view, found);
    series::hyphen(lexicon, view, found);
    address::address(lexicon, view, found);
}
