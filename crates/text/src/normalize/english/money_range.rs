//! Ranges of sums: `$20-$30`, `$20-30`.

use super::amount::{Read, read};
use super::numbers::plain;
use super::quantity::{money, sum_before};
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::item::{Amount, Item, Money, Range, Relation};
use crate::normalize::view::View;

/// Proposes a range of the sum that was proposed and another, with a hyphen or dash between them.
pub fn recognize(view: &View, found: &mut Candidates) {
    let Some(from) = found.proposed().iter().find(|candidate| matches!(candidate.item, Item::Money(_))) else { return };
    let next = from.tokens;
    if !view.is_one_of(next, &["-", "–"]) {
        return;
    }
    if let Some((to, end)) = sum(&view.forward(next + 1)) {
        let range = Range { from: from.item.clone(), to, relation: Relation::To };
        found.push(next + 1 + end, cost::SURE, Item::Range(Box::new(range)));
    } else if let Some((range, end)) = shared_sign(view, &from.item, next + 1) {
        found.push(end, cost::SURE, range);
    }
}

/// `$20-30`: one sign for both, the second of which is at token `n`; and the token after them.
fn shared_sign(view: &View, from: &Item, n: usize) -> Option<(Item, usize)> {
    let Item::Money(Money { amount: from @ Amount::Integer(_), currency, per: None }) = from else { return None };
    let Read { amount, next, .. } = read(view, n).filter(|to| view.ends_word(to.next) && !view.is(to.next, "-"))?;
    view.digits(n)?;
    let to = Item::Money(Money { amount, currency: currency.clone(), per: None });
    Some((Item::Range(Box::new(Range { from: plain(from.clone()), to, relation: Relation::To })), next))
}

fn sum(view: &View) -> Option<(Item, usize)> {
    let mut found = Candidates::default();
    money(view, &mut found);
    if let Some(read) = read(view, 0) {
        sum_before(view, &read, &mut found);
    }
    found.proposed().first().map(|sum| (sum.item.clone(), sum.tokens))
}
