use crate::{Language, MAX_PAUSE};

/// What can be wrong with a text or the name of its language.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A language code that is not known.
    #[error("unknown language `{given}`; {}", advice(.near))]
    UnknownLanguage {
        /// What was given, its beginning when it is long.
        given: String,
        /// The languages with the most similar names, best first; none when nothing is similar.
        near: Vec<Language>,
    },
    /// A text without anything to say.
    #[error("the text is empty or white space only; give at least one word")]
    Empty,
    /// A text beyond the limit.
    #[error("the text has {bytes} bytes, {limit} are allowed; split it into shorter ones")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The greatest length allowed.
        limit: usize,
    },
    /// A control character that is no white space.
    #[error("the text holds the control character U+{:04X} at byte {at}; remove it", u32::from(*.character))]
    Control {
        /// The character.
        character: char,
        /// Where it begins, counted in bytes.
        at: usize,
    },
    /// A line of a file of readings that lacks columns.
    #[error("line {line} of the readings has too few columns; write category, written, spoken with tabs between them")]
    Pair {
        /// Its number, from 1.
        line: usize,
    },
    /// A pause mark that is not written as it should be, or too long.
    #[error(
        "the pause mark `{given}` at byte {at} is not understood: write it as `[pause 0.8s]`, more than 0 and at most {} \
         seconds, or switch pause marks off",
        MAX_PAUSE.as_secs()
    )]
    PauseMark {
        /// Where it begins, counted in bytes.
        at: usize,
        /// What was given, its beginning when it is long.
        given: String,
    },
}

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

fn advice(near: &[Language]) -> String {
    let codes =
        |languages: &[Language]| languages.iter().map(|language| language.code()).collect::<Vec<_>>().join(", ");
    if near.is_empty() {
        format!("known are {}", codes(&Language::ALL))
    } else {
        format!("did you mean {}?", codes(near))
    }
}
