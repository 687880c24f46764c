//! Telephone numbers.

use compact_str::CompactString;

use crate::normalize::item::Telephone;
use crate::normalize::token::Kind;
use crate::normalize::view::View;

/// Longest number that networks take, with its country.
const MOST_DIGITS: usize = 15;

/// Shortest number that is written in one group.
const LEAST_DIGITS_IN_ONE: usize = 10;

/// Writes a number: `abroad` stands before its country, `pause` between its groups.
pub fn spell(number: &Telephone, abroad: &str, pause: &str, dial: impl Fn(&str, &mut String), out: &mut String) {
    if let Some(country) = &number.country {
        out.push_str(abroad);
        dial(country, out);
        out.push_str(pause);
    }
    for (index, group) in number.groups.iter().enumerate() {
        out.push_str(if index > 0 { pause } else { "" });
        dial(group, out);
    }
}

/// Reads groups of digits with hyphens, dots, single spaces or brackets between them, `+` and a country before them,
/// from token `n` on, and the token after them. Spaces part groups only behind a country, and once a bracket closed.
///
/// Whether it is a telephone number the language must tell; none if there are too many digits.
pub fn groups(view: &View, n: usize) -> Option<(Telephone, usize)> {
    let abroad = view.is_one_of(n, &["+", "＋"]);
    let short = view.kind(n) == Kind::Digits && view.text(n).len() < LEAST_DIGITS_IN_ONE;
    if short && between(view, n + 1, false).is_none() {
        return None;
    }
    let mut next = if abroad { n + 1 } else { n };
    let mut number = Telephone::default();
    while let Some((digits, after)) = group(view, next) {
        match number.country {
            None if abroad => number.country = Some(digits),
            _ => number.groups.push(digits),
        }
        next = after;
        match between(view, next, abroad) {
            Some(at) => next = at,
            None => break,
        }
    }
    let digits = number.groups.iter().chain(&number.country).map(CompactString::len).sum::<usize>();
    (!number.groups.is_empty() && digits <= MOST_DIGITS).then_some((number, next))
}

/// Digits, in brackets or not, and the token after them.
fn group(view: &View, n: usize) -> Option<(CompactString, usize)> {
    if !view.is_one_of(n, &["(", "（"]) {
        return Some((view.digits(n)?.into(), n + 1));
    }
    let closed = view.is_one_of(n + 2, &[")", "）"]);
    closed.then_some((view.digits(n + 1)?.into(), n + 3))
}

/// The token that the next group begins with, if one follows what ends before token `n`.
fn between(view: &View, n: usize, abroad: bool) -> Option<usize> {
    let closed = matches!(view.text(n - 1), ")" | "）");
    let opens = |n: usize| view.is_one_of(n, &["(", "（"]) && view.kind(n + 1) == Kind::Digits;
    let at = match view.text(n) {
        "-" | "." | "－" | "‐" | "–" | "\u{2011}" => n + 1,
        " " if abroad || closed => n + 1,
        "(" | "（" => n,
        _ if closed => n,
        _ => return None,
    };
    (view.kind(at) == Kind::Digits || opens(at)).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::token::tokenize;

    fn read(text: &str) -> Option<(Option<String>, String, usize)> {
        let tokens = tokenize(text);
        let (number, next) = groups(&View::new(text, &tokens, 0), 0)?;
        Some((number.country.map(String::from), number.groups.join(" "), next))
    }

    #[test]
    fn groups_end_where_the_number_does() {
        for (text, country, expected, next) in [
            ("03-1234-5678に", None, "03 1234 5678", 5),
            ("03(1234)5678", None, "03 1234 5678", 5),
            ("(010) 12345678。", None, "010 12345678", 5),
            ("+86 10 12345678", Some("86"), "10 12345678", 6),
            ("+1 (123)-123-5678 9", Some("1"), "123 123 5678 9", 12),
        ] {
            assert_eq!(read(text), Some((country.map(String::from), expected.into(), next)), "{text}");
        }
        assert_eq!(read("1234-5678-9012-3456"), None);
        assert_eq!(read("(a)"), None);
        assert_eq!(read("5 6"), None);
    }
}
