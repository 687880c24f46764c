//! Mandarin.
//!
//! Nothing is set apart by spaces. Years are read digit by digit, and two has a name of its own before some words.

mod calendar;
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

/// The rules of Mandarin.
pub struct Mandarin;

static UNITS: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("units.tsv")));
static CURRENCIES: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("currencies.tsv")));
static ACRONYMS: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("acronyms.tsv")));

fn names() -> Names {
    Names { units: &UNITS, currencies: &CURRENCIES, spaced_units: false }
}

impl Rules for Mandarin {
    fn recognize(&self, view: &View, found: &mut Candidates) {
        match view.kind(0) {
            Kind::Digits => {
                numbers::recognize(view, found);
                calendar::recognize(view, found);
            }
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
