//! Abbreviations and Roman numerals.

use std::sync::LazyLock;

use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::item::{Form, Item, Roman};
use crate::normalize::roman;
use crate::normalize::table::Table;
use crate::normalize::token::Kind;
use crate::normalize::view::View;

/// Columns: abbreviation; words; `word` if a word must follow.
static ABBREVIATIONS: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("abbreviations.tsv")));

/// Words that a numeral counts.
const COUNTED: [&str; 18] = [
    "chapitre",
    "section",
    "tome",
    "acte",
    "livre",
    "volume",
    "partie",
    "article",
    "scène",
    "titre",
    "annexe",
    "phase",
    "type",
    "classe",
    "figure",
    "tableau",
    "paragraphe",
    "numéro",
];

pub fn abbreviation(view: &View, found: &mut Candidates) {
    if !view.begins_word() || view.kind(1).is_gap() && view.text(0).is_ascii() {
        return;
    }
    for (key, row, next) in ABBREVIATIONS.all(view, 0) {
        let follows = row.get(1) != Some(&"word") || view.kind(view.after_space(next)).is_word();
        if follows && (view.ends_word(next) || !key.ends_with(char::is_alphanumeric)) {
            let words = row.first().copied().unwrap_or_default();
            return found.push(end(view, key, next), cost::SURE, Item::Words(words.into()));
        }
    }
}

/// The token after an abbreviation, whose full stop stays where it ends the text too.
fn end(view: &View, key: &str, next: usize) -> usize {
    let last = key.ends_with('.') && matches!(view.kind(next), Kind::Edge | Kind::Break);
    let whole = view.kind_before(1) == Kind::Edge || key.contains("J.-C.");
    if last && next > 1 && !whole { next - 1 } else { next }
}

/// `chapitre IV`, `Napoléon III`, `MMXX`; a lone I, `Ier` and `XXe` are left to the model, as in the reference.
pub fn roman(view: &View, found: &mut Candidates) {
    let numeral = view.text(0);
    let alone = view.kind_before(1) == Kind::Space && view.ends_word(1) && !matches!(view.text(1), "-" | "'" | "’");
    let Some(value) = roman::value(numeral).filter(|value| alone && *value > 1) else { return };
    let before = view.text_before(2);
    let counted = COUNTED.contains(&before.to_lowercase().as_str());
    let small = numeral.len() > 1 && numeral.bytes().all(|sign| matches!(sign, b'I' | b'V' | b'X'));
    let name = before.starts_with(char::is_uppercase) && before.chars().any(char::is_lowercase);
    if counted || (small && name) || (numeral.len() > 3 && numeral != "MDCC") {
        found.push(1, cost::SURE, Item::Roman(Roman { value, ordinal: false, form: Form::default() }));
    }
}
