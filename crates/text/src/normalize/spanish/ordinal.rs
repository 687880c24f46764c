//! Numbers that count in order.

use crate::normalize::item::Gender;
use crate::normalize::number::groups;
use crate::normalize::romance::{pick, push};

use super::cardinal;

const ONES: [&str; 30] = [
    "",
    "primero",
    "segundo",
    "tercero",
    "cuarto",
    "quinto",
    "sexto",
    "séptimo",
    "octavo",
    "noveno",
    "décimo",
    "undécimo",
    "duodécimo",
    "decimotercero",
    "decimocuarto",
    "decimoquinto",
    "decimosexto",
    "decimoséptimo",
    "decimoctavo",
    "decimonoveno",
    "vigésimo",
    "vigesimoprimero",
    "vigesimosegundo",
    "vigesimotercero",
    "vigesimocuarto",
    "vigesimoquinto",
    "vigesimosexto",
    "vigesimoséptimo",
    "vigesimoctavo",
    "vigesimonoveno",
];

const TENS: [&str; 10] = [
    "",
    "",
    "",
    "trigésimo",
    "cuadragésimo",
    "quincuagésimo",
    "sexagésimo",
    "septuagésimo",
    "octogésimo",
    "nonagésimo",
];

const HUNDREDS: [&str; 10] = [
    "",
    "centésimo",
    "ducentésimo",
    "tricentésimo",
    "cuadringentésimo",
    "quingentésimo",
    "sexcentésimo",
    "septingentésimo",
    "octingentésimo",
    "noningentésimo",
];

const SCALES: [&str; 3] = ["", "milésimo", "millonésimo"];

/// Writes a number below 10⁹ in order, a larger one as a cardinal. Masculine is the short form: `primer`.
pub fn spell(digits: &str, gender: Gender, out: &mut String) {
    let groups = groups(digits, 3);
    if groups == [0] || groups.len() > SCALES.len() {
        return cardinal::spell(digits, gender, out);
    }
    for (group, scale) in groups.iter().zip(SCALES.iter().take(groups.len()).rev()).filter(|(group, _)| **group > 0) {
        match *scale {
            "" => spell_below_thousand(*group, gender, out),
            scale => push(out, &inflect(&format!("{}{scale}", multiplier(*group)), gender)),
        }
    }
}

/// How many thousands, as the word for them begins: `dosmilésimo`; nothing for one.
pub fn multiplier(number: u32) -> String {
    if number == 1 {
        return String::new();
    }
    let mut words = String::new();
    cardinal::spell(&number.to_string(), Gender::Masculine, &mut words);
    words.retain(|character| character != ' ');
    words
}

fn spell_below_thousand(number: u32, gender: Gender, out: &mut String) {
    let (hundreds, rest) = (number / 100, number % 100);
    push(out, &inflect(pick(&HUNDREDS, hundreds), gender));
    if rest < 30 {
        return push(out, &inflect(pick(&ONES, rest), gender));
    }
    push(out, &inflect(pick(&TENS, rest / 10), gender));
    push(out, &inflect(pick(&ONES, rest % 10), gender));
}

/// A word in its form: `primera`, `primer`.
fn inflect(word: &str, gender: Gender) -> String {
    let short = word.ends_with("primero") || word.ends_with("tercero");
    match (word.strip_suffix('o'), gender) {
        (Some(stem), Gender::Feminine) => format!("{stem}a"),
        (Some(stem), Gender::Masculine) if short => stem.into(),
        _ => word.into(),
    }
}
