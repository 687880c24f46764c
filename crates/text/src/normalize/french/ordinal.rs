//! Ordinal numbers.

use super::cardinal;
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::item::{Form, Gender, Integer, Item};
use crate::normalize::view::View;

/// Endings behind digits, whether they are feminine, and whether they are plural.
const ENDINGS: [(&str, Gender, bool); 17] = [
    ("er", Gender::Masculine, false),
    ("ers", Gender::Masculine, true),
    ("re", Gender::Feminine, false),
    ("ère", Gender::Feminine, false),
    ("res", Gender::Feminine, true),
    ("ères", Gender::Feminine, true),
    ("nd", Gender::Masculine, false),
    ("nds", Gender::Masculine, true),
    ("nde", Gender::Feminine, false),
    ("ndes", Gender::Feminine, true),
    ("e", Gender::Unknown, false),
    ("es", Gender::Unknown, true),
    ("ème", Gender::Unknown, false),
    ("èmes", Gender::Unknown, true),
    ("eme", Gender::Unknown, false),
    ("ième", Gender::Unknown, false),
    ("°", Gender::Unknown, false),
];

pub fn recognize(view: &View, found: &mut Candidates) {
    let Some((_, gender, plural)) = ENDINGS.iter().find(|(ending, ..)| view.is(1, ending)) else { return };
    let Some(digits) = view.digits(0).filter(|_| view.begins_word() && view.ends_word(2)) else { return };
    let form = Form { gender: *gender, plural: *plural, ..Form::default() };
    let two = digits == "2";
    if !matches!(view.text(1), "nd" | "nde" | "nds" | "ndes") || two {
        found.push(2, cost::SURE, Item::Ordinal(Integer::new(digits), form));
    }
}

/// Writes an ordinal: "première", "vingt et unième".
pub fn spell(number: &Integer, form: Form, out: &mut String) {
    match (number.digits.as_str(), form.gender) {
        ("1", Gender::Feminine) => out.push_str("première"),
        ("1", _) => out.push_str("premier"),
        ("2", Gender::Feminine) => out.push_str("seconde"),
        ("2", Gender::Masculine) => out.push_str("second"),
        _ => spell_regular(number, out),
    }
    if form.plural {
        out.push('s');
    }
}

/// Writes an ordinal in "-ième", one among them, as in fractions.
pub fn spell_regular(number: &Integer, out: &mut String) {
    cardinal::spell(number, out);
    // Written apart in the reference; it sounds the same.
    if let Some(start) = out.len().checked_sub("quatre-vingt-onze".len()).filter(|_| out.ends_with("quatre-vingt-onze"))
    {
        out.replace_range(start.., "quatre vingt onze");
    }
    let changed = [("cinq", "cinqu"), ("neuf", "neuv"), ("cents", "cent"), ("millions", "million")];
    if let Some((cardinal, stem)) = changed.iter().find(|(cardinal, _)| out.ends_with(cardinal)) {
        out.truncate(out.len() - cardinal.len());
        out.push_str(stem);
    } else if out.ends_with('e') {
        out.pop();
    }
    out.push_str("ième");
}
