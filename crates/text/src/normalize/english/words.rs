//! Words, abbreviations, Roman numerals and signs.

use std::sync::LazyLock;

use compact_str::{CompactString, format_compact};

use super::cardinal::{And, spell, spell_ordinal};
use crate::normalize::address::address;
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::item::{Address, Electronic, Form, Item, Roman};
use crate::normalize::roman;
use crate::normalize::table::Table;
use crate::normalize::token::Kind;
use crate::normalize::view::View;

static ABBREVIATIONS: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("abbreviations.tsv")));
static SIGNS: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("signs.tsv")));
/// Words before a Roman numeral: what is counted, or `name` for rulers.
static BEFORE_ROMAN: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("roman.tsv")));

/// Proposes an electronic address.
pub fn electronic(view: &View, found: &mut Candidates) {
    if let Some((address, next)) = address(view, 0) {
        found.push(next, cost::SURE, Item::Electronic(address));
    } else if let Some(next) = file_name(view) {
        let text = view.slice(0..next).into();
        found.push(next, cost::LIKELY, Item::Electronic(Electronic { kind: Address::Domain, text }));
    }
}

/// `file.txt`: two words with a full stop between them, and no more.
fn file_name(view: &View) -> Option<usize> {
    if !view.is(1, ".") || !view.kind(2).is_word() {
        return None;
    }
    let chain = view.is(3, ".") && view.kind(4).is_word();
    let alone = view.begins_word() && view.text_before(1) != "." && view.ends_word(3) && !chain;
    (alone && is_name(view.text(0)) && is_name(view.text(2))).then_some(3)
}

