//! Signs between numbers and words, as the reference spaces them.

use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::item::Item;
use crate::normalize::token::Kind;
use crate::normalize::view::View;

pub fn recognize(view: &View, found: &mut Candidates) {
    let behind_digits = view.kind_before(1) == Kind::Digits;
    let mark = match view.text(0) {
        "-" if hyphen_opens(view) => " ".to_owned(),
        "-" | "–" if between_ordinals(view) => " bis ".to_owned(),
        "–" | "—" if behind_digits && view.kind(1) == Kind::Digits => format!(" {} ", view.text(0)),
        "/" if behind_digits && between_years(view) => " ".to_owned(),
        ")" | "]" if behind_digits && view.ends_word(1) => format!(" {}", view.text(0)),
        "." if behind_digits && splits_off(view) => " .".to_owned(),
        _ => return,
    };
    found.push(1, cost::SURE, Item::Mark(mark));
}

/// Whether a hyphen joins digits and letters, as in `COVID-19` and `401-k`; it is no sound. Not in `3-D-Drucker`, `A4-Papier`.
fn hyphen_opens(view: &View) -> bool {
    let letters_first = view.kind_before(1).is_word() && view.kind(1) == Kind::Digits;
    let digits_first = view.kind_before(1) == Kind::Digits && !view.kind_before(2).is_word();
    let digits_first = digits_first && view.kind(1).is_word() && !view.is(2, "-");
    letters_first || digits_first
}

/// The hyphen of `1.-5. Mai`.
fn between_ordinals(view: &View) -> bool {
    let before = view.text_before(1) == "." && view.kind_before(2) == Kind::Digits;
    before && view.kind(1) == Kind::Digits && view.is(2, ".")
}

/// The slash of `1939/40`.
fn between_years(view: &View) -> bool {
    view.text_before(1).len() == 4 && view.kind(1) == Kind::Digits && matches!(view.text(1).len(), 2 | 4)
}

/// Whether a full stop behind digits has a space before it: where it is not the word's last sign.
fn splits_off(view: &View) -> bool {
    matches!(view.text(1), "“" | "”" | "\"" | "«") && view.ends_word(2)
        || (view.is(1, ".") && view.is(2, ".") && view.kind(3).is_gap())
}
