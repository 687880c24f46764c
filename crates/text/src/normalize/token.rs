//! Text as a row of tokens that leave nothing out.

use std::ops::Range;

/// A piece of text that rules look at as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Where it begins, in bytes.
    pub start: usize,
    /// Where it ends, in bytes.
    pub end: usize,
    /// What it is.
    pub kind: Kind,
}

impl Token {
    /// Its bytes.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A run of white space within a line.
    Space,
    /// A run of white space with a line end.
    Break,
    /// A run of decimal digits of one script: ASCII, full-width, Arabic …
    Digits,
    /// A run of letters of one script; a single one where words are not told apart by spaces or carry endings
    /// ([`Script::Han`], [`Script::Hiragana`], [`Script::Hangul`]).
    Word(Script),
    /// One punctuation mark: `.`, `,`, `(`, `“`, `。` and the like.
    Mark,
    /// One character of any other kind: `$`, `%`, `+`, `°`, an emoji.
    Symbol,
    /// Nothing: before, behind or out of sight.
    Edge,
}

impl Kind {
    /// Whether it is a word of any script.
    pub fn is_word(self) -> bool {
        matches!(self, Kind::Word(_))
    }

    /// Whether it separates words: white space or the text's edge.
    pub fn is_gap(self) -> bool {
        matches!(self, Kind::Space | Kind::Break | Kind::Edge)
    }
}

/// The script of a word, as far as rules tell scripts apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// Latin, full-width letters among it.
    Latin,
    /// Greek.
    Greek,
    /// Cyrillic.
    Cyrillic,
    /// Chinese characters, `々` and `〇` among them; a token each.
    Han,
    /// Hiragana; a token each.
    Hiragana,
    /// Katakana with its long mark, in runs.
    Katakana,
    /// Korean syllables; a token each.
    Hangul,
    /// Any other.
    Other,
}

/// What one character is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Token(Kind),
    /// Belongs to what it follows: combining marks, joiners, variation selectors.
    Extends,
}

/// Cuts a text into tokens; joined, they are the text.
pub fn tokenize(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::with_capacity(text.len() / 2 + 1);
    let mut previous = None;
    for (start, character) in text.char_indices() {
        let end = start + character.len_utf8();
        let class = class(character);
        match tokens.last_mut() {
            Some(last) if joins(last.kind, class, previous, character) => {
                last.end = end;
                last.kind = joined(last.kind, class);
            }
            _ => tokens.push(Token { start, end, kind: kind(class) }),
        }
        previous = Some(character);
    }
    tokens
}

/// Whether a character belongs to the token before it.
fn joins(last: Kind, class: Class, previous: Option<char>, character: char) -> bool {
    match class {
        Class::Extends => !matches!(last, Kind::Space | Kind::Break),
        Class::Token(Kind::Space | Kind::Break) => matches!(last, Kind::Space | Kind::Break),
        Class::Token(Kind::Digits) => {
            last == Kind::Digits && previous.is_some_and(|previous| zero(previous) == zero(character))
        }
        Class::Token(Kind::Word(Script::Han | Script::Hiragana | Script::Hangul)) => false,
        Class::Token(kind @ Kind::Word(_)) => last == kind,
        Class::Token(_) => false,
    }
}

/// White space with a line end in it is a break.
fn joined(last: Kind, class: Class) -> Kind {
    if class == Class::Token(Kind::Break) { Kind::Break } else { last }
}

fn kind(class: Class) -> Kind {
    match class {
        Class::Token(kind) => kind,
        Class::Extends => Kind::Symbol,
    }
}

fn class(character: char) -> Class {
    match character {
        'a'..='z' | 'A'..='Z' => Class::Token(Kind::Word(Script::Latin)),
        '0'..='9' => Class::Token(Kind::Digits),
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Class::Token(Kind::Break),
        '$' | '%' | '&' | '+' | '<' | '=' | '>' | '@' | '#' | '*' | '/' | '\\' | '^' | '_' | '|' | '~' => {
            Class::Token(Kind::Symbol)
        }
        _ if character.is_ascii_punctuation() => Class::Token(Kind::Mark),
        _ if character.is_whitespace() => Class::Token(Kind::Space),
        _ => class_beyond_ascii(character),
    }
}

fn class_beyond_ascii(character: char) -> Class {
    match character {
        // What most text is made of, without a longer look.
        '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{17f}' => Class::Token(Kind::Word(Script::Latin)),
        '\u{3041}'..='\u{3096}' => Class::Token(Kind::Word(Script::Hiragana)),
        '\u{4e00}'..='\u{9fff}' => Class::Token(Kind::Word(Script::Han)),
        '\u{ac00}'..='\u{d7a3}' => Class::Token(Kind::Word(Script::Hangul)),
        _ => class_of_rare(character),
    }
}

