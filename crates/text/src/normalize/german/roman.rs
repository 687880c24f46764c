//! Roman numerals: chapters and the like, rulers and their order.

use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::item::{Case, Form, Gender, Integer, Item, Roman};
use crate::normalize::roman;
use crate::normalize::token::Kind;
use crate::normalize::view::View;

use super::{cardinal, ordinal};

/// Words that a numeral counts.
const COUNTED: [&str; 18] = [
    "Kapitel",
    "Band",
    "Akt",
    "Teil",
    "Buch",
    "Abschnitt",
    "Artikel",
    "Szene",
    "Klasse",
    "Stufe",
    "Phase",
    "Typ",
    "Absatz",
    "Anhang",
    "Tafel",
    "Weltkrieg",
    "Folge",
    "Nummer",
];

/// Words that make a ruler's order a dative.
const DATIVE: [&str; 8] = ["von", "mit", "unter", "bei", "nach", "seit", "zu", "aus"];

pub fn recognize(view: &View, found: &mut Candidates) {
    let numeral = view.text(0);
    let alone = view.kind_before(1) == Kind::Space && view.ends_word(1) && !matches!(view.text(1), "-" | "'" | "’");
    // A lone I is a letter or left to the model, as in the reference.
    let Some(value) = roman::value(numeral).filter(|value| alone && *value > 1) else { return };
    let before = view.text_before(2);
    let (counted, name) = (COUNTED.contains(&before), before.starts_with(char::is_uppercase));
    let small = numeral.bytes().all(|sign| matches!(sign, b'I' | b'V' | b'X'));
    let ruler = name && !counted && small && view.is(1, ".");
    if ruler {
        // The full stop may be the sentence's as well.
        let goes_on = view.kind(view.after_space(2)).is_word() || view.is_one_of(2, &[",", ";", ":", ")"]);
        let next = if goes_on { 2 } else { 1 };
        let form = Form { gender: gender(before), case: case(view), plural: false };
        found.push(next, cost::SURE, Item::Roman(Roman { value, ordinal: true, form }));
    } else if counted || (small && name && numeral.len() > 1) || (numeral.len() > 3 && !numeral.contains("MIX")) {
        found.push(1, cost::SURE, Item::Roman(Roman { value, ordinal: false, form: Form::default() }));
    }
}

/// Names of queens end in -a or are few.
fn gender(name: &str) -> Gender {
    let female = name.ends_with('a') || matches!(name, "Elisabeth" | "Elizabeth" | "Margarethe" | "Beatrix" | "Isabel");
    if female { Gender::Feminine } else { Gender::Masculine }
}

/// The case of the ruler's name before token 0.
fn case(view: &View) -> Case {
    let before_name = (3..12).step_by(2).map(|n| view.text_before(n + 1));
    let dative =
        before_name.take_while(|word| !word.is_empty()).any(|word| DATIVE.contains(&word.to_lowercase().as_str()));
    let genitive =
        view.text_before(2).ends_with('s') && !matches!(view.text_before(2), "Johannes" | "Nikolaus" | "Pius");
    match (dative, genitive) {
        (true, _) => Case::Dative,
        (_, true) => Case::Genitive,
        _ => Case::Nominative,
    }
}

/// "der zweite", "dem zweiten"; a plain number after a chapter.
pub fn spell(roman: &Roman, out: &mut String) {
    let number = Integer::new(roman.value.to_string());
    if !roman.ordinal {
        return cardinal::spell(&number, out);
    }
    out.push_str(match (roman.form.case, roman.form.gender) {
        (Case::Nominative, Gender::Feminine) => "die ",
        (Case::Nominative, _) | (_, Gender::Feminine) => "der ",
        (Case::Genitive, _) => "des ",
        _ => "dem ",
    });
    ordinal::spell(&number, Form { gender: Gender::Unknown, ..roman.form }, out);
}
