//! Items as they are spoken.

use compact_str::ToCompactString;

use crate::normalize::east_asian::numerals::{Numerals, Place};
use crate::normalize::east_asian::telephone;
use crate::normalize::item::{Amount, Date, Item, Part, Percent, Range, Relation, Time};

const DIGITS: [&str; 10] = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九"];

/// Powers of ten thousand.
const SCALES: [&str; 12] = ["", "万", "億", "兆", "京", "垓", "𥝱", "穣", "溝", "澗", "正", "載"];

/// What stands after a whole number, between the parts of a fraction, and before a root.
const FRACTION: [&str; 3] = ["と", "分の", "ルート"];

pub const NUMERALS: Numerals = Numerals {
    digits: DIGITS,
    units: ["", "十", "百", "千"],
    scale: |power, _| SCALES.get(power).copied(),
    digit,
    names_gaps: false,
    point: "点",
    minus: "マイナス",
    after_zero: "",
};

/// One is left out before 十, 百 and 千, but not in 一千万.
fn digit(digit: u32, place: &Place) -> &'static str {
    let silent = matches!(place.unit, 1 | 2) || (place.unit == 3 && place.scale == 0);
    if digit == 1 && silent { "" } else { DIGITS.get(digit as usize).copied().unwrap_or_default() }
}

pub fn spell(item: &Item, out: &mut String) {
    match item {
        Item::Cardinal(number, _) => NUMERALS.spell_integer(number, out),
        Item::Decimal(number) => NUMERALS.spell_decimal(number, out),
        Item::Fraction(fraction) => NUMERALS.spell_fraction(fraction, FRACTION, out),
        Item::Percent(Percent { amount, per_mille }) => {
            spell_amount(amount, out);
            out.push_str(if *per_mille { "パーミル" } else { "パーセント" });
        }
        Item::Money(money) => {
            spell_amount(&money.amount, out);
            out.push_str(&money.currency);
        }
        Item::Measure(measure) => {
            out.push_str(measure.per.as_deref().unwrap_or_default());
            spell_amount(&measure.amount, out);
            out.push_str(&measure.unit);
        }
        Item::Date(date) => spell_date(date, out),
        Item::Time(time) => spell_time(time, out),
        Item::Range(range) => spell_range(range, out),
        Item::Telephone(number) => {
            telephone::spell(number, "プラス", "、", |group, out| NUMERALS.spell_digits(group, out), out);
        }
        Item::Serial(parts) => parts.iter().for_each(|part| spell_part(part, out)),
        Item::Digits(digits) => NUMERALS.spell_digits(digits, out),
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

fn spell_date(date: &Date, out: &mut String) {
    let parts = [
        (date.year.clone(), "年"),
        (date.month.map(|month| month.to_compact_string()), "月"),
        (date.day.map(|day| day.to_compact_string()), "日"),
    ];
    for (digits, name) in parts.iter().filter_map(|(digits, name)| Some((digits.as_ref()?, name))) {
        NUMERALS.spell(digits, out);
        out.push_str(name);
    }
}

/// The full hour has no minutes.
fn spell_time(time: &Time, out: &mut String) {
    NUMERALS.spell(&time.hour.to_string(), out);
    out.push('時');
    if let Some(minute) = time.minute.filter(|minute| *minute > 0 || time.second.is_some()) {
        NUMERALS.spell(&minute.to_string(), out);
        out.push('分');
    }
    if let Some(second) = time.second {
        NUMERALS.spell(&second.to_string(), out);
        out.push('秒');
    }
}

fn spell_range(range: &Range, out: &mut String) {
    spell(&range.from, out);
    out.push_str(match range.relation {
        Relation::To => "から",
        Relation::Score | Relation::Ratio => "対",
        Relation::By => "かける",
    });
    spell(&range.to, out);
}

fn spell_part(part: &Part, out: &mut String) {
    match part {
        Part::Digits(digits) => NUMERALS.spell_written(digits, out),
        Part::Letters(text) | Part::Sign(text) => out.push_str(text),
    }
}
