//! What holds for every text in every language.

use std::borrow::Cow;

use proptest::prelude::*;
use zonos_text::{Language, Normalize, Normalizer, Spoken};

/// Pieces that mean something to some language, mixed with what means nothing.
fn texts() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        "[0-9]{1,7}",
        "[0-9]{1,2}[:/.-][0-9]{2}([:/.-][0-9]{2,4})?",
        "[a-zäéñ]{1,6}",
        "[A-Z]{1,4}\\.?",
        "[ ,.!?;:'\"()-]{1,3}",
        "[$€£¥₩%‰°±×÷=+*/~@#&_^|<>]{1,2}",
        "[年月日時分円個元点号개원시분년월일０-９一二三万억]{1,3}",
        "(Dr\\.|kg|km/h|pm|May|Januar|janvier|St\\.|No\\.|1st|3º|½)",
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(pieces, 0..16).prop_map(|pieces| pieces.concat())
}

fn languages() -> impl Strategy<Value = Language> {
    prop::sample::select(Language::ALL.to_vec())
}

/// Both sides are covered in order without gaps, and what is kept is the same.
fn check_spans(written: &str, spoken: &Spoken) {
    let (mut input, mut output) = (0, 0);
    for span in &spoken.spans {
        assert_eq!((span.input.start, span.output.start), (input, output));
        assert!(!span.input.is_empty());
        (input, output) = (span.input.end, span.output.end);
        // Slicing panics within a character.
        let (from, to) = (&written[span.input.clone()], &spoken.text[span.output.clone()]);
        assert!(!span.kept || from == to);
    }
    assert_eq!((input, output), (written.len(), spoken.text.len()));
}

proptest! {
    #![proptest_config(ProptestConfig {
        // More where `PROPTEST_CASES` asks for them.
        cases: ProptestConfig::default().cases.max(1000),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn spans_cover_both_texts(text in texts(), language in languages()) {
        let spoken = Normalizer::new(language).normalize_with_spans(&text);
        check_spans(&text, &spoken);
        prop_assert_eq!(spoken.text, Normalizer::new(language).normalize(&text));
    }

    #[test]
    fn any_text_is_taken(text in any::<String>(), language in languages()) {
        check_spans(&text, &Normalizer::new(language).normalize_with_spans(&text));
    }

    #[test]
    fn every_part_of_a_text_is_taken(text in texts(), language in languages()) {
        for (cut, _) in text.char_indices() {
            let normalizer = Normalizer::new(language);
            check_spans(&text[cut..], &normalizer.normalize_with_spans(&text[cut..]));
            check_spans(&text[..cut], &normalizer.normalize_with_spans(&text[..cut]));
        }
    }

    /// Words with points within are addresses to some languages, and spelled ones cannot be read back.
    #[test]
    fn what_is_spoken_is_spoken_so(text in "(([A-Z]?[a-z]{1,8}|[0-9]{1,7})[,.;:!?]?[ \n]){0,12}", language in languages()) {
        let normalizer = Normalizer::new(language);
        let once = normalizer.normalize(&text).into_owned();
        prop_assert_eq!(normalizer.normalize(&once), once.as_str());
    }
}

#[test]
fn plain_text_is_borrowed() {
    for (language, text) in [
        (Language::AmericanEnglish, "Nothing here needs another form, “really”: a naïve  idea\n\nof hers!"),
        (Language::French, "Rien ne change ici ; « vraiment » !"),
        (Language::German, "Hier ändert sich nichts – „gar nichts“."),
        (Language::Spanish, "¡Aquí no cambia nada! «Nada»."),
        (Language::Japanese, "ここは何も変わりません。「はい」"),
        (Language::Mandarin, "这里没有什么要改的。“是的”！"),
        (Language::Korean, "여기는 바꿀 것이 없다."),
    ] {
        assert!(matches!(Normalizer::new(language).normalize(text), Cow::Borrowed(same) if same == text), "{language}");
    }
}
