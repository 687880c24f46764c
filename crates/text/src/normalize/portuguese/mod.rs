//! Brazilian Portuguese.

mod cardinal;
mod fraction;
mod money;
mod ordinal;
mod time;

use std::sync::LazyLock;

use super::candidate::Candidates;
use super::item::{Date, Fraction, Gender, Integer, Item, Money, Time};
use super::romance::{self, Lexicon, Romance, Sources, Words, push};
use super::rules::{Neighbour, Rules, between_words};
use super::view::View;

/// The rules of Brazilian Portuguese.
pub struct Portuguese;

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::new(&SOURCES, &MAGNITUDES, WORDS));

const SOURCES: Sources = Sources {
    fixed: include_str!("fixed.tsv"),
    currencies: include_str!("currencies.tsv"),
    units: include_str!("units.tsv"),
    months: include_str!("months.tsv"),
    numbered: include_str!("numbered.tsv"),
    ordinals: include_str!("ordinals.tsv"),
    operators: include_str!("operators.tsv"),
    symbols: include_str!("symbols.tsv"),
    addresses: include_str!("addresses.tsv"),
    times: include_str!("times.tsv"),
};

const MAGNITUDES: [&str; 9] =
    ["mil", "milhão", "milhões", "bilhão", "bilhões", "trilhão", "trilhões", "quatrilhão", "quatrilhões"];

const WORDS: Words = Words {
    minus: "menos",
    comma: "vírgula",
    point: "ponto",
    percent: "por cento",
    per_mille: "por mil",
    and: "e",
    of: "de",
    plus: "mais",
    extension: "ramal",
    to: "a",
    score: "a",
    colon: "",
    ratio: "para",
    by: "por",
    root: "raiz quadrada de",
    hashtag: "hashtag",
    afternoon: "da tarde",
    proportions: &["proporção", "Proporção", "escala", "razão"],
    feminine: &["a", "A", "da", "na", "uma", "à", "pela"],
    before_day: &["em", "Em", "dia", "no", "do", "ao", "até", "desde", "data"],
    before_numeral: &["século", "séculos"],
    before_time: &["às", "Às", "as", "das", "até", ""],
    between_date: &["de", "do", "dos", "das", "da"],
    telephones: &[&[3, 4], &[4, 4], &[5, 4], &[2, 4, 4], &[2, 5, 4], &[3, 3, 4], &[3, 3, 3]],
    dashes: &["-", "–", "—"],
    reads_crosses: true,
    before_decade: &["os", "Os", "dos", "nos", "anos"],
    reads_ratios: true,
    reads_debts: true,
    reads_fraction_signs: true,
    reads_foreign_sums: true,
    reads_dotted_dates: true,
    spells_dotted_words: false,
    reads_unknowns: true,
};

impl Rules for Portuguese {
    fn recognize(&self, view: &View, found: &mut Candidates) {
        romance::recognize(self, view, found);
    }

    fn spell(&self, item: &Item, out: &mut String) {
        romance::spell(self, item, out);
    }

    fn gap(&self, left: Neighbour, right: Neighbour) -> bool {
        between_words(left, right) || romance::beside_sign(left, right)
    }
}

impl Romance for Portuguese {
    fn lexicon(&self) -> &'static Lexicon {
        &LEXICON
    }

    fn cardinal(&self, digits: &str, gender: Gender, out: &mut String) {
        cardinal::spell(digits, gender, out);
    }

    fn ordinal(&self, digits: &str, gender: Gender, out: &mut String) {
        ordinal::spell(digits, gender, out);
    }

    fn decimals(&self, digits: &str, _gender: Gender, out: &mut String) {
        cardinal::spell_digits(digits, out);
    }

    fn fraction(&self, fraction: &Fraction, _gender: Gender, out: &mut String) {
        fraction::spell(fraction, out);
    }

    fn money(&self, money: &Money, out: &mut String) {
        money::spell(self, money, out);
    }

    fn time(&self, time: &Time, out: &mut String) {
        time::spell(time, out);
    }

    fn date(&self, date: &Date, out: &mut String) {
        match date.day {
            Some(1) => push(out, "primeiro"),
            Some(day) => cardinal::spell(&day.to_string(), Gender::Unknown, out),
            None => {}
        }
        if let Some(month) = date.month {
            push(out, if date.day.is_some() { "de" } else { "" });
            push(out, LEXICON.month(month));
        }
        if let Some(year) = &date.year {
            push(out, "de");
            cardinal::spell(year, Gender::Unknown, out);
        }
    }

    /// Kings up to the tenth are counted in order.
    fn numbered(&self, number: &Integer, gender: Gender, out: &mut String) {
        match number.value() {
            Some(..=10) => ordinal::spell(&number.digits, gender, out),
            _ => cardinal::spell(&number.digits, Gender::Unknown, out),
        }
    }
}
