//! Roman numerals.

use super::super::candidate::{Candidates, cost};
use super::super::item::{Form, Gender, Item, Roman};
use super::super::roman::value;
use super::super::table::Row;
use super::super::view::View;
use super::lexicon::{Lexicon, cell, gender};

/// `Felipe II`, `capítulo IV`, `siglo XXI`, `MMXX`
pub fn numeral(lexicon: &Lexicon, view: &View, found: &mut Candidates) {
    let written = view.text(0);
    if !written.starts_with(|first: char| "IVXLCDMivxlcdm".contains(first)) || !view.ends_word(1) {
        return;
    }
    // Small letters only where nothing else can be meant: `siglo xx`.
    let small = written.starts_with(|first: char| first.is_ascii_lowercase());
    if small && !lexicon.words.before_numeral.contains(&view.word_before()) {
        return;
    }
    let text = if small { written.to_ascii_uppercase() } else { written.into() };
    let text = text.as_str();
    let Some(value) = value(text) else { return };
    if let Some((ordinal, gender)) = context(lexicon, view, text) {
        let form = Form { gender, ..Form::default() };
        found.push(1, cost::POSSIBLE, Item::Roman(Roman { value, ordinal, form }));
    }
}

/// How the numeral is read where it stands: whether in order, and its gender; none if it is none.
fn context(lexicon: &Lexicon, view: &View, text: &str) -> Option<(bool, Gender)> {
    let before = view.word_before();
    let lower = before.to_lowercase();
    let row = lexicon.numbered.get(before).or_else(|| lexicon.numbered.get(&lower));
    if let Some(row) = row {
        return Some((cell(row, 0) == "ordinal", gender(cell(row, 1))));
    }
    if let Some(row) = joined_to(lexicon, view) {
        return Some((cell(row, 0) == "ordinal", gender(cell(row, 1))));
    }
    let small = text.bytes().all(|sign| matches!(sign, b'I' | b'V' | b'X'));
    if small && is_name(before) {
        return Some((true, Gender::Unknown));
    }
    // By itself, only what is too long for other words in capitals: `MMXX`.
    (text.len() > 3).then_some((false, Gender::Unknown))
}

/// What a numeral before this one follows: `siglos XIX y XX`.
fn joined_to<'v>(lexicon: &'v Lexicon, view: &View) -> Option<&'v Row> {
    let joins = matches!(view.text_before(2), "y" | "e" | "o" | "a" | "al" | "ao");
    lexicon.numbered.get(view.text_before(6)).filter(|_| joins && value(view.text_before(4)).is_some())
}

/// Whether a word is written as a name is: one capital, then small letters.
fn is_name(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(char::is_uppercase) && letters.clone().count() > 1 && letters.all(char::is_lowercase)
}
