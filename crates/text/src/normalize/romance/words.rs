//! Texts that are looked up: abbreviations, signs.

use super::super::candidate::{Candidates, cost};
use super::super::item::Item;
use super::super::view::View;
use super::lexicon::{Lexicon, cell};

/// Abbreviations and other fixed texts.
pub fn fixed(lexicon: &Lexicon, view: &View, found: &mut Candidates) {
    let Some((key, row, next)) = lexicon.fixed.longest(view, 0) else { return };
    let whole = key.ends_with(|last: char| !last.is_alphanumeric()) || view.ends_word(next);
    if view.begins_word() && whole {
        found.push(next, cost::SURE, Item::Words(cell(row, 0).into()));
    }
}

/// A sign that is spoken by itself: between spaces or before a number.
pub fn symbol(lexicon: &Lexicon, view: &View, found: &mut Candidates) {
    let Some(words) = lexicon.symbols.first(view.text(0)) else { return };
    if view.kind_before(1).is_gap() && view.kind(1) != super::super::token::Kind::Symbol {
        found.push(1, cost::POSSIBLE, Item::Words(words.into()));
    }
}
