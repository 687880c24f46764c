//! Cardinal numbers in words.

use crate::normalize::item::Gender;
use crate::normalize::number::groups;
use crate::normalize::romance::{pick, push};

const ONES: [&str; 20] = [
    "zero",
    "uno",
    "due",
    "tre",
    "quattro",
    "cinque",
    "sei",
    "sette",
    "otto",
    "nove",
    "dieci",
    "undici",
    "dodici",
    "tredici",
    "quattordici",
    "quindici",
    "sedici",
    "diciassette",
    "diciotto",
    "diciannove",
];

const TENS: [&str; 10] =
    ["", "", "venti", "trenta", "quaranta", "cinquanta", "sessanta", "settanta", "ottanta", "novanta"];

/// Names of the powers of a million: one, many.
const SCALES: [[&str; 2]; 6] = [
    ["", ""],
    ["milione", "milioni"],
    ["bilione", "bilioni"],
    ["trilione", "trilioni"],
    ["quadrilione", "quadrilioni"],
    ["quintilione", "quintilioni"],
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
fn spell_digits(digits: &str, out: &mut String) {
    digits.chars().filter_map(|digit| digit.to_digit(10)).for_each(|digit| push(out, pick(&ONES, digit)));
}

fn spell_below_million(number: u32, gender: Gender, out: &mut String) {
    let (thousands, rest) = (number / 1000, number % 1000);
    match thousands {
        0 => {}
        1 => push(out, "mille"),
        100 => push(out, "cento mila"),
        _ => {
            spell_below_thousand(thousands, Gender::Unknown, out);
            out.push_str("mila");
        }
    }
    spell_below_thousand(rest, gender, out);
}

/// A number below a thousand, hundreds in a word of their own; nothing for zero.
fn spell_below_thousand(number: u32, gender: Gender, out: &mut String) {
    let (hundreds, rest) = (number / 100, number % 100);
    match hundreds {
        0 => {}
        1 => push(out, "cento"),
        _ => {
            push(out, pick(&ONES, hundreds));
            out.push_str("cento");
        }
    }
    match (rest, gender) {
        (0, _) => {}
        (1, Gender::Masculine) => push(out, "un"),
        (1, Gender::Feminine) => push(out, "una"),
        (..20, _) => push(out, pick(&ONES, rest)),
        _ => spell_tens(rest, out),
    }
}

/// From twenty on in one word, whose tens lose their vowel before another: `ventuno`, `ventotto`.
fn spell_tens(number: u32, out: &mut String) {
    let (tens, ones) = (pick(&TENS, number / 10), number % 10);
    let elided = if matches!(ones, 1 | 8) { tens.get(..tens.len() - 1).unwrap_or(tens) } else { tens };
    push(out, elided);
    if ones > 0 {
        out.push_str(pick(&ONES, ones));
    }
}
