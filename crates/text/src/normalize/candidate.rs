//! Readings that compete with each other.

use super::item::Item;
use super::token::Kind;
use super::view::View;

/// What readings cost. The path through a text with the lowest sum wins; between equals, the reading proposed first.
///
/// A token that is left as it is costs too ([`unread`]), so a reading of more tokens wins against several of fewer
/// without help. Differences between these names are for readings of the *same* tokens: `3/4` as a fraction or a date.
pub mod cost {
    use super::Kind;

    /// Nothing else can be meant.
    pub const SURE: u32 = 1;
    /// What it most often means.
    pub const LIKELY: u32 = 3;
    /// What it means if nothing else fits.
    pub const POSSIBLE: u32 = 6;
    /// Better than leaving it.
    pub const UNLIKELY: u32 = 9;

    /// The cost of leaving a token as it is.
    pub const fn unread(kind: Kind) -> u32 {
        match kind {
            Kind::Digits => 1000,
            Kind::Symbol => 30,
            Kind::Word(_) => 12,
            Kind::Mark => 2,
            Kind::Space | Kind::Break | Kind::Edge => 1,
        }
    }
}

/// A reading of some tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// How many, from 1.
    pub tokens: usize,
    /// See [`cost`].
    pub cost: u32,
    /// What they mean.
    pub item: Item,
}

/// The readings that begin at one token.
#[derive(Debug)]
pub struct Candidates {
    found: Vec<Candidate>,
}

impl Default for Candidates {
    fn default() -> Self {
        // Few tokens have more.
        Self { found: Vec::with_capacity(8) }
    }
}

impl Candidates {
    /// Proposes a reading of the next `tokens` tokens.
    pub fn push(&mut self, tokens: usize, cost: u32, item: Item) {
        if (1..=View::AHEAD).contains(&tokens) {
            self.found.push(Candidate { tokens, cost, item });
        }
    }

    /// Proposes readings, each with its tokens and its cost.
    pub fn extend(&mut self, readings: impl IntoIterator<Item = (usize, u32, Item)>) {
        readings.into_iter().for_each(|(tokens, cost, item)| self.push(tokens, cost, item));
    }

    /// What was proposed so far.
    pub fn proposed(&self) -> &[Candidate] {
        &self.found
    }

    /// Takes what was proposed.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Candidate> + '_ {
        self.found.drain(..)
    }
}
