//! Japanese.
//!
//! Nothing is set apart by spaces, and 年, 月, 円 or a counter stays as it is written: most numbers need only their
//! own reading.

mod numbers;
mod signs;
mod spell;

#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use super::candidate::Candidates;
use super::east_asian::amount::Names;
use super::item::Item;
use super::rules::{Neighbour, Rules};
use super::table::Table;
use super::token::{Kind, Script};
use super::view::View;

/// The rules of Japanese.
pub struct Japanese;

static UNITS: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("units.tsv")));
static CURRENCIES: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("currencies.tsv")));
static ABBREVIATIONS: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("abbreviations.tsv")));
static WEEKDAYS: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("weekdays.tsv")));

fn names() -> Names {
    Names { units: &UNITS, currencies: &CURRENCIES, spaced_units: true }
}

impl Rules for Japanese {
    fn recognize(&self, view: &View, found: &mut Candidates) {
        match view.kind(0) {
            Kind::Digits => numbers::recognize(view, found),
            Kind::Mark | Kind::Symbol => signs::recognize(view, found),
            Kind::Word(Script::Latin) => signs::latin(view, found),
            _ => {}
        }
    }

    fn spell(&self, item: &Item, out: &mut String) {
        spell::spell(item, out);
    }

    fn gap(&self, _: Neighbour, _: Neighbour) -> bool {
        false
    }

    fn trims(&self) -> bool {
        true
    }
}
