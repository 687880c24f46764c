//! Dates.

use compact_str::{CompactString, format_compact};

use super::super::candidate::{Candidates, cost};
use super::super::item::{Date, DateOrder, Form, Gender, Item};
use super::super::shapes::part;
use super::super::token::Kind;
use super::super::view::View;
use super::lexicon::{Lexicon, cell};

/// A date that begins with a number: `5 de mayo de 2021`, `24/12/2020`, `2020-02-29`, `24/12`.
pub fn date(lexicon: &Lexicon, view: &View, found: &mut Candidates) {
    let within = matches!(view.text_before(1), "/" | "-" | ".") && view.kind_before(2) == Kind::Digits;
    if !view.begins_word() || within {
        return;
    }
    day_first(lexicon, view, found);
    if !view.is(1, ".") || lexicon.words.reads_dotted_dates {
        numbers(view, found);
    }
    day_and_month(lexicon, view, found);
}

/// `1º de enero`, `5 mayo 1990`, `5 de ene. de 2021`
fn day_first(lexicon: &Lexicon, view: &View, found: &mut Candidates) {
    let Some(day) = part(view, 0, 1, 31).filter(|day| *day > 0) else { return };
    let after_day = if lexicon.ordinals.get(view.text(1)).is_some() { 2 } else { 1 };
    let Some(at) = joined(lexicon, view, after_day) else { return };
    let Some((month, next)) = month(lexicon, view, at) else { return };
    let date = Date { day: Some(day), month: Some(month), form: in_order_form(after_day > 1), ..Date::default() };
    with_year(lexicon, view, date, next, found);
}

/// `junio 11 2000`, `abr. 22`, `mayo de 2021`
pub fn month_first(lexicon: &Lexicon, view: &View, found: &mut Candidates) {
    let Some((month, next)) = month(lexicon, view, 0) else { return };
    let date = Date { month: Some(month), order: DateOrder::MonthFirst, ..Date::default() };
    let day_at = view.after_space(next);
    if let Some(day) = part(view, day_at, 1, 31).filter(|day| day_at > next && *day > 0 && ends(view, day_at + 1)) {
        with_year(lexicon, view, Date { day: Some(day), ..date }, day_at + 1, found);
    }
}

/// Proposes a date that ends before token `n`, and one with the year that follows.
fn with_year(lexicon: &Lexicon, view: &View, date: Date, n: usize, found: &mut Candidates) {
    let spaced = joined(lexicon, view, n);
    if let Some((at, year)) = spaced.and_then(|at| Some((at, year(view, at)?))) {
        let before_year = view.slice(n..at).into();
        found.push(at + 1, cost::LIKELY, Item::Date(Date { year: Some(year), before_year, ..date.clone() }));
    }
    found.push(n, cost::LIKELY, Item::Date(date));
}

/// The token after a space, a word such as `de` and another space; none without a space.
fn joined(lexicon: &Lexicon, view: &View, n: usize) -> Option<usize> {
    if view.kind(n) != Kind::Space {
        return None;
    }
    let linked = lexicon.words.between_date.contains(&view.text(n + 1)) && view.kind(n + 2) == Kind::Space;
    Some(if linked { n + 3 } else { n + 1 })
}

/// The month named at token `n` and the token after it.
fn month(lexicon: &Lexicon, view: &View, n: usize) -> Option<(u8, usize)> {
    let (_, row, next) = lexicon.months.longest(view, n).filter(|(_, _, next)| view.ends_word(*next))?;
    Some((cell(row, 0).parse().ok()?, next))
}

/// A year of three or four digits at token `n` that nothing joins to more digits.
fn year(view: &View, n: usize) -> Option<CompactString> {
    let digits = view.digits(n).filter(|digits| (3..=4).contains(&digits.len()) && !digits.starts_with('0'))?;
    ends(view, n + 1).then(|| digits.into())
}

/// Whether a number may end before token `n`.
fn ends(view: &View, n: usize) -> bool {
    let goes_on = view.is_one_of(n, &[".", ",", "/", ":", "-"]) && view.kind(n + 1) == Kind::Digits;
    let counts = view.is_one_of(n, &["º", "ª", "°", "%", "€"]);
    view.ends_word(n) && !goes_on && !counts
}

/// Three numbers: `24/12/2020`, `05-06-1999`, `31.12.1999`, `2020-02-29`.
fn numbers(view: &View, found: &mut Candidates) {
    let sign = view.text(1);
    if !matches!(sign, "/" | "-" | ".") || !view.is(3, sign) || !ends(view, 5) {
        return;
    }
    let Some(date) = in_order(view, 4, 2, 0).or_else(|| in_order(view, 0, 2, 4)) else { return };
    found.push(5, cost::SURE, Item::Date(date));
}

/// The date whose parts are at these tokens; a day that a month never has is read as well.
fn in_order(view: &View, day: usize, month: usize, year: usize) -> Option<Date> {
    let order = if year == 0 { DateOrder::YearFirst } else { DateOrder::DayFirst };
    let digits = view.digits(year).filter(|digits| digits.len() == 4 || (digits.len() == 2 && year > 0))?.into();
    let (day, month) = (part(view, day, 1, 31)?, part(view, month, 1, 12)?);
    let (year, form) = (Some(in_full(digits)), in_order_form(true));
    let date = Date { day: Some(day), month: Some(month), year, order, form, ..Date::default() };
    (day > 0 && month > 0).then_some(date)
}

/// A year of two digits with its century.
fn in_full(digits: CompactString) -> CompactString {
    match digits.as_bytes() {
        [b'0'..=b'4', _] => format_compact!("20{digits}"),
        [_, _] => format_compact!("19{digits}"),
        _ => digits,
    }
}

/// The form of a day: masculine if it is told to count in order, as by `1º` or by digits alone.
fn in_order_form(told: bool) -> Form {
    Form { gender: if told { Gender::Masculine } else { Gender::Unknown }, ..Form::default() }
}

/// `24/12`: a day and a month rather than a fraction, where the text says so or the number of the day is large.
fn day_and_month(lexicon: &Lexicon, view: &View, found: &mut Candidates) {
    let (Some(day), Some(month)) = (part(view, 0, 1, 31), part(view, 2, 1, 12)) else { return };
    if !view.is(1, "/") || !ends(view, 3) || day == 0 || month == 0 {
        return;
    }
    let announced = lexicon.words.before_day.contains(&view.word_before());
    let part_of = lexicon.words.between_date.contains(&view.text(view.after_space(3)));
    if (announced && !part_of) || day > 12 {
        let date = Date { day: Some(day), month: Some(month), form: in_order_form(true), ..Date::default() };
        found.push(3, cost::SURE, Item::Date(date));
    }
}
