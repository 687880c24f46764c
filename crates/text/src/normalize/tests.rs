//! The engine with the rules of a toy language.

use super::candidate::{Candidates, cost};
use super::item::{Form, Integer, Item};
use super::rules::Rules;
use super::view::View;
use super::*;

/// Says every digit as the letter `n`, `4x4` as a word, `~` as nothing and backquotes as quotes.
struct Toy;

impl Rules for Toy {
    fn recognize(&self, view: &View, found: &mut Candidates) {
        if let Some(next) = view.matches(0, "4x4") {
            found.push(next, cost::SURE, Item::Words("car".into()));
        }
        match view.text(0) {
            "~" => found.push(1, cost::SURE, Item::Words("".into())),
            "`" => found.push(1, cost::SURE, Item::Mark("\"".into())),
            _ => {}
        }
        if let Some(digits) = view.digits(0) {
            found.push(1, cost::LIKELY, Item::Cardinal(Integer::new(digits), Form::default()));
        }
    }

    fn spell(&self, item: &Item, out: &mut String) {
        match item {
            Item::Cardinal(number, _) => out.extend(number.digits.chars().map(|_| 'n')),
            Item::Words(words) | Item::Mark(words) => out.push_str(words),
            _ => {}
        }
    }
}

fn spoken(text: &str) -> String {
    speak(text, &Toy).text.into_owned()
}

#[test]
fn a_longer_reading_wins_over_shorter_ones() {
    assert_eq!(spoken("a 4x4, 4x5"), "a car, n x n");
}

#[test]
fn spaces_come_between_words_only() {
    assert_eq!(spoken("12text-3 (4) 5%6"), "nn text-n (n) n%n");
    assert_eq!(spoken("`1`2"), "\"n\"n");
    assert_eq!(spoken("1~2"), "n n");
}

#[test]
fn spaces_before_closing_punctuation_go() {
    assert_eq!(spoken("1 , 2 . a ?! b :-) c ;"), "n, n. a ?! b :-) c;");
    assert_eq!(spoken(" a  b\t\n "), "a  b\t\n ");
    assert_eq!(spoken(" x "), "x");
    assert_eq!(spoken(" "), " ");
}

#[test]
fn spans_tell_what_came_from_where() {
    let spoken = speak("12text ,", &Toy);
    let spans: Vec<_> = spoken.spans.iter().map(|span| (span.input.clone(), span.output.clone(), span.kept)).collect();
    let expected = [(0..2, 0..3, false), (2..6, 3..7, true), (6..7, 7..7, false), (7..8, 7..8, true)];
    assert_eq!(spans, expected);
}

#[test]
fn text_without_rules_passes_unchanged_and_uncopied() {
    for text in ["", "  3 kg\t", "e\u{301}", "１２３。", "\r\n"] {
        assert!(matches!(Verbatim.normalize(text), Cow::Borrowed(same) if same == text));
        assert!(matches!(speak("plain, text", &Toy).text, Cow::Borrowed("plain, text")));
    }
}

#[test]
fn other_rule_sets_fit_the_same_callers() {
    struct Shout;
    impl Normalize for Shout {
        fn normalize<'a>(&self, text: &'a str) -> Cow<'a, str> {
            Cow::Owned(text.to_uppercase())
        }
    }
    let all: [&dyn Normalize; 2] = [&Shout, &Verbatim];
    assert_eq!(all.map(|rules| rules.normalize("a").into_owned()), ["A", "a"]);
}
