//! Dates, years and decades.

use compact_str::CompactString;

use super::cardinal::{And, spell_ordinal, spell_year};
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::item::{Date, DateOrder, Integer, Item, Range, Relation, Year};
use crate::normalize::shapes::{Triple, exists, part};
use crate::normalize::token::Kind;
use crate::normalize::view::View;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Proposes dates, years and decades. `day_first` is how numbers alone are understood where both fit.
pub fn recognize(view: &View, day_first: bool, found: &mut Candidates) {
    if !view.begins_word() {
        return;
    }
    match view.kind(0) {
        Kind::Digits => {
            numeric(view, day_first, found);
            without_year(view, day_first, found);
            day_month(view, found);
            decade(view, found);
            year(view, found);
        }
        Kind::Word(_) => {
            month_day(view, found);
            mid_decade(view, found);
        }
        _ => short_decade(view, found),
    }
}

fn date(day: u8, month: u8, year: CompactString, order: DateOrder) -> Item {
    Item::Date(Date { day: Some(day), month: Some(month), year: Some(year), order, ..Date::default() })
}

/// `2021-05-06`, `05/06/1999`, `31.12.1999`
fn numeric(view: &View, day_first: bool, found: &mut Candidates) {
    let sign = view.text(1);
    if !matches!(sign, "-" | "/" | ".") {
        return;
    }
    let Some(triple) = Triple::read(view, 0, sign) else { return };
    let as_month_first = triple.month_first().map(|day| (day, DateOrder::MonthFirst));
    let as_day_first = triple.day_first().map(|day| (day, DateOrder::DayFirst));
    let usual =
        if day_first || sign == "." { as_day_first.or(as_month_first) } else { as_month_first.or(as_day_first) };
    let iso = triple.year_first().map(|day| (day, DateOrder::MonthFirst));
    if let Some(((day, month, year), order)) = iso.or(usual) {
        let order = if day_first { DateOrder::DayFirst } else { order };
        found.push(triple.next, cost::SURE, date(day, month, year, order));
    }
}

/// `3/4` where only a date can follow: "on 3/4", "by 12/15", but not "on 3/4 of the days".
fn without_year(view: &View, day_first: bool, found: &mut Candidates) {
    const BEFORE: [&str; 6] = ["on", "On", "by", "By", "until", "since"];
    if !view.is(1, "/") || !BEFORE.contains(&view.word_before()) || view.is_one_of(3, &["/", "%"]) {
        return;
    }
    let short = |n: usize| view.digits(n).filter(|digits| digits.len() <= 2)?.parse::<u8>().ok();
    let (Some(first), Some(second)) = (short(0), short(2)) else { return };
    let pairs = if day_first { [(first, second), (second, first)] } else { [(second, first), (first, second)] };
    let is_share = view.is_one_of(view.after_space(3), &["of", "a", "an"]);
    if let Some((day, month)) = pairs.into_iter().find(|&(day, month)| exists(day, month) && !is_share) {
        let order = if day_first { DateOrder::DayFirst } else { DateOrder::MonthFirst };
        found.push(3, cost::SURE, Item::Date(Date { day: Some(day), month: Some(month), order, ..Date::default() }));
    }
}

/// The month named at token `n`, and the token after it and the full stop of its abbreviation.
fn month(view: &View, n: usize) -> Option<(u8, usize)> {
    let word = view.text(n);
    let first = word.bytes().next()?.to_ascii_lowercase();
    let is_named = |month: &str| {
        let short = month.get(..3).is_some_and(|short| short.eq_ignore_ascii_case(word));
        short || month.eq_ignore_ascii_case(word) || (month.starts_with("sept") && word.eq_ignore_ascii_case("sept"))
    };
    let index = MONTHS.iter().position(|month| month.as_bytes().first() == Some(&first) && is_named(month))?;
    let short = word.len() < MONTHS.get(index)?.len();
    let next = if short && view.is(n + 1, ".") { n + 2 } else { n + 1 };
    Some((index as u8 + 1, next))
}

