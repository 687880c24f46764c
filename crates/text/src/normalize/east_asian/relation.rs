//! Two numbers with a sign between them: a range, a result, a subtraction.

use super::written::{self, HYPHENS};
use crate::normalize::item::Amount;
use crate::normalize::number::Written;
use crate::normalize::token::Kind;
use crate::normalize::view::View;

/// Two numbers and the sign between them.
pub struct Pair {
    /// The first.
    pub from: Written,
    /// The second.
    pub to: Written,
    /// What is between them.
    pub sign: Sign,
}

/// What stands between two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// `-`
    Hyphen,
    /// `:`
    Colon,
}

impl Pair {
    /// Reads two numbers with a hyphen (spaces around it or none) or a colon between them; a chain of more is none.
    pub fn read(view: &View, n: usize) -> Option<Self> {
        let from = written::number(view, n)?;
        let at = view.after_space(from.next);
        let sign = sign(view, at)?;
        let next = if at > from.next { view.after_space(at + 1) } else { at + 1 };
        let to = written::number(view, next)?;
        let chained = |sign_at: usize, digit_at: usize| {
            self::sign(view, sign_at).is_some() && view.kind(digit_at) == Kind::Digits
        };
        let begins = n > 0 || !(begins_with_sign(view) && view.kind_before(2) == Kind::Digits);
        (begins && !chained(to.next, to.next + 1)).then_some(Self { from, to, sign })
    }

    /// Both as amounts.
    pub fn amounts(&self) -> (Amount, Amount) {
        (self.from.amount(false), self.to.amount(false))
    }
}

fn sign(view: &View, n: usize) -> Option<Sign> {
    match view.text(n) {
        ":" | "：" => Some(Sign::Colon),
        text if HYPHENS.contains(&text) => Some(Sign::Hyphen),
        _ => None,
    }
}

fn begins_with_sign(view: &View) -> bool {
    HYPHENS.contains(&view.text_before(1)) || matches!(view.text_before(1), ":" | "：")
}

/// Whether the pair at token 0, which ends before token `next`, is part of a formula.
pub fn in_formula(view: &View, next: usize) -> bool {
    is_operator(view.text(view.after_space(next))) || is_operator(view.text_before(1))
}

fn is_operator(text: &str) -> bool {
    matches!(text, "=" | "+" | "×" | "÷" | "＝" | "＋" | "*" | "≒" | "<" | ">")
}

/// Whether one of the words stands within the few tokens before.
pub fn heard_before(view: &View, words: &[&str]) -> bool {
    const REACH: usize = 10;
    let before: Vec<&str> = (1..=REACH).rev().map(|n| view.text_before(n)).collect();
    let before = before.concat();
    words.iter().any(|word| before.contains(word))
}

/// Whether the text from token `n` on begins with one of the words.
pub fn begins_with(view: &View, n: usize, words: &[&str]) -> bool {
    let rest = view.rest(n);
    words.iter().any(|word| rest.starts_with(word))
}

/// Whether the hyphen at token 0 subtracts: a number is on either side, and an operator beyond one of them.
pub fn is_subtraction(view: &View) -> bool {
    let between = view.kind_before(1) == Kind::Digits && view.kind(1) == Kind::Digits;
    between && (in_formula(view, 2) || is_operator(view.text_before(2)))
}
