//! Particles: the syllables that tie a word to its sentence.

use crate::normalize::item::Item;
use crate::normalize::token::{Kind, Script};
use crate::normalize::view::View;

/// First syllables of what is tied to a noun.
const FIRST: &str = "은는이가을를의에도만로으와과까부였입인라보씩정쯤";

/// The most syllables that are looked at.
const LONGEST: usize = 8;

/// An item with the particle at token `next` tied to it, and the token after both.
pub fn tied(view: &View, item: Item, next: usize) -> (Item, usize) {
    match particle(view, next) {
        Some((particle, end)) => (Item::Sequence(vec![item, Item::Mark(particle.into())]), end),
        None => (item, next),
    }
}

/// The particle that fills the word from token `n` on, and the token after it.
pub fn particle<'a>(view: &View<'a>, n: usize) -> Option<(&'a str, usize)> {
    let is_syllable = |at: usize| view.kind(at) == Kind::Word(Script::Hangul);
    if !is_syllable(n) || !FIRST.contains(view.text(n)) {
        return None;
    }
    let end = (n..n + LONGEST).find(|at| !is_syllable(*at))?;
    Some((view.slice(n..end), end))
}

/// The form of a particle behind a word: `일` takes `이`, `사` takes `가`.
pub fn agreeing(particle: &str, word: &str) -> &'static str {
    let pairs = [("이", "가"), ("은", "는"), ("을", "를"), ("과", "와")];
    let closed = ends_in_consonant(word);
    let pair = pairs.into_iter().find(|(after, other)| *after == particle || *other == particle);
    pair.map_or("", |(after, other)| if closed { after } else { other })
}

fn ends_in_consonant(word: &str) -> bool {
    let last = word.chars().next_back().map_or(0, u32::from);
    (0xac00..=0xd7a3).contains(&last) && !(last - 0xac00).is_multiple_of(28)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn particles_agree_with_the_sound_before() {
        assert_eq!(agreeing("이", "일"), "이");
        assert_eq!(agreeing("이", "사"), "가");
        assert_eq!(agreeing("를", "삼"), "을");
        assert_eq!(agreeing("만", "삼"), "");
    }
}
