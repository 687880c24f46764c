//! Amounts of something: percent, money, measures.

use compact_str::format_compact;

use super::super::candidate::{Candidates, cost};
use super::super::item::{Amount, Item, Measure, Money, Percent};
use super::super::token::Kind;
use super::super::view::View;
use super::amount::{Figures, pointed};
use super::lexicon::Lexicon;

/// What an amount that begins at token 0 is followed by: `5 %`, `5 €`, `5 kg`.
pub fn quantity(lexicon: &Lexicon, view: &View, figures: &Figures, found: &mut Candidates) {
    let Some((amount, next)) = figures.amount() else { return };
    let at = view.after_space(next);
    percent(view, at, &amount, found);
    measure(lexicon, view, at, &amount, found);
    money_after(lexicon, view, figures, found);
}

fn percent(view: &View, at: usize, amount: &Amount, found: &mut Candidates) {
    if view.is_one_of(at, &["%", "‰"]) {
        let per_mille = view.is(at, "‰");
        found.push(at + 1, cost::SURE, Item::Percent(Percent { amount: amount.clone(), per_mille }));
    }
}

fn measure(lexicon: &Lexicon, view: &View, at: usize, amount: &Amount, found: &mut Candidates) {
    let fits = |(key, row, next)| unit_ends(view, next).then_some((key, row, next));
    let Some((unit, row, next)) = lexicon.units.all(view, at).find_map(fits) else { return };
    let companion = row.get(3).copied().unwrap_or_default();
    if companion.is_empty() || view.is(view.after_space(next), companion) {
        let unit = unit.into();
        found.push(next, cost::LIKELY, Item::Measure(Measure { amount: amount.clone(), unit, per: None }));
    }
}

/// Whether a unit may end before token `n`: no letter, digit or further part of a unit follows.
fn unit_ends(view: &View, n: usize) -> bool {
    let goes_on = view.is_one_of(n, &["/", "²", "³", "°", "º", "ª"]) || (view.is(n, "-") && view.kind(n + 1).is_word());
    view.ends_word(n) && !goes_on
}

fn money_after(lexicon: &Lexicon, view: &View, figures: &Figures, found: &mut Candidates) {
    if view.kind(0) != Kind::Digits && !lexicon.words.reads_debts {
        return;
    }
    let Some((amount, next)) = figures.large_amount(lexicon, view) else { return };
    let mut at = view.after_space(next);
    if view.is(at, lexicon.words.of) && matches!(&amount, Amount::Decimal(number) if number.magnitude.is_some()) {
        at = view.after_space(at + 1);
    }
    let Some((currency, _, next)) = currency(lexicon, view, at) else { return };
    found.push(next, cost::LIKELY, Item::Money(Money { amount, currency: currency.into(), per: None }));
}

/// `€ 5`, `-R$ 5`, `US$40`, `$5.32`
pub fn money_before(lexicon: &Lexicon, view: &View, found: &mut Candidates) {
    let minus = usize::from(lexicon.words.reads_debts && view.is_one_of(0, &["-", "−"]) && view.begins_word());
    let Some((currency, _, next)) = currency(lexicon, view, minus) else { return };
    let at = view.after_space(next);
    if view.kind(at) != Kind::Digits && !(minus == 0 && view.is_one_of(at, &["-", "−"])) {
        return;
    }
    let read = match foreign(view, at) {
        Some(_) if !lexicon.words.reads_foreign_sums => None,
        Some(sum) => Some(sum),
        None => Figures::read(view, at).large_amount(lexicon, view),
    };
    let Some((mut amount, next)) = read else { return };
    if minus > 0 {
        negate(&mut amount);
    }
    let before = format_compact!("{currency} before");
    let currency = if lexicon.currencies.get(&before).is_some() { before } else { currency.into() };
    found.push(next, cost::SURE, Item::Money(Money { amount, currency, per: None }));
}

/// Whether a sum of money with its sign behind it is at token `n`.
pub fn sum_at(lexicon: &Lexicon, view: &View, n: usize) -> bool {
    Figures::read(view, n).amount().is_some_and(|(_, next)| currency(lexicon, view, view.after_space(next)).is_some())
}

/// A sum with a point before its cents: `$5.32`.
fn foreign(view: &View, n: usize) -> Option<(Amount, usize)> {
    let written = pointed(view, n).filter(|written| written.fraction.len() == 2)?;
    Some((written.amount(false), written.next))
}

fn negate(amount: &mut Amount) {
    match amount {
        Amount::Integer(number) => number.negative = true,
        Amount::Decimal(decimal) => decimal.negative = true,
        Amount::Fraction(fraction) => fraction.negative = true,
    }
}

/// The currency that token `n` begins, which is no part of a longer word.
fn currency<'v>(lexicon: &'v Lexicon, view: &View<'v>, n: usize) -> Option<(&'static str, &'v [&'static str], usize)> {
    let whole = |next: usize| !view.kind(next - 1).is_word() || !view.kind(next).is_word();
    let mut all = lexicon.currencies.all(view, n);
    all.find(|(_, _, next)| whole(*next)).map(|(key, row, next)| (key, row.as_slice(), next))
}
