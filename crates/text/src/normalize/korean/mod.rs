//! Korean.
//!
//! The style is the reference's, which the model was trained on: a number that fills its word of the sentence (with
//! its counter, unit or date) is spoken as one, `5개` as 다섯개; where a particle follows, number and rest part, `5개를`
//! as 오 개를. So much here depends on where a word of the sentence ends.

mod address;
mod amounts;
mod calendar;
mod numbers;
mod particle;
mod signs;
mod spell;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use super::candidate::Candidates;
use super::east_asian::amount::Names;
use super::item::Item;
use super::rules::{Neighbour, Rules};
use super::table::Table;
use super::token::{Kind, Script};
use super::view::View;

/// The rules of Korean.
pub struct Korean;

static UNITS: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("units.tsv")));
static CURRENCIES: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("currencies.tsv")));
static COUNTERS: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("counters.tsv")));
static ENDINGS: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("endings.tsv")));
static WEEKDAYS: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("weekdays.tsv")));

fn names() -> Names {
    Names { units: &UNITS, currencies: &CURRENCIES, spaced_units: true }
}

fn is_hangul(view: &View, n: usize) -> bool {
    view.kind(n) == Kind::Word(Script::Hangul)
}

/// Whether a word of the sentence ends before token `n`.
fn ends_word(view: &View, n: usize) -> bool {
    view.kind(n).is_gap()
}

/// Whether a word or the sentence ends before token `n`.
fn closes(view: &View, n: usize) -> bool {
    ends_word(view, n) || (view.is_one_of(n, &[".", "!", "?"]) && view.kind(n + 1).is_gap())
}

impl Rules for Korean {
    fn recognize(&self, view: &View, found: &mut Candidates) {
        match view.kind(0) {
            Kind::Digits => {
                numbers::recognize(view, found);
                amounts::recognize(view, found);
                calendar::recognize(view, found);
                address::recognize(view, found);
            }
            Kind::Mark | Kind::Symbol => signs::recognize(view, found),
            Kind::Word(Script::Latin) => {
                address::recognize(view, found);
                amounts::money(view, found);
            }
            Kind::Word(Script::Hangul) => calendar::midnight(view, found),
            _ => {}
        }
    }

    fn spell(&self, item: &Item, out: &mut String) {
        spell::spell(item, out);
    }

    /// Words and signs beyond ASCII stand apart, quotes and points do not.
    fn gap(&self, left: Neighbour, right: Neighbour) -> bool {
        let stands_apart = |neighbour| match neighbour {
            Neighbour::Spoken(_) => true,
            Neighbour::Kept(character) => character.is_alphanumeric() || is_spaced_sign(character),
        };
        stands_apart(left) && stands_apart(right)
    }

    fn trims(&self) -> bool {
        true
    }
}

fn is_spaced_sign(character: char) -> bool {
    !character.is_ascii()
        && !matches!(character, '“' | '”' | '‘' | '’' | '…' | '·' | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}'
            | '！' | '（' | '）' | '，' | '．' | '：' | '；' | '？')
}
