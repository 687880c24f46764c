//! What holds for every text.

use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;
use zonos_text::{Boundary, Error, Language, PlanOptions, plan, spoken_bytes};

use crate::bytes;

const PIECES: [&str; 46] = [
    "a",
    "Word",
    "word ",
    "Dr. ",
    "e.g. ",
    "5",
    "2020",
    "1,000",
    "é",
    "你",
    "好",
    "はい",
    "きょう",
    "ー",
    "한국",
    "क्ष",
    "م",
    ". ",
    ".",
    "…",
    "! ",
    "?",
    "。",
    "，",
    "、",
    ", ",
    "; ",
    ": ",
    " — ",
    "–",
    "\"",
    "“",
    "”",
    "「",
    "」",
    "(",
    ") ",
    " ",
    "\u{3000}",
    "\n",
    "\n\n",
    "\r\n",
    "\u{301}",
    "\u{200d}",
    "👩\u{200d}🚀",
    "🇩🇪",
];

fn mixed() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&PIECES[..]), 0..60).prop_map(|pieces| pieces.concat())
}

fn with_marks() -> impl Strategy<Value = String> {
    let mark = (1_u32..1000).prop_map(|hundredths| format!("[pause {}s]", f64::from(hundredths) / 100.0));
    prop::collection::vec(prop_oneof![4 => mixed(), 1 => mark], 0..6).prop_map(|pieces| pieces.concat())
}

fn options() -> impl Strategy<Value = PlanOptions> {
    (prop::sample::select(&Language::ALL[..]), 1_usize..80).prop_map(|(language, budget)| bytes(language, budget))
}

/// Nothing is lost, nothing is said twice, the order stays, budgets are kept, graphemes stay whole.
pub fn check(text: &str, options: &PlanOptions) -> Result<(), TestCaseError> {
    let has_words = text.contains(char::is_alphanumeric);
    let plan = match plan(text, options) {
        Ok(plan) => plan,
        Err(error) => {
            prop_assert!(error == Error::Empty && text.trim().is_empty(), "{}: {:?}", error, text);
            return Ok(());
        }
    };
    let graphemes: Vec<usize> = text.grapheme_indices(true).map(|(at, _)| at).chain([text.len()]).collect();
    let budget = (options.seconds * options.bytes_per_second) as usize;
    let mut end = 0;
    for part in &plan.parts {
        let (gap, spoken) = (&text[end..part.span.start], &text[part.span.clone()]);
        let skipped =
            |character: char| if has_words { !character.is_alphanumeric() } else { character.is_whitespace() };
        prop_assert!(gap.chars().all(skipped), "left out: {:?}", gap);
        prop_assert!(!spoken.trim().is_empty() && (!has_words || spoken.contains(char::is_alphanumeric)));
        prop_assert!(
            graphemes.binary_search(&part.span.start).is_ok() && graphemes.binary_search(&part.span.end).is_ok()
        );
        let is_one_grapheme = spoken.graphemes(true).nth(1).is_none();
        prop_assert!(spoken_bytes(spoken) <= budget || is_one_grapheme, "{} of {}: {:?}", spoken.len(), budget, spoken);
        end = part.span.end;
    }
    prop_assert!(!text[end..].contains(char::is_alphanumeric), "left out at the end: {:?}", &text[end..]);
    let (last, others) = plan.parts.split_last().unwrap();
    prop_assert!(last.boundary == Boundary::End && others.iter().all(|part| part.boundary != Boundary::End));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_or_doubled_of_mixed_scripts(text in mixed(), options in options()) {
        check(&text, &options)?;
    }

    #[test]
    fn nothing_is_lost_or_doubled_of_any_characters(
        text in prop::collection::vec(any::<char>(), 0..80), options in options()
    ) {
        check(&text.into_iter().collect::<String>(), &options)?;
    }

    /// Pauses add up to those of the text, and its words are those of the text without the marks.
    #[test]
    fn marks_become_pauses_and_are_not_spoken(text in with_marks(), options in options()) {
        let Ok(plan) = plan(&text, &options) else { return Ok(()) };
        let mut rest = text.as_str();
        let (mut words, mut pauses) = (String::new(), 0.0);
        while let Some((before, after)) = rest.split_once("[pause ") {
            let (number, after) = after.split_once("s]").unwrap();
            pauses += number.parse::<f64>().unwrap();
            words.push_str(before);
            rest = after;
        }
        words.push_str(rest);
        let letters = |text: &str| text.chars().filter(|character| character.is_alphanumeric()).collect::<String>();
        let spoken: String = plan.parts.iter().map(|part| &text[part.span.clone()]).collect();
        prop_assert_eq!(letters(&spoken), letters(&words));
        let planned: std::time::Duration = plan.parts.iter().filter_map(|part| part.pause).sum();
        prop_assert!(((planned + plan.lead).as_secs_f64() - pauses).abs() < 1e-6);
    }
}

/// A text that once was cut too late: a mark, wide space, and an abbreviation in one sentence.
#[test]
fn budgets_hold_where_marks_and_wide_space_meet() {
    for language in Language::ALL {
        (1..30).try_for_each(|budget| check("你“) \u{3000}ーaDr. 你a", &bytes(language, budget))).unwrap();
    }
}