/// The day of one or two digits at token `n`, perhaps with the ending of its ordinal.
fn day(view: &View, n: usize) -> Option<(u8, usize)> {
    let day = part(view, n, 1, 31).filter(|day| *day > 0)?;
    let next = if view.is_one_of(n + 1, &["st", "nd", "rd", "th"]) { n + 2 } else { n + 1 };
    view.ends_word(next).then_some((day, next))
}

/// The year of four digits at token `n`, and what stands before it.
fn year_after(view: &View, n: usize) -> Option<(CompactString, CompactString, usize)> {
    let comma = if view.is(n, ",") { n + 1 } else { n };
    let at = view.after_space(comma);
    let digits = view.digits(at)?;
    let fits = digits.len() == 4 && at > n && view.ends_word(at + 1) && !follows_decimal(view, at + 1);
    fits.then(|| (view.slice(n..at).into(), digits.into(), at + 1))
}

fn follows_decimal(view: &View, n: usize) -> bool {
    view.is_one_of(n, &[".", ",", ":", "/"]) && view.digits(n + 1).is_some()
}

/// `May 5, 2021`, `Jan-15-2020`, `Aug. 2023`
fn month_day(view: &View, found: &mut Candidates) {
    if !(1..=4).any(|n| view.kind(n) == Kind::Digits) {
        return;
    }
    let Some((month, next)) = month(view, 0) else { return };
    let at = if view.is(next, "-") { next + 1 } else { view.after_space(next) };
    let order = DateOrder::MonthFirst;
    if let Some((day, end)) = day(view, at).filter(|(day, end)| exists(*day, month) && !follows_decimal(view, *end)) {
        let item = Date { day: Some(day), month: Some(month), order, ..Date::default() };
        found.push(end, cost::LIKELY, Item::Date(item.clone()));
        if view.is(next, "-") && view.is(end, "-") && view.digits(end + 1).is_some_and(|year| year.len() == 4) {
            let year = view.digits(end + 1).map(CompactString::from);
            found.push(end + 2, cost::SURE, Item::Date(Date { year, ..item }));
        } else if let Some((before_year, year, end)) = year_after(view, end) {
            found.push(end, cost::SURE, Item::Date(Date { year: Some(year), before_year, ..item }));
        }
    } else if let Some((before_year, year, end)) = year_after(view, next) {
        let item = Date { month: Some(month), year: Some(year), order, before_year, ..Date::default() };
        found.push(end, cost::LIKELY, Item::Date(item));
    }
}

/// `25 July 2012`, `26th May`, `4th of July, 1976`
fn day_month(view: &View, found: &mut Candidates) {
    if !view.kind(view.after_space(1)).is_word() {
        return;
    }
    let Some((day, next)) = day(view, 0) else { return };
    let named = month(view, view.after_space(next)).filter(|(month, _)| exists(day, *month));
    let Some((month, next)) = named else { return };
    let after_article = view.word_before().eq_ignore_ascii_case("the");
    let item = Date { day: Some(day), month: Some(month), after_article, ..Date::default() };
    found.push(next, cost::LIKELY, Item::Date(item.clone()));
    let year = year_after(view, next).or_else(|| {
        let digits = view.digits(next + 1).filter(|year| view.is(next, ",") && year.len() == 4)?;
        Some((",".into(), digits.into(), next + 2))
    });
    if let Some((before_year, year, end)) = year {
        found.push(end, cost::SURE, Item::Date(Date { year: Some(year), before_year, ..item }));
    }
}

/// Whether a number of four digits could be a year.
pub fn is_year(digits: &str) -> bool {
    digits.len() == 4 && digits.starts_with(['1', '2'])
}

fn year(view: &View, found: &mut Candidates) {
    let Some(digits) = view.digits(0).filter(|digits| is_year(digits)) else { return };
    if view.ends_word(1) && !follows_decimal(view, 1) {
        let item = Year { digits: digits.clone().into(), era: None };
        found.push(1, cost::SURE, Item::Year(item));
    }
    years(view, &digits, found);
}

