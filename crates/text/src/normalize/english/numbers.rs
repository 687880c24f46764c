//! Whole numbers, decimals, ordinals, ranges, scores and formulas.

use super::amount::Read;
use super::date::ordinal;
use super::quantity::measure_at;
use super::{SEPARATORS, street};
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::item::{Amount, Form, Fraction, Integer, Item, Part, Range, Relation, Term, Time};
use crate::normalize::number::{Written, continues, number};
use crate::normalize::token::Kind;
use crate::normalize::view::View;

/// Proposes numbers at a digit, a minus sign or a point, where an amount was read.
pub fn recognize(view: &View, read: &Read, found: &mut Candidates) {
    amount(view, read, found);
    if let Some(written) = read.written.as_ref().filter(|_| view.kind(0) == Kind::Digits) {
        ordinals(view, written, found);
        in_code(view, found);
        versions(view, found);
        pairs(view, written, found);
        inches(view, found);
        feet(view, found);
        formula(view, written.next, found);
    }
}

fn amount(view: &View, read: &Read, found: &mut Candidates) {
    let item = match &read.amount {
        Amount::Integer(number) if read.next == 1 && digit_by_digit(view, &number.digits) => {
            Item::Digits(number.digits.clone())
        }
        amount => plain(amount.clone()),
    };
    found.push(read.next, cost::LIKELY, item);
    // What could be a fraction of a whole may be two things: "1984 1/2".
    if let Some(written) = read.written.as_ref().filter(|written| written.next < read.next)
        && let Amount::Integer(number) = written.amount(false)
    {
        found.push(written.next, cost::POSSIBLE, Item::Cardinal(number, Form::default()));
    }
}

/// An amount by itself.
pub fn plain(amount: Amount) -> Item {
    match amount {
        Amount::Integer(number) => Item::Cardinal(number, Form::default()),
        Amount::Decimal(number) => Item::Decimal(number),
        Amount::Fraction(number) => Item::Fraction(number),
    }
}

/// Whether a number is a name of digits rather than a quantity: seven or more without separators, a ZIP code, a part
/// of a telephone number or of a code.
fn digit_by_digit(view: &View, digits: &str) -> bool {
    let code = || view.text_before(1) == "-" || view.text_before(2) == "-" || view.text_before(1) == "/";
    let phone = || view.text_before(1) == " " && view.kind_before(2) == Kind::Digits;
    let zip = || digits.len() == 5 && street::is_zip(view);
    digits.len() >= 7 || (digits.len() >= 5 && (code() || phone() || zip()))
}

fn ordinals(view: &View, written: &Written, found: &mut Candidates) {
    if !written.fraction.is_empty() {
        return;
    }
    if let Some(item) = ordinal(view, &written.integer, written.next).filter(|_| !continues(view, &[","])) {
        found.push(written.next + 1, cost::SURE, item);
    }
    // "1/4th" is a fraction.
    let (slash, under) = (view.is(1, "/"), view.digits(2));
    if let Some(under) = under.filter(|under| slash && (ordinal(view, under, 3).is_some())) {
        let (numerator, denominator) = (written.integer.clone(), under.into());
        let item = Fraction { numerator, denominator, ..Fraction::default() };
        found.push(4, cost::SURE, Item::Fraction(item));
    }
}

/// A number of up to four digits beside letters or a hyphen with letters: `A321sam`, `133-ABC`.
fn in_code(view: &View, found: &mut Candidates) {
    let Some(digits) = view.digits(0).filter(|digits| digits.len() <= 4 && !digits.starts_with('0')) else { return };
    let letters = view.kind_before(1).is_word() || view.kind(1).is_word();
    let hyphen = view.is(1, "-") && view.kind(2).is_word();
    if letters || hyphen {
        found.push(1, cost::SURE, Item::Serial(vec![Part::Digits(digits.into())]));
    }
}

/// `1.2.3`
fn versions(view: &View, found: &mut Candidates) {
    let chain = view.is(1, ".") && view.is(3, ".");
    if !chain || (continues(view, &["."]) && !view.kind_before(1).is_word()) {
        return;
    }
    let mut next = 1;
    let mut parts: Vec<Part> = view.digits(0).map(|digits| Part::Digits(digits.into())).into_iter().collect();
    while let Some(digits) = view.digits(next + 1).filter(|_| view.is(next, ".") && next < 12) {
        parts.push(Part::Sign(".".into()));
        parts.push(Part::Digits(digits.into()));
        next += 2;
    }
    if parts.len() > 4 && parts.len() != 7 {
        found.push(next, cost::LIKELY, Item::Serial(parts));
    }
}

/// `10-15` and `3:2`: a range, a score or a ratio.
fn pairs(view: &View, from: &Written, found: &mut Candidates) {
    let sign = view.text(from.next);
    if !matches!(sign, "-" | "–" | ":") || !view.begins_word() || is_sign(view.text_before(1)) {
        return;
    }
    let Some(to) = number(view, from.next + 1, &SEPARATORS).filter(|to| closes(view, to.next)) else { return };
    let (low, high) = (from.amount(false), to.amount(false));
    let (Some(low_value), Some(high_value)) = (value(&low), value(&high)) else { return };
    let score = low_value < 200.0 && high_value < 200.0;
    let relation = match sign {
        "-" | "–" if low_value < high_value || measure_at(view, from.next + 1).is_some() => Relation::To,
        "-" | "–" if score => Relation::Score,
        ":" if low_value > 24.0 && to.integer.len() == 2 && high_value < 60.0 => {
            return minutes(&low, &high, to.next, found);
        }
        ":" if (to.integer.len() < 3 || from.integer == "1") && !to.integer.starts_with('0') => Relation::Ratio,
        _ => return,
    };
    let leading_zero = from.integer.len() > 1 && from.integer.starts_with('0');
    if leading_zero || (from.integer.len() > 4 && !from.grouped) || (to.integer.len() > 4 && !to.grouped) {
        return;
    }
    let measure = measure_at(view, from.next + 1);
    if let Some((to, next)) = measure.filter(|_| relation == Relation::To) {
        found.push(next, cost::SURE, Item::Range(Box::new(Range { from: plain(low.clone()), to, relation })));
    }
    found.push(to.next, cost::LIKELY, Item::Range(Box::new(Range { from: plain(low), to: plain(high), relation })));
}

