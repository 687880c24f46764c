//! The cheapest way through a text.

use super::candidate::{Candidates, cost};
use super::item::Item;
use super::rules::Rules;
use super::token::{Kind, Token};
use super::view::View;

/// Some tokens and what they mean; none if they stay as they are.
pub struct Reading<'i> {
    /// How many.
    pub tokens: usize,
    /// What they mean.
    pub item: Option<&'i Item>,
}

/// The best way to reach a border between tokens: the last reading on it.
struct Step {
    cost: u64,
    tokens: usize,
    item: Option<Item>,
}

/// Tokens that candidates which overlap seldom go beyond.
const USUAL_CHAIN: usize = 16;

/// Finds the readings of a text with the lowest cost, and hands them on in order.
///
/// Every token is asked for its candidates once, and what lies behind a border that no candidate spans is settled and
/// forgotten: time is linear in the text, memory in the longest chain of candidates that overlap.
pub fn read(text: &str, tokens: &[Token], rules: &dyn Rules, mut settle: impl FnMut(Reading)) {
    let mut found = Candidates::default();
    // Steps to the borders after `base`, the first of which is reached at no cost.
    let (mut base, mut steps) = (0, Vec::with_capacity(USUAL_CHAIN));
    steps.push(Some(Step { cost: 0, tokens: 0, item: None }));
    let mut way = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if steps.len() == at - base + 1 {
            trace_back(&mut steps, &mut way, &mut settle);
            base = at;
        }
        if !matches!(token.kind, Kind::Space | Kind::Break) {
            rules.recognize(&View::new(text, tokens, at), &mut found);
        }
        // Most tokens: nothing to choose from.
        if found.proposed().is_empty() && base == at {
            settle(Reading { tokens: 1, item: None });
            base = at + 1;
            continue;
        }
        let reached = steps[at - base].as_ref().map_or(u64::MAX, |step| step.cost);
        let mut offer =
            |tokens, cost: u32, item| offer(&mut steps, at - base, tokens, reached.saturating_add(cost.into()), item);
        offer(1, cost::unread(token.kind), None);
        for candidate in found.drain().filter(|candidate| candidate.tokens <= tokens.len() - at) {
            offer(candidate.tokens, candidate.cost, Some(candidate.item));
        }
    }
    trace_back(&mut steps, &mut way, &mut settle);
}

/// Keeps a reading of `tokens` tokens from border `from` on if no way to its end is as cheap.
fn offer(steps: &mut Vec<Option<Step>>, from: usize, tokens: usize, cost: u64, item: Option<Item>) {
    let to = from + tokens;
    if steps.len() <= to {
        steps.resize_with(to + 1, || None);
    }
    let best = &mut steps[to];
    if best.as_ref().is_none_or(|best| cost < best.cost) {
        *best = Some(Step { cost, tokens, item });
    }
}

/// Hands on the readings that lead to the last border, which is then the first.
fn trace_back(steps: &mut Vec<Option<Step>>, way: &mut Vec<usize>, settle: &mut impl FnMut(Reading)) {
    let mut at = steps.len() - 1;
    while let Some(step) = steps[at].as_ref().filter(|_| at > 0) {
        way.push(at);
        at -= step.tokens.min(at);
    }
    for step in way.drain(..).rev().filter_map(|at| steps[at].as_ref()) {
        settle(Reading { tokens: step.tokens, item: step.item.as_ref() });
    }
    steps.truncate(1);
}
