//! Signs between numbers and words, as the reference spaces them.

use compact_str::{CompactString, format_compact};

use crate::normalize::token::Kind;
use crate::normalize::view::View;

/// The sign at token 0 in another form: hyphens that are no sound, long dashes and brackets behind digits.
pub fn mark(view: &View) -> Option<CompactString> {
    let behind_digits = view.kind_before(1) == Kind::Digits;
    match view.text(0) {
        "-" if hyphen_opens(view) => Some(" ".into()),
        "–" | "—" if behind_digits && view.kind(1) == Kind::Digits => Some(format_compact!(" {} ", view.text(0))),
        ")" | "]" if behind_digits && view.ends_word(1) => Some(format_compact!(" {}", view.text(0))),
        "." if behind_digits && splits_off(view) => Some(" .".into()),
        _ => None,
    }
}

/// Whether a hyphen joins digits and letters, as in `COVID-19` and `401-k`; it is no sound. Not in `3-D-Drucker` and
/// `A4-Papier`.
fn hyphen_opens(view: &View) -> bool {
    let letters_first = view.kind_before(1).is_word() && view.kind(1) == Kind::Digits;
    let digits_first = view.kind_before(1) == Kind::Digits && view.kind(1).is_word() && !view.is(2, "-");
    let digits_first = digits_first && (!view.kind_before(2).is_word() || view.kind(2) == Kind::Digits);
    letters_first || digits_first
}

/// Whether a full stop behind digits has a space before it: where it is not the word's last sign.
fn splits_off(view: &View) -> bool {
    matches!(view.text(1), "“" | "”" | "\"" | "«") && view.ends_word(2)
        || (view.is(1, ".") && view.is(2, ".") && view.kind(3).is_gap())
}
