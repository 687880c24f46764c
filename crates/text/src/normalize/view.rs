//! What rules see of the text: the tokens from one place on, a bounded way ahead and back.

use std::borrow::Cow;
use std::ops::Range;

use super::token::{Kind, Token, digit};

/// A place in a row of tokens, and what is around it.
///
/// Token 0 is the one at the place; [`View::text`] and [`View::kind`] count from it, `…_before` count back from 1.
/// Beyond [`View::AHEAD`] and [`View::BEHIND`] and beyond the text there is the empty [`Kind::Edge`]: so no rule can
/// look farther than a fixed number of tokens, and the whole stays linear.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    source: &'a str,
    tokens: &'a [Token],
    at: usize,
}

impl<'a> View<'a> {
    /// Tokens in sight from the place on.
    pub const AHEAD: usize = 64;
    /// Tokens in sight before the place.
    pub const BEHIND: usize = 64;

    /// The view from token `at`.
    pub fn new(source: &'a str, tokens: &'a [Token], at: usize) -> Self {
        Self { source, tokens, at }
    }

    /// The same text from `n` tokens further on.
    pub fn forward(&self, n: usize) -> Self {
        Self { at: self.at + n, ..*self }
    }

    fn token(&self, n: usize) -> Option<&'a Token> {
        if n < Self::AHEAD { self.tokens.get(self.at + n) } else { None }
    }

    fn token_before(&self, n: usize) -> Option<&'a Token> {
        if n <= Self::BEHIND { self.tokens.get(self.at.checked_sub(n)?) } else { None }
    }

    /// The text of token `n`; empty at an edge.
    pub fn text(&self, n: usize) -> &'a str {
        self.token(n).map_or("", |token| &self.source[token.range()])
    }

    /// The kind of token `n`.
    pub fn kind(&self, n: usize) -> Kind {
        self.token(n).map_or(Kind::Edge, |token| token.kind)
    }

    /// The text of the `n`th token before the place, from 1; empty at an edge.
    pub fn text_before(&self, n: usize) -> &'a str {
        self.token_before(n).map_or("", |token| &self.source[token.range()])
    }

    /// The kind of the `n`th token before the place, from 1.
    pub fn kind_before(&self, n: usize) -> Kind {
        self.token_before(n).map_or(Kind::Edge, |token| token.kind)
    }

    /// The nearest word or number before the place that only spaces part from it; empty if there is none.
    pub fn word_before(&self) -> &'a str {
        let n = if self.kind_before(1) == Kind::Space { 2 } else { 1 };
        if self.kind_before(n).is_word() || self.kind_before(n) == Kind::Digits { self.text_before(n) } else { "" }
    }

    /// The digits of token `n` in ASCII; none if it is something else.
    pub fn digits(&self, n: usize) -> Option<Cow<'a, str>> {
        let text = match self.token(n)? {
            token if token.kind == Kind::Digits => &self.source[token.range()],
            _ => return None,
        };
        // A token's digits are of one script, and signs that join them come last.
        match text.as_bytes().last() {
            Some(b'0'..=b'9') => Some(Cow::Borrowed(text)),
            _ => Some(Cow::Owned(text.chars().filter_map(digit).collect())),
        }
    }

    /// Whether token `n` reads exactly so.
    pub fn is(&self, n: usize, literal: &str) -> bool {
        self.text(n) == literal
    }

    /// Whether token `n` reads like one of these.
    pub fn is_one_of(&self, n: usize, literals: &[&str]) -> bool {
        literals.contains(&self.text(n))
    }

    /// Whether the `n`th token before the place reads like one of these.
    pub fn is_one_of_before(&self, n: usize, literals: &[&str]) -> bool {
        literals.contains(&self.text_before(n))
    }

    /// The token after `n` if `n` is a space within a line, else `n`.
    pub fn after_space(&self, n: usize) -> usize {
        if self.kind(n) == Kind::Space { n + 1 } else { n }
    }

    /// The text of some tokens, as far as they are in sight.
    pub fn slice(&self, tokens: Range<usize>) -> &'a str {
        match (self.token(tokens.start), tokens.end.checked_sub(1).and_then(|last| self.token(last))) {
            (Some(first), Some(last)) => &self.source[first.start..last.end.max(first.start)],
            _ => "",
        }
    }

    /// All the text in sight from token `n` on.
    pub fn rest(&self, n: usize) -> &'a str {
        let end = self.tokens.len().min(self.at + Self::AHEAD);
        match (self.token(n), self.tokens.get(..end).and_then(<[Token]>::last)) {
            (Some(first), Some(last)) => &self.source[first.start..last.end],
            _ => "",
        }
    }

    /// The token after `literal` if the text from token `n` on begins with it and a token ends with it.
    pub fn matches(&self, n: usize, literal: &str) -> Option<usize> {
        if self.rest(n).starts_with(literal) { self.skip(n, literal.len()) } else { None }
    }

    /// The token that begins `bytes` bytes after token `n` does; none if none begins (or the sight ends) there.
    pub fn skip(&self, n: usize, bytes: usize) -> Option<usize> {
        let (mut next, mut passed) = (n, 0);
        while passed < bytes {
            passed += self.token(next)?.range().len();
            next += 1;
        }
        (passed == bytes).then_some(next)
    }

    /// Whether a word or number could begin here: no letter or digit stands right before.
    pub fn begins_word(&self) -> bool {
        !self.kind_before(1).is_word() && self.kind_before(1) != Kind::Digits
    }

    /// Whether a word or number could end before token `n`: no letter or digit stands there.
    pub fn ends_word(&self, n: usize) -> bool {
        !self.kind(n).is_word() && self.kind(n) != Kind::Digits
    }
}
