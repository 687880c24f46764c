use std::fmt;
use std::str::FromStr;

use crate::{Error, Result};

/// A language that text can be normalized for.
///
/// Written as its code, read from its code in any case with `-` or `_`, or from a common other form: `en`, `pt-PT`,
/// `zh_CN`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// `en_us`
    AmericanEnglish,
    /// `en_gb`
    BritishEnglish,
    /// `fr_fr`
    French,
    /// `de`
    German,
    /// `es`
    Spanish,
    /// `it`
    Italian,
    /// `pt_br`
    BrazilianPortuguese,
    /// `ja`
    Japanese,
    /// `cmn`
    Mandarin,
    /// `ko`
    Korean,
}

/// Other forms of the codes, as people and systems write them.
const ALIASES: [(&str, Language); 27] = [
    ("en", Language::AmericanEnglish),
    ("eng", Language::AmericanEnglish),
    ("en_uk", Language::BritishEnglish),
    ("fr", Language::French),
    ("fra", Language::French),
    ("fr_ca", Language::French),
    ("de_de", Language::German),
    ("de_at", Language::German),
    ("de_ch", Language::German),
    ("deu", Language::German),
    ("es_es", Language::Spanish),
    ("es_mx", Language::Spanish),
    ("es_419", Language::Spanish),
    ("spa", Language::Spanish),
    ("it_it", Language::Italian),
    ("ita", Language::Italian),
    ("pt", Language::BrazilianPortuguese),
    ("pt_pt", Language::BrazilianPortuguese),
    ("por", Language::BrazilianPortuguese),
    ("ja_jp", Language::Japanese),
    ("jpn", Language::Japanese),
    ("zh", Language::Mandarin),
    ("zh_cn", Language::Mandarin),
    ("zh_hans", Language::Mandarin),
    ("zho", Language::Mandarin),
    ("ko_kr", Language::Korean),
    ("kor", Language::Korean),
];

impl Language {
    /// Every language, in the order of the reference.
    pub const ALL: [Self; 10] = [
        Self::AmericanEnglish,
        Self::BritishEnglish,
        Self::French,
        Self::German,
        Self::Spanish,
        Self::Italian,
        Self::BrazilianPortuguese,
        Self::Japanese,
        Self::Mandarin,
        Self::Korean,
    ];

    /// The code that the reference uses, such as `en_us`.
    pub fn code(self) -> &'static str {
        match self {
            Self::AmericanEnglish => "en_us",
            Self::BritishEnglish => "en_gb",
            Self::French => "fr_fr",
            Self::German => "de",
            Self::Spanish => "es",
            Self::Italian => "it",
            Self::BrazilianPortuguese => "pt_br",
            Self::Japanese => "ja",
            Self::Mandarin => "cmn",
            Self::Korean => "ko",
        }
    }

    /// The English name, such as `American English`.
    pub fn name(self) -> &'static str {
        match self {
            Self::AmericanEnglish => "American English",
            Self::BritishEnglish => "British English",
            Self::French => "French",
            Self::German => "German",
            Self::Spanish => "Spanish",
            Self::Italian => "Italian",
            Self::BrazilianPortuguese => "Brazilian Portuguese",
            Self::Japanese => "Japanese",
            Self::Mandarin => "Mandarin Chinese",
            Self::Korean => "Korean",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.pad(self.code())
    }
}

impl FromStr for Language {
    type Err = Error;

    fn from_str(given: &str) -> Result<Self> {
        let wanted = given.to_ascii_lowercase().replace('-', "_");
        let known = spellings().find(|(spelling, _)| *spelling == wanted);
        known.map(|(_, language)| language).ok_or_else(|| unknown(given))
    }
}

/// Every code and every other form of it.
fn spellings() -> impl Iterator<Item = (&'static str, Language)> {
    Language::ALL.into_iter().map(|language| (language.code(), language)).chain(ALIASES)
}

fn unknown(given: &str) -> Error {
    // Comparing takes the product of both lengths, and the message should stay short.
    const LONGEST: usize = 32;
    let given: String = given.chars().take(LONGEST).collect();
    Error::UnknownLanguage { near: near(&given), given }
}

/// The languages whose code, other form or name looks most like what was given.
fn near(given: &str) -> Vec<Language> {
    const SHOWN: usize = 3;
    const ALIKE: f64 = 0.6;
    let given = given.to_lowercase().replace('-', "_");
    let mut scored: Vec<_> = Language::ALL.into_iter().map(|language| (likeness(&given, language), language)).collect();
    scored.retain(|(score, _)| *score >= ALIKE);
    scored.sort_by(|left, right| right.0.total_cmp(&left.0));
    scored.into_iter().take(SHOWN).map(|(_, language)| language).collect()
}

/// From 0, nothing in common, to 1, equal.
fn likeness(given: &str, language: Language) -> f64 {
    let spellings = spellings().filter(|(_, other)| *other == language).map(|(spelling, _)| spelling.to_owned());
    let name = language.name().to_lowercase();
    let words: Vec<_> = name.split(' ').map(str::to_owned).collect();
    let candidates = spellings.chain(words).chain([name]);
    candidates.map(|candidate| strsim::normalized_damerau_levenshtein(given, &candidate)).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near_of(given: &str) -> Vec<Language> {
        match given.parse::<Language>() {
            Err(Error::UnknownLanguage { near, .. }) => near,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn codes_come_back_as_the_language_they_name() {
        for language in Language::ALL {
            assert_eq!(language.to_string().parse(), Ok(language));
            assert_eq!(language.code().to_uppercase().replace('_', "-").parse(), Ok(language));
            assert!(!language.name().is_empty());
        }
    }

    #[test]
    fn common_other_forms_are_understood() {
        for (form, language) in [
            ("en", Language::AmericanEnglish),
            ("EN-GB", Language::BritishEnglish),
            ("fr", Language::French),
            ("pt-PT", Language::BrazilianPortuguese),
            ("zh", Language::Mandarin),
            ("zh-CN", Language::Mandarin),
            ("es_ES", Language::Spanish),
            ("ja-JP", Language::Japanese),
        ] {
            assert_eq!(form.parse(), Ok(language), "{form}");
        }
    }

    #[test]
    fn no_form_is_listed_twice() {
        let mut forms: Vec<_> = spellings().map(|(form, _)| form).collect();
        forms.sort_unstable();
        assert!(forms.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(forms.iter().all(|form| *form == form.to_ascii_lowercase().replace('-', "_")));
    }

    #[test]
    fn similar_names_are_proposed() {
        assert_eq!(near_of("german"), [Language::German]);
        assert_eq!(near_of("Portugese"), [Language::BrazilianPortuguese]);
        assert_eq!(near_of("en_su")[0], Language::AmericanEnglish);
        assert_eq!(near_of("english"), [Language::AmericanEnglish, Language::BritishEnglish]);
        assert_eq!(near_of("chinese"), [Language::Mandarin]);
    }

    #[test]
    fn the_message_says_what_to_write() {
        let message = |given: &str| given.parse::<Language>().unwrap_err().to_string();
        assert_eq!(message("german"), "unknown language `german`; did you mean de?");
        assert_eq!(
            message("xyzzy"),
            "unknown language `xyzzy`; known are en_us, en_gb, fr_fr, de, es, it, pt_br, ja, cmn, ko"
        );
        assert!(message("").contains("known are"));
    }

    #[test]
    fn a_long_unknown_name_is_cut() {
        let message = "é".repeat(100_000).parse::<Language>().unwrap_err().to_string();
        assert!(message.len() < 200, "{}", message.len());
    }
}
