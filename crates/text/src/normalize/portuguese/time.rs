//! Times of day in words.

use crate::normalize::item::{Gender, Half, Time};
use crate::normalize::romance::push;

use super::cardinal;

/// Writes a time: `catorze horas e trinta`.
pub fn spell(time: &Time, out: &mut String) {
    spell_part(time.hour, Gender::Feminine, ["hora", "horas"], out);
    match (time.minute, time.second) {
        (minute, Some(second)) => {
            push(out, "e");
            spell_part(minute.unwrap_or(0), Gender::Masculine, ["minuto", "minutos"], out);
            push(out, "e");
            spell_part(second, Gender::Masculine, ["segundo", "segundos"], out);
        }
        (None | Some(0), None) => {}
        (Some(minute), None) => {
            push(out, "e");
            cardinal::spell(&minute.to_string(), Gender::Masculine, out);
        }
    }
    push(out, time.half.map_or("", |half| part_of_day(half, time.hour)));
    push(out, time.zone.as_deref().unwrap_or_default());
}

fn spell_part(number: u8, gender: Gender, [one, many]: [&str; 2], out: &mut String) {
    cardinal::spell(&number.to_string(), gender, out);
    push(out, if number == 1 { one } else { many });
}

fn part_of_day(half: Half, hour: u8) -> &'static str {
    match (half, hour) {
        (Half::Am, 12) => "da noite",
        (Half::Am, 1..=5) => "da madrugada",
        (Half::Am, _) => "da manhã",
        (Half::Pm, 12 | 1..=6) => "da tarde",
        (Half::Pm, _) => "da noite",
    }
}
