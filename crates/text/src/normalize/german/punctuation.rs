//! Signs between numbers and words.

use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::european::joint;
use crate::normalize::item::Item;
use crate::normalize::token::Kind;
use crate::normalize::view::View;

pub fn recognize(view: &View, found: &mut Candidates) {
    let mark = match view.text(0) {
        "-" | "–" if between_ordinals(view) => Some(" bis ".into()),
        "/" if between_years(view) => Some(" ".into()),
        _ => joint::mark(view),
    };
    if let Some(mark) = mark {
        found.push(1, cost::SURE, Item::Mark(mark));
    }
}

/// The hyphen of `1.-5. Mai` and `3.10.1990-5.6.2000`.
fn between_ordinals(view: &View) -> bool {
    let stop = view.text_before(1) == "." && view.kind_before(2) == Kind::Digits;
    let year = view.kind_before(1) == Kind::Digits && view.text_before(1).len() == 4 && view.text_before(2) == ".";
    (stop || year) && view.kind(1) == Kind::Digits && view.is(2, ".")
}

/// The slash of `1939/40`.
fn between_years(view: &View) -> bool {
    let year_before = view.kind_before(1) == Kind::Digits && view.text_before(1).len() == 4;
    year_before && view.kind(1) == Kind::Digits && matches!(view.text(1).len(), 2 | 4)
}
