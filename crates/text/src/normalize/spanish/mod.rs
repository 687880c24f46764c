//! Spanish.

mod cardinal;
mod fraction;
mod money;
mod ordinal;
mod time;

use std::sync::LazyLock;

use super::candidate::Candidates;
use super::item::{Date, Fraction, Gender, Integer, Item, Money, Time};
use super::romance::{self, Lexicon, Romance, Sources, Words, paired_decimals, push};
use super::rules::{Neighbour, Rules, between_words};
use super::token::{Kind, Script};
use super::view::View;

/// The rules of Spanish.
pub struct Spanish;

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

const MAGNITUDES: [&str; 8] = ["mil", "millón", "millones", "billón", "billones", "trillón", "trillones", "mill."];

const WORDS: Words = Words {
    minus: "menos",
    comma: "coma",
    point: "punto",
    percent: "por ciento",
    per_mille: "por mil",
    and: "y",
    of: "de",
    plus: "más",
    extension: "extensión",
    to: "a",
    score: "a",
    colon: "y",
    ratio: "a",
    by: "por",
    root: "raíz cuadrada de",
    hashtag: "hashtag",
    afternoon: "",
    proportions: &[],
    feminine: &["la", "La", "una"],
    before_day: &["el", "El", "del", "día", "al", "fecha"],
    before_numeral: &["siglo", "siglos", "año"],
    before_time: &["las", "Las", "la"],
    between_date: &["de", "del", "DE"],
    telephones: &[&[3, 3, 4], &[3, 3, 3]],
    dashes: &[],
    reads_crosses: false,
    before_decade: &["los", "Los", "años"],
    reads_ratios: true,
    reads_debts: false,
    reads_fraction_signs: true,
    reads_foreign_sums: true,
    reads_dotted_dates: true,
    spells_dotted_words: false,
    reads_unknowns: false,
};

/// Words after which a number is a name and not a count: `página 1`.
const NUMBERED: [&str; 24] = [
    "página",
    "páginas",
    "capítulo",
    "número",
    "línea",
    "sala",
    "salas",
    "habitación",
    "aula",
    "siglo",
    "año",
    "tomo",
    "autobús",
    "versión",
    "nivel",
    "grupo",
    "tema",
    "parte",
    "paso",
    "opción",
    "piso",
    "calle",
    "puerta",
    "artículo",
];

/// Words that are no nouns, so that a number before them stands by itself: `1 de cada 3`.
const NO_NOUNS: [&str; 48] = [
    "a", "al", "ante", "así", "aunque", "bajo", "cada", "como", "con", "contra", "cuando", "de", "del", "desde",
    "donde", "e", "el", "en", "entre", "era", "es", "está", "fue", "ha", "hasta", "la", "las", "lo", "los", "más",
    "menos", "ni", "no", "o", "para", "pero", "por", "porque", "que", "se", "si", "sin", "sobre", "son", "su",
    "también", "u", "y",
];

impl Rules for Spanish {
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

impl Romance for Spanish {
    fn lexicon(&self) -> &'static Lexicon {
        &LEXICON
    }

    fn cardinal(&self, digits: &str, gender: Gender, out: &mut String) {
        cardinal::spell(digits, gender, out);
    }

    fn ordinal(&self, digits: &str, gender: Gender, out: &mut String) {
        ordinal::spell(digits, gender, out);
    }

    fn decimals(&self, digits: &str, gender: Gender, out: &mut String) {
        paired_decimals(self, digits, gender, out);
    }

    fn fraction(&self, fraction: &Fraction, gender: Gender, out: &mut String) {
        fraction::spell(fraction, gender, out);
    }

    fn money(&self, money: &Money, out: &mut String) {
        money::spell(self, money, out);
    }

    fn time(&self, time: &Time, out: &mut String) {
        time::spell(time, out);
    }

    fn date(&self, date: &Date, out: &mut String) {
        match date.day {
            Some(1) => push(out, "primero"),
            Some(day) => cardinal::spell(&day.to_string(), Gender::Unknown, out),
            None => {}
        }
        if let Some(month) = date.month {
            if date.day.is_some() {
                push(out, "de");
            }
            push(out, LEXICON.month(month));
        }
        if let Some(year) = &date.year {
            push(out, if date.before_year.contains("del") { "del" } else { "de" });
            cardinal::spell(year, Gender::Unknown, out);
        }
    }

    fn numbered(&self, number: &Integer, gender: Gender, out: &mut String) {
        ordinal::spell(&number.digits, gender, out);
    }

    fn country(&self, digits: &str, out: &mut String) {
        match digits.len() {
            2 => cardinal::spell(digits, Gender::Unknown, out),
            _ => cardinal::spell_digits(digits, out),
        }
    }

    /// `un` before a noun, `uno` elsewhere.
    fn agreement(&self, view: &View, n: usize) -> Gender {
        let at = view.after_space(n);
        let word = view.text(at);
        let follows = at > n && view.kind(at) == Kind::Word(Script::Latin);
        let counts = follows && !NO_NOUNS.contains(&word) && !NUMBERED.contains(&view.word_before());
        if counts { Gender::Masculine } else { Gender::Unknown }
    }
}
