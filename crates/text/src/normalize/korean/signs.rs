//! What begins with a sign.

use super::{ENDINGS, WEEKDAYS, amounts, closes, numbers};
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::east_asian::relation::is_subtraction;
use crate::normalize::east_asian::written;
use crate::normalize::item::Item;
use crate::normalize::token::{Kind, Script};
use crate::normalize::view::View;

pub fn recognize(view: &View, found: &mut Candidates) {
    match view.text(0) {
        "+" => {
            numbers::phone(view, found);
            if view.kind_before(1) == Kind::Digits && view.kind(1) == Kind::Digits {
                found.push(1, cost::SURE, words("더하기"));
            }
        }
        "-" => hyphen(view, found),
        "(" => {
            weekday(view, found);
            numbers::phone(view, found);
        }
        "〜" => range(view, found),
        "." => file_name(view, found),
        "√" => amounts::fractions(view, found),
        sign if written::vulgar(sign).is_some() => amounts::fractions(view, found),
        _ if view.kind(0) == Kind::Symbol => amounts::money(view, found),
        _ => {}
    }
}

fn words(spoken: &str) -> Item {
    Item::Words(spoken.into())
}

fn hyphen(view: &View, found: &mut Candidates) {
    if is_subtraction(view) {
        found.push(1, cost::SURE, words("빼기"));
    } else if written::after_minus(view, 0) == 1 {
        found.push(1, cost::SURE, words("마이너스"));
    }
}

/// `(월)`, `(월〜금)` behind a date, if no particle follows.
fn weekday(view: &View, found: &mut Candidates) {
    let closes = |n: usize| view.is(n, ")") && view.kind(n + 1) != Kind::Word(Script::Hangul);
    let Some(first) = WEEKDAYS.first(view.text(1)).filter(|_| view.text_before(1) == "일") else { return };
    if closes(2) {
        found.push(3, cost::SURE, words(first));
    } else if let Some(last) = WEEKDAYS.first(view.text(3)).filter(|_| view.is(2, "〜") && closes(4)) {
        found.push(5, cost::SURE, words(&format!("{first}부터{last}")));
    }
}

/// The wave dash between dates or numbers.
fn range(view: &View, found: &mut Candidates) {
    let counted = view.kind_before(1) == Kind::Digits;
    let dated = matches!(view.text_before(1), "년" | "월" | "일" | "시" | "분" | ")");
    if (counted || dated) && view.kind(1) == Kind::Digits {
        found.push(1, cost::SURE, words("부터"));
    }
}

/// The ending of a file's name that ends a word.
fn file_name(view: &View, found: &mut Candidates) {
    let named = view.kind_before(1).is_word();
    let Some(row) = ENDINGS.get(view.text(1)).filter(|row| named && row.get(1).is_some() && closes(view, 2)) else {
        return;
    };
    found.push(2, cost::SURE, words(&format!("닷 {}", row.first().copied().unwrap_or_default())));
}
