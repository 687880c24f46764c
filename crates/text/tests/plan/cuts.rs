//! Where a text is cut.

use std::time::Duration;

use zonos_text::Boundary::{Character, Clause, End, Paragraph, Sentence, Word};
use zonos_text::Language::{AmericanEnglish, Japanese, Mandarin};
use zonos_text::{Boundary, Error, Language, PlanOptions, plan};

use crate::{boundaries, bytes, parts, planned};

/// Checks the parts that a budget in bytes gives, and what ends them.
#[track_caller]
fn cut(language: Language, budget: usize, text: &str, expected: &[(&str, Boundary)]) {
    let plan = planned(text, &bytes(language, budget));
    let found: Vec<_> = parts(text, &plan).into_iter().zip(boundaries(&plan)).collect();
    assert_eq!(found, expected);
}

#[test]
fn what_fits_is_one_part() {
    cut(AmericanEnglish, 100, "  One. Two.\nThree.\n", &[("One. Two.\nThree.", End)]);
}

#[test]
fn paragraphs_are_never_joined() {
    cut(
        AmericanEnglish,
        100,
        "A title\n\nOne. Two.\n\n\nThree.",
        &[("A title", Paragraph), ("One. Two.", Paragraph), ("Three.", End)],
    );
}

#[test]
fn sentences_are_packed_evenly() {
    cut(
        AmericanEnglish,
        24,
        "Aaaa aaaa. Bbbb bbbb. Cccc cccc.",
        &[("Aaaa aaaa. Bbbb bbbb.", Sentence), ("Cccc cccc.", End)],
    );
    cut(
        AmericanEnglish,
        30,
        "Aa aa. Bb bb. Cc cc. Dd dd. Ee ee. Ff ff.",
        &[("Aa aa. Bb bb. Cc cc.", Sentence), ("Dd dd. Ee ee. Ff ff.", End)],
    );
}

#[test]
fn long_sentences_are_cut_at_clauses_then_words_then_characters() {
    cut(
        AmericanEnglish,
        20,
        "Yes. When it rained, we stayed; then we left.\n\nOk.",
        &[
            ("Yes.", Sentence),
            ("When it rained,", Clause),
            ("we stayed;", Clause),
            ("then we left.", Paragraph),
            ("Ok.", End),
        ],
    );
    cut(AmericanEnglish, 12, "one two three four", &[("one two", Word), ("three four", End)]);
    cut(AmericanEnglish, 4, "abcdefghij", &[("abc", Character), ("defg", Character), ("hij", End)]);
}

#[test]
fn chinese_and_japanese_are_cut_where_a_line_may_be_broken() {
    cut(Mandarin, 24, "今天天气很好，我们去公园。", &[("今天天气很好，", Clause), ("我们去公园。", End)]);
    // Small kana, long vowels and closing brackets do not begin a part.
    for budget in 15..60 {
        let text = "「ちょっとコーヒーをのんできょうはゆっくりする」とおもった";
        let plan = planned(text, &bytes(Japanese, budget));
        assert!(parts(text, &plan).iter().all(|part| !part.starts_with(['ょ', 'っ', 'ゃ', 'ー', '」'])), "{budget}");
    }
}

#[test]
fn graphemes_stay_whole_whatever_the_budget() {
    let family = "👩\u{200d}👩\u{200d}👧";
    let text = format!("{family}{family}e\u{301}");
    let plan = planned(&text, &bytes(AmericanEnglish, 1));
    assert_eq!(parts(&text, &plan), ["e\u{301}"]);
    let text = format!("{family}{family}");
    assert_eq!(parts(&text, &planned(&text, &bytes(AmericanEnglish, 1))), [family, family]);
}

#[test]
fn numbers_take_longer_than_they_look() {
    assert_eq!(planned("1990 1991", &bytes(AmericanEnglish, 50)).parts.len(), 1);
    assert_eq!(planned("1990 1991", &bytes(AmericanEnglish, 30)).parts.len(), 2);
}

#[test]
fn white_space_costs_nothing_at_the_ends_and_keeps_sentences_whole() {
    let text = format!("One one.{}Two two.", " ".repeat(1000));
    assert_eq!(parts(&text, &planned(&text, &bytes(AmericanEnglish, 12))), ["One one.", "Two two."]);
}

#[test]
fn white_space_before_a_word_counts_where_it_is_within_a_part() {
    let text = "aaaa bb \u{3000}…cc";
    let plan = planned(text, &bytes(AmericanEnglish, 11));
    assert!(parts(text, &plan).iter().all(|part| part.len() <= 11), "{:?}", parts(text, &plan));
}

#[test]
fn pauses_stand_between_parts() {
    let text = "[pause 1s][pause 0.5s] One. [pause 0.8s] Two, [pause 2s]three.\n\n[pause 1s]\n\nFour. [pause 3s]";
    let plan = planned(text, &PlanOptions::new(AmericanEnglish));
    assert_eq!(parts(text, &plan), ["One.", "Two,", "three.", "Four."]);
    assert_eq!(plan.lead, Duration::from_millis(1500));
    let pauses: Vec<_> = plan.parts.iter().map(|part| part.pause.map(|pause| pause.as_millis())).collect();
    assert_eq!(pauses, [Some(800), Some(2000), Some(1000), Some(3000)]);
}

#[test]
fn pause_marks_can_be_text() {
    let text = "One [pause 99 s] two.";
    let options = PlanOptions { pause_marks: false, ..PlanOptions::new(AmericanEnglish) };
    assert_eq!(parts(text, &planned(text, &options)), [text]);
    assert!(matches!(plan(text, &PlanOptions::new(AmericanEnglish)), Err(Error::PauseMark { at: 4, .. })));
}

#[test]
fn nothing_to_say_is_refused_and_marks_without_words_are_not_spoken() {
    let options = PlanOptions::new(AmericanEnglish);
    for text in ["", " \n", "[pause 1s]", " [pause 1s] \n [pause 1s]"] {
        assert_eq!(plan(text, &options), Err(Error::Empty), "{text:?}");
    }
    let text = "One [pause 1s] ... [pause 1s] two";
    let plan = planned(text, &options);
    assert_eq!(parts(text, &plan), ["One", "two"]);
    assert_eq!(plan.parts[0].pause, Some(Duration::from_secs(2)));
    // Where there are no words at all, the marks are what there is.
    assert_eq!(parts("?!", &planned("?!", &options)), ["?!"]);
}
