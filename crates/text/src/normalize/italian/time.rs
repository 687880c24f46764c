//! Times of day in words.

use crate::normalize::item::{Gender, Half, Time};
use crate::normalize::romance::push;

use super::cardinal;

/// Writes a time: `cinque e mezza`, `zero e cinque minuti`.
pub fn spell(time: &Time, out: &mut String) {
    cardinal::spell(&time.hour.to_string(), Gender::Feminine, out);
    match time.minute {
        None | Some(0) => {}
        Some(15) => push(out, "e un quarto"),
        Some(30) => push(out, "e mezza"),
        Some(minute) => spell_part(minute, ["minuto", "minuti"], out),
    }
    if let Some(second) = time.second.filter(|second| *second > 0) {
        spell_part(second, ["secondo", "secondi"], out);
    }
    push(out, time.half.map_or("", |half| part_of_day(half, time.hour)));
    push(out, time.zone.as_deref().unwrap_or_default());
}

fn spell_part(number: u8, [one, many]: [&str; 2], out: &mut String) {
    push(out, "e");
    cardinal::spell(&number.to_string(), Gender::Masculine, out);
    push(out, if number == 1 { one } else { many });
}

fn part_of_day(half: Half, hour: u8) -> &'static str {
    match (half, hour) {
        (Half::Am, 12) => "di notte",
        (Half::Am, _) => "di mattina",
        (Half::Pm, 12 | 1..=5) => "del pomeriggio",
        (Half::Pm, _) => "di sera",
    }
}
