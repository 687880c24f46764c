//! Signs of formulas, signs before a number, and marks between numbers.

use compact_str::format_compact;

use super::cardinal;
use super::quantity::{self, SEPARATORS};
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::european::formula::formula;
use crate::normalize::european::joint;
use crate::normalize::item::{Amount, Gender, Item, Term};
use crate::normalize::token::Kind;
use crate::normalize::view::View;

pub fn recognize(view: &View, found: &mut Candidates) {
    if let Some((terms, next)) = formula(view, &SEPARATORS) {
        found.push(next, cost::SURE, Item::Math(terms));
    }
}

fn operator(sign: &str) -> &str {
    match sign {
        "-" | "−" | "–" => "moins",
        "+" => "plus",
        "*" | "×" | "·" | "⋅" => "fois",
        "/" | ":" | "÷" => "divisé par",
        "=" => "égale",
        "≠" => "différent de",
        "<" => "inférieur à",
        ">" => "supérieur à",
        "≤" => "inférieur ou égal à",
        "≥" => "supérieur ou égal à",
        "≈" => "environ égal à",
        "±" => "plus ou moins",
        "^" => "puissance",
        other => other,
    }
}

/// `~20`, `±5`, `√16`: a sign that stands before a number.
pub fn prefix(view: &View, found: &mut Candidates) {
    let words = match view.text(0) {
        "~" | "≈" => "environ",
        "±" => "plus ou moins",
        "√" => "racine carrée de",
        "<" => "moins de",
        ">" => "plus de",
        "≤" => "au plus",
        "≥" => "au moins",
        "#" => "numéro",
        "+" => "plus",
        _ => return,
    };
    if view.begins_word() && view.kind(1) == Kind::Digits && (view.kind_before(1).is_gap() || view.is(0, "√")) {
        found.push(1, cost::SURE, Item::Words(words.into()));
    }
}

/// Marks between numbers, spaced as the reference does: `2.0` is "deux. zéro", `10:1` "dix: un".
pub fn marks(view: &View, found: &mut Candidates) {
    let between = view.kind_before(1) == Kind::Digits && view.kind(1) == Kind::Digits;
    let mark = match view.text(0) {
        "." | ":" if between => Some(format_compact!("{} ", view.text(0))),
        _ => joint::mark(view),
    };
    if let Some(mark) = mark {
        found.push(1, cost::SURE, Item::Mark(mark));
    }
}

pub fn spell(terms: &[Term], out: &mut String) {
    let mut rest = terms;
    while let Some((term, after)) = rest.split_first() {
        if rest.len() < terms.len() {
            out.push(' ');
        }
        rest = after;
        match (term, after.first()) {
            (Term::Operator(sign), Some(Term::Number(Amount::Integer(power)))) if sign == "^" => {
                rest = &after[1..];
                match power.digits.as_str() {
                    "2" => out.push_str("au carré"),
                    "3" => out.push_str("au cube"),
                    _ => {
                        out.push_str("puissance ");
                        cardinal::spell(power, out);
                    }
                }
            }
            (Term::Operator(sign), _) => out.push_str(operator(sign)),
            (Term::Number(amount), _) => quantity::spell(amount, Gender::Masculine, out),
            (Term::Name(name), _) => out.push_str(name),
        }
    }
}
