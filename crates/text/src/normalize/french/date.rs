//! Dates.

use super::cardinal;
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::item::{Date, Form, Integer, Item};
use crate::normalize::shapes::{Calendar, Triple, exists, part};
use crate::normalize::token::Kind;
use crate::normalize::view::View;

const MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

/// Names of decades in English, as `les 80s` is read.
const DECADES: [(&str, &str); 7] = [
    ("30", "thirties"),
    ("40", "forties"),
    ("50", "fifties"),
    ("60", "sixties"),
    ("70", "seventies"),
    ("80", "eighties"),
    ("90", "nineties"),
];

fn is_month(word: &str) -> bool {
    MONTHS.contains(&word.to_lowercase().as_str())
}

pub fn recognize(view: &View, found: &mut Candidates) {
    if !view.begins_word() || matches!(view.text_before(1), "." | "-" | "/" | ",") {
        return;
    }
    if let Some((calendar, next)) = numeric(view).filter(|(_, next)| view.ends_word(*next)) {
        let (day, month, year) = calendar;
        let date = Date { day: Some(day), month: Some(month), year: Some(year), ..Date::default() };
        found.push(next, cost::SURE, Item::Date(date));
    }
    day_and_month(view, found);
    days(view, found);
    decade(view, found);
}

/// `24/12/2020`, `2020-12-24`
fn numeric(view: &View) -> Option<(Calendar, usize)> {
    let read = ["/", "-", "."].into_iter().find_map(|sign| Triple::read(view, 0, sign))?;
    let long = read.parts[2].len() == 4 || view.is(1, "/");
    let calendar = read.year_first().or_else(|| read.day_first().filter(|_| long));
    Some((calendar.or_else(|| read.month_first().filter(|_| long))?, read.next))
}

/// `15/12` and `17.06`: two digits each, or behind "le".
fn day_and_month(view: &View, found: &mut Candidates) {
    let (Some(day), Some(month)) = (part(view, 0, 1, 31), part(view, 2, 1, 12)) else { return };
    let two_digits = view.text(0).len() == 2 && view.text(2).len() == 2;
    let sign = view.is_one_of(1, &["/", "."]);
    let alone = view.ends_word(3) && !(view.is_one_of(3, &["/", ".", ",", "%", "="]) && view.kind(4) == Kind::Digits);
    let governed = view.is(1, "/") && matches!(view.word_before(), "le" | "Le" | "du" | "au" | "dès");
    if sign && alone && exists(day, month) && (two_digits || governed) {
        let date = Date { day: Some(day), month: Some(month), ..Date::default() };
        found.push(3, cost::LIKELY - 1, Item::Date(date));
    }
}

/// Days before a month: `1 mars`, `17/18/19 mars`, `17-18 juin`.
fn days(view: &View, found: &mut Candidates) {
    let mut days = vec![];
    let mut next = 0;
    while let Some(day) = part(view, next, 1, 31) {
        days.push(Item::Cardinal(Integer::new(day.to_string()), Form::default()));
        next += 1;
        if !view.is_one_of(next, &["/", "-"]) || days.len() > 8 {
            break;
        }
        next += 1;
    }
    let month = view.kind(next) == Kind::Space && is_month(view.text(next + 1));
    let first = view.digits(0).is_some_and(|digits| digits == "1");
    if month && days.len() == 1 && first {
        found.push(1, cost::SURE, Item::Date(Date { day: Some(1), ..Date::default() }));
    } else if month && days.len() > 1 {
        found.push(next, cost::SURE, Item::Sequence(days));
    }
}

/// `les 80s`
fn decade(view: &View, found: &mut Candidates) {
    let named = DECADES.iter().find(|(digits, _)| view.is(0, digits) && view.is(1, "s"));
    if let Some((_, name)) = named.filter(|_| view.word_before() == "les") {
        found.push(2, cost::SURE, Item::Words((*name).into()));
    }
}

pub fn spell(date: &Date, out: &mut String) {
    let month = date.month.and_then(|month| MONTHS.get(usize::from(month).checked_sub(1)?));
    let parts = [date.day.map(day), month.map(|month| (*month).into()), date.year.as_deref().map(year)];
    let words: Vec<String> = parts.into_iter().flatten().collect();
    out.push_str(&words.join(" "));
}

fn day(day: u8) -> String {
    if day == 1 { "premier".into() } else { number(&day.to_string()) }
}

/// Years of two digits are those of this century until 2049, then of the last one.
fn year(digits: &str) -> String {
    match digits.len() {
        2 if digits < "50" => number(&format!("20{digits}")),
        2 => number(&format!("19{digits}")),
        _ => number(digits.trim_start_matches('0')),
    }
}

fn number(digits: &str) -> String {
    let mut words = String::new();
    cardinal::spell(&Integer::new(digits), &mut words);
    words
}
