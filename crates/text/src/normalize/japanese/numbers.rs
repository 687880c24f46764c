//! What begins with a digit.

use compact_str::CompactString;

use super::names;
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::east_asian::amount::{fraction, plain};
use crate::normalize::east_asian::relation::{Pair, Sign, begins_with, heard_before, in_formula};
use crate::normalize::east_asian::{telephone, written};
use crate::normalize::item::{Amount, Date, DateOrder, Fraction, Item, Part, Range, Relation, Telephone, Time};
use crate::normalize::shapes::{self, Triple};
use crate::normalize::view::View;

pub fn recognize(view: &View, found: &mut Candidates) {
    amount(view, found);
    phone(view, found);
    if written::goes_on(view) {
        fractions(view, found);
        date(view, found);
        clock(view, found);
        pair(view, found);
        chain(view, found);
    }
}

/// A number and what it is of.
fn amount(view: &View, found: &mut Candidates) {
    let Some(written) = written::number(view, 0) else { return };
    let amount = written::amount_before(view, &written, &["月", "日", "時", "分", "秒"]);
    let (item, end) = names().measured(view, amount, written.next);
    found.push(end, cost::LIKELY, item);
}

/// `1/2`, `2½`, `2 3/4`
fn fractions(view: &View, found: &mut Candidates) {
    let mut push = |fraction: Fraction, next: usize| {
        let (item, end) = names().measured(view, Amount::Fraction(fraction), next);
        found.push(end, cost::LIKELY, item);
    };
    if let Some((fraction, next)) = fraction(view, 0) {
        push(fraction, next);
    }
    if let (Some(whole), true, Some((part, next))) = (view.digits(0), view.is(1, " "), fraction(view, 2)) {
        push(Fraction { whole: Some(whole.into()), ..part }, next);
    }
}

fn date(view: &View, found: &mut Candidates) {
    let triple = ["/", "-", ".", "／", "－", "．"].into_iter().find_map(|sign| Triple::read(view, 0, sign));
    let Some(triple) = triple else { return };
    let calendar = triple.year_first().or_else(|| triple.month_first()).or_else(|| triple.day_first());
    let Some((day, month, year)) = calendar.filter(|(.., year)| year.len() == 4) else { return };
    let date =
        Date { day: Some(day), month: Some(month), year: Some(year), order: DateOrder::YearFirst, ..Date::default() };
    found.push(triple.next, cost::SURE, Item::Date(date));
}

fn clock(view: &View, found: &mut Candidates) {
    let Some(clock) = shapes::clock(view, 0, &[":", "："]) else { return };
    let minute = Some(clock.minute);
    let time = Time { hour: clock.hour, minute, second: clock.second, ..Time::default() };
    found.push(clock.next, cost::LIKELY, Item::Time(time));
}

/// `3-2`, `16:9`, `10-15`
fn pair(view: &View, found: &mut Candidates) {
    let Some(pair) = Pair::read(view, 0).filter(|_| written::begins_latin(view)) else { return };
    if in_formula(view, pair.to.next) {
        return;
    }
    let contest = is_contest(view, pair.to.next);
    let (relation, cost) = match pair.sign {
        Sign::Colon if contest => (Relation::Ratio, cost::SURE),
        Sign::Colon => (Relation::Ratio, cost::UNLIKELY),
        Sign::Hyphen if contest => (Relation::Score, cost::LIKELY),
        Sign::Hyphen => (Relation::To, cost::LIKELY),
    };
    // "100-0001" is a code.
    if relation == Relation::To && pair.to.integer.len() > 1 && pair.to.integer.starts_with('0') {
        let parts = [Item::Digits(pair.from.integer), Item::Words("の".into()), Item::Digits(pair.to.integer)];
        return found.push(pair.to.next, cost, Item::Sequence(parts.into()));
    }
    let (from, to) = pair.amounts();
    let (to, end) = match relation {
        Relation::To => names().measured(view, to, pair.to.next),
        _ => (plain(to), pair.to.next),
    };
    found.push(end, cost, Item::Range(Box::new(Range { from: plain(from), to, relation })));
}

/// Whether the text around speaks of results or proportions.
fn is_contest(view: &View, next: usize) -> bool {
    const BEFORE: [&str; 9] = ["試合", "比", "スコア", "得点", "セット", "縮尺", "画面", "決勝", "対戦"];
    const AFTER: [&str; 10] = ["で勝", "で負", "で敗", "で終", "で引", "で破", "の勝", "の比", "の割合", "の画面"];
    begins_with(view, next, &AFTER) || heard_before(view, &BEFORE)
}

/// `192.168.0.1`; `1-2-3`, the block and number of a house.
fn chain(view: &View, found: &mut Candidates) {
    for (sign, spoken) in [(".", "点"), ("-", "の"), ("－", "の"), ("−", "の")] {
        let Some((numbers, next)) = written::chain(view, 0, sign) else { continue };
        let mut parts = Vec::with_capacity(2 * numbers.len());
        for number in numbers {
            if !parts.is_empty() {
                parts.push(Part::Sign(spoken.into()));
            }
            parts.push(Part::Digits(number));
        }
        found.push(next, cost::POSSIBLE, Item::Serial(parts));
    }
}

/// A telephone number at token 0.
pub fn phone(view: &View, found: &mut Candidates) {
    if let Some((number, next)) = telephone::groups(view, 0).filter(|(number, _)| is_phone(number)) {
        found.push(next, cost::SURE, Item::Telephone(number));
    }
}

/// Numbers within Japan begin with zero and have ten digits, eleven in mobile networks.
fn is_phone(number: &Telephone) -> bool {
    let digits: usize = number.groups.iter().map(CompactString::len).sum();
    let domestic = number.groups.first().is_some_and(|first| first.starts_with('0'));
    number.country.is_some() && digits >= 7 || domestic && (10..=11).contains(&digits)
}