/// `1970-2010`, `1939–45`, `1960-80`
fn years(view: &View, from: &str, found: &mut Candidates) {
    let Some(to) = view.digits(2).filter(|_| view.is_one_of(1, &["-", "–"])) else { return };
    let later = match to.len() {
        2 => from.get(2..).is_some_and(|short| short < &*to),
        4 => is_year(&to) && from < &*to,
        _ => false,
    };
    if later && view.ends_word(3) && !view.is(3, "-") && !follows_decimal(view, 3) {
        let year = |digits: &str| Item::Year(Year { digits: digits.into(), era: None });
        let range = Range { from: year(from), to: year(&to), relation: Relation::To };
        found.push(3, cost::SURE, Item::Range(Box::new(range)));
    }
}

/// The decade at token `n`: `1960s`, `60s`, `1980 s`.
fn decade_at(view: &View, n: usize) -> Option<(CompactString, usize)> {
    let digits = view.digits(n).filter(|digits| matches!(digits.len(), 2 | 4) && digits.ends_with('0'))?;
    let at = if digits.len() == 4 { view.after_space(n + 1) } else { n + 1 };
    let fits = view.is(at, "s") && view.ends_word(at + 1) && &*digits != "00";
    fits.then(|| (digits.into(), at + 1))
}

fn decade(view: &View, found: &mut Candidates) {
    let Some((from, next)) = decade_at(view, 0) else { return };
    let cost = if from.len() == 4 { cost::SURE } else { cost::LIKELY };
    found.push(next, cost, Item::Decade(from.clone()));
    if let Some((to, end)) = decade_at(view, next + 1).filter(|_| view.is_one_of(next, &["-", "–"])) {
        let range = Range { from: Item::Decade(from), to: Item::Decade(to), relation: Relation::To };
        found.push(end, cost::SURE, Item::Range(Box::new(range)));
    }
}

/// `mid-80s`
fn mid_decade(view: &View, found: &mut Candidates) {
    if !view.is(1, "-") || !view.is(0, "mid") {
        return;
    }
    if let Some((decade, next)) = decade_at(view, 2) {
        let mid = Item::Words("mid".into());
        found.push(next, cost::SURE, Item::Sequence(vec![mid, Item::Decade(decade)]));
    }
}

/// `'80s`
fn short_decade(view: &View, found: &mut Candidates) {
    let decade = if view.is_one_of(0, &["'", "’"]) { decade_at(view, 1) } else { None };
    if let Some((decade, next)) = decade.filter(|(decade, _)| decade.len() == 2) {
        found.push(next, cost::SURE, Item::Decade(decade));
    }
}

/// Writes a date: "may fifth, twenty twenty one" or "the fifth of may twenty twenty one".
pub fn say(date: &Date, and: And, out: &mut String) {
    let month = date.month.and_then(|month| MONTHS.get(usize::from(month) - 1)).copied().unwrap_or_default();
    match (date.day, date.order) {
        (Some(day), DateOrder::MonthFirst) => {
            out.push_str(month);
            out.push(' ');
            spell_ordinal(&day.to_string(), and, out);
        }
        (Some(day), _) => {
            out.push_str(if date.after_article { "" } else { "the " });
            spell_ordinal(&day.to_string(), and, out);
            out.push_str(" of ");
            out.push_str(month);
        }
        (None, _) => out.push_str(month),
    }
    if let Some(year) = &date.year {
        out.push_str(if date.before_year.is_empty() { " " } else { &date.before_year });
        spell_year(year, and, out);
    }
}

/// Writes a decade: "nineteen eighties".
pub fn say_decade(digits: &str, out: &mut String) {
    spell_year(digits, And::Never, out);
    if out.ends_with('y') {
        out.pop();
        out.push_str("ies");
    } else {
        out.push('s');
    }
}

/// A whole number is an ordinal with the right ending.
pub fn ordinal(view: &View, digits: &str, next: usize) -> Option<Item> {
    let tens = digits.len() > 1 && digits.as_bytes().get(digits.len() - 2) == Some(&b'1');
    let ending = match digits.bytes().next_back() {
        Some(b'1') if !tens => "st",
        Some(b'2') if !tens => "nd",
        Some(b'3') if !tens => "rd",
        _ => "th",
    };
    let fits = view.text(next).eq_ignore_ascii_case(ending) && view.ends_word(next + 1);
    fits.then(|| Item::Ordinal(Integer::new(digits), Default::default()))
}
