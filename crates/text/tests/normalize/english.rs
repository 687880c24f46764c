//! English readings that no fixture shows.

use zonos_text::{Language, Normalize, Normalizer};

fn spoken(language: Language, text: &str) -> String {
    Normalizer::new(language).normalize(text).into_owned()
}

#[test]
fn a_day_and_a_month_after_a_word_that_dates() {
    for (written, american, british) in [
        ("Come on 3/4.", "Come on march fourth.", "Come on the third of april."),
        ("Pay by 12/25!", "Pay by december twenty fifth!", "Pay by the twenty fifth of december!"),
        (
            "It is on 3/4 of the signs.",
            "It is on three quarters of the signs.",
            "It is on three quarters of the signs.",
        ),
        ("Take 3/4 now.", "Take three quarters now.", "Take three quarters now."),
    ] {
        assert_eq!(spoken(Language::AmericanEnglish, written), american);
        assert_eq!(spoken(Language::BritishEnglish, written), british);
    }
}

#[test]
fn several_items_in_one_sentence() {
    let written = "On 3/4 at 5:30 pm I paid $5.32 for 2.5 kg at Dr. Smith's.";
    let read = "On march fourth at five thirty PM I paid five dollars thirty two cents for two point five kilograms at doctor \
                Smith's.";
    assert_eq!(spoken(Language::AmericanEnglish, written), read);
}
