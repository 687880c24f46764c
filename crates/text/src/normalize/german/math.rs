//! Signs of formulas, and signs before a number.

use super::cardinal;
use super::quantity::{self, SEPARATORS};
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::european::formula::formula;
use crate::normalize::item::{Amount, Gender, Item, Term};
use crate::normalize::token::Kind;
use crate::normalize::view::View;

pub fn recognize(view: &View, found: &mut Candidates) {
    if let Some((terms, next)) = formula(view, &SEPARATORS) {
        found.push(next, cost::SURE, Item::Math(terms));
    }
}

fn operator(sign: &str) -> Option<&'static str> {
    Some(match sign {
        "+" => "plus",
        "-" | "−" | "–" => "minus",
        "*" | "×" | "·" | "⋅" => "mal",
        "/" | ":" | "÷" => "geteilt durch",
        "=" => "gleich",
        "≠" => "ungleich",
        "<" => "kleiner als",
        ">" => "größer als",
        "≤" => "kleiner gleich",
        "≥" => "größer gleich",
        "≈" => "ungefähr gleich",
        "±" => "plus minus",
        "^" => "hoch",
        _ => return None,
    })
}

/// `~20`, `±5`, `√16`: a sign that stands before a number.
pub fn prefix(view: &View, found: &mut Candidates) {
    let words = match view.text(0) {
        "~" | "≈" => "ungefähr",
        "±" => "plus minus",
        "√" => "wurzel aus",
        "<" => "unter",
        ">" => "über",
        "≤" => "höchstens",
        "≥" => "mindestens",
        "#" => "nummer",
        "+" => "plus",
        _ => return,
    };
    if view.begins_word() && view.kind(1) == Kind::Digits && (view.kind_before(1).is_gap() || view.is(0, "√")) {
        found.push(1, cost::SURE, Item::Words(words.into()));
    }
}

pub fn spell(terms: &[Term], out: &mut String) {
    for (index, term) in terms.iter().enumerate() {
        if index > 0 {
            out.push(' ');
        }
        match term {
            Term::Number(Amount::Integer(number)) => cardinal::spell(number, out),
            Term::Number(amount) => quantity::spell(amount, Gender::Neuter, out),
            Term::Name(name) => out.push_str(name),
            Term::Operator(sign) => out.push_str(operator(sign).unwrap_or(sign)),
        }
    }
}
