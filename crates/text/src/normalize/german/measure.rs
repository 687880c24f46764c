//! Measures and percentages.

use std::sync::LazyLock;

use compact_str::{CompactString, format_compact};

use super::ordinal::gender_of;
use super::quantity::{self, MAGNITUDES};
use crate::normalize::european::quantity::{Quantity, item};
use crate::normalize::item::{Gender, Item, Measure, Percent};
use crate::normalize::table::{Row, Table};
use crate::normalize::view::View;

/// Columns: unit; gender, one and more of it.
static UNITS: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("units.tsv")));

/// Reads the unit that an amount has, and makes a measure of both.
pub fn with_unit(view: &View, quantity: &Quantity) -> Option<(Item, usize)> {
    let magnitude = quantity.with_magnitude(view, &MAGNITUDES);
    let Quantity { amount, next } = magnitude.as_ref().unwrap_or(quantity);
    let n = view.after_space(*next);
    let percent = |per_mille| (Item::Percent(Percent { amount: amount.clone(), per_mille }), n + 1);
    match view.text(n) {
        "%" => return Some(percent(false)),
        "‰" => return Some(percent(true)),
        _ => {}
    }
    let (unit, after) = unit(view, n)?;
    let (per, end) = per(view, after).unzip();
    let measure = Measure { amount: amount.clone(), unit: unit.into(), per };
    Some((Item::Measure(measure), end.unwrap_or(after)))
}

/// A number of things in each unit: `120/km²`.
pub fn by_unit(view: &View, quantity: &Quantity) -> Option<(Item, usize)> {
    let (per, next) = per(view, quantity.next)?;
    let words = Item::Words(format_compact!("pro {per}"));
    Some((Item::Sequence(vec![item(quantity.amount.clone()), words]), next))
}

/// The unit at token `n` and the token after it, where no word goes on.
fn unit(view: &View, n: usize) -> Option<(&'static str, usize)> {
    let (unit, _, next) = UNITS.all(view, n).find(|(unit, _, next)| ends(view, unit, *next))?;
    Some((unit, next))
}

fn ends(view: &View, unit: &str, next: usize) -> bool {
    let runs_on = view.is_one_of(next, &["²", "³", "'", "’"]) && !unit.ends_with(['²', '³']);
    view.ends_word(next) && !runs_on
}

/// What stands below the line from the slash at token `n` on, as spoken: `/h`, `/Stunde`.
pub fn per(view: &View, n: usize) -> Option<(CompactString, usize)> {
    if !view.is(n, "/") {
        return None;
    }
    match unit(view, n + 1) {
        Some((unit, next)) => Some((names(unit)?.1.into(), next)),
        None if view.kind(n + 1).is_word() && view.text(n + 1).chars().count() > 3 => {
            Some((view.text(n + 1).into(), n + 2))
        }
        None => None,
    }
}

/// A unit's gender, its name for one and its name for more.
fn names(unit: &str) -> Option<(Gender, &'static str, &'static str)> {
    let row: &Row = UNITS.get(unit)?;
    Some((gender_of(row.first()?), row.get(1)?, row.last()?))
}

pub fn spell(measure: &Measure, out: &mut String) {
    let Some((gender, one, more)) = names(&measure.unit) else { return };
    quantity::spell(&measure.amount, gender, out);
    out.push(' ');
    out.push_str(if quantity::is_one(&measure.amount) { one } else { more });
    if let Some(per) = &measure.per {
        out.push_str(" pro ");
        out.push_str(per);
    }
}

pub fn spell_percent(percent: &Percent, out: &mut String) {
    quantity::spell(&percent.amount, Gender::Neuter, out);
    out.push_str(if percent.per_mille { " promille" } else { " prozent" });
}
