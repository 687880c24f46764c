//! Results and proportions: `3:2`, `1:1000`, and `3-2` where a game is spoken of.

use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::item::{Integer, Item, Range, Relation};
use crate::normalize::token::Kind;
use crate::normalize::view::View;

/// Beginnings of words that speak of a result.
const GAMES: [&str; 14] = [
    "gewann",
    "gewonn",
    "gewinn",
    "verlor",
    "verlier",
    "sieg",
    "besieg",
    "endet",
    "spiel",
    "ergebnis",
    "stand",
    "führ",
    "unterl",
    "niederlage",
];

/// How many words before a number can tell that it is a result.
const WORDS: usize = 5;

/// `3:2`
pub fn recognize(view: &View, found: &mut Candidates) {
    let apart = view.begins_word() && view.text_before(1) != ":";
    let (Some(from), Some(to)) = (view.digits(0), view.digits(2).filter(|_| view.is(1, ":"))) else { return };
    if !apart || (view.is(3, ":") && view.kind(4) == Kind::Digits) || !view.ends_word(3) {
        return;
    }
    let number = |digits: &str| Item::Cardinal(Integer::new(digits), Default::default());
    let range = Range { from: number(&from), to: number(&to), relation: Relation::Score };
    found.push(3, cost::POSSIBLE, Item::Range(Box::new(range)));
}

/// What a hyphen between the number at token 0 and the next one means.
pub fn relation(view: &View) -> Relation {
    let words = (1..=2 * WORDS).map(|n| view.text_before(n).to_lowercase());
    let of_game = |word: String| GAMES.iter().any(|game| word.starts_with(game));
    if words.into_iter().any(of_game) { Relation::Score } else { Relation::To }
}
