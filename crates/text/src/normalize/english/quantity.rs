//! Numbers by themselves and with a unit, a currency or a percent sign.

use std::sync::LazyLock;

use compact_str::CompactString;

use super::amount::{Read, is_one, read};
use super::cardinal::{And, spell};
use super::numbers::plain;
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::item::{Amount, Decimal, Form, Integer, Item, Measure, Money, Percent, Range, Relation};
use crate::normalize::table::Table;
use crate::normalize::token::{Kind, Script};
use crate::normalize::view::View;

/// Units: sign, singular, plural.
pub static UNITS: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("units.tsv")));
/// Currencies: sign, singular, plural, singular and plural of the hundredth.
static CURRENCIES: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("currencies.tsv")));
/// What a price is for: sign, word.
static PERIODS: LazyLock<Table> = LazyLock::new(|| {
    Table::parse(
        "mo\tmonth\nmonth\tmonth\nd\tday\nday\tday\nhr\thour\nh\thour\nhour\thour\nyr\tyear\nyear\tyear\nwk\tweek\nweek\tweek\nkg\tkilogram\nlb\tpound\noz\tounce\nmin\tminute\n",
    )
});

/// Proposes percentages, measures, areas and sums that begin with an amount.
pub fn recognize(view: &View, read: &Read, found: &mut Candidates) {
    found.extend(percent(view, read));
    measure(view, read, found);
    dimensions(view, read, found);
    sum_before(view, read, found);
}

fn percent(view: &View, read: &Read) -> Option<(usize, u32, Item)> {
    let sign = view.after_space(read.next);
    let per_mille = view.is(sign, "‰");
    let percent = |amount| Item::Percent(Percent { amount, per_mille });
    view.is_one_of(sign, &["%", "％", "‰"]).then(|| (sign + 1, cost::SURE, percent(read.amount.clone())))
}

fn measure(view: &View, read: &Read, found: &mut Candidates) {
    let in_code = view.kind_before(1) == Kind::Word(Script::Latin)
        || (view.is_one_of_before(1, &["-", "+"]) && !view.kind_before(2).is_gap());
    if !in_code {
        found.extend(measures(view, read));
    }
}

/// The measures that an amount makes with what stands after it.
fn measures(view: &View, read: &Read) -> impl Iterator<Item = (usize, u32, Item)> {
    let with_unit = unit(view, read.next, matches!(read.amount, Amount::Decimal(_)));
    let without = per(view, read.next).map(|(per, end)| (CompactString::default(), Some(per), end));
    let item =
        |(unit, per, end)| (end, cost::LIKELY, Item::Measure(Measure { amount: read.amount.clone(), unit, per }));
    with_unit.into_iter().chain(without).map(item)
}

/// The measure or percentage that begins at token `n`, and the token after it.
pub fn measure_at(view: &View, n: usize) -> Option<(Item, usize)> {
    let read = read(view, n)?;
    percent(view, &read).into_iter().chain(measures(view, &read)).next().map(|(end, _, measure)| (measure, end))
}

/// A unit right after a number or after a space; after a hyphen if the number has decimals.
fn unit(view: &View, n: usize, hyphen: bool) -> Option<(CompactString, Option<CompactString>, usize)> {
    let at = if hyphen && view.is(n, "-") { n + 1 } else { view.after_space(n) };
    let (unit, next) = unit_at(view, at)?;
    match per(view, next) {
        Some((per, end)) => Some((unit, Some(per), end)),
        None => Some((unit, None, next)),
    }
}

fn per(view: &View, n: usize) -> Option<(CompactString, usize)> {
    if view.is(n, "/") { unit_at(view, n + 1) } else { None }
}

fn unit_at(view: &View, n: usize) -> Option<(CompactString, usize)> {
    let (key, _, next) = UNITS.all(view, n).find(|(_, _, next)| view.ends_word(*next))?;
    Some((key.into(), next))
}

/// `2x8 m2`, `25 x 7 m`
fn dimensions(view: &View, first: &Read, found: &mut Candidates) {
    let times = view.after_space(first.next);
    if !view.is_one_of(times, &["x", "×"]) {
        return;
    }
    let Some(second) = read(view, view.after_space(times + 1)) else { return };
    let from = plain(first.amount.clone());
    if let Some((unit, per, end)) = unit(view, second.next, false) {
        let to = Item::Measure(Measure { amount: second.amount, unit, per });
        found.push(end, cost::SURE, Item::Range(Box::new(Range { from, to, relation: Relation::By })));
    } else if times == first.next {
        let to = plain(second.amount);
        found.push(second.next, cost::LIKELY, Item::Range(Box::new(Range { from, to, relation: Relation::By })));
    }
}

/// Writes a measure's unit, which may be empty, and what it is divided by.
pub fn say_unit(measure: &Measure, out: &mut String) {
    let word = |key: &str, place: usize| UNITS.get(key).and_then(|row| row.get(place).copied()).unwrap_or_default();
    if !measure.unit.is_empty() {
        out.push(' ');
        out.push_str(word(&measure.unit, usize::from(!is_one(&measure.amount))));
    }
    if let Some(per) = &measure.per {
        out.push_str(" per ");
        out.push_str(word(per, 0));
    }
}

