//! From text as it is written to text as it is spoken.
//!
//! One engine, many languages. A text becomes [tokens](token); at each token a language's [`Rules`](rules::Rules)
//! propose [readings](candidate) as [items](item), the semiotic classes; the cheapest [path](path) through all of them
//! wins; the language spells its items, and the [writer](spoken) puts spoken and kept text together.
//!
//! A language is one module below this one with its tables. What many languages need is shared: [numbers](number),
//! [dates and clocks](shapes), [addresses](address), [Roman numerals](roman), [tables](table).

mod address;
mod candidate;
mod east_asian;
mod english;
mod european;
mod french;
mod german;
mod italian;
mod item;
mod japanese;
mod korean;
mod mandarin;
mod number;
mod path;
mod portuguese;
mod roman;
mod romance;
mod rules;
mod shapes;
mod spanish;
mod spoken;
mod table;
mod token;
mod view;

use std::borrow::Cow;

use self::rules::Rules;
use self::spoken::Writer;
use crate::Language;

pub use self::spoken::{Span, Spoken};

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
/// It never fails: what it does not understand stays as it is. Time is linear in the text's length. A single space at
/// either end of a text goes away, as does a space before one of `.!?,;:` that ends a word; a tab becomes a space. All
/// other white space and punctuation stays. A language without rules leaves all text as it is.
#[derive(Clone, Copy)]
pub struct Normalizer {
    language: Language,
    rules: Option<&'static dyn Rules>,
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

    /// Whether the language has rules; without, all text stays as it is.
    pub fn has_rules(&self) -> bool {
        self.rules.is_some()
    }

    /// The spoken form, and which part of it comes from which part of the text.
    pub fn normalize_with_spans<'a>(&self, text: &'a str) -> Spoken<'a> {
        match self.rules {
            Some(rules) => speak(text, rules),
            None => Spoken::verbatim(text),
        }
    }
}

impl Normalize for Normalizer {
    fn normalize<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.normalize_with_spans(text).text
    }
}

impl std::fmt::Debug for Normalizer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        formatter.debug_struct("Normalizer").field("language", &self.language).finish_non_exhaustive()
    }
}

fn speak<'a>(text: &'a str, rules: &dyn Rules) -> Spoken<'a> {
    let tokens = token::tokenize(text);
    let mut writer = Writer::new(text, &tokens, rules);
    path::read(text, &tokens, rules, |reading| writer.write(reading));
    writer.finish()
}

/// The rule set of a language: the one place to change when one is written.
fn rules(language: Language) -> Option<&'static dyn Rules> {
    match language {
        Language::AmericanEnglish => Some(&english::AMERICAN),
        Language::BritishEnglish => Some(&english::BRITISH),
        Language::German => Some(&german::German),
        Language::French => Some(&french::French),
        Language::BrazilianPortuguese => Some(&portuguese::Portuguese),
        Language::Italian => Some(&italian::Italian),
        Language::Spanish => Some(&spanish::Spanish),
        Language::Japanese => Some(&japanese::Japanese),
        Language::Mandarin => Some(&mandarin::Mandarin),
        Language::Korean => Some(&korean::Korean),
    }
}

#[cfg(test)]
mod tests;
