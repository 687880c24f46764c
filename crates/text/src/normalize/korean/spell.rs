//! Items as they are spoken.

use super::address;
use crate::normalize::east_asian::numerals::{Numerals, Place};
use crate::normalize::east_asian::telephone;
use crate::normalize::item::{
    Amount, Date, Fraction, Gender, Integer, Item, Money, Part, Percent, Range, Relation, Time,
};

const DIGITS: [&str; 10] = ["영", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구"];

/// Powers of ten thousand.
const SCALES: [&str; 7] = ["", "만", "억", "조", "경", "해", "자"];

/// Native numbers before what is counted.
const ONES: [&str; 10] = ["", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉"];
const TENS: [&str; 10] = ["", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔"];

pub const NUMERALS: Numerals = Numerals {
    digits: DIGITS,
    units: ["", "십", "백", "천"],
    scale: |power, _| SCALES.get(power).copied(),
    digit,
    names_gaps: false,
    point: "점",
    minus: "마이너스 ",
    after_zero: " ",
};

/// One is left out before 십, 백 and 천, and before 만 that a number begins with.
fn digit(digit: u32, place: &Place) -> &'static str {
    let silent = place.unit > 0 || (place.scale == 1 && place.group == 1 && place.leads);
    if digit == 1 && silent { "" } else { DIGITS.get(digit as usize).copied().unwrap_or_default() }
}

/// A number's name, as far as particles need it.
pub fn number(digits: &str) -> String {
    let mut name = String::new();
    NUMERALS.spell(digits.trim_start_matches('√'), &mut name);
    name
}

pub fn spell(item: &Item, out: &mut String) {
    match item {
        Item::Cardinal(number, form) if form.gender == Gender::Neuter => spell_native(number, out),
        Item::Cardinal(number, _) => NUMERALS.spell_integer(number, out),
        Item::Decimal(number) => NUMERALS.spell_decimal(number, out),
        Item::Fraction(fraction) => spell_fraction(fraction, out),
        Item::Percent(Percent { amount, per_mille }) => {
            spell_amount(amount, out);
            out.push_str(if *per_mille { " 퍼밀" } else { " 퍼센트" });
        }
        Item::Money(money) => spell_money(money, out),
        Item::Measure(measure) => {
            spell_amount(&measure.amount, out);
            out.push(' ');
            out.push_str(&measure.unit);
        }
        Item::Date(date) => spell_date(date, out),
        Item::Time(time) => spell_time(time, out),
        Item::Range(range) => spell_range(range, out),
        Item::Telephone(number) => {
            telephone::spell(number, "국가번호 ", " ", |group, out| NUMERALS.spell_digits(group, out), out);
        }
        Item::Serial(parts) => spell_parts(parts, out),
        Item::Electronic(electronic) => address::spell(electronic, out),
        Item::Digits(digits) => NUMERALS.spell_digits(digits, out),
        Item::Sequence(items) => spell_sequence(items, out),
        Item::Words(words) | Item::Mark(words) => out.push_str(words),
        _ => {}
    }
}

/// With spaces between, but none before a mark.
fn spell_sequence(items: &[Item], out: &mut String) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 && !matches!(item, Item::Mark(_)) {
            out.push(' ');
        }
        spell(item, out);
    }
}

/// A number from 1 to 99; others as elsewhere.
fn spell_native(number: &Integer, out: &mut String) {
    match number.value() {
        Some(20) => out.push_str("스무"),
        Some(value @ 1..100) => {
            let name = |names: [&'static str; 10], at: u64| names.get(at as usize).copied().unwrap_or_default();
            out.push_str(name(TENS, value / 10));
            out.push_str(name(ONES, value % 10));
        }
        _ => NUMERALS.spell_integer(number, out),
    }
}

fn spell_amount(amount: &Amount, out: &mut String) {
    match amount {
        Amount::Fraction(fraction) => spell_fraction(fraction, out),
        _ => NUMERALS.spell_amount(amount, out),
    }
}

fn spell_fraction(fraction: &Fraction, out: &mut String) {
    if let Some(whole) = &fraction.whole {
        NUMERALS.spell(whole, out);
        out.push(' ');
    }
    spell_radical(&fraction.denominator, out);
    out.push_str("분의 ");
    spell_radical(&fraction.numerator, out);
}

fn spell_radical(number: &str, out: &mut String) {
    if number.starts_with('√') {
        out.push_str("루트 ");
    }
    NUMERALS.spell(number.trim_start_matches('√'), out);
}

/// 원 is one word with its number.
fn spell_money(money: &Money, out: &mut String) {
    spell_amount(&money.amount, out);
    if money.currency != "원" {
        out.push(' ');
    }
    out.push_str(&money.currency);
}

fn spell_date(date: &Date, out: &mut String) {
    if let Some(year) = &date.year {
        NUMERALS.spell(year, out);
        out.push_str("년 ");
    }
    match date.month {
        Some(6) => out.push_str("유월 "),
        Some(10) => out.push_str("시월 "),
        Some(month) => {
            NUMERALS.spell(&month.to_string(), out);
            out.push_str("월 ");
        }
        None => {}
    }
    if let Some(day) = date.day {
        NUMERALS.spell(&day.to_string(), out);
        out.push('일');
    }
}

/// Hours of the clock of twelve have native numbers, minutes never.
fn spell_time(time: &Time, out: &mut String) {
    let hour = Integer::new(time.hour.to_string());
    match time.hour {
        1..=12 => spell_native(&hour, out),
        _ => NUMERALS.spell_integer(&hour, out),
    }
    out.push('시');
    for (number, name) in [(time.minute, '분'), (time.second, '초')] {
        if let Some(number) = number {
            out.push(' ');
            NUMERALS.spell(&number.to_string(), out);
            out.push(name);
        }
    }
}

fn spell_range(range: &Range, out: &mut String) {
    spell(&range.from, out);
    out.push_str(match range.relation {
        Relation::To => "에서 ",
        Relation::Score | Relation::Ratio => " 대 ",
        Relation::By => " 곱하기 ",
    });
    spell(&range.to, out);
}

fn spell_parts(parts: &[Part], out: &mut String) {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            out.push(' ');
        }
        match part {
            Part::Digits(digits) => NUMERALS.spell_written(digits, out),
            Part::Letters(text) | Part::Sign(text) => out.push_str(text),
        }
    }
}
