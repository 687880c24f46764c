//! Ranges of sums: `$20-$30`.

use super::quantity::money;
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::item::{Item, Range, Relation};
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
    }
}

fn sum(view: &View) -> Option<(Item, usize)> {
    let mut found = Candidates::default();
    money(view, &mut found);
    found.proposed().first().map(|sum| (sum.item.clone(), sum.tokens))
}
