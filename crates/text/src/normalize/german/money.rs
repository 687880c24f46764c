//! Sums of money.

use std::sync::LazyLock;

use compact_str::ToCompactString;

use super::cardinal;
use super::measure;
use super::ordinal::gender_of;
use super::quantity::{self, MAGNITUDES};
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::european::quantity::Quantity;
use crate::normalize::item::{Amount, Decimal, Gender, Integer, Item, Money};
use crate::normalize::number;
use crate::normalize::table::Table;
use crate::normalize::view::View;

static CURRENCIES: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("currencies.tsv")));

/// A currency's names. Columns: sign; gender, one and more of its main unit; one and more of its smaller unit.
struct Currency {
    gender: Gender,
    main: [&'static str; 2],
    small: [&'static str; 2],
}

impl Currency {
    fn named(sign: &str) -> Option<Self> {
        let row = CURRENCIES.get(sign)?;
        let cell = |at: usize| row.get(at).copied().unwrap_or_default();
        Some(Self { gender: gender_of(cell(0)), main: [cell(1), cell(2)], small: [cell(3), cell(4)] })
    }
}

/// A sum whose sign stands before it: `€5`, `-$ 2,50`.
pub fn recognize_signed(view: &View, found: &mut Candidates) {
    let minus = number::after_minus(view, 0);
    if !view.begins_word() {
        return;
    }
    let Some((sign, _, next)) = CURRENCIES.longest(view, minus) else { return };
    let start = view.after_space(next);
    let (start, negative) = if view.is(start, "-") { (start + 1, true) } else { (start, minus > 0) };
    if let Some(quantity) = quantity::read(view, start, negative) {
        let quantity = quantity.with_magnitude(view, &MAGNITUDES).unwrap_or(quantity);
        push(view, sign, quantity, found);
    }
}

fn push(view: &View, sign: &str, quantity: Quantity, found: &mut Candidates) {
    let (per, next) = measure::per(view, quantity.next).unzip();
    let money = Money { amount: quantity.amount, currency: sign.into(), per };
    found.push(next.unwrap_or(quantity.next), cost::SURE, Item::Money(money));
}

/// The sum that a sign from token `n` on makes of an amount: `5 €`, `5 €/kg`.
pub fn with_sign(view: &View, n: usize, amount: &Amount) -> Option<(Item, usize)> {
    let (sign, _, next) = CURRENCIES.longest(view, n).filter(|(_, _, next)| view.ends_word(*next))?;
    let (per, after) = measure::per(view, next).unzip();
    let money = Money { amount: amount.clone(), currency: sign.into(), per };
    Some((Item::Money(money), after.unwrap_or(next)))
}

pub fn spell(money: &Money, out: &mut String) {
    let Some(currency) = Currency::named(&money.currency) else { return };
    match cents(&money.amount).filter(|_| !currency.small[0].is_empty()) {
        Some((whole, cents)) => spell_parts(&currency, &whole, cents, out),
        None => {
            spell_amount(&money.amount, currency.gender, out);
            out.push(' ');
            out.push_str(currency.main[usize::from(!quantity::is_one(&money.amount))]);
        }
    }
    if let Some(per) = &money.per {
        out.push_str(" pro ");
        out.push_str(per);
    }
}

/// Before a magnitude the number is counted by itself: "eins million euro", as in the reference.
fn spell_amount(amount: &Amount, gender: Gender, out: &mut String) {
    match amount {
        Amount::Decimal(Decimal { negative, integer, fraction, magnitude: Some(magnitude) }) if fraction.is_empty() => {
            cardinal::spell(&Integer { negative: *negative, digits: integer.clone() }, out);
            out.push(' ');
            out.push_str(magnitude);
        }
        _ => quantity::spell(amount, gender, out),
    }
}

/// "zwei euro zwanzig cent"
fn spell_parts(currency: &Currency, whole: &Integer, cents: u8, out: &mut String) {
    let small = Integer { negative: whole.negative && is_zero(whole), digits: cents.to_compact_string() };
    if !is_zero(whole) || cents == 0 {
        cardinal::spell_counting(whole, currency.gender, out);
        out.push(' ');
        out.push_str(currency.main[usize::from(whole.value() != Some(1))]);
        if cents > 0 {
            out.push(' ');
        }
    }
    if cents > 0 {
        cardinal::spell_counting(&small, Gender::Masculine, out);
        out.push(' ');
        out.push_str(currency.small[usize::from(cents != 1)]);
    }
}

fn is_zero(number: &Integer) -> bool {
    number.value() == Some(0)
}

/// An amount with decimals as whole units and hundredths; zeros after the second decimal do not count.
fn cents(amount: &Amount) -> Option<(Integer, u8)> {
    let Amount::Decimal(Decimal { negative, integer, fraction, magnitude: None }) = amount else { return None };
    let decimals = fraction.trim_end_matches('0');
    let cents = format!("{decimals:0<2}").parse().ok().filter(|_| decimals.len() <= 2)?;
    let digits = if integer.is_empty() { "0" } else { integer };
    Some((Integer { negative: *negative, digits: digits.into() }, cents))
}
