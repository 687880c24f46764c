//! Cardinal numbers in words, with hyphens below a hundred: "deux cent quatre-vingt-dix-sept".

use crate::normalize::item::{Gender, Integer};
use crate::normalize::number::groups;

const ONES: [&str; 20] = [
    "zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze", "treize",
    "quatorze", "quinze", "seize", "dix-sept", "dix-huit", "dix-neuf",
];

/// Names of the tens that units are added to; seventy and ninety count on from sixty and eighty.
const TENS: [&str; 10] =
    ["", "", "vingt", "trente", "quarante", "cinquante", "soixante", "soixante", "quatre-vingt", "quatre-vingt"];

/// Names of the powers of a thousand from a million on, which take a plural.
const SCALES: [&str; 12] = [
    "million",
    "milliard",
    "billion",
    "billiard",
    "trillion",
    "trilliard",
    "quadrillion",
    "quadrilliard",
    "quintillion",
    "quintilliard",
    "sextillion",
    "sextilliard",
];

/// Writes a number as it is counted. Zeros before it are named, and numbers longer than have names are read digit by
/// digit.
pub fn spell(number: &Integer, out: &mut String) {
    if number.negative {
        out.push_str("moins ");
    }
    let digits = number.digits.as_str();
    let groups = groups(digits, 3);
    let significant = digits.trim_start_matches('0');
    let zeros = digits.len() - significant.len();
    if groups.len() > SCALES.len() + 2 || zeros > 3 {
        return spell_digits(digits, out);
    }
    let named = if significant.is_empty() { zeros.max(1) } else { zeros };
    let mut words = vec![one(0).into(); named];
    for (index, group) in groups.iter().enumerate().filter(|(_, group)| **group > 0) {
        push_group(*group, groups.len() - 1 - index, &mut words);
    }
    // A thousand, a million … and one.
    if significant.len() > 3 && significant.starts_with('1') && significant[1..].trim_start_matches('0') == "1" {
        words.insert(words.len() - 1, "et".into());
    }
    out.push_str(&words.join(" "));
}

/// Writes a number before what is counted: "une heure", "vingt et une heures".
pub fn spell_counting(number: &Integer, gender: Gender, out: &mut String) {
    spell(number, out);
    let one = out.ends_with("-un") || out.ends_with(" un") || out == "un";
    if gender == Gender::Feminine && one {
        out.push('e');
    }
}

/// A group of three digits and the name of its power of a thousand.
fn push_group(group: u32, power: usize, words: &mut Vec<String>) {
    match power.checked_sub(2).and_then(|scale| SCALES.get(scale)) {
        Some(scale) => {
            words.push(below_thousand(group, true));
            words.push(if group > 1 { format!("{scale}s") } else { (*scale).into() });
        }
        None if power == 1 => {
            if group > 1 {
                words.push(below_thousand(group, false));
            }
            words.push("mille".into());
        }
        None => words.push(below_thousand(group, true)),
    }
}

/// A number below a thousand and not zero; round hundreds and eighty take an -s where they end the number.
fn below_thousand(number: u32, ends: bool) -> String {
    let (hundreds, rest) = (number / 100, number % 100);
    let below = below_hundred(rest, ends);
    match (hundreds, rest) {
        (0, _) => below,
        (1, 0) => "cent".into(),
        (1, _) => format!("cent {below}"),
        (_, 0) => format!("{} cent{}", one(hundreds), if ends { "s" } else { "" }),
        _ => format!("{} cent {below}", one(hundreds)),
    }
}

fn below_hundred(number: u32, ends: bool) -> String {
    let tens = TENS.get(number as usize / 10).copied().unwrap_or_default();
    let rest = match number / 10 {
        7 | 9 => number % 10 + 10,
        _ => number % 10,
    };
    match number {
        0..=19 => one(number).into(),
        80 if ends => format!("{tens}s"),
        _ if rest == 0 => tens.into(),
        21 | 31 | 41 | 51 | 61 | 71 => format!("{tens} et {}", one(rest)),
        _ => format!("{tens}-{}", one(rest)),
    }
}

fn one(number: u32) -> &'static str {
    ONES.get(number as usize).copied().unwrap_or_default()
}

/// Writes digits one by one.
pub fn spell_digits(digits: &str, out: &mut String) {
    let words: Vec<&str> = digits.chars().filter_map(|digit| digit.to_digit(10)).map(one).collect();
    out.push_str(&words.join(" "));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(digits: &str) -> String {
        let mut out = String::new();
        spell(&Integer::new(digits), &mut out);
        out
    }

    #[test]
    fn hundreds_and_eighty_take_an_s_at_the_end() {
        assert_eq!(spelled("280"), "deux cent quatre-vingts");
        assert_eq!(spelled("80000"), "quatre-vingt mille");
        assert_eq!(spelled("200000"), "deux cent mille");
        assert_eq!(spelled("200000000"), "deux cents millions");
        assert_eq!(spelled("1080"), "mille quatre-vingts");
    }

    #[test]
    fn and_joins_one() {
        assert_eq!(spelled("21"), "vingt et un");
        assert_eq!(spelled("71"), "soixante et onze");
        assert_eq!(spelled("81"), "quatre-vingt-un");
        assert_eq!(spelled("1001"), "mille et un");
        assert_eq!(spelled("2001"), "deux mille un");
    }

    #[test]
    fn one_agrees_with_what_is_counted() {
        let mut out = String::new();
        spell_counting(&Integer::new("21"), Gender::Feminine, &mut out);
        assert_eq!(out, "vingt et une");
    }
}
