//! Cardinal numbers in words.

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

/// Where "and" is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum And {
    /// Nowhere, as in names: "A three hundred twenty one".
    Never,
    /// In the last group of three digits: "two thousand one hundred and five".
    Last,
    /// In every group, as the British do: "one hundred and one thousand and five".
    Every,
}

/// Writes digits as a number: `1234` is "one thousand two hundred and thirty four". Longer ones than have names, digit
/// by digit.
pub fn spell(digits: &str, and: And, out: &mut String) {
    let groups = groups(digits, 3);
    let Some(scales) = SCALES.get(..groups.len()) else { return spell_digits(digits, out) };
    let before = out.len();
    for (group, scale) in groups.iter().zip(scales.iter().rev()).filter(|(group, _)| **group > 0) {
        let is_last = scale.is_empty();
        space_since(before, out);
        if is_last && *group < 100 && groups.len() > 1 && joins_units(and, groups.len()) {
            out.push_str("and ");
        }
        spell_group(*group, and == And::Every || (and == And::Last && is_last), out);
        if !is_last {
            out.push(' ');
            out.push_str(scale);
        }
    }
    if out.len() == before {
        out.push_str(ONES[0]);
    }
}

/// Whether "and" stands between a thousand (or more) and a number below a hundred.
fn joins_units(and: And, groups: usize) -> bool {
    and == And::Every || (and == And::Last && groups == 2)
}

/// A space, if something was written since.
pub fn space_since(before: usize, out: &mut String) {
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

/// A number below a hundred.
pub fn spell_below_hundred(number: u32, out: &mut String) {
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

/// Writes a year: `1905` is "nineteen oh five". Others than those of four digits that begin with 1 or 2 are numbers.
pub fn spell_year(digits: &str, and: And, out: &mut String) {
    let year: u32 = digits.parse().unwrap_or_default();
    let (century, rest) = (year / 100, year % 100);
    match (digits.len(), century, rest) {
        (2, _, _) => spell_two_digits(year, out),
        (4, 10..=29, 0) if !century.is_multiple_of(10) => {
            spell_below_hundred(century, out);
            out.push_str(" hundred");
        }
        (4, 10..=29, 10..) | (4, 11..=19 | 21..=29, 1..) => {
            spell_below_hundred(century, out);
            out.push(' ');
            spell_two_digits(rest, out);
        }
        _ => spell(digits, if and == And::Every { and } else { And::Never }, out),
    }
}

/// `05` is "oh five".
pub fn spell_two_digits(number: u32, out: &mut String) {
    if number < 10 {
        out.push_str("oh ");
    }
    spell_below_hundred(number, out);
}

/// Endings of ordinals whose cardinal ends irregularly.
const ORDINALS: [(&str, &str); 8] = [
    ("one", "first"),
    ("two", "second"),
    ("three", "third"),
    ("five", "fifth"),
    ("eight", "eighth"),
    ("nine", "ninth"),
    ("twelve", "twelfth"),
    ("y", "ieth"),
];

/// Writes an ordinal: `21` is "twenty first".
pub fn spell_ordinal(digits: &str, and: And, out: &mut String) {
    spell(digits, if and == And::Every { and } else { And::Never }, out);
    for (cardinal, ordinal) in ORDINALS {
        if out.ends_with(cardinal) {
            out.truncate(out.len() - cardinal.len());
            return out.push_str(ordinal);
        }
    }
    out.push_str("th");
}
