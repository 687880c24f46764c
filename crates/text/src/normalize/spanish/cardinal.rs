//! Cardinal numbers in words.

use crate::normalize::item::Gender;
use crate::normalize::number::groups;
use crate::normalize::romance::{pick, push};

const ONES: [&str; 30] = [
    "cero",
    "uno",
    "dos",
    "tres",
    "cuatro",
    "cinco",
    "seis",
    "siete",
    "ocho",
    "nueve",
    "diez",
    "once",
    "doce",
    "trece",
    "catorce",
    "quince",
    "dieciséis",
    "diecisiete",
    "dieciocho",
    "diecinueve",
    "veinte",
    "veintiuno",
    "veintidós",
    "veintitrés",
    "veinticuatro",
    "veinticinco",
    "veintiséis",
    "veintisiete",
    "veintiocho",
    "veintinueve",
];

const TENS: [&str; 10] = ["", "", "", "treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"];

const HUNDREDS: [&str; 10] = [
    "",
    "ciento",
    "doscientos",
    "trescientos",
    "cuatrocientos",
    "quinientos",
    "seiscientos",
    "setecientos",
    "ochocientos",
    "novecientos",
];

/// Names of the powers of a million: one, many.
const SCALES: [[&str; 2]; 7] = [
    ["", ""],
    ["millón", "millones"],
    ["billón", "billones"],
    ["trillón", "trillones"],
    ["cuatrillón", "cuatrillones"],
    ["quintillón", "quintillones"],
    ["sextillón", "sextillones"],
];

/// Writes a number; one longer than there are names, digit by digit.
pub fn spell(digits: &str, gender: Gender, out: &mut String) {
    let groups = groups(digits, 6);
    let Some(scales) = SCALES.get(..groups.len()) else { return spell_digits(digits, out) };
    if groups == [0] {
        return push(out, pick(&ONES, 0));
    }
    for (group, [one, many]) in groups.into_iter().zip(scales.iter().rev()).filter(|(group, _)| *group > 0) {
        let gender = if many.is_empty() { gender } else { Gender::Masculine };
        spell_below_million(group, gender, out);
        push(out, if group == 1 { one } else { many });
    }
}

/// Writes digits one by one.
pub fn spell_digits(digits: &str, out: &mut String) {
    digits.chars().filter_map(|digit| digit.to_digit(10)).for_each(|digit| push(out, pick(&ONES, digit)));
}

fn spell_below_million(number: u32, gender: Gender, out: &mut String) {
    let (thousands, rest) = (number / 1000, number % 1000);
    if thousands > 0 {
        if thousands > 1 {
            let feminine = gender == Gender::Feminine;
            spell_below_thousand(thousands, if feminine { gender } else { Gender::Masculine }, out);
        }
        push(out, "mil");
    }
    spell_below_thousand(rest, gender, out);
}

/// A number below a thousand; nothing for zero.
fn spell_below_thousand(number: u32, gender: Gender, out: &mut String) {
    let (hundreds, rest) = (number / 100, number % 100);
    if number == 100 {
        return push(out, "cien");
    }
    let hundreds = pick(&HUNDREDS, hundreds);
    match hundreds.strip_suffix("os").filter(|_| gender == Gender::Feminine) {
        Some(stem) => push(out, &format!("{stem}as")),
        None => push(out, hundreds),
    }
    if rest > 0 {
        spell_below_hundred(rest, gender, out);
    }
}

fn spell_below_hundred(number: u32, gender: Gender, out: &mut String) {
    if number >= 30 {
        push(out, pick(&TENS, number / 10));
        if !number.is_multiple_of(10) {
            push(out, "y");
            push(out, one(number % 10, gender));
        }
    } else {
        push(out, one(number, gender));
    }
}

fn one(number: u32, gender: Gender) -> &'static str {
    match (number, gender) {
        (1, Gender::Masculine) => "un",
        (1, Gender::Feminine) => "una",
        (21, Gender::Masculine) => "veintiún",
        (21, Gender::Feminine) => "veintiuna",
        _ => pick(&ONES, number),
    }
}
