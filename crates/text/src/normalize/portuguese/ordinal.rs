//! Numbers that count in order.

use crate::normalize::item::Gender;
use crate::normalize::number::groups;
use crate::normalize::romance::{pick, push};

use super::cardinal;

const ONES: [&str; 10] =
    ["", "primeiro", "segundo", "terceiro", "quarto", "quinto", "sexto", "sétimo", "oitavo", "nono"];

const TENS: [&str; 10] = [
    "",
    "décimo",
    "vigésimo",
    "trigésimo",
    "quadragésimo",
    "quinquagésimo",
    "sexagésimo",
    "septuagésimo",
    "octogésimo",
    "nonagésimo",
];

const HUNDREDS: [&str; 10] = [
    "",
    "centésimo",
    "ducentésimo",
    "trecentésimo",
    "quadringentésimo",
    "quingentésimo",
    "sexcentésimo",
    "septingentésimo",
    "octingentésimo",
    "noningentésimo",
];

const SCALES: [&str; 3] = ["", "milésimo", "milionésimo"];

/// Writes a number below 10⁹ in order, a larger one as a cardinal.
pub fn spell(digits: &str, gender: Gender, out: &mut String) {
    let groups = groups(digits, 3);
    if groups == [0] || groups.len() > SCALES.len() {
        return cardinal::spell(digits, gender, out);
    }
    for (group, scale) in groups.iter().zip(SCALES.iter().take(groups.len()).rev()).filter(|(group, _)| **group > 0) {
        if *group > 1 && !scale.is_empty() {
            cardinal::spell(&group.to_string(), Gender::Masculine, out);
        }
        if scale.is_empty() {
            spell_below_thousand(*group, gender, out);
        }
        push(out, &inflect(scale, gender));
    }
}

fn spell_below_thousand(number: u32, gender: Gender, out: &mut String) {
    for word in [pick(&HUNDREDS, number / 100), pick(&TENS, number / 10 % 10), pick(&ONES, number % 10)] {
        push(out, &inflect(word, gender));
    }
}

fn inflect(word: &str, gender: Gender) -> String {
    match word.strip_suffix('o').filter(|_| gender == Gender::Feminine) {
        Some(stem) => format!("{stem}a"),
        None => word.into(),
    }
}
