//! Cutting stretches of text into parts of about the same length.

use std::ops::Range;

use unicode_linebreak::linebreaks;
use unicode_segmentation::UnicodeSegmentation;

use crate::clause::clauses;
use crate::grapheme::{is_boundary, trim};
use crate::stop::ends_paragraph;
use crate::{Boundary, Language, Part, sentences, spoken_bytes};

/// A stretch that is not cut at the level at hand, with the white space after it, and what ends it.
#[derive(Clone)]
struct Unit {
    span: Range<usize>,
    boundary: Boundary,
}

/// Consecutive units that become one part.
struct Group {
    unit: Unit,
    /// All of its bytes as they count.
    cost: usize,
}

/// Cuts the stretches of a text, one after the other.
pub(crate) struct Cutter<'a> {
    text: &'a str,
    language: Language,
    /// What a part may hold, counted as [`spoken_bytes`] does.
    budget: usize,
    /// Whether the text has a letter or digit.
    has_words: bool,
    pub(crate) parts: Vec<Part>,
}

impl<'a> Cutter<'a> {
    pub(crate) fn new(text: &'a str, language: Language, budget: usize) -> Self {
        Self { text, language, budget, has_words: text.contains(char::is_alphanumeric), parts: Vec::new() }
    }

    /// Cuts a stretch, paragraph by paragraph.
    pub(crate) fn stretch(&mut self, span: Range<usize>) {
        let mut paragraph = Vec::new();
        let stretch = Unit { span, boundary: Boundary::Sentence };
        for mut unit in units(&stretch, sentences(self.slice(&stretch), self.language), Boundary::Sentence) {
            let sentence = self.slice(&unit);
            let ends = ends_paragraph(&sentence[sentence.trim_end().len()..]);
            if ends {
                unit.boundary = Boundary::Paragraph;
            }
            paragraph.push(unit);
            if ends {
                self.paragraph(std::mem::take(&mut paragraph));
            }
        }
        self.paragraph(paragraph);
    }

    /// Packs the sentences of a paragraph.
    fn paragraph(&mut self, sentences: Vec<Unit>) {
        let total = sentences.iter().map(|sentence| self.cost(sentence)).sum();
        self.pack(sentences.into_iter(), total, Some(Boundary::Clause));
    }

    /// Packs units, which cost `total` together, into as few parts as hold them, of about the same length. A unit that
    /// is too long for a part is cut at a `finer` level.
    fn pack(&mut self, units: impl Iterator<Item = Unit>, total: usize, finer: Option<Boundary>) {
        let mut rest = total;
        let mut group: Option<Group> = None;
        for unit in units {
            let (cost, spoken) = (self.cost(&unit), spoken_bytes(trim(self.slice(&unit))));
            if let Some(full) = group.take_if(|group| !self.has_room(group, &unit, rest)) {
                rest -= full.cost;
                self.push(full.unit);
            }
            if let Some(level) = finer.filter(|_| spoken > self.budget) {
                rest -= cost;
                self.split(&unit, cost, level);
            } else {
                group = Some(Group::joined(group, unit, cost));
            }
        }
        if let Some(last) = group {
            self.push(last.unit);
        }
    }

    /// Whether a unit goes into a group: it must fit, and no less than half of it must lie within the group's even share
    /// of the `rest`.
    fn has_room(&self, group: &Group, unit: &Unit, rest: usize) -> bool {
        let text = self.slice(unit);
        // White space before it would be within the part, that after it would not.
        let spoken = trim(text);
        let cost = leading(text, spoken) + spoken_bytes(spoken);
        let shares = rest.div_ceil(self.budget).max(1);
        group.cost + cost <= self.budget && (2 * group.cost + cost) * shares <= 2 * rest
    }

    fn split(&mut self, unit: &Unit, cost: usize, level: Boundary) {
        let text = self.slice(unit);
        match level {
            Boundary::Clause => self.pack(units(unit, clauses(text, self.language), level), cost, Some(Boundary::Word)),
            Boundary::Word => self.pack(units(unit, words(text), level), cost, Some(Boundary::Character)),
            _ => self.pack(units(unit, text.graphemes(true), level), cost, None),
        }
    }

    /// Makes a part of a unit, unless there is nothing to say in it.
    fn push(&mut self, Unit { span, boundary }: Unit) {
        let spoken = trim(&self.text[span.clone()]);
        if !spoken.is_empty() && (!self.has_words || spoken.contains(char::is_alphanumeric)) {
            let start = span.start + leading(&self.text[span], spoken);
            self.parts.push(Part { span: start..start + spoken.len(), boundary, pause: None });
        } else if let Some(part) = self.parts.last_mut().filter(|part| part.pause.is_none()) {
            part.boundary = part.boundary.max(boundary);
        }
    }

    fn slice(&self, unit: &Unit) -> &'a str {
        &self.text[unit.span.clone()]
    }

    fn cost(&self, unit: &Unit) -> usize {
        spoken_bytes(self.slice(unit))
    }
}

impl Group {
    /// The group, if there is one yet, with one more unit.
    fn joined(group: Option<Self>, unit: Unit, cost: usize) -> Self {
        let (start, before) = group.map_or((unit.span.start, 0), |group| (group.unit.span.start, group.cost));
        Self { unit: Unit { span: start..unit.span.end, ..unit }, cost: before + cost }
    }
}

/// The pieces of a unit, which are all of it, as units. The last ends as the whole does, the others at `level`.
fn units<'a>(whole: &Unit, pieces: impl Iterator<Item = &'a str>, level: Boundary) -> impl Iterator<Item = Unit> {
    let Unit { span, boundary } = whole.clone();
    let mut start = span.start;
    pieces.map(move |piece| {
        let end = start + piece.len();
        let unit = Unit { span: start..end, boundary: if end == span.end { boundary } else { level } };
        start = end;
        unit
    })
}

/// The stretches of a text between the places where a line may be broken. For languages that part words by spaces these
/// are words; others get no break before closing brackets, small kana and the like.
// Dictionaries of Chinese and Japanese words weigh megabytes, for the rare clause that takes longer than a part.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut start = 0;
    linebreaks(text).filter_map(move |(end, _)| {
        let rest = &text[start..];
        // Looks back no further than the last cut, for a run of flags may be as long as the text.
        let word = is_boundary(rest, end - start).then(|| &rest[..end - start])?;
        start = end;
        Some(word)
    })
}

/// Bytes of `text` before the slice of it that `inner` is.
fn leading(text: &str, inner: &str) -> usize {
    inner.as_ptr().addr() - text.as_ptr().addr()
}
