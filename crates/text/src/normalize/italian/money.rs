//! Sums of money in words.

use crate::normalize::item::{Amount, Decimal, Gender, Integer, Money};
use crate::normalize::romance::{self, Romance, push};

use super::{Italian, cardinal};

/// Writes a sum: `cinque euro trentadue centesimi`, `due virgola tre miliardi di euro`.
pub fn spell(italian: &Italian, money: &Money, out: &mut String) {
    let Some(row) = italian.lexicon().currencies.get(&money.currency) else { return out.push_str(&money.currency) };
    let [gender, one, many, cent, cents] = row.as_slice() else { return out.push_str(&money.currency) };
    let gender = if *gender == "f" { Gender::Feminine } else { Gender::Masculine };
    if let Amount::Decimal(Decimal { negative, integer, fraction, magnitude: None }) = &money.amount
        && fraction.len() <= 2
    {
        push(out, if *negative { italian.lexicon().words.minus } else { "" });
        return spell_with_cents([integer, fraction], gender, [one, many], [cent, cents], out);
    }
    romance::amount(italian, &money.amount, gender, out);
    let (single, large) = match &money.amount {
        Amount::Integer(number) => (number.value() == Some(1), is_round(number.value())),
        Amount::Decimal(number) => (false, number.magnitude.as_deref().is_some_and(|word| word != "mila")),
        Amount::Fraction(_) => (false, false),
    };
    push(out, if large { "di" } else { "" });
    push(out, if single { one } else { many });
}

/// Whether the number ends with the name of a million or more.
fn is_round(value: Option<u64>) -> bool {
    value.is_some_and(|value| value > 0 && value.is_multiple_of(1_000_000))
}

fn spell_with_cents(parts: [&str; 2], gender: Gender, unit: [&str; 2], cent: [&str; 2], out: &mut String) {
    let value = |digits: &str| Integer::new(digits).value().unwrap_or_default();
    let cents = value(parts[1]) * if parts[1].len() == 1 { 10 } else { 1 };
    if value(parts[0]) > 0 || cents == 0 || cent[0].is_empty() {
        spell_part(value(parts[0]), gender, unit, out);
    }
    if cents > 0 {
        let gender = if cent[0].is_empty() { Gender::Unknown } else { Gender::Masculine };
        spell_part(cents, gender, cent, out);
    }
}

fn spell_part(number: u64, gender: Gender, [one, many]: [&str; 2], out: &mut String) {
    cardinal::spell(&number.to_string(), gender, out);
    push(out, if is_round(Some(number)) { "di" } else { "" });
    push(out, if number == 1 { one } else { many });
}
