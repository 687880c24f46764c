//! What begins with a sign or a Latin word.

use compact_str::CompactString;

use super::{ABBREVIATIONS, WEEKDAYS, names, numbers};
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::east_asian::amount::fraction;
use crate::normalize::east_asian::relation::is_subtraction;
use crate::normalize::east_asian::written::{self, HYPHENS};
use crate::normalize::item::{Amount, Item};
use crate::normalize::token::Kind;
use crate::normalize::view::View;

pub fn recognize(view: &View, found: &mut Candidates) {
    match view.text(0) {
        "+" | "＋" => {
            found.push(1, cost::SURE, words("プラス"));
            numbers::phone(view, found);
        }
        "√" if matches!(view.kind(1), Kind::Digits | Kind::Word(_)) => {
            found.push(1, cost::SURE, words("ルート"));
            fractions(view, found);
        }
        "(" | "（" => {
            weekday(view, found);
            numbers::phone(view, found);
        }
        "〜" | "～" => range(view, found),
        "№" if view.kind(view.after_space(1)) == Kind::Digits => found.push(1, cost::SURE, words("ナンバー")),
        sign if HYPHENS.contains(&sign) => hyphen(view, found),
        sign if written::vulgar(sign).is_some() => fractions(view, found),
        _ if view.kind(0) == Kind::Symbol => money(view, found),
        _ => {}
    }
}

/// Abbreviations, and codes of currencies before a number.
pub fn latin(view: &View, found: &mut Candidates) {
    if let Some((_, row, next)) = ABBREVIATIONS.longest(view, 0).filter(|_| written::begins_latin(view)) {
        let counts = row.get(1).is_some();
        if !counts || view.kind(view.after_space(next)) == Kind::Digits {
            found.push(next, cost::SURE, words(row.first().copied().unwrap_or_default()));
        }
    }
    money(view, found);
}

fn words(spoken: &str) -> Item {
    Item::Words(spoken.into())
}

fn money(view: &View, found: &mut Candidates) {
    if let Some((item, next)) = names().money(view) {
        found.push(next, cost::LIKELY, item);
    }
}

fn fractions(view: &View, found: &mut Candidates) {
    if let Some((fraction, next)) = fraction(view, 0) {
        let (item, end) = names().measured(view, Amount::Fraction(fraction), next);
        found.push(end, cost::SURE, item);
    }
}

/// A minus sign, or the hyphen in a name such as COVID-19, which is not heard.
fn hyphen(view: &View, found: &mut Candidates) {
    if is_subtraction(view) || written::after_minus(view, 0) == 1 {
        found.push(1, cost::SURE, words("マイナス"));
    } else if written::is_name_hyphen(view) {
        found.push(1, cost::SURE, Item::Mark(CompactString::default()));
    }
}

/// `(月)`, `（月・祝）` behind a date.
fn weekday(view: &View, found: &mut Candidates) {
    let dated = view.text_before(1) == "日"
        || (view.kind_before(1) == Kind::Digits && matches!(view.text_before(2), "/" | "-" | "."));
    let Some(day) = WEEKDAYS.first(view.text(1)).filter(|_| dated) else { return };
    let closes = |n: usize| view.is_one_of(n, &[")", "）"]);
    if closes(2) {
        found.push(3, cost::SURE, words(day));
    } else if view.is(2, "・") && view.is(3, "祝") && closes(4) {
        found.push(5, cost::SURE, words(&format!("{day}祝日")));
    }
}

/// The wave dash between two dates, times or numbers. The full-width tilde between numbers is left as it is.
fn range(view: &View, found: &mut Candidates) {
    const UNITS: [&str; 12] = ["年", "月", "日", "時", "分", "秒", "代", "紀", "頃", "円", ")", "）"];
    const BEGINNINGS: [&str; 13] = ["紀", "西", "同", "午", "正", "明", "大", "昭", "平", "令", "来", "翌", "今"];
    let counted = view.kind_before(1) == Kind::Digits && view.is(0, "〜");
    let begins = UNITS.contains(&view.text_before(1)) || counted;
    let goes_on = view.kind(1) == Kind::Digits || BEGINNINGS.contains(&view.text(1));
    if begins && goes_on {
        found.push(1, cost::SURE, words("から"));
    }
}
