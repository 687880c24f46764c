//! Numbers as they are written, in ASCII and full-width digits, with signs before and magnitudes behind them.

use compact_str::CompactString;

use crate::normalize::item::{Amount, Decimal, Integer};
use crate::normalize::number::{self, Separators, Written};
use crate::normalize::token::{Kind, Script};
use crate::normalize::view::View;

const ASCII: Separators = Separators { groups: &[","], decimals: &["."] };
/// A full-width comma between ASCII digits is one of a list.
const FULL_WIDTH: Separators = Separators { groups: &["，", ","], decimals: &["．", "."] };

/// Minus signs and hyphens that stand for one.
pub const HYPHENS: [&str; 5] = ["-", "−", "－", "‐", "\u{2011}"];

/// Names of powers of ten thousand, in any of the scripts, and their powers of ten.
const MAGNITUDES: [(&str, usize); 9] =
    [("万", 4), ("萬", 4), ("만", 4), ("億", 8), ("亿", 8), ("억", 8), ("兆", 12), ("조", 12), ("京", 16)];

/// Reads the number at token `n`: grouped or not, with decimals or without.
pub fn number(view: &View, n: usize) -> Option<Written> {
    view.digits(n)?;
    let separators = if view.text(n).is_ascii() { &ASCII } else { &FULL_WIDTH };
    number::number(view, n, separators)
}

/// An amount that magnitudes may follow, and the token after it: `3億5000万`, `1.5万`.
pub struct Quantity {
    /// How much.
    pub amount: Amount,
    /// The token after it.
    pub next: usize,
}

/// Reads a number at token `n` with the magnitudes behind it.
pub fn quantity(view: &View, n: usize) -> Option<Quantity> {
    Some(with_magnitudes(view, number(view, n)?))
}

/// A number with the magnitudes behind it.
pub fn with_magnitudes(view: &View, written: Written) -> Quantity {
    let Some(power) = magnitude(view, written.next) else {
        return Quantity { amount: written.amount(false), next: written.next };
    };
    if !written.fraction.is_empty() {
        let next = magnitudes_end(view, written.next);
        let magnitude = Some(view.slice(written.next..next).into());
        let decimal = Decimal { negative: false, integer: written.integer, fraction: written.fraction, magnitude };
        return Quantity { amount: Amount::Decimal(decimal), next };
    }
    let (digits, next) = summed(view, written, power);
    Quantity { amount: Amount::Integer(Integer::new(digits)), next }
}

/// The power of ten that token `n` names.
pub fn magnitude(view: &View, n: usize) -> Option<usize> {
    MAGNITUDES.iter().find(|(name, _)| view.is(n, name)).map(|(_, power)| *power)
}

fn magnitudes_end(view: &View, n: usize) -> usize {
    (n..n + 3).find(|at| magnitude(view, *at).is_none()).unwrap_or(n + 3)
}

/// The digits of `3億5000万` from its first number and magnitude on, and the token after it.
fn summed(view: &View, first: Written, power: usize) -> (CompactString, usize) {
    let mut digits = first.integer + &"0".repeat(power);
    let (mut room, mut next) = (power, first.next + 1);
    while let Some(part) = number(view, next).filter(|part| part.fraction.is_empty()) {
        let power = magnitude(view, part.next);
        let value = part.integer + &"0".repeat(power.unwrap_or_default());
        if value.len() > room {
            break;
        }
        digits.replace_range(digits.len() - value.len().., &value);
        next = part.next + usize::from(power.is_some());
        match power {
            Some(power) => room = power,
            None => break,
        }
    }
    (digits, next)
}

/// Digits without the zeros that fill them up: `08`.
pub fn unpadded(digits: &str) -> CompactString {
    let rest = digits.trim_start_matches('0');
    if rest.is_empty() { "0".into() } else { rest.into() }
}

/// An amount at token 0 as it is read before one of the units of calendars and clocks, which fill up with zeros.
pub fn amount_before(view: &View, written: &Written, units: &[&str]) -> Amount {
    match written.amount(false) {
        Amount::Integer(number) if view.is_one_of(written.next, units) => {
            Amount::Integer(Integer::new(unpadded(&number.digits)))
        }
        amount => amount,
    }
}

/// The token after a minus sign at token `n`, `n` itself if there is none.
///
/// It stands before a digit, a currency sign or a root, and not behind a digit or a Latin letter.
pub fn after_minus(view: &View, n: usize) -> usize {
    let before = if n == 0 { view.kind_before(1) } else { view.kind(n - 1) };
    let joins = matches!(before, Kind::Digits | Kind::Word(Script::Latin));
    let follows = matches!(view.kind(n + 1), Kind::Digits | Kind::Symbol) && !HYPHENS.contains(&view.text(n + 1));
    if !joins && follows && HYPHENS.contains(&view.text(n)) { n + 1 } else { n }
}

