//! Texts of the greatest size, of one kind of character. Work that grows with the square of their length would take
//! hours.

use zonos_text::{Language, MAX_TEXT_BYTES, PlanOptions, plan};

#[test]
fn any_unit_repeated() {
    for unit in [
        "a",
        "a ",
        "a, ",
        "A. ",
        "A.\n\n",
        ",",
        ",)",
        "好",
        "好，",
        "。",
        "— ",
        " ",
        "\n",
        "\u{301}",
        "🇩🇪",
        "क्",
        "[",
        "[pause ",
        "x[pause 1s]",
        "\u{600}",
        "1",
        "a\u{200d}",
    ] {
        let text = format!("Words. {}", unit.repeat((MAX_TEXT_BYTES >> 3) / unit.len()));
        for seconds in [2.0, 45.0] {
            let options = PlanOptions { seconds, ..PlanOptions::new(Language::AmericanEnglish) };
            assert!(!plan(&text, &options).unwrap().parts.is_empty(), "{unit:?}");
        }
    }
}

#[test]
fn a_book_of_the_greatest_size_is_planned() {
    let sentence = "It was a calm evening, and the boats lay still; nobody spoke. ";
    let text = format!("{}\n\n", sentence.repeat(12)).repeat(MAX_TEXT_BYTES / (sentence.len() * 12 + 2));
    let plan = plan(&text, &PlanOptions::new(Language::AmericanEnglish)).unwrap();
    assert!(plan.parts.len() > MAX_TEXT_BYTES / 300);
}