fn class_of_rare(character: char) -> Class {
    if extends(character) {
        Class::Extends
    } else if zero(character).is_some() {
        Class::Token(Kind::Digits)
    } else if character.is_alphabetic() || character == '〇' {
        Class::Token(Kind::Word(script(character)))
    } else if is_mark(character) {
        Class::Token(Kind::Mark)
    } else {
        Class::Token(Kind::Symbol)
    }
}

fn extends(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{200d}'
        | '\u{20d0}'..='\u{20ff}' | '\u{3099}' | '\u{309a}' | '\u{fe00}'..='\u{fe0f}' | '\u{fe20}'..='\u{fe2f}'
        | '\u{1f3fb}'..='\u{1f3ff}')
}

/// Punctuation outside ASCII, full-width forms of ASCII punctuation among it.
fn is_mark(character: char) -> bool {
    matches!(character, '¡' | '§' | '«' | '¶' | '·' | '»' | '¿' | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}'
        | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{301f}' | '\u{30fb}'
        | '！' | '＂' | '＇' | '（' | '）' | '，' | '－' | '．' | '：' | '；' | '？' | '［' | '］' | '｛' | '｝'
        | '\u{ff5f}'..='\u{ff65}')
        && !matches!(character, '‰' | '‱' | '′' | '″' | '⁄')
}

fn script(character: char) -> Script {
    match character {
        '\u{aa}' | '\u{ba}' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' | '\u{ff21}'..='\u{ff5a}' => Script::Latin,
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Script::Greek,
        '\u{400}'..='\u{52f}' => Script::Cyrillic,
        '\u{3005}'..='\u{3007}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}' => Script::Han,
        '\u{3041}'..='\u{309f}' => Script::Hiragana,
        '\u{30a1}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{ff66}'..='\u{ff9f}' => Script::Katakana,
        '\u{ac00}'..='\u{d7a3}' | '\u{1100}'..='\u{11ff}' | '\u{3130}'..='\u{318f}' => Script::Hangul,
        _ => Script::Other,
    }
}

/// The zeros of the scripts whose digits are read; nine digits follow each.
const ZEROS: [u32; 12] = [0x30, 0x660, 0x6f0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xe50, 0xff10];

/// The zero of a digit's script; none if it is no digit.
fn zero(character: char) -> Option<u32> {
    let code = u32::from(character);
    if code < 0x660 {
        return character.is_ascii_digit().then_some(0x30);
    }
    ZEROS.into_iter().find(|zero| (*zero..*zero + 10).contains(&code))
}

/// The value of a decimal digit of any script that is read.
pub fn digit(character: char) -> Option<char> {
    let zero = zero(character)?;
    char::from_digit(u32::from(character) - zero, 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Vec<&str> {
        tokenize(text).iter().map(|token| &text[token.range()]).collect()
    }

    #[test]
    fn runs_end_where_the_kind_changes() {
        assert_eq!(parts("On 12.5kg,  ok"), ["On", " ", "12", ".", "5", "kg", ",", "  ", "ok"]);
        assert_eq!(parts("１２12"), ["１２", "12"]);
        assert_eq!(parts("2020年三月です"), ["2020", "年", "三", "月", "で", "す"]);
        assert_eq!(parts("5개요 ページ数"), ["5", "개", "요", " ", "ページ", "数"]);
        assert_eq!(parts("naïve Ελλάδα"), ["naïve", " ", "Ελλάδα"]);
    }

    #[test]
    fn combining_marks_stay_with_their_letter() {
        assert_eq!(parts("e\u{301}te 1\u{fe0f}\u{20e3}"), ["e\u{301}te", " ", "1\u{fe0f}\u{20e3}"]);
    }

    #[test]
    fn line_ends_are_told_from_spaces() {
        let kinds = |text| tokenize(text).iter().map(|token| token.kind).collect::<Vec<_>>();
        assert_eq!(kinds(" \t\u{a0}"), [Kind::Space]);
        assert_eq!(kinds(" \r\n "), [Kind::Break]);
    }

    #[test]
    fn digits_have_values_in_any_script() {
        assert_eq!("7７٧".chars().map(digit).collect::<Vec<_>>(), [Some('7'); 3]);
        assert_eq!(digit('x'), None);
    }
}
