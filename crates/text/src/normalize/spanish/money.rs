//! Sums of money in words.

use crate::normalize::item::{Amount, Decimal, Gender, Integer, Money};
use crate::normalize::romance::{self, Romance, push};

use super::{Spanish, cardinal};

/// The most digits of a sum whose decimals are read as cents.
const LONGEST_WITH_CENTS: usize = 3;

/// Writes a sum: `cinco euros treinta y dos céntimos`, `dos coma tres billones de euros`.
pub fn spell(spanish: &Spanish, money: &Money, out: &mut String) {
    let Some(row) = spanish.lexicon().currencies.get(&money.currency) else { return out.push_str(&money.currency) };
    let [gender, one, many, cent, cents] = row.as_slice() else { return out.push_str(&money.currency) };
    let gender = if *gender == "f" { Gender::Feminine } else { Gender::Masculine };
    if let Amount::Decimal(Decimal { integer, fraction, magnitude: None, .. }) = &money.amount
        && fraction.len() == 2
        && fraction != "00"
        && !cent.is_empty()
        && integer.len() <= LONGEST_WITH_CENTS
    {
        spell_part(integer, gender, one, many, out);
        return spell_part(fraction, Gender::Masculine, cent, cents, out);
    }
    romance::amount(spanish, &money.amount, gender, out);
    let (single, large) = match &money.amount {
        Amount::Integer(number) => (number.value() == Some(1), false),
        Amount::Decimal(number) => (false, number.magnitude.as_deref().is_some_and(|word| word != "mil")),
        Amount::Fraction(_) => (false, false),
    };
    push(out, if large { "de" } else { "" });
    push(out, if single { one } else { many });
}

/// Units or cents; nothing if there are none.
fn spell_part(digits: &str, gender: Gender, one: &str, many: &str, out: &mut String) {
    match Integer::new(digits).value() {
        Some(0) => {}
        value => {
            cardinal::spell(digits, gender, out);
            push(out, if value == Some(1) { one } else { many });
        }
    }
}
