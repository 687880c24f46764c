//! What else begins with a digit.

use super::names;
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::east_asian::amount::{fraction, plain};
use crate::normalize::east_asian::relation::{Pair, Sign, begins_with, heard_before, in_formula};
use crate::normalize::east_asian::{telephone, written};
use crate::normalize::item::{Amount, Fraction, Item, Part, Range, Relation, Telephone, Year};
use crate::normalize::number::Written;
use crate::normalize::token::Kind;
use crate::normalize::view::View;

pub fn recognize(view: &View, found: &mut Candidates) {
    amount(view, found);
    two(view, found);
    code(view, found);
    phone(view, found);
    if written::goes_on(view) {
        fractions(view, found);
        pair(view, found);
        chain(view, found);
    }
}

/// A number and what it is of.
fn amount(view: &View, found: &mut Candidates) {
    let Some(written) = written::number(view, 0) else { return };
    let amount = written::amount_before(view, &written, &["月", "日", "号", "號", "点", "點", "时", "時", "分", "秒"]);
    let (item, end) = names().measured(view, amount, written.next);
    found.push(end, cost::LIKELY, item);
}

/// Two of something is 两, as is two o'clock; the second is 二.
fn two(view: &View, found: &mut Candidates) {
    let counts = view.is_one_of(1, &["个", "個", "点", "點", "千", "万", "萬", "亿", "億"]);
    let is_two = view.digits(0).is_some_and(|digits| digits == "2");
    let ends_number = matches!(view.text_before(1), "." | "．" | "," | "第") || !written::begins_latin(view);
    if is_two && counts && !ends_number {
        found.push(1, cost::SURE, Item::Words("两".into()));
    }
}

/// `邮编100001`
fn code(view: &View, found: &mut Candidates) {
    const WORDS: [&str; 3] = ["邮编", "邮政编码", "郵遞區號"];
    if let Some(digits) = view.digits(0).filter(|digits| digits.len() == 6 && heard_before(view, &WORDS)) {
        found.push(1, cost::SURE, Item::Digits(digits.into()));
    }
}

/// `1/2`, `2½`, `2 3/4`
fn fractions(view: &View, found: &mut Candidates) {
    if let Some((fraction, next)) = fraction(view, 0) {
        push_fraction(view, fraction, next, found);
    }
    if let (Some(whole), true, Some((part, next))) = (view.digits(0), view.is(1, " "), fraction(view, 2)) {
        push_fraction(view, Fraction { whole: Some(whole.into()), ..part }, next, found);
    }
}

pub fn push_fraction(view: &View, fraction: Fraction, next: usize, found: &mut Candidates) {
    let (item, end) = names().measured(view, Amount::Fraction(fraction), next);
    found.push(end, cost::LIKELY, item);
}

/// `3-2`, `16:9`, `10-15`
fn pair(view: &View, found: &mut Candidates) {
    // Sums of money keep their hyphen, as in the reference.
    const MONEY: [&str; 7] = ["元", "块", "塊", "美元", "欧元", "英镑", "日元"];
    let Some(pair) = Pair::read(view, 0).filter(|_| written::begins_latin(view)) else { return };
    let next = pair.to.next;
    let contest = is_contest(view, next);
    if let Some(range) = years(view, &pair) {
        return found.push(next + 1, cost::SURE, range);
    }
    if in_formula(view, next) || (!contest && pair.sign == Sign::Hyphen && begins_with(view, next, &MONEY)) {
        return;
    }
    let (from, to) = pair.amounts();
    let (relation, cost) = match pair.sign {
        Sign::Colon if contest => (Relation::Ratio, cost::SURE),
        Sign::Colon => (Relation::Ratio, cost::UNLIKELY),
        Sign::Hyphen if contest => (Relation::Score, cost::LIKELY),
        Sign::Hyphen => (Relation::To, cost::LIKELY),
    };
    let (from, (to, end)) = match relation {
        Relation::To => (
            counted(view, from, next).0,
            match counted(view, to.clone(), next) {
                (item, true) => (item, next),
                _ => names().measured(view, to, next),
            },
        ),
        _ => (plain(from), (plain(to), next)),
    };
    found.push(end, cost, Item::Range(Box::new(Range { from, to, relation })));
}

/// `1939-1945年`
fn years(view: &View, pair: &Pair) -> Option<Item> {
    let four = |number: &Written| number.integer.len() == 4 && number.fraction.is_empty() && !number.grouped;
    let fits = pair.sign == Sign::Hyphen && four(&pair.from) && four(&pair.to) && view.is(pair.to.next, "年");
    let to = Item::Year(Year { digits: pair.to.integer.clone(), era: None });
    let range = Range { from: Item::Digits(pair.from.integer.clone()), to, relation: Relation::To };
    fits.then(|| Item::Range(Box::new(range)))
}

/// A number before what is counted at token `next`, and whether it has another name there: two is 两.
fn counted(view: &View, amount: Amount, next: usize) -> (Item, bool) {
    const COUNTERS: [&str; 18] =
        ["个", "個", "岁", "歲", "天", "次", "周", "本", "杯", "件", "只", "张", "场", "位", "条", "小", "人", "倍"];
    let is_two = matches!(&amount, Amount::Integer(number) if number.digits == "2");
    if is_two && COUNTERS.contains(&view.text(next)) {
        return (Item::Words("两".into()), true);
    }
    (plain(amount), false)
}

/// Whether the text around speaks of results or proportions.
fn is_contest(view: &View, next: usize) -> bool {
    const BEFORE: [&str; 6] = ["比赛", "比賽", "比分", "比例", "比率", "比值"];
    const AFTER: [&str; 14] =
        ["结束", "結束", "获胜", "獲勝", "战胜", "取胜", "击败", "领先", "落后", "险胜", "大胜", "战平", "的比", "胜"];
    view.text_before(1) == "以" || begins_with(view, next, &AFTER) || heard_before(view, &BEFORE)
}

/// `192.168.0.1`
fn chain(view: &View, found: &mut Candidates) {
    let Some((numbers, next)) = written::chain(view, 0, ".") else { return };
    let mut parts = Vec::with_capacity(2 * numbers.len());
    for number in numbers {
        if !parts.is_empty() {
            parts.push(Part::Sign("点".into()));
        }
        parts.push(Part::Digits(number));
    }
    found.push(next, cost::POSSIBLE, Item::Serial(parts));
}

/// A telephone number at token 0.
pub fn phone(view: &View, found: &mut Candidates) {
    let Some((number, next)) = telephone::groups(view, 0) else { return };
    let counts = view.is_one_of(next, &["元", "个", "個", "人", "万", "亿", "美", "."]) && view.kind(1) != Kind::Mark;
    if is_phone(&number) && !counts {
        found.push(next, cost::SURE, Item::Telephone(number));
    }
}

/// Numbers of a place begin with zero, those of mobile networks with 13 to 19, those of services with 400 or 800.
fn is_phone(number: &Telephone) -> bool {
    let digits = number.groups.concat();
    let mobile = digits.len() == 11 && digits.starts_with('1') && matches!(digits.as_bytes()[1], b'3'..=b'9');
    let local = digits.starts_with('0') && (10..=12).contains(&digits.len());
    let service = digits.len() == 10 && number.groups.len() > 1 && matches!(&digits[..3], "400" | "800");
    number.country.is_some() && digits.len() >= 7 || mobile || local || service
}