/// Whether token 0 is the hyphen before the number in a name such as COVID-19, and not in one such as R2-D2.
pub fn is_name_hyphen(view: &View) -> bool {
    view.kind_before(1) == Kind::Word(Script::Latin)
        && view.kind(1) == Kind::Digits
        && view.kind_before(2) != Kind::Digits
}

/// Whether a Latin word or a number ends before token `n`; the scripts of the East may follow at once.
pub fn ends_latin(view: &View, n: usize) -> bool {
    !matches!(view.kind(n), Kind::Word(Script::Latin) | Kind::Digits)
}

/// Whether no Latin word or number stands right before.
pub fn begins_latin(view: &View) -> bool {
    !matches!(view.kind_before(1), Kind::Word(Script::Latin) | Kind::Digits)
}

/// Above and below the line of a fraction that is one character.
pub fn vulgar(text: &str) -> Option<(&'static str, &'static str)> {
    Some(match text {
        "½" => ("1", "2"),
        "⅓" => ("1", "3"),
        "⅔" => ("2", "3"),
        "¼" => ("1", "4"),
        "¾" => ("3", "4"),
        "⅕" => ("1", "5"),
        "⅖" => ("2", "5"),
        "⅗" => ("3", "5"),
        "⅘" => ("4", "5"),
        "⅙" => ("1", "6"),
        "⅛" => ("1", "8"),
        "⅜" => ("3", "8"),
        "⅝" => ("5", "8"),
        "⅞" => ("7", "8"),
        _ => return None,
    })
}

/// Whether the digits at token 0 may be a part of something longer: a sign or space is behind them, and not a word, as
/// behind most numbers.
pub fn goes_on(view: &View) -> bool {
    matches!(view.kind(1), Kind::Mark | Kind::Symbol | Kind::Space)
}

/// Two whole numbers with a slash between them, and no third: above, below, the token after.
pub fn slashed(view: &View, n: usize) -> Option<(CompactString, CompactString, usize)> {
    let apart = view.is_one_of(n + 1, &["/", "／", "⁄"]) && !view.is_one_of(n + 3, &["/", "／"]);
    let before = if n == 0 { view.text_before(1) } else { view.text(n - 1) };
    if !apart || before == "/" {
        return None;
    }
    Some((view.digits(n)?.into(), view.digits(n + 2)?.into(), n + 3))
}

/// Three or more numbers with the same sign between them, as in a version or an address, and the token after them.
pub fn chain(view: &View, n: usize, sign: &str) -> Option<(Vec<CompactString>, usize)> {
    const MOST: usize = 8;
    let goes_on = n == 0 && view.text_before(1) == sign && view.kind_before(2) == Kind::Digits;
    if goes_on || !view.is(n + 1, sign) {
        return None;
    }
    let mut parts = vec![view.digits(n)?.into()];
    let mut next = n + 1;
    while let Some(part) = view.digits(next + 1).filter(|_| view.is(next, sign) && parts.len() < MOST) {
        parts.push(part.into());
        next += 2;
    }
    (parts.len() > 2).then_some((parts, next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::token::tokenize;

    fn read(text: &str) -> Option<(Amount, usize)> {
        let tokens = tokenize(text);
        quantity(&View::new(text, &tokens, 0), 0).map(|quantity| (quantity.amount, quantity.next))
    }

    fn whole(digits: &str, next: usize) -> Option<(Amount, usize)> {
        Some((Amount::Integer(Integer::new(digits)), next))
    }

    #[test]
    fn magnitudes_add_up() {
        assert_eq!(read("3億5000万円"), whole("350000000", 4));
        assert_eq!(read("3,400억"), whole("340000000000", 4));
        assert_eq!(read("1万2"), whole("10002", 3));
        assert_eq!(read("1万20000"), whole("10000", 2));
        assert_eq!(read("１，０００"), whole("1000", 3));
        assert_eq!(read("1，000"), whole("1", 1));
    }

    #[test]
    fn decimals_keep_their_magnitude() {
        let Some((Amount::Decimal(decimal), 5)) = read("2.3万亿元") else { panic!("no decimal") };
        assert_eq!((decimal.fraction.as_str(), decimal.magnitude.as_deref()), ("3", Some("万亿")));
    }
}
