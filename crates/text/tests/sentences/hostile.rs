//! Long texts of one kind of character. Work that grows with the square of their length would take minutes.

use zonos_text::{Language, sentences};

const LONG: usize = 1 << 18;

#[track_caller]
fn survives(text: &str) {
    for language in [Language::AmericanEnglish, Language::German, Language::Japanese] {
        let length: usize = sentences(text, language).map(str::len).sum();
        assert_eq!(length, text.len());
    }
}

#[test]
fn one_character_repeated() {
    for unit in [" ", "\n", ".", "(", ")", "\"", "a", "1", "好", "。", "!", "\u{301}", "\u{200d}", "🇩", "\r", "»", "क्"]
    {
        survives(&unit.repeat(LONG / unit.len()));
        survives(&format!("A. {}", unit.repeat(LONG / unit.len())));
        survives(&format!("A.{}B", unit.repeat(LONG / unit.len())));
    }
}

#[test]
fn short_patterns_repeated() {
    for unit in [
        "a. ",
        "A. ",
        "1. ",
        "1. A",
        "1. \u{301}",
        "Dr. ",
        "\"\n",
        ")\n",
        ".\n",
        ". (",
        ". »",
        "A.好",
        "好.",
        "a.",
        "? \u{301}",
        "と」。",
        "\n\n",
    ] {
        survives(&unit.repeat(LONG / unit.len()));
        survives(&format!("{}{}", " ".repeat(LONG / 2), unit.repeat(LONG / unit.len())));
    }
}
