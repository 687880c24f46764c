use std::borrow::Cow;

use crate::Language;

/// Turns text as it is written into text as it is spoken: `3 kg` into `three kilograms`.
pub trait Normalize: Send + Sync {
    /// The spoken form; borrowed, and the same byte for byte, where nothing needs another form.
    fn normalize<'a>(&self, text: &'a str) -> Cow<'a, str>;
}

/// Leaves text as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verbatim;

impl Normalize for Verbatim {
    fn normalize<'a>(&self, text: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(text)
    }
}

/// The normalizer of a language.
///
/// **Today it passes all text through unchanged**: no language has a rule set yet. Callers that use it now will get
/// spoken forms when the rule sets arrive, without a change of their own.
#[derive(Clone, Copy)]
pub struct Normalizer {
    language: Language,
    rules: &'static dyn Normalize,
}

impl Normalizer {
    /// The normalizer of `language`.
    pub fn new(language: Language) -> Self {
        Self { language, rules: rules(language) }
    }

    /// The language that it normalizes.
    pub fn language(&self) -> Language {
        self.language
    }
}

impl Normalize for Normalizer {
    fn normalize<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.rules.normalize(text)
    }
}

impl std::fmt::Debug for Normalizer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        formatter.debug_struct("Normalizer").field("language", &self.language).finish_non_exhaustive()
    }
}

/// The rule set of a language: the one place to change when one is written.
fn rules(language: Language) -> &'static dyn Normalize {
    match language {
        Language::AmericanEnglish
        | Language::BritishEnglish
        | Language::French
        | Language::German
        | Language::Spanish
        | Language::Italian
        | Language::BrazilianPortuguese
        | Language::Japanese
        | Language::Mandarin
        | Language::Korean => &Verbatim,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_passes_unchanged_and_uncopied() {
        for language in Language::ALL {
            let normalizer = Normalizer::new(language);
            assert_eq!(normalizer.language(), language);
            for text in ["", "  3 kg\t", "e\u{301}", "１２３。", "\r\n"] {
                assert!(matches!(normalizer.normalize(text), Cow::Borrowed(same) if same == text));
            }
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
}
