//! Sentences through the public interface.

mod hostile;
mod languages;
mod properties;

use zonos_text::{Language, sentences};

/// Checks that the text written with `|` between its sentences is cut there and nowhere else.
#[track_caller]
pub fn cut(language: Language, marked: &str) {
    let text = marked.replace('|', "");
    let expected: Vec<&str> = marked.split('|').collect();
    assert_eq!(sentences(&text, language).collect::<Vec<_>>(), expected);
}

/// The same in every language.
#[track_caller]
pub fn cut_everywhere(marked: &str) {
    for language in Language::ALL {
        cut(language, marked);
    }
}
