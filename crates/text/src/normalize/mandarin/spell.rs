//! Items as they are spoken.

use crate::normalize::east_asian::numerals::{Numerals, Place};
use crate::normalize::east_asian::telephone;
use crate::normalize::item::{Amount, Date, Item, Part, Percent, Range, Relation, Time, Year};

const DIGITS: [&str; 10] = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九"];

/// Digits of telephone numbers: one has another name, so that it is not taken for seven.
const DIALED: [&str; 10] = ["零", "幺", "二", "三", "四", "五", "六", "七", "八", "九"];

/// What stands after a whole number, between the parts of a fraction, and before a root.
const FRACTION: [&str; 3] = ["又", "分之", "根号"];

pub const NUMERALS: Numerals = Numerals {
    digits: DIGITS,
    units: ["", "十", "百", "千"],
    scale,
    digit,
    names_gaps: true,
    point: "点",
    minus: "负",
    after_zero: "",
};

/// 10¹² is 万亿; 亿 comes but once where hundreds of millions follow: 一万两千亿.
fn scale(power: usize, lower_is_zero: bool) -> Option<&'static str> {
    match power {
        0 => Some(""),
        1 => Some("万"),
        2 => Some("亿"),
        3 => Some(if lower_is_zero { "万亿" } else { "万" }),
        _ => None,
    }
}

/// Ten at the beginning is 十, elsewhere 一十. Two is 两 before 千, and before 万 and 亿 if the number begins with it.
fn digit(digit: u32, place: &Place) -> &'static str {
    let bare_ten = place.unit == 1 && (place.leads || (place.scale > 0 && place.group < 20));
    let counts = place.unit == 3 || (place.scale > 0 && place.group == 2 && place.leads);
    match digit {
        1 if bare_ten => "",
        2 if counts => "两",
        _ => DIGITS.get(digit as usize).copied().unwrap_or_default(),
    }
}

pub fn spell(item: &Item, out: &mut String) {
    match item {
        Item::Cardinal(number, _) => NUMERALS.spell_integer(number, out),
        Item::Decimal(number) => NUMERALS.spell_decimal(number, out),
        Item::Fraction(fraction) => NUMERALS.spell_fraction(fraction, FRACTION, out),
        Item::Percent(percent) => spell_percent(percent, out),
        Item::Money(money) => {
            spell_amount(&money.amount, out);
            out.push_str(&money.currency);
        }
        Item::Measure(measure) => {
            out.push_str(measure.per.as_deref().unwrap_or_default());
            spell_amount(&measure.amount, out);
            out.push_str(&measure.unit);
        }
        Item::Year(year) => spell_year(year, out),
        Item::Date(date) => spell_date(date, out),
        Item::Time(time) => spell_time(time, out),
        Item::Range(range) => spell_range(range, out),
        Item::Telephone(number) => telephone::spell(number, "加", "，", dial, out),
        Item::Digits(digits) => NUMERALS.spell_digits(digits, out),
        Item::Serial(parts) => parts.iter().for_each(|part| spell_part(part, out)),
        Item::Sequence(items) => items.iter().for_each(|item| spell(item, out)),
        Item::Words(words) | Item::Mark(words) => out.push_str(words),
        _ => {}
    }
}

fn spell_amount(amount: &Amount, out: &mut String) {
    match amount {
        Amount::Fraction(fraction) => NUMERALS.spell_fraction(fraction, FRACTION, out),
        _ => NUMERALS.spell_amount(amount, out),
    }
}

fn spell_percent(percent: &Percent, out: &mut String) {
    out.push_str(if percent.per_mille { "千分之" } else { "百分之" });
    spell_amount(&percent.amount, out);
}

fn spell_year(year: &Year, out: &mut String) {
    out.push_str(year.era.as_deref().unwrap_or_default());
    NUMERALS.spell_digits(&year.digits, out);
    out.push('年');
}

fn spell_date(date: &Date, out: &mut String) {
    if let Some(year) = &date.year {
        NUMERALS.spell_digits(year, out);
        out.push('年');
    }
    for (number, name) in [(date.month, '月'), (date.day, '日')] {
        if let Some(number) = number {
            NUMERALS.spell(&number.to_string(), out);
            out.push(name);
        }
    }
}

fn spell_time(time: &Time, out: &mut String) {
    match time.hour {
        2 => out.push('两'),
        hour => NUMERALS.spell(&hour.to_string(), out),
    }
    out.push('点');
    for (number, name) in [(time.minute, '分'), (time.second, '秒')] {
        if let Some(number) = number {
            NUMERALS.spell(&number.to_string(), out);
            out.push(name);
        }
    }
}

/// 百分之 is said once, before both numbers.
fn spell_range(range: &Range, out: &mut String) {
    let relation = match range.relation {
        Relation::To => "到",
        Relation::Score | Relation::Ratio => "比",
        Relation::By => "乘",
    };
    if let Item::Percent(Percent { per_mille, .. }) = &range.to {
        out.push_str(if *per_mille { "千分之" } else { "百分之" });
    }
    spell(&range.from, out);
    out.push_str(relation);
    match &range.to {
        Item::Percent(percent) => spell_amount(&percent.amount, out),
        to => spell(to, out),
    }
}

fn dial(digits: &str, out: &mut String) {
    let values = digits.chars().filter_map(|digit| digit.to_digit(10));
    out.extend(values.filter_map(|value| DIALED.get(value as usize).copied()));
}

fn spell_part(part: &Part, out: &mut String) {
    match part {
        Part::Digits(digits) => NUMERALS.spell_written(digits, out),
        Part::Letters(text) | Part::Sign(text) => out.push_str(text),
    }
}
