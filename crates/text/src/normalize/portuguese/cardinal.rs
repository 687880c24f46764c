//! Cardinal numbers in words.

use crate::normalize::item::Gender;
use crate::normalize::number::groups;
use crate::normalize::romance::{pick, push};

const ONES: [&str; 20] = [
    "zero",
    "um",
    "dois",
    "três",
    "quatro",
    "cinco",
    "seis",
    "sete",
    "oito",
    "nove",
    "dez",
    "onze",
    "doze",
    "treze",
    "catorze",
    "quinze",
    "dezesseis",
    "dezessete",
    "dezoito",
    "dezenove",
];

const TENS: [&str; 10] =
    ["", "", "vinte", "trinta", "quarenta", "cinquenta", "sessenta", "setenta", "oitenta", "noventa"];

const HUNDREDS: [&str; 10] = [
    "",
    "cento",
    "duzentos",
    "trezentos",
    "quatrocentos",
    "quinhentos",
    "seiscentos",
    "setecentos",
    "oitocentos",
    "novecentos",
];

/// Names of the powers of a thousand: one, many.
const SCALES: [[&str; 2]; 12] = [
    ["", ""],
    ["mil", "mil"],
    ["milhão", "milhões"],
    ["bilhão", "bilhões"],
    ["trilhão", "trilhões"],
    ["quatrilhão", "quatrilhões"],
    ["quintilhão", "quintilhões"],
    ["sextilhão", "sextilhões"],
    ["septilhão", "septilhões"],
    ["octilhão", "octilhões"],
    ["nonilhão", "nonilhões"],
    ["decilhão", "decilhões"],
];

/// Writes a number; one longer than there are names, digit by digit.
pub fn spell(digits: &str, gender: Gender, out: &mut String) {
    let groups = groups(digits, 3);
    let Some(scales) = SCALES.get(..groups.len()) else { return spell_digits(digits, out) };
    if groups == [0] {
        return push(out, pick(&ONES, 0));
    }
    let last = groups.iter().rposition(|group| *group > 0);
    let mut first = true;
    for (index, (group, scale)) in
        groups.iter().zip(scales.iter().rev()).enumerate().filter(|(_, (group, _))| **group > 0)
    {
        let round = scale[0].is_empty() && group.is_multiple_of(100);
        if !first && Some(index) == last && (*group <= 100 || round) {
            push(out, "e");
        }
        first = false;
        spell_scaled(*group, scale, gender, out);
    }
}

/// A group with its name: `mil`, `dois milhões`.
fn spell_scaled(group: u32, [one, many]: &[&str; 2], gender: Gender, out: &mut String) {
    let gender = if one.is_empty() || *one == "mil" { gender } else { Gender::Masculine };
    if group > 1 || *one != "mil" {
        spell_below_thousand(group, gender, out);
    }
    push(out, if group == 1 { one } else { many });
}

/// Writes digits one by one.
pub fn spell_digits(digits: &str, out: &mut String) {
    digits.chars().filter_map(|digit| digit.to_digit(10)).for_each(|digit| push(out, pick(&ONES, digit)));
}

fn spell_below_thousand(number: u32, gender: Gender, out: &mut String) {
    let (hundreds, rest) = (number / 100, number % 100);
    if number == 100 {
        return push(out, "cem");
    }
    let name = pick(&HUNDREDS, hundreds);
    match name.strip_suffix("os").filter(|_| gender == Gender::Feminine) {
        Some(stem) => push(out, &format!("{stem}as")),
        None => push(out, name),
    }
    if rest > 0 {
        push(out, if hundreds > 0 { "e" } else { "" });
        spell_below_hundred(rest, gender, out);
    }
}

fn spell_below_hundred(number: u32, gender: Gender, out: &mut String) {
    if number < 20 {
        return push(out, one(number, gender));
    }
    push(out, pick(&TENS, number / 10));
    if !number.is_multiple_of(10) {
        push(out, "e");
        push(out, one(number % 10, gender));
    }
}

fn one(number: u32, gender: Gender) -> &'static str {
    match (number, gender) {
        (1, Gender::Feminine) => "uma",
        (2, Gender::Feminine) => "duas",
        _ => pick(&ONES, number),
    }
}
