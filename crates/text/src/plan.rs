//! Cutting a long text into parts that can be spoken one at a time.

use std::ops::Range;
use std::time::Duration;

use crate::cut::Cutter;
use crate::pause_mark::pause_marks;
use crate::{Error, Language, Result, bytes_per_second};

/// How a text is to be cut into parts.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanOptions {
    /// The language of the text.
    pub language: Language,
    /// Seconds that a part may take, by the estimate; not less than one character is in a part, however long it takes.
    pub seconds: f64,
    /// UTF-8 bytes that are spoken in a second, for the estimate.
    pub bytes_per_second: f64,
    /// Whether `[pause 0.8s]` is a pause. Otherwise it is text like any other.
    pub pause_marks: bool,
}

impl PlanOptions {
    /// Parts of 20 seconds at the language's pace, with pause marks.
    pub fn new(language: Language) -> Self {
        Self { language, seconds: 20.0, bytes_per_second: bytes_per_second(language), pause_marks: true }
    }

    /// What a part may hold, counted as [`spoken_bytes`] does.
    fn budget(&self) -> usize {
        (self.seconds * self.bytes_per_second).max(1.0) as usize
    }
}

/// What ends a part, from the weakest to the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Boundary {
    /// A place within a word that is too long for a part.
    Character,
    /// The end of a word, or another place where a line may be broken.
    Word,
    /// A comma, semicolon, colon or dash.
    Clause,
    /// The end of a sentence.
    Sentence,
    /// An empty line.
    Paragraph,
    /// The end of the text.
    End,
}

/// A stretch of the text that is spoken at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its bytes in the text. No white space is at its ends.
    pub span: Range<usize>,
    /// What ends it.
    pub boundary: Boundary,
    /// The pause after it that the text asks for: the sum of the marks that follow.
    pub pause: Option<Duration>,
}

/// A text in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The pause that the text asks for before its first word.
    pub lead: Duration,
    /// The parts in their order; at least one.
    pub parts: Vec<Part>,
}

/// Cuts a text into parts that take at most [`PlanOptions::seconds`] each, by the estimate of [`crate::spoken_bytes`].
///
/// A part ends where a paragraph ends, and at every pause mark. Within a paragraph sentences are packed into as few
/// parts as hold them, of about the same length. A sentence that is too long for one part is cut into clauses, a clause
/// into words, a word between characters; never within what a reader sees as one character. How a paragraph is cut
/// depends on nothing but that paragraph.
///
/// The parts keep the order of the text. Between them lie white space, pause marks and, where the text has any letter
/// or digit at all, stretches without one: nothing else is left out, and nothing is in two parts.
///
/// # Errors
/// [`Error::PauseMark`], and [`Error::Empty`] if no part is left.
pub fn plan(text: &str, options: &PlanOptions) -> Result<Plan> {
    let mut cutter = Cutter::new(text, options.language, options.budget());
    let mut lead = Duration::ZERO;
    let mut start = 0;
    for mark in pause_marks(text).take_while(|_| options.pause_marks) {
        let mark = mark?;
        cutter.stretch(start..mark.span.start);
        match cutter.parts.last_mut() {
            Some(part) => *part.pause.get_or_insert_default() += mark.pause,
            None => lead += mark.pause,
        }
        start = mark.span.end;
    }
    cutter.stretch(start..text.len());
    cutter.parts.last_mut().ok_or(Error::Empty)?.boundary = Boundary::End;
    Ok(Plan { lead, parts: cutter.parts })
}
