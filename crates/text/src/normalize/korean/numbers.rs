//! Numbers by themselves, and how they stand to each other.

use compact_str::CompactString;

use super::amounts::counted;
use super::{COUNTERS, ends_word, particle};
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::east_asian::amount::plain;
use crate::normalize::east_asian::relation::{Pair, Sign, begins_with, heard_before, in_formula};
use crate::normalize::east_asian::{telephone, written};
use crate::normalize::item::{Form, Integer, Item, Part, Range, Relation, Telephone};
use crate::normalize::token::Kind;
use crate::normalize::view::View;

pub fn recognize(view: &View, found: &mut Candidates) {
    last_digits(view, found);
    postal_code(view, found);
    phone(view, found);
    if written::goes_on(view) {
        pair(view, found);
        chain(view, found);
        card(view, found);
    }
}

/// `3-2`, `4:3`, `10-15`
fn pair(view: &View, found: &mut Candidates) {
    let Some(pair) = Pair::read(view, 0).filter(|_| written::begins_latin(view)) else { return };
    let next = pair.to.next;
    if in_formula(view, next) {
        return;
    }
    let contest = is_contest(view, next);
    let (relation, cost) = match pair.sign {
        Sign::Colon if contest => (Relation::Ratio, cost::SURE),
        Sign::Colon => (Relation::Ratio, cost::UNLIKELY),
        Sign::Hyphen if contest => (Relation::Score, cost::LIKELY),
        Sign::Hyphen => (Relation::To, cost::LIKELY),
    };
    if relation == Relation::To
        && let Some((range, end)) = counted_range(view, &pair)
    {
        return found.push(end, cost::SURE, range);
    }
    let (from, to) = pair.amounts();
    let (to, end) = match relation {
        Relation::To => super::names().measured(view, to, next),
        _ => (plain(to), next),
    };
    let item = Item::Range(Box::new(Range { from: plain(from), to, relation }));
    let (item, end) = if end > next { particle::tied(view, item, end) } else { (item, end) };
    found.push(end, cost, item);
}

/// `3-4개`, `3 - 4일` in a word of its own, and the token after it.
fn counted_range(view: &View, pair: &Pair) -> Option<(Item, usize)> {
    const UNITS: [&str; 4] = ["년", "일", "분", "초"];
    let next = pair.to.next;
    let (from, to) = (Integer::new(pair.from.integer.clone()), Integer::new(pair.to.integer.clone()));
    let counter = COUNTERS.longest(view, next).map(|(counter, ..)| counter);
    let small = to.value().is_some_and(|value| value < 100);
    let (from, to, end) = match counter.filter(|_| small) {
        Some(counter) => (counted(from, counter), counted(to, counter), fills_word(view, next, counter)?),
        None => {
            let unit = UNITS.into_iter().find(|unit| view.is(next, unit))?;
            let to = vec![Item::Cardinal(to, Form::default()), Item::Mark(unit.into())];
            (Item::Cardinal(from, Form::default()), Item::Sequence(to), fills_word(view, next, unit)?)
        }
    };
    let whole = pair.from.fraction.is_empty() && pair.to.fraction.is_empty();
    whole.then(|| (Item::Range(Box::new(Range { from, to, relation: Relation::To })), end))
}

/// Whether the text around speaks of results or proportions.
fn is_contest(view: &View, next: usize) -> bool {
    const BEFORE: [&str; 5] = ["경기", "비율", "점수", "스코어", "시합"];
    const AFTER: [&str; 6] = ["로 이", "로 졌", "로 끝", "로 승", "로 패", "로 비"];
    begins_with(view, next, &AFTER) || heard_before(view, &BEFORE)
}

/// `192.168.0.1`
fn chain(view: &View, found: &mut Candidates) {
    let Some((numbers, next)) = written::chain(view, 0, ".") else { return };
    let mut parts = Vec::with_capacity(2 * numbers.len());
    for number in numbers {
        if !parts.is_empty() {
            parts.push(Part::Sign("점".into()));
        }
        parts.push(Part::Digits(number));
    }
    found.push(next, cost::POSSIBLE, Item::Serial(parts));
}

/// `1234-5678-9012-3456`
fn card(view: &View, found: &mut Candidates) {
    let Some((groups, next)) = written::chain(view, 0, "-") else { return };
    if groups.len() == 4 && groups.iter().all(|group| group.len() == 4) {
        let mut items = vec![Item::Words("신용카드".into())];
        items.extend(groups.into_iter().map(Item::Digits));
        found.push(next, cost::SURE, Item::Sequence(items));
    }
}

/// The last digits of a card, told by the word before.
fn last_digits(view: &View, found: &mut Candidates) {
    let told = view.text_before(1) == " " && view.text_before(2) == "리" && view.text_before(3) == "자";
    if let Some(digits) = view.digits(0).filter(|_| told && heard_before(view, &["끝자리", "마지막", "카드"])) {
        found.push(1, cost::SURE, Item::Digits(digits.into()));
    }
}

/// `우편번호 06236`
fn postal_code(view: &View, found: &mut Candidates) {
    if let Some(digits) = view.digits(0).filter(|digits| digits.len() == 5 && heard_before(view, &["우편번호"])) {
        found.push(1, cost::SURE, Item::Digits(digits.into()));
    }
}

/// A telephone number at token 0.
pub fn phone(view: &View, found: &mut Candidates) {
    if let Some((number, next)) = telephone::groups(view, 0) {
        if is_phone(&number) {
            found.push(next, cost::SURE, Item::Telephone(number));
        } else if let Some(number) = mobile(&number) {
            found.push(next, cost::SURE, Item::Telephone(number));
        }
    }
}

/// Three groups, the last of four digits; two groups of four are a service.
fn is_phone(number: &Telephone) -> bool {
    let lengths: Vec<usize> = number.groups.iter().map(CompactString::len).collect();
    let service = |first: &str| ["15", "16", "18"].iter().any(|start| first.starts_with(start));
    match lengths.as_slice() {
        [2..=4, 3 | 4, 4] => true,
        [4, 4] => number.groups.first().is_some_and(|first| service(first)),
        [_, ..] => number.country.is_some() && lengths.iter().sum::<usize>() >= 7,
        [] => false,
    }
}

/// Ten or eleven digits in one that begin with zero, in their groups.
fn mobile(number: &Telephone) -> Option<Telephone> {
    let [digits] = number.groups.as_slice() else { return None };
    if !digits.starts_with('0') || !(10..=11).contains(&digits.len()) {
        return None;
    }
    let (network, rest) = digits.split_at(3);
    let (middle, last) = rest.split_at(rest.len() - 4);
    let groups = [network, middle, last].map(CompactString::from).to_vec();
    Some(Telephone { groups, ..Telephone::default() })
}

/// Whether what begins at token 0 begins a word of the sentence, or is the second of `5~6`.
pub fn begins_count(view: &View) -> bool {
    let joined = view.text_before(1) == "~" && view.digits(0).is_some() && view.kind_before(2) == Kind::Digits;
    view.kind_before(1).is_gap() || joined
}

/// Whether a counter at token `n` ends its word, and the token after it.
pub fn fills_word(view: &View, n: usize, counter: &str) -> Option<usize> {
    view.matches(n, counter).filter(|next| ends_word(view, *next))
}
