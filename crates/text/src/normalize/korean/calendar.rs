//! Dates and times.

use super::{closes, ends_word, is_hangul};
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::east_asian::written::unpadded;
use crate::normalize::item::{Date, DateOrder, Form, Integer, Item, Time};
use crate::normalize::shapes::{self, Triple};
use crate::normalize::token::Kind;
use crate::normalize::view::View;

pub fn recognize(view: &View, found: &mut Candidates) {
    if is_hangul(view, 1) {
        part(view, found);
        decade(view, found);
        time(view, found);
    } else {
        date(view, found);
        clock(view, found);
    }
}

/// A year, month, day, minute or second in a word of its own or with the next part right behind it.
fn part(view: &View, found: &mut Candidates) {
    let Some(digits) = view.digits(0) else { return };
    let joined = match view.text(1) {
        "년" | "일" => stands_alone(view) || begins_span(view),
        "월" => month(&digits).is_some(),
        "분" | "초" => stands_alone(view),
        _ => false,
    };
    let number = match view.text(1) {
        "월" => month(&digits).map(|month| Item::Words(month.into())),
        _ => None,
    };
    if !joined {
        return;
    }
    let number = number.unwrap_or_else(|| Item::Cardinal(Integer::new(unpadded(&digits)), Form::default()));
    let mut items = vec![number, Item::Mark(view.text(1).into())];
    // A particle stays with its month.
    let tied = super::particle::particle(view, 2).filter(|_| view.is(1, "월") && !begins_span(view));
    items.extend(tied.map(|(particle, _)| Item::Mark(particle.into())));
    found.push(tied.map_or(2, |(_, end)| end), cost::SURE, Item::Sequence(items));
}

/// Whether nothing but another part of the date, a weekday in brackets or a dash follows the part at token 0.
fn stands_alone(view: &View) -> bool {
    let weekday = view.is(2, "(") && [4, 6].iter().any(|n| view.is(*n, ")") && !is_hangul(view, n + 1));
    ends_word(view, 2) || weekday || view.kind(2) == Kind::Digits || view.is(2, "〜")
}

/// Whether a span of time begins with the part at token 0.
fn begins_span(view: &View) -> bool {
    view.is(2, "부") && view.is(3, "터")
}

/// Names of months lose a sound in two.
fn month(digits: &str) -> Option<&'static str> {
    const MONTHS: [&str; 12] = ["일", "이", "삼", "사", "오", "유", "칠", "팔", "구", "시", "십일", "십이"];
    let number: usize = digits.parse().ok().filter(|_| digits.len() <= 2)?;
    MONTHS.get(number.checked_sub(1)?).copied()
}

/// `1980년대`
fn decade(view: &View, found: &mut Candidates) {
    if let (Some(digits), Some(next)) = (view.digits(0), view.matches(1, "년대").filter(|next| ends_word(view, *next)))
    {
        let number = Item::Cardinal(Integer::new(digits), Form::default());
        found.push(next, cost::SURE, Item::Sequence(vec![number, Item::Mark("년대".into())]));
    }
}

/// `2020-12-24`, `10/30/2024`
fn date(view: &View, found: &mut Candidates) {
    let triple = ["/", "-", "."].into_iter().find_map(|sign| Triple::read(view, 0, sign));
    let Some(triple) = triple else { return };
    let calendar = triple.year_first().or_else(|| triple.month_first()).or_else(|| triple.day_first());
    let Some((day, month, year)) = calendar.filter(|(.., year)| year.len() == 4) else { return };
    let date =
        Date { day: Some(day), month: Some(month), year: Some(year), order: DateOrder::YearFirst, ..Date::default() };
    found.push(triple.next, cost::SURE, Item::Date(date));
}

/// `7:30`
fn clock(view: &View, found: &mut Candidates) {
    if let Some(clock) = shapes::clock(view, 0, &[":", "："]) {
        let minute = Some(clock.minute).filter(|minute| *minute > 0 || clock.second.is_some());
        let time = Time { hour: clock.hour, minute, second: clock.second, ..Time::default() };
        found.push(clock.next, cost::LIKELY, Item::Time(time));
    }
}

/// `7시 30분 5초`; the hour alone if its word ends or the part of the day is told before.
fn time(view: &View, found: &mut Candidates) {
    let Some(hour) = shapes::part(view, 0, 1, 24).filter(|_| view.is(1, "시")) else { return };
    let minute_at = view.after_space(2);
    let minute = shapes::part(view, minute_at, 1, 59).filter(|_| view.is(minute_at + 1, "분"));
    let second_at = view.after_space(minute_at + 2);
    let second = shapes::part(view, second_at, 1, 59).filter(|_| minute.is_some() && view.is(second_at + 1, "초"));
    let next = match (minute, second) {
        (None, _) if ends_word(view, 2) || (follows_part_of_day(view) && !view.is(2, "간")) => 2,
        (None, _) => return,
        (Some(_), None) => minute_at + 2,
        (Some(_), Some(_)) => second_at + 2,
    };
    found.push(next, cost::SURE, Item::Time(Time { hour, minute, second, ..Time::default() }));
}

fn follows_part_of_day(view: &View) -> bool {
    const PARTS: [&str; 8] = ["오전", "오후", "새벽", "아침", "저녁", "밤", "낮", "정오"];
    let n = if view.kind_before(1) == Kind::Space { 2 } else { 1 };
    let two = [view.text_before(n + 1), view.text_before(n)].concat();
    PARTS.contains(&view.text_before(n)) || PARTS.contains(&two.as_str())
}

/// Midnight in a word of its own.
pub fn midnight(view: &View, found: &mut Candidates) {
    if view.is(0, "자") && view.is(1, "정") && view.kind_before(1).is_gap() && closes(view, 2) {
        found.push(2, cost::SURE, Item::Time(Time::default()));
    }
}
