//! Texts made to be slow, large or broken.

use zonos_text::{Language, Normalize, Normalizer};

/// Normalizes in every language. That it ends is the test: what is not linear takes hours.
fn normalize_everywhere(text: &str) {
    for language in Language::ALL {
        let spoken = Normalizer::new(language).normalize(text);
        assert!(spoken.len() <= 64 * text.len() + 1024, "{language}: {} bytes", spoken.len());
    }
}

#[test]
fn long_runs_of_digits() {
    normalize_everywhere(&"7".repeat(100_000));
    normalize_everywhere(&"0".repeat(100_000));
    normalize_everywhere(&"１２".repeat(50_000));
}

#[test]
fn long_chains_of_numbers() {
    for separator in [",", ".", "-", "/", ":", " ", "\u{a0}", "–", "x", "+", "、", "万", "년", "@", "e"] {
        normalize_everywhere(&format!("123{separator}").repeat(10_000));
        normalize_everywhere(&format!("1{separator}").repeat(10_000));
    }
}

#[test]
fn long_runs_of_signs() {
    for sign in ["$€", "-", "%", ",", ".", "@.", "https://", "#", "(", "“", "½", "x²", "🎉", "e\u{301}", "\u{301}"]
    {
        normalize_everywhere(&sign.repeat(20_000));
        normalize_everywhere(&format!("{sign}1").repeat(20_000));
    }
}

#[test]
fn long_words_and_spaces() {
    normalize_everywhere(&"a".repeat(200_000));
    normalize_everywhere(&"XIV".repeat(50_000));
    normalize_everywhere(&" ".repeat(200_000));
    normalize_everywhere(&"\n".repeat(100_000));
    normalize_everywhere(&"a.b".repeat(50_000));
    normalize_everywhere(&"漢字".repeat(50_000));
}