/// Proposes a sum at a currency sign.
pub fn money(view: &View, found: &mut Candidates) {
    if let Some((sign, _, next)) = CURRENCIES.longest(view, 0).filter(|(_, _, next)| is_sign(view, *next)) {
        sum_after(view, sign, next, found);
    }
}

/// Proposes a sum of an amount and the currency that stands after it.
pub fn sum_before(view: &View, read: &Read, found: &mut Candidates) {
    let currency = CURRENCIES.longest(view, view.after_space(read.next));
    if let Some((sign, _, end)) = currency.filter(|(_, _, end)| view.ends_word(*end)) {
        found.push(end, cost::LIKELY, sum(read.amount.clone(), sign, None));
    }
}

/// `50p`, as the British write it.
pub fn pence(view: &View, found: &mut Candidates) {
    let written = view.is(1, "p") && view.begins_word() && view.ends_word(2);
    if let Some(digits) = view.digits(0).filter(|digits| written && digits.len() <= 2) {
        let number = Integer::new(digits);
        let unit = if number.value() == Some(1) { "penny" } else { "pence" };
        let parts = vec![Item::Cardinal(number, Form::default()), Item::Words(unit.into())];
        found.push(2, cost::SURE, Item::Sequence(parts));
    }
}

/// A sign stands before its amount; words do not.
fn is_sign(view: &View, next: usize) -> bool {
    !view.text(0).starts_with(|first: char| first.is_lowercase()) && view.begins_word() && !view.kind(next).is_word()
}

fn sum_after(view: &View, sign: &str, next: usize, found: &mut Candidates) {
    let Some(Read { amount, next, .. }) = read(view, view.after_space(next)) else { return };
    let (amount, next) = short_magnitude(view, &amount, next).unwrap_or((amount, next));
    if let Some((_, per, end)) = period(view, next) {
        found.push(end, cost::SURE, sum(amount, sign, Some(per)));
    } else if !view.kind(next).is_word() && !view.is(next, "@") {
        found.push(next, cost::SURE, sum(amount, sign, None));
    }
}

fn period<'v>(view: &View<'v>, n: usize) -> Option<(&'v str, CompactString, usize)> {
    if !view.is(n, "/") {
        return None;
    }
    let (_, row, next) = PERIODS.longest(view, n + 1).filter(|(_, _, next)| view.ends_word(*next))?;
    Some((view.text(n + 1), row.concat().into(), next))
}

/// `$7M`, `¥30 b`
fn short_magnitude(view: &View, amount: &Amount, next: usize) -> Option<(Amount, usize)> {
    let at = view.after_space(next);
    let magnitude = match view.text(at) {
        "M" | "m" | "mn" => "million",
        "B" | "b" | "bn" => "billion",
        "T" | "t" | "tn" => "trillion",
        _ => return None,
    };
    let (integer, fraction, negative) = match amount.clone() {
        Amount::Integer(number) => (number.digits, CompactString::default(), number.negative),
        Amount::Decimal(number) if number.magnitude.is_none() => (number.integer, number.fraction, number.negative),
        _ => return None,
    };
    let magnitude = Some(magnitude.into());
    let scaled = Amount::Decimal(Decimal { negative, integer, fraction, magnitude });
    view.ends_word(at + 1).then_some((scaled, at + 1))
}

fn sum(amount: Amount, currency: &str, per: Option<CompactString>) -> Item {
    Item::Money(Money { amount, currency: currency.into(), per })
}

/// Writes a sum: "five dollars thirty two cents".
pub fn say_money(money: &Money, and: And, out: &mut String) {
    let words = CURRENCIES.get(&money.currency).map_or(&[][..], Vec::as_slice);
    let word = |place: usize| words.get(place).copied().unwrap_or_default();
    match cents(&money.amount) {
        Some((integer, cents)) if words.len() > 3 => say_parts(&integer, cents, and, &word, out),
        _ => {
            super::amount::say(&money.amount, and, out);
            out.push(' ');
            out.push_str(word(usize::from(!is_one(&money.amount))));
        }
    }
    if let Some(per) = &money.per {
        out.push_str(" per ");
        out.push_str(per);
    }
}

fn say_parts(integer: &str, cents: u8, and: And, word: &dyn Fn(usize) -> &'static str, out: &mut String) {
    let start = out.len();
    let whole: u64 =
        integer.trim_start_matches('0').parse().unwrap_or(u64::from(!integer.trim_matches('0').is_empty()) * 2);
    if whole > 0 || cents == 0 {
        spell(integer, and, out);
        out.push(' ');
        out.push_str(word(usize::from(whole != 1)));
    }
    if cents > 0 {
        super::cardinal::space_since(start, out);
        spell(&cents.to_string(), and, out);
        out.push(' ');
        out.push_str(word(2 + usize::from(cents != 1)));
    }
}

/// Whole units and hundredths, if the decimals are no finer.
fn cents(amount: &Amount) -> Option<(CompactString, u8)> {
    let Amount::Decimal(number) = amount else { return None };
    let fraction = number.fraction.trim_end_matches('0');
    let fits = fraction.len() <= 2 && number.magnitude.is_none() && !number.negative;
    fits.then(|| (number.integer.clone(), format!("{fraction:0<2}").parse().unwrap_or_default()))
}
