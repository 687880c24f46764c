//! Ordinal numbers: when a full stop after digits makes one, and which ending it takes.

use std::sync::LazyLock;

use super::cardinal;
use super::date;
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::item::{Case, Form, Gender, Integer, Item};
use crate::normalize::table::Table;
use crate::normalize::token::Kind;
use crate::normalize::view::View;

/// Words before an ordinal that rule its ending: `en`, `e`, or `strong`, where the noun decides.
static GOVERNORS: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("governors.tsv")));

/// Nouns that ordinals are often counted with, and their genders.
static NOUNS: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("nouns.tsv")));

/// Endings that are written out behind digits: `20ste`.
const WRITTEN: [(&str, Form); 6] =
    [("ste", WEAK), ("te", WEAK), ("sten", OBLIQUE), ("ten", OBLIQUE), ("ster", STRONG), ("ter", STRONG)];

/// "der dritte"
const WEAK: Form = Form { gender: Gender::Unknown, case: Case::Nominative, plural: false };
/// "am dritten"
const OBLIQUE: Form = Form { case: Case::Dative, ..WEAK };
/// "ein dritter"
const STRONG: Form = Form { gender: Gender::Masculine, ..WEAK };

pub fn recognize(view: &View, found: &mut Candidates) {
    let Some(digits) = view.digits(0).filter(|digits| digits.len() <= 7 && view.begins_word()) else { return };
    if let Some((_, form)) = WRITTEN.iter().find(|(ending, _)| view.is(1, ending)) {
        return found.push(2, cost::SURE, Item::Ordinal(Integer::new(digits), *form));
    }
    let stop = view.is(1, ".") && !matches!(view.text_before(1), "." | ",");
    if let Some(form) = form(view).filter(|_| stop) {
        found.push(2, cost::LIKELY, Item::Ordinal(Integer::new(digits), form));
    }
}

/// The form of the ordinal at token 0, whose full stop is token 1; none if the full stop ends a sentence.
fn form(view: &View) -> Option<Form> {
    let dash = view.is_one_of(2, &["-", "–", "/"]) && view.kind(3) == Kind::Digits;
    let (mut next, after_comma) = (if dash { 3 } else { view.after_space(2) }, view.after_space(3));
    // "der 3., 21. und 100."
    if view.is(2, ",") && view.kind(after_comma) == Kind::Digits {
        next = after_comma;
    }
    let follows = view.kind(next).is_word() || (view.kind(next) == Kind::Digits && view.is(next + 1, "."));
    if !follows || (next == 2 && !dash) {
        return None;
    }
    governed(view, noun(view.text(next))).or_else(|| {
        let (month, noun) = (date::month(view.text(next)).is_some(), noun(view.text(next)));
        let lower = view.text(next).starts_with(char::is_lowercase);
        (month || dash || lower || noun.is_some()).then(|| strong(noun))
    })
}

/// The form that the words before token 0 ask for; none if they ask for none.
pub fn governed(view: &View, noun: Option<Gender>) -> Option<Form> {
    let place = governor(view);
    let word = view.text_before(place).to_lowercase();
    if word == "der" {
        let before = if view.kind_before(place + 1) == Kind::Space { view.text_before(place + 2) } else { "" };
        let dative = GOVERNORS.first(&before.to_lowercase()).is_some_and(|ending| ending == "dative");
        return Some(if dative { OBLIQUE } else { WEAK });
    }
    match GOVERNORS.first(&word)? {
        "en" => Some(OBLIQUE),
        "e" => Some(WEAK),
        "strong" => Some(strong(noun)),
        // "in dritter Lesung", "in zweitem Anlauf"
        _ => noun.is_some().then_some(STRONG),
    }
}

fn strong(noun: Option<Gender>) -> Form {
    Form { gender: noun.unwrap_or(Gender::Masculine), ..WEAK }
}

/// How many tokens back the word stands that rules the ordinal at token 0, ordinals and days of the week that are
/// joined to it passed over: `der 2. und 3. Stock`, `am Montag, 3. Juni`.
fn governor(view: &View) -> usize {
    let before = |n: usize| if view.kind_before(n) == Kind::Space { n + 1 } else { n };
    let mut place = before(1);
    for _ in 0..3 {
        if !matches!(view.text_before(place), "und" | "oder" | "bis" | "," | "-" | "–" | "/") {
            break;
        }
        let joined = before(place + 1);
        let word = if view.text_before(joined) == "." { joined + 1 } else { joined };
        let number = word > joined && view.kind_before(word) == Kind::Digits;
        if !number && date::weekday(view.text_before(word)).is_none() {
            break;
        }
        place = before(word + 1);
    }
    place
}

/// The gender of a noun, from a list and the endings that tell it.
fn noun(word: &str) -> Option<Gender> {
    if let Some(gender) = NOUNS.first(word) {
        return Some(gender_of(gender));
    }
    let feminine = ["ung", "heit", "keit", "schaft", "tion", "tät", "liga", "klasse", "runde"];
    let neuter = ["jahrhundert", "jahrtausend", "jahr", "spiel", "quartal", "chen"];
    let masculine = ["tag", "platz", "monat", "versuch", "stock", "weltkrieg"];
    let ends = |endings: &[&str]| endings.iter().any(|ending| word.ends_with(ending));
    match word {
        _ if !word.starts_with(char::is_uppercase) => None,
        _ if ends(&feminine) => Some(Gender::Feminine),
        _ if ends(&neuter) => Some(Gender::Neuter),
        _ if ends(&masculine) => Some(Gender::Masculine),
        _ => None,
    }
}

/// A gender by its letter in a table.
pub fn gender_of(letter: &str) -> Gender {
    match letter {
        "m" => Gender::Masculine,
        "f" => Gender::Feminine,
        "n" => Gender::Neuter,
        _ => Gender::Unknown,
    }
}

/// Writes an ordinal: "dritter", "ein und zwanzigsten".
pub fn spell(number: &Integer, form: Form, out: &mut String) {
    spell_stem(number, out);
    out.push_str(match (form.case, form.gender) {
        (Case::Nominative, Gender::Masculine) => "er",
        (Case::Nominative, Gender::Neuter) => "es",
        (Case::Nominative, _) => "e",
        _ => "en",
    });
}

/// Writes an ordinal without its ending: "dritt", "ein hundertst".
pub fn spell_stem(number: &Integer, out: &mut String) {
    cardinal::spell(number, out);
    let irregular = [("eins", "erst"), ("drei", "dritt"), ("sieben", "siebt"), ("acht", "acht")];
    let last = number.value().unwrap_or_default() % 100;
    match irregular.iter().find(|(cardinal, _)| out.ends_with(cardinal)) {
        Some((cardinal, stem)) => {
            out.truncate(out.len() - cardinal.len());
            out.push_str(stem);
        }
        None if (1..20).contains(&last) || number.value() == Some(0) => out.push('t'),
        None => out.push_str("st"),
    }
}
