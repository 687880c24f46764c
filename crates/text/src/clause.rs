//! The clauses of a sentence.

use crate::Language;
use crate::grapheme::is_boundary;
use crate::stop::{closes, split};

/// Cuts a sentence after commas, semicolons, colons, dashes and ellipses, each with the quotes and brackets that close
/// after it and the white space that follows. Nothing is lost: the clauses, joined, are the sentence.
///
/// A mark within a number, a time or a word (`1,000`, `10:30`, `well-known`) ends nothing.
pub(crate) fn clauses(sentence: &str, language: Language) -> impl Iterator<Item = &str> {
    let mut rest = sentence;
    std::iter::from_fn(move || {
        let (clause, after) = rest.split_at(end_of_clause(rest, language));
        rest = after;
        (!clause.is_empty()).then_some(clause)
    })
}

/// Where the first clause of `text` ends. Every character is looked at once.
fn end_of_clause(text: &str, language: Language) -> usize {
    let mut at = 0;
    while let Some(found) = text[at..].find(|character| Mark::of(character).is_some()) {
        let (before, marked) = text.split_at(at + found);
        let (marks, after) = split(marked, |character| Mark::of(character).is_some());
        let (_, after) = split(after, |character| closes(character, language));
        let (gap, after) = split(after, char::is_whitespace);
        let end = text.len() - after.len();
        if ends_clause(before, marks, gap, after) && is_boundary(text, end) {
            return end;
        }
        at = end;
    }
    text.len()
}

/// Whether a run of marks ends a clause, by what stands before and after it.
fn ends_clause(before: &str, marks: &str, gap: &str, after: &str) -> bool {
    match marks.chars().filter_map(Mark::of).max() {
        Some(Mark::Dash) => true,
        Some(Mark::Wide) => !gap.is_empty() || !after.starts_with(char::is_numeric),
        Some(Mark::Narrow) => !gap.is_empty(),
        Some(Mark::SpacedDash) => !gap.is_empty() && before.ends_with(char::is_whitespace),
        None => false,
    }
}

/// What it takes for a mark to end a clause; in a run of marks the last of these counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    /// White space on both sides.
    SpacedDash,
    /// White space after it.
    Narrow,
    /// That no number goes on after it.
    Wide,
    /// Nothing.
    Dash,
}

impl Mark {
    fn of(character: char) -> Option<Self> {
        match character {
            '–' | '-' => Some(Self::SpacedDash),
            ',' | ';' | ':' | '…' | '،' | '؛' => Some(Self::Narrow),
            '，' | '、' | '；' | '：' | '､' | '﹐' | '﹑' => Some(Self::Wide),
            '—' | '―' | '⸺' => Some(Self::Dash),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn cut(language: Language, marked: &str) {
        let text = marked.replace('|', "");
        let expected: Vec<&str> = marked.split('|').filter(|clause| !clause.is_empty()).collect();
        assert_eq!(clauses(&text, language).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn marks_end_clauses_and_take_what_follows_them() {
        cut(Language::AmericanEnglish, "First, |second; |third: |“fourth,” |fifth… |sixth.");
        cut(Language::AmericanEnglish, "He came —|and left—|then – |slowly - |slept.");
        cut(Language::German, "„Ja,“ |sagte er, |„gut.“");
        cut(Language::Mandarin, "今天，|我去了；|“好的，”|他说：|再见。");
        cut(Language::Japanese, "朝、|駅で、|待つ。");
    }

    #[test]
    fn marks_within_numbers_and_words_end_nothing() {
        cut(Language::AmericanEnglish, "At 10:30 he paid 1,000 for a well-known book, |2020–2024, |no?");
        cut(Language::Mandarin, "１２：３０开始，|完。");
        cut(Language::AmericanEnglish, "a,b");
        cut(Language::AmericanEnglish, "");
        cut(Language::AmericanEnglish, "Done, ");
    }
}
