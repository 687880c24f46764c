//! Ranges of sums: `$20-$30`.

use super::quantity::money;
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::item::{Item, Range, Relation};
use crate::normalize::view::View;

/// Proposes a range of two sums with a hyphen or dash between them.
pub fn recognize(view: &View, found: &mut Candidates) {
    let Some((from, next)) = sum(view) else { return };
    let after = view.forward(next + 1);
    if let Some((to, end)) = sum(&after).filter(|_| view.is_one_of(next, &["-", "–"])) {
        let range = Range { from, to, relation: Relation::To };
        found.push(next + 1 + end, cost::SURE, Item::Range(Box::new(range)));
    }
}

fn sum(view: &View) -> Option<(Item, usize)> {
    let mut found = Candidates::default();
    money(view, &mut found);
    found.proposed().first().map(|sum| (sum.item.clone(), sum.tokens))
}
