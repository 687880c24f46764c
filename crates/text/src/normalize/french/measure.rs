//! Measures, percentages and sums of money.

use std::sync::LazyLock;

use compact_str::{CompactString, ToCompactString};

use super::cardinal;
use super::quantity::{self, MAGNITUDES};
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::european::quantity::Quantity;
use crate::normalize::item::{Amount, Decimal, Gender, Integer, Item, Measure, Money, Percent};
use crate::normalize::number;
use crate::normalize::table::Table;
use crate::normalize::view::View;

/// Columns: unit; gender, one and more of it.
static UNITS: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("units.tsv")));

/// Columns: sign; gender, one and more of the main unit; one and more of the smaller one.
static CURRENCIES: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("currencies.tsv")));

/// What a unit, currency or sign behind an amount makes of it.
pub fn named(view: &View, quantity: &Quantity) -> Option<(Item, usize)> {
    let magnitude = quantity.with_magnitude(view, &MAGNITUDES);
    let Quantity { amount, next } = magnitude.as_ref().unwrap_or(quantity);
    let n = view.after_space(*next);
    let percent = |per_mille| Some((Item::Percent(Percent { amount: amount.clone(), per_mille }), n + 1));
    match view.text(n) {
        "%" => return percent(false),
        "‰" => return percent(true),
        _ => {}
    }
    if let Some((sign, next)) = longest(&CURRENCIES, view, n) {
        let (per, after) = per(view, next).unzip();
        let money = Money { amount: amount.clone(), currency: sign.into(), per };
        return Some((Item::Money(money), after.unwrap_or(next)));
    }
    let (unit, next) = longest(&UNITS, view, n)?;
    let (per, after) = per(view, next).unzip();
    let measure = Measure { amount: amount.clone(), unit: unit.into(), per };
    Some((Item::Measure(measure), after.unwrap_or(next)))
}

/// The longest key at token `n` that no word or power goes on from.
fn longest(table: &'static Table, view: &View, n: usize) -> Option<(&'static str, usize)> {
    let runs_on = |key: &str, next| view.is_one_of(next, &["²", "³", "'", "’"]) && !key.ends_with(['²', '³']);
    let ends = |(key, _, next): &(&'static str, _, usize)| view.ends_word(*next) && !runs_on(key, *next);
    table.all(view, n).find(ends).map(|(key, _, next)| (key, next))
}

/// What stands below the line from the slash at token `n` on, as spoken: `/h`, `/personne`.
fn per(view: &View, n: usize) -> Option<(CompactString, usize)> {
    if !view.is(n, "/") {
        return None;
    }
    if let Some((unit, next)) = longest(&UNITS, view, n + 1) {
        return Some((names(&UNITS, unit)?.1[0].into(), next));
    }
    let word = view.kind(n + 1).is_word() && view.text(n + 1).chars().count() > 3;
    word.then(|| (view.text(n + 1).into(), n + 2))
}

fn names(table: &'static Table, key: &str) -> Option<(Gender, [&'static str; 2])> {
    let row = table.get(key)?;
    let gender = if row.first() == Some(&"f") { Gender::Feminine } else { Gender::Masculine };
    Some((gender, [row.get(1)?, row.get(2)?]))
}

/// A sum whose sign stands before it: `$5.32`, `€5`.
pub fn recognize_signed(view: &View, found: &mut Candidates) {
    let minus = number::after_minus(view, 0);
    if !view.begins_word() {
        return;
    }
    let Some((sign, _, next)) = CURRENCIES.longest(view, minus) else { return };
    let Some(quantity) = point_cents(view, next, minus > 0).or_else(|| quantity::read(view, next, minus > 0)) else {
        return;
    };
    let Quantity { amount, next } = quantity.with_magnitude(view, &MAGNITUDES).unwrap_or(quantity);
    found.push(next, cost::SURE, Item::Money(Money { amount, currency: sign.into(), per: None }));
}

/// `5.32`, as sums are written abroad.
fn point_cents(view: &View, n: usize, negative: bool) -> Option<Quantity> {
    let (integer, fraction) = (view.digits(n)?, view.digits(n + 2)?);
    let cents = view.is(n + 1, ".") && fraction.len() == 2 && view.ends_word(n + 3);
    let (integer, fraction) = (integer.into(), fraction.into());
    let amount = Amount::Decimal(Decimal { negative, integer, fraction, magnitude: None });
    cents.then_some(Quantity { amount, next: n + 3 })
}

pub fn spell(measure: &Measure, out: &mut String) {
    let Some((gender, names)) = names(&UNITS, &measure.unit) else { return };
    let two_decimals = matches!(&measure.amount, Amount::Decimal(decimal) if decimal.fraction.len() == 2);
    match cents(&measure.amount).filter(|(_, cents)| measure.unit == "m" && two_decimals && *cents > 0) {
        Some((whole, cents)) if whole.value() > Some(0) => spell_parted(whole, cents, gender, names, out),
        _ => quantity::spell_of(&measure.amount, gender, names, out),
    }
    spell_per(measure.per.as_deref(), out);
}

fn spell_per(per: Option<&str>, out: &mut String) {
    if let Some(per) = per {
        out.push_str(" par ");
        out.push_str(per);
    }
}

pub fn spell_percent(percent: &Percent, out: &mut String) {
    quantity::spell(&percent.amount, Gender::Masculine, out);
    out.push_str(if percent.per_mille { " pour mille" } else { " pour cent" });
}

/// "cinq euros trente-deux", "cinquante centimes".
pub fn spell_money(money: &Money, out: &mut String) {
    let Some((gender, main)) = names(&CURRENCIES, &money.currency) else { return };
    let small = CURRENCIES.get(&money.currency).and_then(|row| Some([*row.get(3)?, *row.get(4)?]));
    match (cents(&money.amount), small) {
        (Some((whole, 0)), Some(_)) => quantity::spell_of(&Amount::Integer(whole), gender, main, out),
        (Some((whole, cents)), Some(small)) if whole.value() == Some(0) => {
            let cents = Integer { negative: whole.negative, digits: cents.to_compact_string() };
            quantity::spell_of(&Amount::Integer(cents), Gender::Masculine, small, out);
        }
        (Some((whole, cents)), Some(_)) => spell_parted(whole, cents, gender, main, out),
        _ => quantity::spell_of(&money.amount, gender, main, out),
    }
    spell_per(money.per.as_deref(), out);
}

/// "cinq euros trente-deux", "un mètre quatre-vingts"
fn spell_parted(whole: Integer, cents: u8, gender: Gender, names: [&str; 2], out: &mut String) {
    quantity::spell_of(&Amount::Integer(whole), gender, names, out);
    out.push(' ');
    cardinal::spell(&Integer::new(cents.to_string()), out);
}

/// An amount with one or two decimals as whole units and hundredths.
fn cents(amount: &Amount) -> Option<(Integer, u8)> {
    let Amount::Decimal(Decimal { negative, integer, fraction, magnitude: None }) = amount else { return None };
    let cents = format!("{fraction:0<2}").parse().ok().filter(|_| fraction.len() <= 2)?;
    let digits = if integer.is_empty() { "0" } else { integer };
    Some((Integer { negative: *negative, digits: digits.into() }, cents))
}
