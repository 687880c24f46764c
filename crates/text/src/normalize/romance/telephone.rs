//! Telephone numbers.

use compact_str::CompactString;

use super::super::candidate::{Candidates, cost};
use super::super::item::{Form, Integer, Item, Telephone};
use super::super::token::Kind;
use super::super::view::View;
use super::lexicon::Lexicon;

/// Groups of digits that a number may have, its country's among them.
const GROUPS: usize = 8;

/// `+1 (123) 123-5678`, `(11) 3333-4444`, `123-123-5678`, `555-1234`, `… ext. 12`
pub fn telephone(lexicon: &Lexicon, view: &View, found: &mut Candidates) {
    let international = view.is(0, "+") && view.kind(1) == Kind::Digits;
    let grouped = view.kind(0) == Kind::Digits && after_separator(view, 1).is_some();
    if !view.begins_word() || !(international || view.is(0, "(") || grouped) {
        return;
    }
    let country = if international { view.digits(1).map(CompactString::from) } else { None };
    let start = if international { after_separator(view, 2) } else { Some(0) };
    let Some((groups, next)) = start.and_then(|at| groups(view, at)) else { return };
    let signs = view.slice(0..next);
    let telephone = Telephone { country, groups, extension: None };
    if is_number(lexicon, &telephone, signs) && view.ends_word(next) {
        let (extension, next) = extension(lexicon, view, next);
        found.push(next, cost::SURE, Item::Telephone(Telephone { extension, ..telephone }));
    }
}

/// `0-800-FLORES`: read as numbers and a word.
pub fn named(view: &View, found: &mut Candidates) {
    let (Some(first), Some(second)) = (view.digits(0), view.digits(2)) else { return };
    let sound = first.len() == 1 && second.len() == 3 && view.is(1, "-") && view.is(3, "-") && view.kind(4).is_word();
    if sound && view.begins_word() {
        let number = |digits: &str| Item::Cardinal(Integer::new(digits), Form::default());
        let name = Item::Words(view.text(4).into());
        found.push(5, cost::SURE, Item::Sequence(vec![number(&first), number(&second), name]));
    }
}

/// Groups of digits from token `n` on, and the token after them.
fn groups(view: &View, n: usize) -> Option<(Vec<CompactString>, usize)> {
    let (mut groups, mut at, mut end) = (Vec::new(), n, n);
    while groups.len() < GROUPS {
        let bracket = view.is(at, "(");
        let Some(digits) = view.digits(at + usize::from(bracket)) else { break };
        if bracket && !view.is(at + 2, ")") {
            break;
        }
        groups.push(digits.into());
        end = if bracket { at + 3 } else { at + 1 };
        match after_separator(view, end) {
            Some(next) => at = next,
            None if bracket => at = end,
            None => break,
        }
    }
    (!groups.is_empty()).then_some((groups, end))
}

/// The token after what may stand between groups.
fn after_separator(view: &View, n: usize) -> Option<usize> {
    (view.is(n, "-") || (view.kind(n) == Kind::Space && view.text(n).chars().count() == 1)).then_some(n + 1)
}

/// Whether groups look like a telephone number and like nothing else: a country, an area in brackets, a zero before all,
/// or hyphens between groups of the usual lengths.
fn is_number(lexicon: &Lexicon, telephone: &Telephone, signs: &str) -> bool {
    let digits: usize = telephone.groups.iter().map(CompactString::len).sum();
    let lengths: Vec<usize> = telephone.groups.iter().map(CompactString::len).collect();
    let sound = telephone.groups.len() < GROUPS && (6..=13).contains(&digits);
    let area = signs.starts_with('(') && telephone.groups.len() > 1;
    let (hyphens, spaces) = (signs.matches('-').count(), signs.matches(char::is_whitespace).count());
    let usual = hyphens > 0 && spaces < 2 && lexicon.words.telephones.contains(&lengths.as_slice());
    let trunk = telephone.groups.len() > 1 && digits > 7 && signs.starts_with('0');
    sound && (telephone.country.is_some() || area || usual || trunk)
}

/// The extension that follows token `n`, and the token after all.
fn extension(lexicon: &Lexicon, view: &View, n: usize) -> (Option<CompactString>, usize) {
    let at = view.after_space(n);
    let mark = ["ext.", "ext", "ramal", "int."].iter().find_map(|mark| view.matches(at, mark));
    let digits_at = mark.map(|next| view.after_space(next)).filter(|_| !lexicon.words.extension.is_empty());
    match digits_at.and_then(|at| Some((view.digits(at)?.into(), at + 1))) {
        Some((digits, next)) => (Some(digits), next),
        None => (None, n),
    }
}
