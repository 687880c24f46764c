//! What a language is to the engine.

use super::candidate::Candidates;
use super::item::Item;
use super::view::View;

/// A language's rules: which items the text may hold, and how they are spoken.
pub trait Rules: Send + Sync {
    /// Proposes readings of the text that begins at token 0 of the view.
    ///
    /// Called once for every token that is not white space, mostly with text that needs nothing: return early by the
    /// token's kind. A reading may span up to [`View::AHEAD`] tokens, and must not depend on how other tokens are read.
    fn recognize(&self, view: &View, found: &mut Candidates);

    /// Writes an item as it is spoken.
    ///
    /// Never fails: an item without a spelling (a number too long for the language) is read digit by digit or as it
    /// is best understood.
    fn spell(&self, item: &Item, out: &mut String);

    /// Whether a space goes between two neighbours that have none in the text and at least one of which is spoken.
    ///
    /// Here: between spoken items, and between a spoken item and a letter or digit; `12text` is "twelve text".
    fn gap(&self, left: Neighbour, right: Neighbour) -> bool {
        between_words(left, right)
    }

    /// Whether a space goes away before one of `.!?,;:` that ends a word, as in "5 , please".
    fn closes_up(&self) -> bool {
        true
    }

    /// Whether white space of any length goes away at the text's ends, and not only a single space.
    fn trims(&self) -> bool {
        false
    }
}

/// Whether both are spoken items, or one is and the other a letter or digit.
pub fn between_words(left: Neighbour, right: Neighbour) -> bool {
    let is_word = |neighbour| match neighbour {
        Neighbour::Spoken(_) => true,
        Neighbour::Kept(character) => character.is_alphanumeric(),
    };
    is_word(left) && is_word(right)
}

/// What stands on one side of a border between tokens, with its character next to the border.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Neighbour {
    /// Something that is spoken in another way than it is written.
    Spoken(char),
    /// Text that is kept, or punctuation in another form ([`Item::Mark`]).
    Kept(char),
}
