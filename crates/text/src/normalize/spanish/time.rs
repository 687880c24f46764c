//! Times of day in words.

use crate::normalize::item::{Gender, Half, Time};
use crate::normalize::romance::push;

use super::cardinal;

/// Writes a time: `cinco y media de la tarde`.
pub fn spell(time: &Time, out: &mut String) {
    match time.second {
        Some(second) => spell_in_full(time, second, out),
        None => spell_short(time, out),
    }
    push(out, time.half.map_or("", |half| part_of_day(half, time.hour)));
    push(out, time.zone.as_deref().unwrap_or_default());
}

fn spell_short(time: &Time, out: &mut String) {
    cardinal::spell(&time.hour.to_string(), Gender::Feminine, out);
    match time.minute {
        None | Some(0) => {}
        Some(15) => push(out, "y cuarto"),
        Some(30) => push(out, "y media"),
        Some(minute) => {
            push(out, "y");
            cardinal::spell(&minute.to_string(), Gender::Unknown, out);
        }
    }
}

/// With seconds, every part has its unit.
fn spell_in_full(time: &Time, second: u8, out: &mut String) {
    spell_part(time.hour, Gender::Feminine, ["hora", "horas"], out);
    spell_part(time.minute.unwrap_or(0), Gender::Masculine, ["minuto", "minutos"], out);
    push(out, "y");
    spell_part(second, Gender::Masculine, ["segundo", "segundos"], out);
}

fn spell_part(number: u8, gender: Gender, [one, many]: [&str; 2], out: &mut String) {
    cardinal::spell(&number.to_string(), gender, out);
    push(out, if number == 1 { one } else { many });
}

fn part_of_day(half: Half, hour: u8) -> &'static str {
    match (half, hour) {
        (Half::Am, 12) => "de la noche",
        (Half::Am, _) => "de la mañana",
        (Half::Pm, 12) => "del mediodía",
        (Half::Pm, 1..=6) => "de la tarde",
        (Half::Pm, _) => "de la noche",
    }
}
