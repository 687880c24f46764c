//! The marks that may end a sentence, and what follows them.

use crate::Language;
use crate::abbreviations::owns_full_stop;

/// What a run of marks says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    /// Wide marks end a sentence wherever they stand.
    Wide,
    /// Exclamation and question marks.
    Loud,
    /// Three dots, in one character or several.
    Ellipsis,
    /// A single full stop.
    Full,
}

pub(crate) fn is_mark(character: char) -> bool {
    is_wide(character) || is_loud(character) || is_dot(character) || character == '…'
}

fn is_wide(character: char) -> bool {
    matches!(character, '。' | '！' | '？' | '｡' | '︒' | '︕' | '︖')
}

fn is_loud(character: char) -> bool {
    matches!(character, '!' | '?' | '‼' | '⁇' | '⁈' | '⁉' | '‽' | '؟' | '।' | '॥')
}

/// The wide full stop also parts wide digits, so it counts as a narrow one.
fn is_dot(character: char) -> bool {
    matches!(character, '.' | '．')
}

fn mark(run: &str) -> Mark {
    if run.contains(is_wide) {
        Mark::Wide
    } else if run.contains(is_loud) {
        Mark::Loud
    } else if run.contains('…') || run.chars().nth(1).is_some() {
        Mark::Ellipsis
    } else {
        Mark::Full
    }
}

/// Closing quotes and brackets that touch a mark.
pub(crate) fn closes(character: char, language: Language) -> bool {
    match character {
        // German quotes open low and close high; its angles may point either way.
        '“' | '‘' | '«' | '‹' => language == Language::German,
        '"' | '\'' | '”' | '’' | '»' | '›' | ')' | ']' | '}' => true,
        _ => matches!(character, '」' | '』' | '）' | '】' | '〉' | '》' | '〕' | '］' | '｝' | '＂' | '＇'),
    }
}

/// Closing quotes and brackets even after a space, as in `« Quoi ? »`.
fn closes_after_space(character: char, language: Language) -> bool {
    match character {
        '»' | '›' => language != Language::German,
        _ => matches!(character, '”' | ')' | ']' | '}'),
    }
}

/// A run of marks with the quotes, brackets and white space that follow it.
pub(crate) struct Stop<'a> {
    /// The sentence so far, without the marks.
    before: &'a str,
    mark: Mark,
    /// Whether quotes or brackets close after the marks.
    closed: bool,
    /// The white space before what follows.
    gap: &'a str,
    pub(crate) after: &'a str,
}

impl<'a> Stop<'a> {
    /// Reads the marks at byte `at` of `text`, a sentence and all that follows it.
    pub(crate) fn read(text: &'a str, at: usize, language: Language) -> Self {
        let (before, marked) = text.split_at(at);
        let (marks, rest) = split(marked, is_mark);
        let (closers, rest) = split(rest, |character| closes(character, language));
        let (gap, after) = split(rest, char::is_whitespace);
        let stop = Self { before, mark: mark(marks), closed: !closers.is_empty(), gap, after };
        stop.with_closers_after_space(language)
    }

    fn with_closers_after_space(self, language: Language) -> Self {
        let (closers, rest) = split(self.after, |character| closes_after_space(character, language));
        if closers.is_empty() || ends_paragraph(self.gap) {
            return self;
        }
        let (gap, after) = split(rest, char::is_whitespace);
        Self { closed: true, gap, after, ..self }
    }

    /// Whether a sentence ends here.
    pub(crate) fn ends(&self, language: Language) -> bool {
        if ends_paragraph(self.gap) {
            return true;
        }
        if self.mark == Mark::Wide {
            return !self.quotes(language);
        }
        if self.after.starts_with([',', ';', ':']) {
            return false;
        }
        let lead = self.lead();
        let lower = lead.is_some_and(char::is_lowercase);
        let apart = !self.gap.is_empty();
        match self.mark {
            Mark::Wide | Mark::Loud => (apart || lead.is_some_and(is_caseless)) && !(self.closed && lower),
            Mark::Ellipsis => apart && !lower,
            Mark::Full => {
                (apart || lead.is_some_and(is_caseless)) && !lower && !owns_full_stop(self.before, lead, language)
            }
        }
    }

    /// The first letter or digit that follows, beyond opening quotes, dashes and the like.
    fn lead(&self) -> Option<char> {
        const FAR: usize = 8;
        self.after.chars().take(FAR).find(|character| character.is_alphanumeric())
    }

    /// Japanese goes on after a quotation: 「はい。」と言った。
    fn quotes(&self, language: Language) -> bool {
        language == Language::Japanese && self.closed && self.after.starts_with(['と', 'っ'])
    }
}

/// Splits off the characters at the beginning that `accept` takes.
pub(crate) fn split(text: &str, accept: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.len() - text.trim_start_matches(accept).len())
}

/// Whether white space holds an empty line.
pub(crate) fn ends_paragraph(gap: &str) -> bool {
    let breaks = |of: char| gap.matches(of).nth(1).is_some();
    breaks('\n') || (!gap.contains('\n') && breaks('\r')) || gap.contains('\u{2029}')
}

/// Letters of scripts without upper and lower case, which are often written without spaces.
fn is_caseless(character: char) -> bool {
    character.is_alphabetic() && !character.is_lowercase() && !character.is_uppercase()
}
