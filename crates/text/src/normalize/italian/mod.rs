//! Italian.

mod cardinal;
mod fraction;
mod money;
mod ordinal;
mod time;

use std::sync::LazyLock;

use super::candidate::Candidates;
use super::item::{Date, Fraction, Gender, Item, Money, Time};
use super::romance::{self, Lexicon, Romance, Sources, Words, paired_decimals, push};
use super::rules::{Neighbour, Rules, between_words};
use super::view::View;

/// The rules of Italian.
pub struct Italian;

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
    ["mila", "milione", "milioni", "miliardo", "miliardi", "bilione", "bilioni", "trilione", "trilioni"];

const WORDS: Words = Words {
    minus: "meno",
    comma: "virgola",
    point: "punto",
    percent: "percento",
    per_mille: "per mille",
    and: "e",
    of: "di",
    plus: "più",
    extension: "interno",
    to: "a",
    score: "a",
    colon: "",
    ratio: "a",
    by: "per",
    root: "radice quadrata di",
    hashtag: "",
    afternoon: "",
    proportions: &[],
    feminine: &["la", "La", "una", "alla", "della", "dalla", "nella", "sulla"],
    before_day: &["il", "Il", "del", "dal", "al", "giorno", "data"],
    before_numeral: &["secolo"],
    before_time: &["alle", "Alle", "ore", "dalle", "delle", "le"],
    between_date: &["di", "del", "dei", "degli", "della", "delle"],
    telephones: &[&[3, 7], &[2, 7], &[2, 8], &[3, 6], &[3, 3, 4], &[3, 4]],
    dashes: &["-"],
    reads_crosses: false,
    before_decade: &["gli", "Gli", "degli", "negli", "anni"],
    reads_ratios: false,
    reads_debts: false,
    reads_fraction_signs: false,
    reads_foreign_sums: false,
    reads_dotted_dates: false,
    spells_dotted_words: true,
    reads_unknowns: true,
};

impl Rules for Italian {
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

impl Romance for Italian {
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
        paired_decimals(self, digits, Gender::Unknown, out);
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

    /// `mezza` before a word in `-a`.
    fn half(&self, view: &View, n: usize) -> Option<&'static str> {
        let at = view.after_space(n);
        (at > n && view.kind(at).is_word() && view.text(at).ends_with('a')).then_some("mezza")
    }

    fn date(&self, date: &Date, out: &mut String) {
        match date.day {
            Some(1) if date.form.gender == Gender::Masculine => push(out, "primo"),
            Some(day) => cardinal::spell(&day.to_string(), Gender::Unknown, out),
            None => {}
        }
        push(out, date.month.map_or("", |month| LEXICON.month(month)));
        if let Some(year) = &date.year {
            push(out, if date.before_year.contains("del") { "del" } else { "" });
            cardinal::spell(year, Gender::Unknown, out);
        }
    }
}
