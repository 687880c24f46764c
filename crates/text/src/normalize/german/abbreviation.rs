//! Abbreviations that are read as words.

use std::sync::LazyLock;

use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::item::Item;
use crate::normalize::table::Table;
use crate::normalize::token::Kind;
use crate::normalize::view::View;

/// Columns: abbreviation; words; `number` or `word` if such a thing must follow, `no number` if
/// none may stand before.
static ABBREVIATIONS: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("abbreviations.tsv")));

pub fn recognize(view: &View, found: &mut Candidates) {
    if !view.begins_word() || view.kind(1).is_gap() {
        return;
    }
    for (key, row, next) in ABBREVIATIONS.all(view, 0) {
        let after = view.kind(view.after_space(next));
        let fits = match row.get(1).copied() {
            Some("number") => after == Kind::Digits,
            Some("word") => after.is_word(),
            Some("no number") => view.kind_before(2) != Kind::Digits,
            _ => true,
        };
        if fits && (view.ends_word(next) || !key.ends_with(char::is_alphanumeric)) {
            let words = row.first().copied().unwrap_or_default();
            return found.push(end(view, key, next), cost::SURE, Item::Words(words.into()));
        }
    }
}

/// The token after an abbreviation, whose full stop stays where it ends the text too.
fn end(view: &View, key: &str, next: usize) -> usize {
    let last = key.ends_with('.') && matches!(view.kind(next), Kind::Edge | Kind::Break) && next > 1;
    if last { next - 1 } else { next }
}
