//! What begins with a sign or a Latin word.

use compact_str::CompactString;

use super::{ACRONYMS, names, numbers};
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::east_asian::amount::fraction;
use crate::normalize::east_asian::relation::is_subtraction;
use crate::normalize::east_asian::written::{self, HYPHENS};
use crate::normalize::item::Item;
use crate::normalize::token::Kind;
use crate::normalize::view::View;

pub fn recognize(view: &View, found: &mut Candidates) {
    match view.text(0) {
        "+" | "＋" | "(" | "（" => numbers::phone(view, found),
        "√" if view.kind(1) == Kind::Digits => {
            found.push(1, cost::SURE, words("根号"));
            fractions(view, found);
        }
        sign if HYPHENS.contains(&sign) => hyphen(view, found),
        sign if written::vulgar(sign).is_some() => fractions(view, found),
        _ if view.kind(0) == Kind::Symbol => money(view, found),
        _ => {}
    }
}

/// Acronyms in capitals, and codes of currencies before a number.
pub fn latin(view: &View, found: &mut Candidates) {
    let word = view.text(0);
    let small = word.bytes().any(|byte| byte.is_ascii_lowercase());
    // The longest key of the table has five letters.
    let whole = written::begins_latin(view) && written::ends_latin(view, 1);
    let acronym = Some(word).filter(|word| small && whole && word.len() <= 5);
    if let Some(acronym) = acronym.and_then(|word| ACRONYMS.first(&word.to_ascii_lowercase())) {
        found.push(1, cost::SURE, words(acronym));
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
        numbers::push_fraction(view, fraction, next, found);
    }
}

/// A minus sign, or the hyphen in a name such as COVID-19, which is not heard.
fn hyphen(view: &View, found: &mut Candidates) {
    if is_subtraction(view) {
        found.push(1, cost::SURE, words("减"));
    } else if written::after_minus(view, 0) == 1 {
        found.push(1, cost::SURE, words("负"));
    } else if written::is_name_hyphen(view) {
        found.push(1, cost::SURE, Item::Mark(CompactString::default()));
    }
}
