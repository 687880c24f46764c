//! English, American and British.

mod cardinal;

use std::sync::LazyLock;

use super::candidate::{Candidates, cost};
use super::item::{Form, Integer, Item};
use super::number::{self, Separators};
use super::rules::Rules;
use super::table::Table;
use super::token::Kind;
use super::view::View;

/// The rules of English.
pub struct English;

const SEPARATORS: Separators = Separators { groups: &[","], decimals: &["."] };

static ABBREVIATIONS: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("abbreviations.tsv")));

impl Rules for English {
    fn recognize(&self, view: &View, found: &mut Candidates) {
        match view.kind(0) {
            Kind::Digits => cardinal(view, found),
            Kind::Word(_) => abbreviation(view, found),
            _ => {}
        }
    }

    fn spell(&self, item: &Item, out: &mut String) {
        match item {
            Item::Cardinal(number, _) => cardinal::spell(number, out),
            Item::Words(words) => out.push_str(words),
            _ => {}
        }
    }
}

fn cardinal(view: &View, found: &mut Candidates) {
    if let Some(written) = number::number(view, 0, &SEPARATORS).filter(|written| written.fraction.is_empty()) {
        let item = Item::Cardinal(Integer::new(written.integer), Form::default());
        found.push(written.next, cost::LIKELY, item);
    }
}

fn abbreviation(view: &View, found: &mut Candidates) {
    if let Some((_, row, next)) = ABBREVIATIONS.longest(view, 0).filter(|_| view.begins_word()) {
        found.push(next, cost::SURE, Item::Words(row.concat()));
    }
}
