//! The spoken text and where its parts come from.

use std::borrow::Cow;
use std::ops::Range;

use super::item::Item;
use super::path::Reading;
use super::rules::{Neighbour, Rules};
use super::token::{Kind, Token};

/// A text as it is spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoken<'a> {
    /// The text; borrowed where nothing but outer space needs another form.
    pub text: Cow<'a, str>,
    /// Where its parts come from, in order. Their `input`s cover the text as written, their `output`s the spoken text,
    /// each without gaps.
    pub spans: Vec<Span>,
}

impl<'a> Spoken<'a> {
    /// A text that is spoken as it is written.
    pub(super) fn verbatim(text: &'a str) -> Self {
        let all = 0..text.len();
        let spans = if text.is_empty() { vec![] } else { vec![Span { input: all.clone(), output: all, kept: true }] };
        Self { text: Cow::Borrowed(text), spans }
    }
}

/// A part of the written text and what became of it, in bytes. Both ends are borders of characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its place in the text as it is written; never empty.
    pub input: Range<usize>,
    /// Its place in the text as it is spoken; empty where it is left out.
    pub output: Range<usize>,
    /// Whether both are the same, byte for byte.
    pub kept: bool,
}

/// Puts the spoken text together, reading by reading.
pub struct Writer<'a, 'r> {
    text: &'a str,
    tokens: &'r [Token],
    rules: &'r dyn Rules,
    /// The token that the next reading begins with.
    next: usize,
    out: String,
    spans: Vec<Span>,
    /// What the output ends with; none at its beginning.
    left: Option<Neighbour>,
    /// An item's spelling, before it is known what goes between.
    spelling: String,
}

impl<'a, 'r> Writer<'a, 'r> {
    pub fn new(text: &'a str, tokens: &'r [Token], rules: &'r dyn Rules) -> Self {
        let (out, spelling) = (String::with_capacity(2 * text.len()), String::with_capacity(64));
        Self { text, tokens, rules, next: 0, out, spans: Vec::with_capacity(8), left: None, spelling }
    }

    /// Writes what comes next.
    pub fn write(&mut self, reading: Reading) {
        let tokens = self.next..self.next + reading.tokens;
        self.next = tokens.end;
        let (Some(first), Some(last)) = (self.tokens.get(tokens.start), self.tokens.get(tokens.end - 1)) else {
            return;
        };
        let input = first.start..last.end;
        match reading.item {
            Some(item) => self.speak(item, input),
            None if self.leaves_out(tokens.start) => self.push_span(input, self.out.len(), false),
            None if &self.text[input.clone()] == "\t" => self.keep_as(" ", input),
            None => self.keep(input),
        }
    }

    fn speak(&mut self, item: &Item, input: Range<usize>) {
        let mut spelling = std::mem::take(&mut self.spelling);
        spelling.clear();
        self.rules.spell(item, &mut spelling);
        let start = self.out.len();
        if let (Some(first), Some(last)) = (spelling.chars().next(), spelling.chars().next_back()) {
            let neighbour = if matches!(item, Item::Mark(_)) { Neighbour::Kept } else { Neighbour::Spoken };
            self.open_gap(neighbour(first));
            self.out.push_str(&spelling);
            self.left = Some(neighbour(last));
        }
        self.push_span(input, start, false);
        self.spelling = spelling;
    }

    fn keep(&mut self, input: Range<usize>) {
        let kept = &self.text[input.clone()];
        if let (Some(first), Some(last)) = (kept.chars().next(), kept.chars().next_back()) {
            if self.open_gap(Neighbour::Kept(first)) {
                // The space belongs to what is spoken before it, so that what is kept stays the same.
                if let Some(span) = self.spans.last_mut() {
                    span.output.end = self.out.len();
                }
            }
            self.left = Some(Neighbour::Kept(last));
        }
        let start = self.out.len();
        self.out.push_str(kept);
        self.push_span(input, start, true);
    }

    /// Writes white space in another form.
    fn keep_as(&mut self, form: &str, input: Range<usize>) {
        let start = self.out.len();
        self.out.push_str(form);
        self.left = form.chars().next_back().map(Neighbour::Kept);
        self.push_span(input, start, false);
    }

    /// Writes a space if the language wants one before what comes next.
    fn open_gap(&mut self, right: Neighbour) -> bool {
        let is_space = |neighbour: Neighbour| match neighbour {
            Neighbour::Spoken(character) | Neighbour::Kept(character) => character.is_whitespace(),
        };
        let all_kept = |left| matches!((left, right), (Neighbour::Kept(_), Neighbour::Kept(_)));
        let opens = self
            .left
            .is_some_and(|left| !all_kept(left) && !is_space(left) && !is_space(right) && self.rules.gap(left, right));
        if opens {
            self.out.push(' ');
        }
        opens
    }

    /// A single space at either end of the text goes away (or all space there, [`Rules::trims`]), as do spaces before
    /// punctuation that ends a word.
    fn leaves_out(&self, token: usize) -> bool {
        let kind = |at: usize| self.tokens.get(at).map_or(Kind::Edge, |token| token.kind);
        if kind(token) != Kind::Space {
            return false;
        }
        let outer = token == 0 || token + 1 == self.tokens.len();
        let alone = self.tokens.len() == 1;
        (outer && !alone && (self.tokens[token].range().len() == 1 || self.rules.trims()))
            || (token > 0
                && kind(token + 1) == Kind::Mark
                && matches!(&self.text[self.tokens[token + 1].range()], "." | "!" | "?" | "," | ";" | ":")
                && kind(token + 2).is_gap()
                && self.rules.closes_up())
    }

    /// Notes where the output since `start` comes from; what is kept in one go is one span.
    fn push_span(&mut self, input: Range<usize>, start: usize, kept: bool) {
        let output = start..self.out.len();
        match self.spans.last_mut() {
            Some(last) if last.kept && kept => (last.input.end, last.output.end) = (input.end, output.end),
            _ => self.spans.push(Span { input, output, kept }),
        }
    }

    /// The text, borrowed if it is a part of what was written.
    pub fn finish(self) -> Spoken<'a> {
        let inner = match self.spans.as_slice() {
            spans if spans.iter().filter(|span| !span.output.is_empty()).count() <= 1 => {
                spans.iter().find(|span| span.kept).and_then(|span| self.text.get(span.input.clone()))
            }
            _ => None,
        };
        let text = match inner {
            Some(inner) if inner == self.out => Cow::Borrowed(inner),
            _ => Cow::Owned(self.out),
        };
        Spoken { text, spans: self.spans }
    }
}