/// Whether a word could be a part of a file's name: `file.txt`.
fn is_name(word: &str) -> bool {
    word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// Proposes what an abbreviation stands for.
pub fn abbreviation(view: &View, found: &mut Candidates) {
    if let Some((_, row, next)) = ABBREVIATIONS.longest(view, 0).filter(|(_, _, next)| begins_and_ends(view, *next)) {
        found.push(next, cost::SURE, Item::Words(row.concat().into()));
    }
}

/// Proposes what a word that begins with a capital stands for: titles, months, initials, Roman numerals.
pub fn capital(view: &View, found: &mut Candidates) {
    if view.text(0).starts_with(char::is_uppercase) && view.begins_word() {
        title(view, found);
        saint(view, found);
        month(view, found);
        initials(view, found);
        numeral(view, found);
    }
}

fn begins_and_ends(view: &View, next: usize) -> bool {
    view.begins_word() && (view.ends_word(next) || view.text(next - 1) == ".")
}

fn capitalized(view: &View, n: usize) -> bool {
    view.text(n).starts_with(|letter: char| letter.is_uppercase()) && view.text(n).len() > 1
}

/// `Dr Smith`, without a full stop.
fn title(view: &View, found: &mut Candidates) {
    let word = match view.text(0) {
        "Dr" => "doctor",
        "Mr" => "mister",
        "Mrs" => "misses",
        "Prof" => "professor",
        _ => return,
    };
    if view.is(1, " ") && capitalized(view, 2) {
        found.push(1, cost::SURE, Item::Words(word.into()));
    }
}

/// `St. Louis`
fn saint(view: &View, found: &mut Candidates) {
    let next = if view.is(1, ".") { 2 } else { 1 };
    if view.is(0, "St") && view.is(next, " ") && capitalized(view, next + 1) && !capitalized_before(view) {
        found.push(next, cost::SURE, Item::Words("Saint".into()));
    }
}

fn capitalized_before(view: &View) -> bool {
    let before = view.word_before();
    before.starts_with(|letter: char| letter.is_uppercase())
        && view.kind_before(3) == Kind::Space
        && view.kind_before(4) == Kind::Digits
}

const MONTHS: [(&str, &str); 12] = [
    ("Jan", "January"),
    ("Feb", "February"),
    ("Mar", "March"),
    ("Apr", "April"),
    ("Jun", "June"),
    ("Jul", "July"),
    ("Aug", "August"),
    ("Sep", "September"),
    ("Sept", "September"),
    ("Oct", "October"),
    ("Nov", "November"),
    ("Dec", "December"),
];

/// A month's abbreviation with its full stop, without a day; at the end of the text the stop stays.
fn month(view: &View, found: &mut Candidates) {
    if !view.is(1, ".") {
        return;
    }
    if let Some((_, name)) = MONTHS.iter().find(|(short, _)| view.is(0, short)) {
        let tokens = if view.kind(2) == Kind::Edge { 1 } else { 2 };
        found.push(tokens, cost::POSSIBLE, Item::Words((*name).into()));
    }
}

/// `U.S.`, `e.s.t.`: letters with full stops. At least two.
fn initials(view: &View, found: &mut Candidates) {
    let is_letter = |n: usize| view.text(n).len() == 1 && view.kind(n).is_word() && view.is(n + 1, ".");
    let mut count = 0;
    while is_letter(2 * count) && count < 12 {
        count += 1;
    }
    let letters: CompactString = (0..count).map(|index| view.text(2 * index)).collect();
    let capitals = letters.chars().all(char::is_uppercase);
    if count >= 2 && capitals && view.ends_word(2 * count) {
        // A second full stop is the sentence's, and the first stays with it.
        let next = if view.is(2 * count, ".") { 2 * count - 1 } else { 2 * count };
        found.push(next, cost::SURE, Item::Letters(letters));
    }
}

/// A Roman numeral after a word that is counted or a ruler's name.
fn numeral(view: &View, found: &mut Candidates) {
    let text = view.text(0);
    let Some(value) = roman::value(text).filter(|_| view.text_before(1) == " " && view.kind_before(2).is_word()) else {
        return;
    };
    let before = view.text_before(2);
    let kind = BEFORE_ROMAN.first(&before.to_lowercase());
    let named = capitalized_word(before) && text.len() > 1;
    let ordinal = match kind {
        Some(kind) => kind == "name" && capitalized_word(before),
        None if named => false,
        None => return,
    };
    let single_name = text == "I" && !ordinal && !capitalized_word(before);
    if view.ends_word(1) && !view.is(1, "-") && !view.is_one_of(1, &["'", "’"]) && !single_name {
        found.push(1, cost::SURE, Item::Roman(Roman { value, ordinal, form: Form::default() }));
    }
}

fn capitalized_word(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(char::is_uppercase) && letters.next().is_some_and(char::is_lowercase)
}

/// Writes a Roman numeral: "fourteen", "the fourteenth".
pub fn say_roman(roman: &Roman, and: And, out: &mut String) {
    let digits = roman.value.to_string();
    if roman.ordinal {
        out.push_str("the ");
        spell_ordinal(&digits, and, out);
    } else {
        spell(&digits, and, out);
    }
}

/// Proposes the name of a sign.
pub fn sign(view: &View, found: &mut Candidates) {
    if view.is(0, "`") && view.is(1, "`") {
        found.push(2, cost::SURE, Item::Mark("\"".into()));
    }
    if view.is(0, "/") {
        return slash(view, found);
    }
    if let Some((_, row, next)) = SIGNS.longest(view, 0) {
        found.push(next, cost::UNLIKELY, Item::Words(row.concat().into()));
    }
}

/// A slash is named between words, between spaces, and after a number that nothing follows; not in tags and codes.
fn slash(view: &View, found: &mut Candidates) {
    let (before, after) = (view.kind_before(1), view.kind(1));
    let words = before.is_word() && after.is_word() && view.kind_before(2) != Kind::Mark;
    let spaced = (before == Kind::Space || before == Kind::Digits) && after == Kind::Space;
    let leading = before == Kind::Edge && after == Kind::Symbol && !view.is(1, ">");
    if words || spaced || leading {
        found.push(1, cost::UNLIKELY, Item::Words("slash".into()));
    }
}

/// `A/B`: single capitals on both sides of a slash.
pub fn either(view: &View, found: &mut Candidates) {
    let single = |n: usize| view.text(n).len() == 1 && view.kind(n).is_word();
    if view.begins_word() && single(0) && view.is(1, "/") && single(2) && view.ends_word(3) {
        let (first, second) = (view.text(0).to_lowercase(), view.text(2));
        found.push(3, cost::SURE, Item::Words(format_compact!("{first} slash {}", second.to_lowercase())));
    }
}
