//! What holds for every text.

use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;
use zonos_text::{Language, sentences};

/// Pieces that meet in unusual ways: words, abbreviations, marks, quotes, spaces, and characters of several scalars.
const PIECES: [&str; 58] = [
    "a",
    "B",
    "word",
    "Word",
    "Dr",
    "z",
    "e.g",
    "No",
    "5",
    "12",
    "2020",
    "3.14",
    "I",
    "é",
    "ß",
    "İ",
    "你",
    "好",
    "はい",
    "と",
    "ア",
    "한국",
    "नम",
    "क्ष",
    "م",
    ".",
    "..",
    "…",
    "!",
    "?",
    "。",
    "！",
    "？",
    "．",
    "؟",
    "।",
    ",",
    ":",
    "\"",
    "'",
    "“",
    "”",
    "«",
    "»",
    "„",
    "「",
    "」",
    "(",
    ")",
    " ",
    "\u{a0}",
    "\n",
    "\r\n",
    "\u{2029}",
    "\u{301}",
    "\u{200d}",
    "👩\u{200d}🚀",
    "🇩🇪",
];

fn mixed() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&PIECES[..]), 0..40).prop_map(|pieces| pieces.concat())
}

fn language() -> impl Strategy<Value = Language> {
    prop::sample::select(&Language::ALL[..])
}

fn check(text: &str, language: Language) -> Result<(), TestCaseError> {
    let parts: Vec<&str> = sentences(text, language).collect();
    prop_assert_eq!(parts.concat(), text);
    prop_assert!(parts.iter().all(|part| !part.is_empty()));
    let spoken = |part: &str| part.contains(char::is_alphanumeric);
    prop_assert!(!spoken(text) || parts.iter().all(|part| spoken(part)), "{:?}", parts);
    let graphemes: Vec<usize> = text.grapheme_indices(true).map(|(start, _)| start).collect();
    let mut start = 0;
    for part in &parts {
        prop_assert!(graphemes.binary_search(&start).is_ok(), "{:?}", parts);
        start += part.len();
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_of_mixed_scripts(text in mixed(), language in language()) {
        check(&text, language)?;
    }

    #[test]
    fn nothing_is_lost_of_any_characters(text in prop::collection::vec(any::<char>(), 0..60), language in language()) {
        check(&text.into_iter().collect::<String>(), language)?;
    }

    /// A sentence cut off is one sentence when it stands alone.
    #[test]
    fn cutting_twice_changes_nothing(text in mixed(), language in language()) {
        for part in sentences(&text, language) {
            prop_assert_eq!(sentences(part, language).collect::<Vec<_>>(), [part]);
        }
    }

    #[test]
    fn any_name_of_a_language_is_answered(given in ".{0,40}") {
        if let Err(error) = given.parse::<Language>() {
            prop_assert!(error.to_string().contains("unknown language"));
        }
    }
}
