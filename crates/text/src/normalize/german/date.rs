//! Dates, their months and days of the week; decades.

use compact_str::{CompactString, format_compact};

use super::cardinal;
use super::ordinal;
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::item::{Case, Date, DateOrder, Form, Gender, Integer, Item};
use crate::normalize::shapes::{Triple, exists, part};
use crate::normalize::token::Kind;
use crate::normalize::view::View;

const MONTHS: [&str; 12] = [
    "januar",
    "februar",
    "märz",
    "april",
    "mai",
    "juni",
    "juli",
    "august",
    "september",
    "oktober",
    "november",
    "dezember",
];

const MONTHS_SHORT: [(&str, u8); 15] = [
    ("jan", 1),
    ("jän", 1),
    ("feb", 2),
    ("febr", 2),
    ("mär", 3),
    ("mrz", 3),
    ("apr", 4),
    ("jun", 6),
    ("jul", 7),
    ("aug", 8),
    ("sep", 9),
    ("sept", 9),
    ("okt", 10),
    ("nov", 11),
    ("dez", 12),
];

const DAYS: [(&str, &str); 7] = [
    ("Mo", "Montag"),
    ("Di", "Dienstag"),
    ("Mi", "Mittwoch"),
    ("Do", "Donnerstag"),
    ("Fr", "Freitag"),
    ("Sa", "Samstag"),
    ("So", "Sonntag"),
];

/// The month that a word names, in full or short.
pub fn month(word: &str) -> Option<u8> {
    let word = word.to_lowercase();
    let full = MONTHS.iter().zip(1..).find(|(name, _)| **name == word);
    let short = || MONTHS_SHORT.iter().find(|(name, _)| *name == word).map(|(_, month)| *month);
    full.map(|(_, month)| month).or_else(short)
}

/// The name of the day of the week that a word names, in full or short.
pub fn weekday(word: &str) -> Option<&'static str> {
    DAYS.iter().find(|(short, full)| word == *short || word == *full).map(|(_, full)| *full)
}

/// Dates of numbers alone.
pub fn recognize(view: &View, found: &mut Candidates) {
    let second = matches!(view.text_before(1), "-" | "–") && view.is(1, ".") && view.text_before(3) == ".";
    if !view.begins_word() || (matches!(view.text_before(1), "." | "-" | "/" | ",") && !second) {
        return;
    }
    let triple = |sign| Triple::read(view, 0, sign);
    let year_first = triple("-").and_then(|read| Some((read.year_first()?, read.next)));
    let four_digits = |read: &Triple| read.parts[2].len() == 4;
    let day_first = triple(".").filter(four_digits).and_then(|read| Some((read.day_first()?, read.next)));
    let slashed = triple("/").or_else(|| triple("-")).filter(four_digits);
    let slashed = slashed.and_then(|read| Some((read.day_first().or_else(|| read.month_first())?, read.next)));
    // A date with a year that is written with full stops or year first takes no case, as in the reference.
    let form = if slashed.is_some() { ordinal::governed(view, None) } else { None };
    if let Some(((day, month, year), next)) = year_first.or(day_first).or(slashed).filter(|(_, n)| view.ends_word(*n)) {
        let (day, month, year, form) = (Some(day), Some(month), Some(year), form.unwrap_or(NOMINATIVE));
        found.push(next, cost::SURE, Item::Date(Date { day, month, year, form, ..Date::default() }));
    }
    day_and_month(view, found);
    year_and_month(view, found);
}

const NOMINATIVE: Form = Form { gender: Gender::Masculine, case: Case::Nominative, plural: false };

/// `15.12.`, and `15.12` where it is governed as a date or stands alone.
fn day_and_month(view: &View, found: &mut Candidates) {
    let (Some(day), Some(month)) = (part(view, 0, 1, 31), part(view, 2, 1, 12)) else { return };
    if !view.is(1, ".") || !exists(day, month) || !view.ends_word(3) {
        return;
    }
    let governed = ordinal::governed(view, None);
    let dotted = view.is(3, ".") && view.kind(4) != Kind::Digits;
    let next = if dotted && goes_on(view) { 4 } else { 3 };
    let alone = view.kind_before(1) == Kind::Edge && view.kind(3) == Kind::Edge;
    let unlike_decimal = !matches!(view.text(3), "," | ".") || dotted;
    if (dotted || governed.is_some_and(|form| form.case == Case::Dative) || alone) && unlike_decimal {
        let form = governed.unwrap_or(NOMINATIVE);
        let date = Date { day: Some(day), month: Some(month), form, ..Date::default() };
        found.push(next, if next == 4 { cost::SURE } else { cost::LIKELY - 1 }, Item::Date(date));
    }
}

