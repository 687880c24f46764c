//! Formulas without spaces: `2+2=4`, `a^2 + b^2`.

use super::quantity::{Quantity, whole};
use crate::normalize::item::Term;
use crate::normalize::number::Separators;
use crate::normalize::token::Kind;
use crate::normalize::view::View;

/// Signs between operands.
const OPERATORS: [&str; 19] =
    ["+", "-", "−", "–", "*", "×", "·", "⋅", "/", ":", "÷", "=", "≠", "<", ">", "≤", "≥", "≈", "±"];

/// Terms that a formula may have.
const TERMS: usize = 16;

/// Reads a formula at token 0, and the token after it. Signs that have spaces around them stay as they are, as in the
/// reference, unless one is without.
pub fn formula(view: &View, separators: &Separators) -> Option<(Vec<Term>, usize)> {
    let follows = view.kind(view.after_space(1));
    if follows.is_word() || follows.is_gap() || !view.begins_word() || joined(view) {
        return None;
    }
    let (mut terms, mut next, mut sure) = (Vec::new(), 0, false);
    while let Some((term, after)) = operand(view, next, separators).filter(|_| terms.len() < TERMS) {
        terms.push(term);
        next = after;
        if let Some((exponent, after)) = power(view, next) {
            terms.extend([Term::Operator("^".into()), exponent]);
            (next, sure) = (after, true);
        }
        let Some((sign, start)) = sign(view, next, separators) else { break };
        sure |= sign == next && !matches!(view.text(sign), "/" | ":" | "-" | "–");
        terms.push(Term::Operator(view.text(sign).into()));
        next = start;
    }
    (terms.len() > 2 && sure && view.ends_word(next)).then_some((terms, next))
}

/// An operator behind an operand that ends before token `n`, and the operand after it: both with spaces or both without.
fn sign(view: &View, n: usize, separators: &Separators) -> Option<(usize, usize)> {
    let sign = view.after_space(n);
    let start = view.after_space(sign + 1);
    let even = (sign > n) == (start > sign + 1);
    (OPERATORS.contains(&view.text(sign)) && even && operand(view, start, separators).is_some())
        .then_some((sign, start))
}

/// Whether the formula's beginning belongs to what is before it.
fn joined(view: &View) -> bool {
    matches!(view.text_before(1), "." | "," | "/" | ":" | "-" | "@" | "_" | "#" | "'" | "’")
}

/// A number or a name of one letter.
fn operand(view: &View, n: usize, separators: &Separators) -> Option<(Term, usize)> {
    if view.kind(n).is_word() {
        let name = view.text(n);
        return (name.chars().nth(1).is_none()).then(|| (Term::Name(name.into()), n + 1));
    }
    let minus = view.is_one_of(n, &["-", "−"]) && view.kind(n + 1) == Kind::Digits;
    let start = n + usize::from(minus);
    let digits = view.digits(start)?;
    if view.is(start + 1, "/") || view.is(start + 1, " ") {
        return Some((Term::Number(whole(digits)), start + 1));
    }
    let quantity = Quantity::read(view, start, minus, separators)?;
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
