//! Mathematical signs.

use super::super::candidate::{Candidates, cost};
use super::super::item::{Form, Integer, Item, Term};
use super::super::token::Kind;
use super::super::view::View;
use super::amount;
use super::lexicon::{Lexicon, cell};

/// Terms that a formula may have.
const LONGEST: usize = 15;

/// `2+2=4`, `10/2=5`, `x = 5`, `a^2 + b^2`
///
/// The first number or name ends before token `end`.
pub fn formula(lexicon: &Lexicon, view: &View, end: usize, found: &mut Candidates) {
    if !view.is(end, "^") && lexicon.operators.get(view.text(view.after_space(end))).is_none() {
        return;
    }
    let joined =
        view.kind_before(1) == Kind::Symbol || (view.text_before(1) == "-" && view.kind_before(2) == Kind::Digits);
    if !view.begins_word() || joined {
        return;
    }
    let Some((first, mut next)) = operand(lexicon, view, 0) else { return };
    let (mut terms, mut certain) = (first, false);
    while terms.len() < LONGEST {
        let Some((operator, sure, at)) = operator(lexicon, view, next) else { break };
        let Some((operand, after)) = operand(lexicon, view, at) else { break };
        certain |= sure;
        terms.push(Term::Operator(operator.into()));
        terms.extend(operand);
        next = after;
    }
    if certain && view.ends_word(next) {
        found.push(next, cost::SURE, Item::Math(terms));
    }
}

/// A number or the name of an unknown, and its power.
fn operand(lexicon: &Lexicon, view: &View, n: usize) -> Option<(Vec<Term>, usize)> {
    let (term, next) = match amount::number(view, n) {
        Some(written) => (Term::Number(written.amount(false)), written.next),
        None if lexicon.words.reads_unknowns && is_unknown(view, n) => (Term::Name(view.text(n).into()), n + 1),
        None => return None,
    };
    if !view.is(next, "^") {
        return Some((vec![term], next));
    }
    match lexicon.operators.get(&format!("^{}", view.text(next + 1))) {
        Some(row) => Some((vec![term, Term::Operator(cell(row, 0).into())], next + 2)),
        None => Some((vec![term], next)),
    }
}

fn is_unknown(view: &View, n: usize) -> bool {
    view.kind(n).is_word() && view.text(n).len() == 1 && view.ends_word(n + 1)
}

/// The operator at token `n` as it is spoken, whether it makes a formula by itself, and the token after it.
fn operator(lexicon: &Lexicon, view: &View, n: usize) -> Option<(&'static str, bool, usize)> {
    let at = view.after_space(n);
    let row = lexicon.operators.get(view.text(at))?;
    let next = view.after_space(at + 1);
    let spaced = at > n && next > at + 1;
    let even = (at > n) == (next > at + 1);
    let glued_only = cell(row, 1) == "glued";
    let certain = matches!(view.text(at), "+" | "=" | "×" | "÷" | "*" | "±" | "<" | ">" | "≤" | "≥" | "≠" | "≈");
    (even && !(spaced && glued_only)).then(|| (cell(row, 0), certain, next))
}

/// `√16`
pub fn root(lexicon: &Lexicon, view: &View, found: &mut Candidates) {
    if let Some(digits) = view.digits(1).filter(|_| view.is(0, "√")) {
        let root = Item::Words(lexicon.words.root.into());
        let number = Item::Cardinal(Integer::new(digits), Form::default());
        found.push(2, cost::SURE, Item::Sequence(vec![root, number]));
    }
}
