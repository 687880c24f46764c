//! Times of day: `5h30`, `17:30`.

use super::cardinal;
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::item::{Gender, Integer, Item, Range, Relation, Time};
use crate::normalize::shapes::{clock, part};
use crate::normalize::token::Kind;
use crate::normalize::view::View;

pub fn recognize(view: &View, found: &mut Candidates) {
    let joined = matches!(view.text_before(1), ":" | "." | "," | "-" | "/") && view.kind_before(2) == Kind::Digits;
    if !view.begins_word() || joined {
        return;
    }
    around_the_clock(view, found);
    let Some((from, next, sure)) = time(view, 0) else { return };
    if let Some((to, end, _)) = time(view, next + 1).filter(|_| view.is_one_of(next, &["-", "–"])) {
        let range = Range { from: Item::Time(from.clone()), to: Item::Time(to), relation: Relation::To };
        found.push(end, cost::SURE, Item::Range(Box::new(range)));
    }
    found.push(next, if sure { cost::SURE } else { cost::LIKELY }, Item::Time(from));
}

/// A time from token `n` on, the token after it, and whether the text says that it is one.
fn time(view: &View, n: usize) -> Option<(Time, usize, bool)> {
    with_letter(view, n).map(|(time, next)| (time, next, true)).or_else(|| {
        let clock = clock(view, n, &[":"]).filter(|clock| view.ends_word(clock.next))?;
        let time = Time { hour: clock.hour, minute: Some(clock.minute), second: clock.second, ..Time::default() };
        let goes_on = view.is(clock.next, ":") && view.kind(clock.next + 1) == Kind::Digits;
        (!goes_on).then_some((time, clock.next, false))
    })
}

/// `5h`, `5h30`, `5 h 30`; a lone `5 h` with a space is left to the model, as in the reference.
fn with_letter(view: &View, n: usize) -> Option<(Time, usize)> {
    let hour = part(view, n, 1, 24)?;
    let letter = view.after_space(n + 1);
    if !view.is_one_of(letter, &["h", "H"]) {
        return None;
    }
    let spaced = letter > n + 1;
    let digits = if spaced { view.after_space(letter + 1) } else { letter + 1 };
    match part(view, digits, 2, 59).filter(|_| view.ends_word(digits + 1) || view.is(digits + 1, "min")) {
        Some(minute) => {
            let next = if view.is(digits + 1, "min") { digits + 2 } else { digits + 1 };
            Some((Time { hour, minute: Some(minute), ..Time::default() }, next))
        }
        None if spaced || !view.ends_word(letter + 1) => None,
        None => Some((Time { hour, ..Time::default() }, letter + 1)),
    }
}

/// `24h/24`, `7j/7`
fn around_the_clock(view: &View, found: &mut Candidates) {
    let unit = match view.text(1) {
        "h" | "H" => " heures sur ",
        "j" | "J" => " jours sur ",
        _ => return,
    };
    let times = part(view, 0, 1, 24).zip(part(view, 3, 1, 24));
    if let Some((times, of)) = times.filter(|_| view.is(2, "/") && view.ends_word(4)) {
        let mut words = String::new();
        number(times, Gender::Feminine, &mut words);
        words.push_str(unit);
        number(of, Gender::Masculine, &mut words);
        found.push(4, cost::SURE, Item::Words(words.into()));
    }
}

/// "cinq heures trente", "trois heures sept minutes vingt-deux secondes".
pub fn spell(time: &Time, out: &mut String) {
    counted(time.hour, "heure", out);
    if let Some(second) = time.second {
        out.push(' ');
        counted(time.minute.unwrap_or_default(), "minute", out);
        out.push(' ');
        counted(second, "seconde", out);
    } else if let Some(minute) = time.minute.filter(|minute| *minute > 0) {
        out.push(' ');
        number(minute, Gender::Feminine, out);
    }
}

fn counted(value: u8, unit: &str, out: &mut String) {
    number(value, Gender::Feminine, out);
    out.push(' ');
    out.push_str(unit);
    if value > 1 {
        out.push('s');
    }
}

fn number(value: u8, gender: Gender, out: &mut String) {
    let mut words = String::new();
    cardinal::spell_counting(&Integer::new(value.to_string()), gender, &mut words);
    out.push_str(&words);
}
