//! Cardinal numbers in words.

use crate::normalize::item::Integer;
use crate::normalize::number::groups;

const ONES: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];

const TENS: [&str; 10] = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/// Names of the powers of a thousand.
const SCALES: [&str; 13] = [
    "",
    "thousand",
    "million",
    "billion",
    "trillion",
    "quadrillion",
    "quintillion",
    "sextillion",
    "septillion",
    "octillion",
    "nonillion",
    "decillion",
    "undecillion",
];

/// Writes a number: `1234` is "one thousand two hundred and thirty four". Longer ones than have names, digit by digit.
pub fn spell(number: &Integer, out: &mut String) {
    if number.negative {
        out.push_str("minus ");
    }
    let groups = groups(&number.digits, 3);
    let Some(scales) = SCALES.get(..groups.len()) else { return spell_digits(&number.digits, out) };
    let before = out.len();
    for (group, scale) in groups.iter().zip(scales.iter().rev()).filter(|(group, _)| **group > 0) {
        space_since(before, out);
        spell_group(*group, scale.is_empty(), out);
        if !scale.is_empty() {
            out.push(' ');
            out.push_str(scale);
        }
    }
    if out.len() == before {
        out.push_str(ONES[0]);
    }
}

fn space_since(before: usize, out: &mut String) {
    if out.len() > before {
        out.push(' ');
    }
}

/// A number below a thousand and not zero.
fn spell_group(group: u32, and: bool, out: &mut String) {
    let before = out.len();
    let (hundreds, rest) = (group / 100, group % 100);
    if hundreds > 0 {
        out.push_str(one(hundreds));
        out.push_str(" hundred");
        if and && rest > 0 {
            out.push_str(" and");
        }
    }
    if rest > 0 {
        space_since(before, out);
        spell_below_hundred(rest, out);
    }
}

fn spell_below_hundred(number: u32, out: &mut String) {
    if number < 20 {
        return out.push_str(one(number));
    }
    out.push_str(TENS.get(number as usize / 10).copied().unwrap_or_default());
    if !number.is_multiple_of(10) {
        out.push(' ');
        out.push_str(one(number % 10));
    }
}

fn one(number: u32) -> &'static str {
    ONES.get(number as usize).copied().unwrap_or_default()
}

/// Writes digits one by one.
pub fn spell_digits(digits: &str, out: &mut String) {
    for (index, digit) in digits.chars().filter_map(|digit| digit.to_digit(10)).enumerate() {
        if index > 0 {
            out.push(' ');
        }
        out.push_str(one(digit));
    }
}
