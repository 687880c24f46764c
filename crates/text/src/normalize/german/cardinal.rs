//! Cardinal numbers in words, apart from each other as the model knows them: "drei und zwanzig".

use crate::normalize::item::{Gender, Integer};
use crate::normalize::number::groups;

const ONES: [&str; 20] = [
    "null",
    "eins",
    "zwei",
    "drei",
    "vier",
    "fünf",
    "sechs",
    "sieben",
    "acht",
    "neun",
    "zehn",
    "elf",
    "zwölf",
    "dreizehn",
    "vierzehn",
    "fünfzehn",
    "sechzehn",
    "siebzehn",
    "achtzehn",
    "neunzehn",
];

const TENS: [&str; 10] =
    ["", "", "zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig"];

/// Names of the powers of a thousand from a million on, with their plurals.
const SCALES: [(&str, &str); 12] = [
    ("million", "millionen"),
    ("milliarde", "milliarden"),
    ("billion", "billionen"),
    ("billiarde", "billiarden"),
    ("trillion", "trillionen"),
    ("trilliarde", "trilliarden"),
    ("quadrillion", "quadrillionen"),
    ("quadrilliarde", "quadrilliarden"),
    ("quintillion", "quintillionen"),
    ("quintilliarde", "quintilliarden"),
    ("sextillion", "sextillionen"),
    ("sextilliarde", "sextilliarden"),
];

/// Writes a number as it is counted: `101` is "ein hundert eins". Zeros before it are named, and numbers longer than
/// have names are read digit by digit.
pub fn spell(number: &Integer, out: &mut String) {
    if number.negative {
        out.push_str("minus ");
    }
    let digits = number.digits.as_str();
    let groups = groups(digits, 3);
    if groups.len() > SCALES.len() + 2 {
        return spell_digits(digits, out);
    }
    let significant = digits.trim_start_matches('0');
    let zeros = digits.len() - significant.len();
    if zeros > 3 {
        return spell_digits(digits, out);
    }
    let mut words: Vec<&str> = vec![one(0); if significant.is_empty() { zeros.max(1) } else { zeros }];
    for (index, group) in groups.iter().enumerate().filter(|(_, group)| **group > 0) {
        push_group(*group, groups.len() - 1 - index, &mut words);
    }
    out.push_str(&words.join(" "));
}

/// Writes a number before what is counted: "ein meter", "eine stunde", "ein und zwanzig meter".
pub fn spell_counting(number: &Integer, gender: Gender, out: &mut String) {
    spell(number, out);
    if out.ends_with("eins") {
        out.truncate(out.len() - 1);
        if gender == Gender::Feminine {
            out.push('e');
        }
    }
}

/// A group of three digits and the name of its power of a thousand.
fn push_group(group: u32, power: usize, words: &mut Vec<&str>) {
    match power.checked_sub(2).and_then(|scale| SCALES.get(scale)) {
        Some((singular, _)) if group == 1 => words.extend(["eine", singular]),
        Some((_, plural)) => {
            push_below_thousand(group, "eins", words);
            words.push(plural);
        }
        None if power == 1 => {
            push_below_thousand(group, "ein", words);
            words.push("tausend");
        }
        None => push_below_thousand(group, "eins", words),
    }
}

/// A number below a thousand and not zero; `last` is the word for a one at its end.
fn push_below_thousand(number: u32, last: &'static str, words: &mut Vec<&str>) {
    let (hundreds, rest) = (number / 100, number % 100);
    if hundreds > 0 {
        words.extend([bound(hundreds), "hundert"]);
    }
    match rest {
        0 => {}
        1 => words.push(last),
        2..20 => words.push(one(rest)),
        _ if rest % 10 == 0 => words.push(tens(rest)),
        _ => words.extend([bound(rest % 10), "und", tens(rest)]),
    }
}

/// A digit before "hundert" or "und".
fn bound(digit: u32) -> &'static str {
    if digit == 1 { "ein" } else { one(digit) }
}

fn one(number: u32) -> &'static str {
    ONES.get(number as usize).copied().unwrap_or_default()
}

fn tens(number: u32) -> &'static str {
    TENS.get(number as usize / 10).copied().unwrap_or_default()
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
    fn numbers_of_any_size() {
        assert_eq!(spelled("0"), "null");
        assert_eq!(spelled("030"), "null dreißig");
        assert_eq!(spelled("101001"), "ein hundert ein tausend eins");
        assert_eq!(spelled("1000000001"), "eine milliarde eins");
        assert_eq!(spelled(&"9".repeat(43)), ["neun"; 43].join(" "));
    }

    #[test]
    fn one_agrees_with_what_is_counted() {
        let mut out = String::new();
        spell_counting(&Integer::new("1"), Gender::Feminine, &mut out);
        out.push(' ');
        spell_counting(&Integer::new("101"), Gender::Masculine, &mut out);
        assert_eq!(out, "eine ein hundert ein");
    }
}
