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
fn lengths_and_quotations() {
    for (written, read) in [
        ("A 12\" pizza and a 7\" single.", "A twelve inches pizza and a seven inches single."),
        ("A map of 1:1000.", "A map of one to one thousand."),
        ("He said \"I am 7\" and left.", "He said \"I am seven\" and left."),
        (
            "\"We will not see the end of this long and bitter war before 2010\" he said.",
            "\"We will not see the end of this long and bitter war before twenty ten\" he said.",
        ),
        ("He is 5'11\" tall.", "He is five feet eleven inches tall."),
    ] {
        assert_eq!(spoken(Language::AmericanEnglish, written), read);
    }
}

#[test]
fn ranges_that_share_a_sign() {
    for (written, read) in [
        ("It costs $5-10.", "It costs five to ten dollars."),
        ("It costs $5-$10.", "It costs five dollars to ten dollars."),
        ("It grew 5-10% in a year.", "It grew five to ten percent in a year."),
    ] {
        assert_eq!(spoken(Language::AmericanEnglish, written), read);
    }
}

#[test]
fn pence_are_british_and_cents_are_everywhere() {
    assert_eq!(spoken(Language::BritishEnglish, "It was 50p, not 1p."), "It was fifty pence, not one penny.");
    assert_eq!(spoken(Language::AmericanEnglish, "It was 50¢."), "It was fifty cents.");
}

#[test]
fn numbers_of_other_countries_are_read_digit_by_digit() {
    let read = "plus forty four, two zero, seven nine four six, zero nine five eight";
    assert_eq!(spoken(Language::AmericanEnglish, "+44 20 7946 0958"), read);
}

#[test]
fn several_items_in_one_sentence() {
    let written = "On 3/4 at 5:30 pm I paid $5.32 for 2.5 kg at Dr. Smith's.";
    let read = "On march fourth at five thirty PM I paid five dollars thirty two cents for two point five kilograms at doctor \
                Smith's.";
    assert_eq!(spoken(Language::AmericanEnglish, written), read);
}
