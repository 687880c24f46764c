//! Numbers and what they are of.

use compact_str::format_compact;

use super::numbers::{begins_count, fills_word};
use super::{COUNTERS, CURRENCIES, ends_word, is_hangul, names, particle};
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::east_asian::amount::fraction;
use crate::normalize::east_asian::written;
use crate::normalize::item::{Amount, Form, Fraction, Gender, Integer, Item, Money};
use crate::normalize::number::Written;
use crate::normalize::token::Kind;
use crate::normalize::view::View;

pub fn recognize(view: &View, found: &mut Candidates) {
    let Some(written) = written::number(view, 0) else { return };
    push_measured(view, written.amount(false), written.next, found);
    if is_hangul(view, written.next) {
        won(view, written, found);
    }
    if is_hangul(view, 1) {
        count(view, found);
        ordinal(view, found);
        mixed(view, found);
        fraction_in_words(view, found);
    } else if view.kind(1) == Kind::Symbol {
        fractions(view, found);
    }
}

fn push_measured(view: &View, amount: Amount, next: usize, found: &mut Candidates) {
    let (item, end) = names().measured(view, amount, next);
    let tied = matches!(item, Item::Percent(_) | Item::Measure(_));
    let (item, end) = if tied { particle::tied(view, item, end) } else { (item, end) };
    found.push(end, cost::LIKELY, item);
}

/// `2000원`, `8,500만원`: one word if it ends the word of the sentence, or if separators show what it is.
fn won(view: &View, written: Written, found: &mut Candidates) {
    let quantity = written::with_magnitudes(view, written);
    if !view.is(quantity.next, "원") {
        return;
    }
    let grouped = view.is(1, ",");
    let whole = matches!(quantity.amount, Amount::Integer(_));
    if whole && (grouped || ends_word(view, quantity.next + 1)) {
        found.push(quantity.next + 1, cost::SURE, sum(quantity.amount, "원"));
    }
}

/// A sum with its currency before it: signs stand right before the number or apart, codes apart.
pub fn money(view: &View, found: &mut Candidates) {
    if let Some((item, next)) = names().money(view).filter(|_| view.kind(0) == Kind::Symbol || view.is(1, "$")) {
        found.push(next, cost::LIKELY, item);
    }
    if view.kind(1) != Kind::Space || view.text(0).len() != 3 || !written::begins_latin(view) {
        return;
    }
    let currency = CURRENCIES.first(&view.text(0).to_ascii_uppercase());
    if let (Some(currency), Some(quantity)) = (currency, written::quantity(view, 2)) {
        found.push(quantity.next, cost::LIKELY, sum(quantity.amount, currency));
    }
}

fn sum(amount: Amount, currency: &str) -> Item {
    Item::Money(Money { amount, currency: currency.into(), per: None })
}

/// `5개`: native numbers before counters, up to 99.
fn count(view: &View, found: &mut Candidates) {
    let Some(number) = native(view).filter(|_| begins_count(view)) else { return };
    if let Some((counter, ..)) = COUNTERS.longest(view, 1)
        && let Some(next) = fills_word(view, 1, counter)
    {
        found.push(next, cost::SURE, counted(number, counter));
    }
}

/// `3번째`
fn ordinal(view: &View, found: &mut Candidates) {
    let Some(next) = fills_word(view, 1, "번째") else { return };
    match (native(view), view.digits(0)) {
        (Some(number), _) if number.digits == "1" => found.push(next, cost::SURE, Item::Words("첫번째".into())),
        (Some(number), _) => found.push(next, cost::SURE, counted(number, "번째")),
        (None, Some(digits)) => {
            let number = Item::Cardinal(Integer::new(digits), Form::default());
            found.push(next, cost::SURE, Item::Sequence(vec![number, Item::Mark("번째".into())]));
        }
        (None, None) => {}
    }
}

/// The number at token 0 if it has a native name.
fn native(view: &View) -> Option<Integer> {
    let number = Integer::new(view.digits(0)?);
    let named = number.value().is_some_and(|value| (1..100).contains(&value)) && !number.digits.starts_with('0');
    named.then_some(number)
}

/// A native number with its counter.
pub fn counted(number: Integer, counter: &str) -> Item {
    // Native numbers are told from others by a gender: they are how things are counted.
    let form = Form { gender: Gender::Neuter, ..Form::default() };
    Item::Sequence(vec![Item::Cardinal(number, form), Item::Mark(counter.into())])
}

/// `1/2`, `½`, `√1/2`
pub fn fractions(view: &View, found: &mut Candidates) {
    if let Some((fraction, next)) = read_fraction(view, 0) {
        push_fraction(view, fraction, next, found);
    }
}

fn push_fraction(view: &View, fraction: Fraction, next: usize, found: &mut Candidates) {
    let numerator = super::spell::number(&fraction.numerator);
    let agreeing = particle::particle(view, next).filter(|(particle, _)| particle.chars().count() == 1);
    match agreeing {
        Some((particle, end)) => {
            let form = Some(particle::agreeing(particle, &numerator)).filter(|form| !form.is_empty());
            let tied = Item::Mark(form.unwrap_or(particle).into());
            found.push(end, cost::LIKELY, Item::Sequence(vec![Item::Fraction(fraction), tied]));
        }
        None => push_measured(view, Amount::Fraction(fraction), next, found),
    }
}

/// A fraction with a root above or below the line or with none.
fn read_fraction(view: &View, n: usize) -> Option<(Fraction, usize)> {
    if view.is(n + 1, "/") && view.is(n + 2, "√") {
        let (numerator, denominator) = (view.digits(n)?.into(), format_compact!("√{}", view.digits(n + 3)?));
        return Some((Fraction { numerator, denominator, ..Fraction::default() }, n + 4));
    }
    fraction(view, n)
}

/// `1과1/2`
fn mixed(view: &View, found: &mut Candidates) {
    let joined = view.is_one_of(1, &["과", "와"]);
    let (Some(whole), Some((fraction, next))) = (view.digits(0).filter(|_| joined), read_fraction(view, 2)) else {
        return;
    };
    let (part, end) = names().measured(view, Amount::Fraction(fraction), next);
    let whole = Item::Cardinal(Integer::new(whole), Form::default());
    found.push(end, cost::SURE, Item::Sequence(vec![whole, Item::Mark(view.text(1).into()), part]));
}

/// `121분의3221`
fn fraction_in_words(view: &View, found: &mut Candidates) {
    let Some(next) = view.matches(1, "분의").map(|next| view.after_space(next)) else { return };
    if let (Some(denominator), Some(numerator)) = (view.digits(0), view.digits(next)) {
        let (numerator, denominator) = (numerator.into(), denominator.into());
        push_fraction(view, Fraction { numerator, denominator, ..Fraction::default() }, next + 1, found);
    }
}
