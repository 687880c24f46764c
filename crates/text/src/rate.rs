//! How long a text takes to speak, estimated.

use crate::Language;

/// What a digit stands for: `1990` has four bytes, its words in any of the languages some 25.
const BYTES_PER_DIGIT: usize = 6;

/// UTF-8 bytes of ordinary prose that are spoken in a second at a calm reading pace.
///
/// These are estimates, not measurements of the model: syllables per second as studies of reading aloud give them, times
/// the bytes that a syllable takes in writing, rounded down, so that parts come out shorter rather than longer than
/// meant. That they lie so close together is why the model itself counts its speaking rate in bytes.
pub fn bytes_per_second(language: Language) -> f64 {
    match language {
        Language::AmericanEnglish | Language::BritishEnglish | Language::German | Language::Mandarin => 15.0,
        Language::French | Language::Italian | Language::BrazilianPortuguese | Language::Japanese => 16.0,
        Language::Spanish | Language::Korean => 17.0,
    }
}

/// The bytes of a text as they count towards its length in time: one each, but six for a digit.
pub fn spoken_bytes(text: &str) -> usize {
    text.len() + (BYTES_PER_DIGIT - 1) * text.bytes().filter(u8::is_ascii_digit).count()
}

/// Seconds that a text takes to speak, estimated from its bytes and its language.
pub fn estimated_seconds(text: &str, language: Language) -> f64 {
    spoken_bytes(text) as f64 / bytes_per_second(language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_count_as_the_words_that_they_become() {
        assert_eq!(spoken_bytes("ab é"), 5);
        assert_eq!(spoken_bytes("1990"), 24);
        assert_eq!(estimated_seconds(&"a".repeat(30), Language::AmericanEnglish), 2.0);
        assert_eq!(estimated_seconds("", Language::Korean), 0.0);
    }

    #[test]
    fn every_language_has_a_rate_that_people_speak_at() {
        assert!(Language::ALL.iter().all(|language| (10.0..25.0).contains(&bytes_per_second(*language))));
    }
}
