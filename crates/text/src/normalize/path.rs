//! The cheapest way through a text.

use super::candidate::{Candidates, cost};
use super::item::Item;
use super::rules::Rules;
use super::token::{Kind, Token};
use super::view::View;

/// Some tokens and what they mean; none if they stay as they are.
pub struct Reading {
    /// How many.
    pub tokens: usize,
    /// What they mean.
    pub item: Option<Item>,
}

/// The best way to reach a border between tokens.
struct Step {
    cost: u64,
    reading: Reading,
}

/// Finds the readings of a text with the lowest cost, and hands them on in order.
///
/// Every token is asked for its candidates once, and what lies behind a border that no candidate spans is settled and
/// forgotten: time is linear in the text, memory in the longest chain of candidates that overlap.
pub fn read(text: &str, tokens: &[Token], rules: &dyn Rules, mut settle: impl FnMut(Reading)) {
    let mut found = Candidates::default();
    // Steps to the borders after `base`, the first of which is reached at no cost.
    let (mut base, mut steps) = (0, vec![Some(Step { cost: 0, reading: Reading { tokens: 0, item: None } })]);
    let mut way = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if steps.len() == at - base + 1 {
            trace_back(&mut steps, &mut way, &mut settle);
            base = at;
        }
        let reached = steps[at - base].as_ref().map_or(u64::MAX, |step| step.cost);
        let kept = Reading { tokens: 1, item: None };
        offer(&mut steps, at - base + 1, reached.saturating_add(cost::unread(token.kind).into()), kept);
        if !matches!(token.kind, Kind::Space | Kind::Break) {
            rules.recognize(&View::new(text, tokens, at), &mut found);
        }
        for candidate in found.drain().filter(|candidate| candidate.tokens <= tokens.len() - at) {
            let total = reached.saturating_add(candidate.cost.into());
            let reading = Reading { tokens: candidate.tokens, item: Some(candidate.item) };
            offer(&mut steps, at - base + candidate.tokens, total, reading);
        }
    }
    trace_back(&mut steps, &mut way, &mut settle);
}

/// Keeps a step if none to the same border is as cheap.
fn offer(steps: &mut Vec<Option<Step>>, to: usize, cost: u64, reading: Reading) {
    if steps.len() <= to {
        steps.resize_with(to + 1, || None);
    }
    let best = &mut steps[to];
    if best.as_ref().is_none_or(|best| cost < best.cost) {
        *best = Some(Step { cost, reading });
    }
}

/// Hands on the readings that lead to the last border, which is then the first.
fn trace_back(steps: &mut Vec<Option<Step>>, way: &mut Vec<Reading>, settle: &mut impl FnMut(Reading)) {
    let mut at = steps.len() - 1;
    while at > 0 {
        let Some(step) = steps[at].take() else { break };
        at -= step.reading.tokens.min(at);
        way.push(step.reading);
    }
    way.drain(..).rev().for_each(settle);
    steps.truncate(1);
}
