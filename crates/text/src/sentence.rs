use std::iter::FusedIterator;

use crate::Language;
use crate::grapheme::is_boundary;
use crate::stop::{Stop, ends_paragraph, is_mark, split};

/// Cuts a text into sentences. Nothing is lost: the parts, joined, are the text.
///
/// A sentence keeps its closing quotes and brackets and the white space that follows it. It ends at a mark such as
/// `.`, `!`, `?` or `。`, or at an empty line; not at the full stop of an abbreviation, an initial or a number, nor
/// before a lower-case word. Every part holds a letter or digit if the text has any, so none is silent. No part is
/// empty, and no cut falls within what a reader sees as one character.
///
/// In doubt two sentences stay one: a pause too few is heard less than one in the wrong place.
pub fn sentences(text: &str, language: Language) -> Sentences<'_> {
    let spoken_until = text.rfind(char::is_alphanumeric).unwrap_or(0);
    Sentences { text, language, start: 0, spoken_until }
}

/// The sentences of a text: see [`sentences`].
// Unicode's own rules for sentences (annex 29) know no abbreviations and take a line for a sentence, and the crate that
// has them takes the square of the length of a run of spaces. So only its boundaries of graphemes are used.
#[derive(Clone, Debug)]
pub struct Sentences<'a> {
    text: &'a str,
    language: Language,
    /// Where the next sentence begins.
    start: usize,
    /// Where the last letter or digit of the text begins.
    spoken_until: usize,
}

impl<'a> Iterator for Sentences<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = &self.text[self.start..];
        if rest.is_empty() {
            return None;
        }
        let (sentence, _) = rest.split_at(self.end(rest));
        self.start += sentence.len();
        Some(sentence)
    }
}

impl FusedIterator for Sentences<'_> {}

impl Sentences<'_> {
    /// Where the first sentence of `rest` ends. Every character is looked at once.
    fn end(&self, rest: &str) -> usize {
        let mut at = 0;
        let mut spoken = false;
        while let Some(character) = rest[at..].chars().next() {
            let (next, ends) = self.step(rest, at, character);
            if ends && spoken && self.may_cut(self.start + next) {
                return next;
            }
            spoken |= character.is_alphanumeric();
            at = next;
        }
        rest.len()
    }

    /// How far the character at `at` reaches with what belongs to it, and whether a sentence ends there.
    fn step(&self, rest: &str, at: usize, character: char) -> (usize, bool) {
        if is_mark(character) {
            let stop = Stop::read(rest, at, self.language);
            (rest.len() - stop.after.len(), stop.ends(self.language))
        } else if character.is_whitespace() {
            let (gap, after) = split(&rest[at..], char::is_whitespace);
            (rest.len() - after.len(), ends_paragraph(gap))
        } else {
            (at + character.len_utf8(), false)
        }
    }

    /// Whether something is spoken after `place`, and no grapheme lies across it.
    fn may_cut(&self, place: usize) -> bool {
        place <= self.spoken_until && is_boundary(self.text, place)
    }
}