/// `42:30`, minutes and seconds.
fn minutes(low: &Amount, high: &Amount, next: usize, found: &mut Candidates) {
    let number = |amount: &Amount| match amount {
        Amount::Integer(number) => number.value().and_then(|value| u8::try_from(value).ok()),
        _ => None,
    };
    if let (Some(hour), minute @ Some(_)) = (number(low), number(high)) {
        found.push(next, cost::LIKELY, Item::Time(Time { hour, minute, ..Time::default() }));
    }
}

fn value(amount: &Amount) -> Option<f64> {
    match amount {
        Amount::Integer(number) => number.value().map(|value| value as f64),
        Amount::Decimal(number) => format!("0{}.{}", number.integer, number.fraction).parse().ok(),
        Amount::Fraction(_) => None,
    }
}

fn is_sign(text: &str) -> bool {
    matches!(text, "-" | "–" | ":" | "/" | "." | "#" | "$" | "£" | "€" | "¥" | "+")
}

/// Whether nothing that belongs to a longer chain follows.
fn closes(view: &View, n: usize) -> bool {
    let chain = is_sign(view.text(n)) && !view.kind(n + 1).is_gap() && !matches!(view.kind(n + 1), Kind::Mark);
    !chain && !view.is(n, "=")
}

/// `12"`, unless the sign closes a quotation: one is open before it and no other sign closes that.
fn inches(view: &View, found: &mut Candidates) {
    if !view.is(1, "\"") || !view.begins_word() || !view.kind(2).is_gap() {
        return;
    }
    let closed_later = (2..View::AHEAD).filter(|n| view.is(*n, "\"")).count() % 2 == 1;
    if let Some(digits) = view.digits(0).filter(|_| !quotation_is_open(view) || closed_later) {
        let number = Item::Cardinal(Integer::new(digits), Form::default());
        found.push(2, cost::LIKELY, Item::Sequence(vec![number, Item::Words("inches".into())]));
    }
}

/// `5'11"`
fn feet(view: &View, found: &mut Candidates) {
    let signs = view.is_one_of(1, &["'", "’", "′"]) && view.is_one_of(3, &["\"", "”", "″"]);
    if !signs || !view.begins_word() || !view.ends_word(4) {
        return;
    }
    if let (Some(feet), Some(inches)) = (view.digits(0), view.digits(2)) {
        let of = |number: Integer, one: &'static str, more: &'static str| {
            let unit = if number.value() == Some(1) { one } else { more };
            [Item::Cardinal(number, Form::default()), Item::Words(unit.into())]
        };
        let parts = [of(Integer::new(feet), "foot", "feet"), of(Integer::new(inches), "inch", "inches")];
        found.push(4, cost::SURE, Item::Sequence(parts.into_iter().flatten().collect()));
    }
}

/// Whether the last quotation mark before opens: nothing but white space or another sign stands before it, a word behind.
fn quotation_is_open(view: &View) -> bool {
    let last = (1..=View::BEHIND).find(|n| view.text_before(*n) == "\"");
    last.is_some_and(|n| {
        let behind = if n == 1 { view.kind(0) } else { view.kind_before(n - 1) };
        !behind.is_gap() && !view.kind_before(n + 1).is_word() && view.kind_before(n + 1) != Kind::Digits
    })
}

/// `2+2=4`, `y = x + 1`: operands of one letter or number with operators between them, one of them no equals sign.
/// The first operand, if there is one, ends before token `end`.
pub fn formula(view: &View, end: usize, found: &mut Candidates) {
    if !is_operator(view, view.after_space(end)) || !view.begins_word() || is_sign(view.text_before(1)) {
        return;
    }
    let Some((first, mut next)) = operand(view, 0) else { return };
    let mut terms = vec![first];
    while let Some((operator, operand, end)) = step(view, next).filter(|_| terms.len() < 16) {
        terms.extend([operator, operand]);
        next = end;
    }
    let has = |signs: &[&str]| {
        terms.iter().any(|term| matches!(term, Term::Operator(sign) if signs.contains(&sign.as_str())))
    };
    let divides_only = has(&["/", "-", "−"]) && !has(&["="]);
    if has(&["+", "-", "−", "/", "÷", "×"]) && !divides_only && view.ends_word(next) {
        found.push(next, cost::SURE, Item::Math(terms));
    }
}

fn step(view: &View, n: usize) -> Option<(Term, Term, usize)> {
    let at = view.after_space(n);
    if !is_operator(view, at) {
        return None;
    }
    let (operand, next) = operand(view, view.after_space(at + 1))?;
    Some((Term::Operator(view.text(at).into()), operand, next))
}

fn is_operator(view: &View, n: usize) -> bool {
    view.is_one_of(n, &["+", "-", "−", "=", "/", "÷", "×"])
}

fn operand(view: &View, n: usize) -> Option<(Term, usize)> {
    let word = view.text(n);
    if view.kind(n).is_word() && word.len() == 1 {
        return Some((Term::Name(word.into()), n + 1));
    }
    view.digits(n)?;
    let written = number(view, n, &SEPARATORS)?;
    (!view.kind(written.next).is_word()).then(|| (Term::Number(written.amount(false)), written.next))
}
