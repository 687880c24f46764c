//! Formulas without spaces: `2+2=4`, `a^2 + b^2`; signs before a number.

use super::cardinal;
use super::numeral::whole;
use super::quantity::{self, Quantity};
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::item::{Amount, Gender, Item, Term};
use crate::normalize::token::Kind;
use crate::normalize::view::View;

/// Terms that a formula may have.
const TERMS: usize = 16;

/// Formulas. Signs that have spaces around them stay as they are, as in the reference, unless one is without.
pub fn recognize(view: &View, found: &mut Candidates) {
    if !view.begins_word() || joined(view) {
        return;
    }
    let (mut terms, mut next, mut sure) = (Vec::new(), 0, false);
    while let Some((term, after)) = operand(view, next).filter(|_| terms.len() < TERMS) {
        terms.push(term);
        next = after;
        if let Some((exponent, after)) = power(view, next) {
            terms.extend([Term::Operator("^".into()), exponent]);
            (next, sure) = (after, true);
        }
        let Some((sign, start)) = sign(view, next) else { break };
        sure |= sign == next && !matches!(view.text(sign), "/" | ":" | "-" | "–");
        terms.push(Term::Operator(view.text(sign).to_owned()));
        next = start;
    }
    if terms.len() > 2 && sure && view.ends_word(next) {
        found.push(next, cost::SURE, Item::Math(terms));
    }
}

/// An operator behind an operand that ends before token `n`, and the operand after it: both with spaces or both without.
fn sign(view: &View, n: usize) -> Option<(usize, usize)> {
    let sign = view.after_space(n);
    let start = view.after_space(sign + 1);
    let even = (sign > n) == (start > sign + 1);
    (operator(view.text(sign)).is_some() && even && operand(view, start).is_some()).then_some((sign, start))
}

/// Whether the formula's beginning belongs to what is before it.
fn joined(view: &View) -> bool {
    matches!(view.text_before(1), "." | "," | "/" | ":" | "-" | "@" | "_" | "#" | "'" | "’")
}

/// A number or a name of one letter.
fn operand(view: &View, n: usize) -> Option<(Term, usize)> {
    if view.kind(n).is_word() {
        let name = view.text(n);
        return (name.chars().count() == 1).then(|| (Term::Name(name.to_owned()), n + 1));
    }
    let minus = view.is_one_of(n, &["-", "−"]) && view.kind(n + 1) == Kind::Digits;
    let start = n + usize::from(minus);
    let digits = view.digits(start)?;
    if view.is(start + 1, "/") || view.is(start + 1, " ") {
        return Some((Term::Number(whole(digits)), start + 1));
    }
    let quantity = Quantity::read(view, start, minus)?;
    Some((Term::Number(quantity.amount), quantity.next))
}

/// `^2`, `²`
fn power(view: &View, n: usize) -> Option<(Term, usize)> {
    let raised = |digits: &str, next| Some((Term::Number(whole(digits)), next));
    match view.text(n) {
        "^" => raised(&view.digits(n + 1)?, n + 2),
        "²" => raised("2", n + 1),
        "³" => raised("3", n + 1),
        _ => None,
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
        found.push(1, cost::SURE, Item::Words(words.to_owned()));
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
