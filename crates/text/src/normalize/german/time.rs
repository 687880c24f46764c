//! Times of day.

use compact_str::CompactString;

use super::cardinal;
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::item::{Gender, Integer, Item, Range, Relation, Time};
use crate::normalize::shapes::{clock, part};
use crate::normalize::token::Kind;
use crate::normalize::view::View;

const ZONES: [&str; 12] = ["est", "pst", "cst", "edt", "mez", "mesz", "utc", "gmt", "cet", "cest", "oez", "wez"];

pub fn recognize(view: &View, found: &mut Candidates) {
    if !view.begins_word() || matches!(view.text_before(1), ":" | "." | "," | "-" | "–") && joined(view) {
        return;
    }
    let goes_on = |n| matches!(view.text(n), ":" | ".") && view.kind(n + 1) == Kind::Digits;
    if let Some((time, next, sure)) = time(view, 0).filter(|(_, next, sure)| *sure || !goes_on(*next)) {
        found.push(next, if sure { cost::SURE } else { cost::LIKELY }, Item::Time(time));
    }
    range(view, found);
}

/// Whether the sign before token 0 stands behind a digit.
fn joined(view: &View) -> bool {
    view.kind_before(2) == Kind::Digits
}

/// A time from token `n` on, the token after it, and whether the text says that it is one.
fn time(view: &View, n: usize) -> Option<(Time, usize, bool)> {
    let (time, next) = digital(view, n).or_else(|| spaced(view, n))?;
    let colon = view.is(n + 1, ":");
    match hour_sign(view, next) {
        Some(after) => {
            let (minute, after) = minutes_behind(view, after, time.minute);
            let (zone, after) = zone(view, after);
            Some((Time { minute, zone, ..time }, after, true))
        }
        None if colon => Some((time, next, false)),
        None => french_style(view, n),
    }
}

/// `5:30`, `5.30`, `5:30:15`
fn digital(view: &View, n: usize) -> Option<(Time, usize)> {
    let clock = clock(view, n, &[":", "."]).filter(|clock| view.ends_word(clock.next))?;
    let time = Time { hour: clock.hour, minute: Some(clock.minute), second: clock.second, ..Time::default() };
    Some((time, clock.next))
}

/// The hour alone.
fn spaced(view: &View, n: usize) -> Option<(Time, usize)> {
    Some((Time { hour: part(view, n, 1, 24)?, ..Time::default() }, n + 1))
}

/// The token after `Uhr`.
fn hour_sign(view: &View, n: usize) -> Option<usize> {
    let word = view.after_space(n);
    view.is_one_of(word, &["Uhr", "uhr"]).then_some(word + 1)
}

/// The minutes in `19 Uhr 30`.
fn minutes_behind(view: &View, n: usize, known: Option<u8>) -> (Option<u8>, usize) {
    let digits = view.after_space(n);
    let goes_on = view.is_one_of(digits + 1, &[".", ":", ",", "-", "%"]) && view.kind(digits + 2) == Kind::Digits;
    match part(view, digits, 2, 59) {
        Some(minute) if known.is_none() && view.kind(n) == Kind::Space && !goes_on => (Some(minute), digits + 1),
        _ => (known, n),
    }
}

fn zone(view: &View, n: usize) -> (Option<CompactString>, usize) {
    let word = view.after_space(n);
    let name = view.text(word).to_lowercase();
    let known = view.kind(n) == Kind::Space && ZONES.contains(&name.as_str());
    if known { (Some(name.into()), word + 1) } else { (None, n) }
}

/// `14h30`
fn french_style(view: &View, n: usize) -> Option<(Time, usize, bool)> {
    let hour = part(view, n, 1, 24)?;
    let minute = part(view, n + 2, 2, 59).filter(|_| view.is(n + 1, "h") && view.ends_word(n + 3))?;
    Some((Time { hour, minute: Some(minute), ..Time::default() }, n + 3, true))
}

/// `8-12 Uhr`, `8:00–12:30`
fn range(view: &View, found: &mut Candidates) {
    let Some((from, dash)) = digital(view, 0).or_else(|| spaced(view, 0)) else { return };
    if !view.is_one_of(dash, &["-", "–"]) {
        return;
    }
    let Some((to, next, sure)) = time(view, dash + 1) else { return };
    if sure || (from.minute.is_some() && view.is(1, ":")) {
        let range = Range { from: Item::Time(from), to: Item::Time(to), relation: Relation::To };
        found.push(next, cost::SURE, Item::Range(Box::new(range)));
    }
}

/// "fünf uhr dreißig"; with seconds "ein uhr eine minute eine sekunde".
pub fn spell(time: &Time, out: &mut String) {
    number(time.hour, Gender::Masculine, out);
    out.push_str(" uhr");
    if let Some(second) = time.second {
        counted(time.minute.unwrap_or_default(), "minute", out);
        counted(second, "sekunde", out);
    } else if let Some(minute) = time.minute.filter(|minute| *minute > 0) {
        out.push(' ');
        cardinal::spell(&Integer::new(minute.to_string()), out);
    }
    for letter in time.zone.iter().flat_map(|zone| zone.chars()) {
        out.extend([' ', letter]);
    }
}

fn number(value: u8, gender: Gender, out: &mut String) {
    cardinal::spell_counting(&Integer::new(value.to_string()), gender, out);
}

fn counted(value: u8, unit: &str, out: &mut String) {
    out.push(' ');
    number(value, Gender::Feminine, out);
    out.push(' ');
    out.push_str(unit);
    if value != 1 {
        out.push('n');
    }
}

/// Writes a range of times: the first "uhr" is said only if minutes follow it.
pub fn spell_range(from: &Time, to: &Time, out: &mut String) {
    match from.minute {
        Some(_) => spell(from, out),
        None => number(from.hour, Gender::Feminine, out),
    }
    out.push_str(" bis ");
    spell(to, out);
}
