//! Numbers that count in order.

use crate::normalize::item::{Gender, Integer};
use crate::normalize::romance::{pick, push};

use super::cardinal;

const ONES: [&str; 11] =
    ["", "primo", "secondo", "terzo", "quarto", "quinto", "sesto", "settimo", "ottavo", "nono", "decimo"];

/// Writes a number in order: up to ten by its name, others as the cardinal with an ending.
pub fn spell(digits: &str, gender: Gender, out: &mut String) {
    let word = match Integer::new(digits).value() {
        Some(value @ 1..=10) => u32::try_from(value).map(|value| pick(&ONES, value)).unwrap_or_default().into(),
        _ => with_ending(digits),
    };
    match word.strip_suffix('o').filter(|_| gender == Gender::Feminine) {
        Some(stem) => push(out, &format!("{stem}a")),
        None => push(out, &word),
    }
}

/// `undicesimo`, `ventitreesimo`, `ventiseiesimo`, `millesimo`, `duemillesimo`
fn with_ending(digits: &str) -> String {
    let mut words = String::new();
    cardinal::spell(digits, Gender::Unknown, &mut words);
    if let Some(thousands) = words.strip_suffix("mila") {
        return format!("{thousands}millesimo");
    }
    let keeps_vowel = (words.ends_with("tre") && words != "tre") || words.ends_with("sei");
    if !keeps_vowel {
        words.pop();
    }
    words + "esimo"
}
