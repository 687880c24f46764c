//! Times of day.

use compact_str::CompactString;

use super::super::candidate::{Candidates, cost};
use super::super::item::{Form, Gender, Half, Integer, Item, Time};
use super::super::shapes::{clock, part};
use super::super::token::Kind;
use super::super::view::View;
use super::lexicon::{Lexicon, cell};

/// `5:30`, `5:30 p. m.`, `19.30 h`, `7h30`, `7 a. m.`, `3:07:22`
pub fn time(lexicon: &Lexicon, view: &View, found: &mut Candidates) {
    if !view.begins_word() || (view.text_before(1) == ":" && view.kind_before(2) == Kind::Digits) {
        return;
    }
    if let Some((time, next)) = colons(view) {
        let hour = on_half_clock(lexicon, view, time.hour, next);
        push(lexicon, view, Time { hour, ..time }, suffix(lexicon, view, next), next, found);
    } else if let Some((time, next)) = hours(view).or_else(|| hours_and_minutes(view)) {
        push(lexicon, view, time, None, next, found);
    } else if let Some((time, next)) = points(view) {
        points_with_suffix(lexicon, view, time, next, found);
    } else if let Some(hour) = part(view, 0, 1, 12) {
        let time = Time { hour, ..Time::default() };
        if let Some(suffix) = suffix(lexicon, view, 1).filter(|suffix| suffix.half.is_some()) {
            push(lexicon, view, time, Some(suffix), 1, found);
        }
    }
}

/// What follows a time.
#[derive(Default)]
struct Suffix {
    half: Option<Half>,
    zone: Option<CompactString>,
    next: usize,
}

/// Proposes a time with what follows it.
fn push(lexicon: &Lexicon, view: &View, time: Time, suffix: Option<Suffix>, next: usize, found: &mut Candidates) {
    let Suffix { half, zone, next } = suffix.unwrap_or(Suffix { next, ..Suffix::default() });
    let off = if zone.is_some() { offset(lexicon, view, next) } else { None };
    let time = Item::Time(Time { half, zone, ..time });
    match off {
        Some((off, next)) => {
            let plus = Item::Words(lexicon.words.plus.into());
            found.push(next, cost::SURE, Item::Sequence(vec![time, plus, off]));
        }
        None => found.push(next, cost::SURE, time),
    }
}

/// How far a zone is off, from token `n` on: `utc +1`, `utc+1:30`.
fn offset(lexicon: &Lexicon, view: &View, n: usize) -> Option<(Item, usize)> {
    let sign = view.after_space(n);
    let hours = view.digits(sign + 1).filter(|hours| hours.len() <= 2 && view.is(sign, "+"))?;
    let number = |digits: &str, gender| Item::Cardinal(Integer::new(digits), Form { gender, ..Form::default() });
    match view.digits(sign + 3).filter(|_| view.is(sign + 2, ":") && !lexicon.words.plus.is_empty()) {
        Some(minutes) => {
            let parts = vec![number(&hours, Gender::Feminine), number(&minutes, Gender::Unknown)];
            Some((Item::Sequence(parts), sign + 4))
        }
        None => Some((number(&hours, Gender::Unknown), sign + 2)),
    }
}

/// The hour as it is said before a word such as `da tarde`: 16 is four.
fn on_half_clock(lexicon: &Lexicon, view: &View, hour: u8, n: usize) -> u8 {
    let afternoon = lexicon.words.afternoon;
    let told = !afternoon.is_empty() && view.matches(view.after_space(n), afternoon).is_some();
    if told && (13..=18).contains(&hour) { hour - 12 } else { hour }
}

fn colons(view: &View) -> Option<(Time, usize)> {
    let clock = clock(view, 0, &[":"]).filter(|clock| view.ends_word(clock.next) || view.is(clock.next, "h"))?;
    let time = Time { hour: clock.hour, minute: Some(clock.minute), second: clock.second, ..Time::default() };
    Some((time, clock.next))
}

/// `2 h 30 min`
fn hours_and_minutes(view: &View) -> Option<(Time, usize)> {
    let (hour, minute) = (part(view, 0, 1, 24)?, part(view, 4, 1, 59)?);
    let sound = view.kind(1) == Kind::Space && view.is(2, "h") && view.kind(3) == Kind::Space;
    let next = view.matches(view.after_space(5), "min").filter(|next| sound && view.ends_word(*next))?;
    Some((Time { hour, minute: Some(minute), ..Time::default() }, next))
}

/// `7h30`, `14H30`
fn hours(view: &View) -> Option<(Time, usize)> {
    let (hour, minute) = (part(view, 0, 1, 24)?, part(view, 2, 2, 59)?);
    let next = if view.is_one_of(3, &["min", "m"]) { 4 } else { 3 };
    let sound = view.is_one_of(1, &["h", "H"]) && view.ends_word(next);
    sound.then(|| (Time { hour, minute: Some(minute), ..Time::default() }, next))
}

fn points(view: &View) -> Option<(Time, usize)> {
    let clock = clock(view, 0, &["."]).filter(|clock| view.ends_word(clock.next))?;
    let time = Time { hour: clock.hour, minute: Some(clock.minute), second: clock.second, ..Time::default() };
    Some((time, clock.next))
}

/// With points, a time has to be told from a decimal.
fn points_with_suffix(lexicon: &Lexicon, view: &View, time: Time, next: usize, found: &mut Candidates) {
    let suffix = suffix(lexicon, view, next);
    let announced = lexicon.words.before_time.contains(&view.word_before()) || alone(lexicon, view, next);
    if suffix.is_some() || announced {
        push(lexicon, view, time, suffix, next, found);
    }
}

/// Whether the time is all the text there is, in a language that reads one so.
fn alone(lexicon: &Lexicon, view: &View, next: usize) -> bool {
    let edges = view.kind_before(1) == Kind::Edge && view.kind(next) == Kind::Edge;
    edges && lexicon.words.before_time.contains(&"")
}

/// A half of the day, a zone or both from token `n` on, and how far the zone is off.
fn suffix(lexicon: &Lexicon, view: &View, n: usize) -> Option<Suffix> {
    let first = one_suffix(lexicon, view, n)?;
    let Some(second) = one_suffix(lexicon, view, first.next) else { return Some(first) };
    Some(Suffix { half: first.half.or(second.half), zone: second.zone.or(first.zone), next: second.next })
}

fn one_suffix(lexicon: &Lexicon, view: &View, n: usize) -> Option<Suffix> {
    let at = view.after_space(n);
    let (key, row, next) = lexicon.times.longest(view, at)?;
    if !key.ends_with('.') && !view.ends_word(next) {
        return None;
    }
    Some(match cell(row, 0) {
        "am" => Suffix { half: Some(Half::Am), zone: None, next },
        "pm" => Suffix { half: Some(Half::Pm), zone: None, next },
        zone => Suffix { half: None, zone: Some(zone.into()), next },
    })
}
