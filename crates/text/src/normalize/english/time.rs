//! Times of day and lengths of time.

use std::borrow::Cow;

use compact_str::CompactString;

use super::cardinal::{space_since, spell_below_hundred, spell_two_digits};
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::item::{Duration, Half, Item, Range, Relation, Time};
use crate::normalize::shapes::{clock, part};
use crate::normalize::view::View;

/// Proposes times and ranges of times at a number.
pub fn recognize(view: &View, found: &mut Candidates) {
    if !view.begins_word() {
        return;
    }
    let Some((item, next, sure)) = time_at(view, 0) else { return };
    let after = if sure && is_hyphen(view, next) { time_at(view, next + 1) } else { None };
    if let Some((to, end, _)) = after.filter(|(.., sure)| *sure) {
        found.push(end, cost::SURE, Item::Range(Box::new(Range { from: item.clone(), to, relation: Relation::To })));
    }
    if sure {
        found.push(next, cost::SURE, item);
    }
}

fn is_hyphen(view: &View, n: usize) -> bool {
    view.is_one_of(n, &["-", "–"])
}

/// The time at token `n`, the token after it, and whether it can be nothing else.
fn time_at(view: &View, n: usize) -> Option<(Item, usize, bool)> {
    if let Some(clock) =
        clock(view, n, &[":"]).filter(|clock| view.ends_word(clock.next) || half(view, clock.next).is_some())
    {
        let (half, zone, next) = suffixes(view, clock.next);
        let time = Time { hour: clock.hour, minute: Some(clock.minute), second: clock.second, half, zone };
        let odd = view.is(clock.next, ":") && view.digits(clock.next + 1).is_some();
        return Some((Item::Time(time), next, !odd));
    }
    let hour = part(view, n, 1, 24)?;
    let (half, zone, next) = suffixes(view, n + 1);
    Some((Item::Time(Time { hour, half, zone, ..Time::default() }), next, half.is_some()))
}

/// `am`, `p.m.` and the zone after it.
fn suffixes(view: &View, n: usize) -> (Option<Half>, Option<CompactString>, usize) {
    let (half, next) = half(view, n).map_or((None, n), |(half, next)| (Some(half), next));
    match zone(view, view.after_space(next)) {
        Some((zone, next)) => (half, Some(zone), next),
        None => (half, None, next),
    }
}

fn half(view: &View, n: usize) -> Option<(Half, usize)> {
    let at = view.after_space(n);
    if !view.kind(at).is_word() {
        return None;
    }
    let first = view.text(at);
    let next = match first {
        _ if ["am", "pm"].iter().any(|half| half.eq_ignore_ascii_case(first)) => at + 1,
        "a" | "A" | "p" | "P" if view.is(at + 1, ".") && view.text(at + 2).eq_ignore_ascii_case("m") => {
            if view.is(at + 3, ".") && !view.is_one_of(at + 4, &["?", "!"]) { at + 4 } else { at + 3 }
        }
        _ => return None,
    };
    let half = if first.starts_with(['a', 'A']) { Half::Am } else { Half::Pm };
    view.ends_word(next).then_some((half, next))
}

const ZONES: [&str; 16] =
    ["EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT", "GMT", "UTC", "BST", "CET", "CEST", "ET", "PT", "IST"];

fn zone(view: &View, n: usize) -> Option<(CompactString, usize)> {
    if !view.kind(n).is_word() {
        return None;
    }
    let (name, next) = if view.text(n).len() == 1 && view.is(n + 1, ".") && view.is(n + 3, ".") {
        let end = if view.is(n + 5, ".") { n + 6 } else { n + 5 };
        (Cow::Owned(view.slice(n..n + 5).replace('.', "").to_ascii_uppercase()), end)
    } else {
        (Cow::Borrowed(view.text(n)), n + 1)
    };
    (ZONES.contains(&&*name) && view.ends_word(next)).then(|| (name.into(), next))
}

/// Writes a time: "five thirty PM", "nine o'clock"; one with seconds as a length of time.
pub fn say(time: &Time, out: &mut String) {
    let hour = u32::from(time.hour);
    let number = |number: u32, out: &mut String| number_below_hundred(number, out);
    match (time.minute, time.second) {
        (Some(minute), Some(second)) => {
            let (hours, minutes, seconds) = (Some(hour), Some(u32::from(minute)), Some(u32::from(second)));
            say_duration(&Duration { hours, minutes, seconds }, out);
        }
        (Some(0), _) if time.half.is_none() => {
            number(hour, out);
            out.push_str(" o'clock");
        }
        (Some(minute), _) if minute > 0 => {
            number(hour, out);
            out.push(' ');
            spell_two_digits(minute.into(), out);
        }
        _ => number(hour, out),
    }
    if let Some(half) = time.half {
        out.push_str(if half == Half::Am { " AM" } else { " PM" });
    }
    if let Some(zone) = &time.zone {
        out.push(' ');
        out.push_str(zone);
    }
}

fn number_below_hundred(number: u32, out: &mut String) {
    if number == 0 { out.push_str("zero") } else { spell_below_hundred(number, out) }
}

/// Writes a length of time: "one hour one minute and one second".
fn say_duration(duration: &Duration, out: &mut String) {
    let start = out.len();
    let parts = [(duration.hours, "hour"), (duration.minutes, "minute"), (duration.seconds, "second")];
    for (number, unit) in parts {
        let Some(number) = number else { continue };
        space_since(start, out);
        if unit == "second" && out.len() > start {
            out.push_str("and ");
        }
        number_below_hundred(number.min(99), out);
        out.push(' ');
        out.push_str(unit);
        if number != 1 {
            out.push('s');
        }
    }
}