/// Whether a sentence goes on behind the full stop of a month at token 3: with punctuation or a small letter.
fn goes_on(view: &View) -> bool {
    let next = view.after_space(4);
    matches!(view.text(4), "," | ";" | ":" | ")" | "-" | "–") || view.text(next).starts_with(char::is_lowercase)
}

/// `2003-03`
fn year_and_month(view: &View, found: &mut Candidates) {
    let Some(year) = view.digits(0).filter(|year| year.len() == 4 && view.is(1, "-")) else { return };
    let month = part(view, 2, 2, 12).filter(|month| *month > 0);
    if let Some(month) = month.filter(|_| view.ends_word(3) && !view.is(3, "-") && view.text(2).starts_with('0')) {
        let (year, order) = (Some(year.into()), DateOrder::YearFirst);
        found.push(3, cost::SURE, Item::Date(Date { month: Some(month), year, order, ..Date::default() }));
    }
}

/// `Jan.` behind a day, `Di.` before a date.
pub fn short_names(view: &View, found: &mut Candidates) {
    if !view.is(1, ".") {
        return;
    }
    let of_day =
        view.kind_before(1) == Kind::Space && view.text_before(2) == "." && view.kind_before(3) == Kind::Digits;
    if let Some(month) = month(view.text(0)).filter(|_| of_day) {
        let name = MONTHS.get(usize::from(month) - 1).copied().unwrap_or_default();
        let name = if view.text(0).starts_with(char::is_uppercase) { capitalized(name) } else { name.into() };
        return found.push(stop(view), cost::SURE, Item::Words(name));
    }
    if let (Some(from), Some(to)) = (weekday(view.text(0)), weekday(view.text(3))) {
        let range = view.is_one_of(2, &["-", "–"]) && view.is(4, ".");
        let words = Item::Words(format_compact!("{from} bis {to}"));
        if range {
            found.push(5, cost::SURE, words);
        }
        return;
    }
    let number = view.after_space(if view.is(2, ",") { 3 } else { 2 });
    if let Some(day) = weekday(view.text(0)).filter(|_| view.kind(number) == Kind::Digits && view.is(number + 1, ".")) {
        found.push(2, cost::SURE, Item::Words(day.into()));
    }
}

/// The token after an abbreviation of one word, whose full stop stays where it ends the text.
fn stop(view: &View) -> usize {
    if view.kind(view.after_space(2)) == Kind::Edge { 1 } else { 2 }
}

fn capitalized(word: &str) -> CompactString {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// `80er`, `1960ern`, `3er`
pub fn decade(view: &View, found: &mut Candidates) {
    let Some(digits) = view.digits(0).filter(|digits| view.begins_word() && digits.len() <= 4) else { return };
    let ending = view.text(1);
    if matches!(ending, "er" | "ern" | "ers") {
        found.push(2, cost::SURE, Item::Decade(format_compact!("{digits}{ending}")));
    }
}

/// "achtziger", "neunzehn hundert sechziger"
pub fn spell_decade(written: &str, out: &mut String) {
    let digits = written.trim_end_matches(|character: char| character.is_alphabetic());
    match digits.split_at_checked(2) {
        Some((century @ ("11" | "12" | "13" | "14" | "15" | "16" | "17" | "18" | "19"), rest)) if !rest.is_empty() => {
            cardinal::spell(&Integer::new(century), out);
            out.push_str(" hundert");
            if rest != "00" {
                out.push(' ');
                cardinal::spell(&Integer::new(rest), out);
            }
        }
        _ => cardinal::spell(&Integer::new(digits), out),
    }
    out.push_str(&written[digits.len()..]);
}

pub fn spell(date: &Date, out: &mut String) {
    if let Some(day) = date.day {
        ordinal::spell(&Integer::new(day.to_string()), date.form, out);
        out.push(' ');
    }
    let month = date.month.and_then(|month| MONTHS.get(usize::from(month).checked_sub(1)?));
    out.push_str(month.copied().unwrap_or_default());
    if let Some(year) = &date.year {
        out.push(' ');
        cardinal::spell(&Integer::new(year.trim_start_matches('0')), out);
    }
}
