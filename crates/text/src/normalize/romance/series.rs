//! Numbers side by side: ranges, results, versions, names of letters and digits.

use super::super::candidate::{Candidates, cost};
use super::super::item::{Form, Integer, Item, Part, Range, Relation};
use super::super::token::{Kind, Script};
use super::super::view::View;
use super::lexicon::Lexicon;
use super::quantity;

/// `10-15`, `3:2`, `3x2`
pub fn range(lexicon: &Lexicon, view: &View, found: &mut Candidates) {
    let within = matches!(view.text_before(1), "-" | "–" | ":" | "/" | ".") && view.kind_before(2) == Kind::Digits;
    let (Some(from), Some(to)) = (view.digits(0), view.digits(2)) else { return };
    let longer = matches!(view.text(3), "-" | "–" | ":" | "/" | ".") && view.kind(4) == Kind::Digits;
    if within || longer || view.kind_before(1).is_word() || !view.ends_word(3) {
        return;
    }
    let Some(relation) = relation(lexicon, view, &from, &to) else { return };
    let item = |digits: &str| Item::Cardinal(Integer::new(digits), Form::default());
    let (from, to) = (item(&from), item(&to));
    let item = match lexicon.words.colon {
        colon if view.is(1, ":") && relation == Relation::Score && !colon.is_empty() => {
            Item::Sequence(vec![from, Item::Words(colon.into()), to])
        }
        _ => Item::Range(Box::new(Range { from, to, relation })),
    };
    found.push(3, cost::POSSIBLE, item);
}

fn relation(lexicon: &Lexicon, view: &View, from: &str, to: &str) -> Option<Relation> {
    let value = |digits: &str| {
        digits.parse::<u32>().ok().filter(|_| digits.len() <= 5 && (digits == "0" || !digits.starts_with('0')))
    };
    let (from, to) = (value(from)?, value(to)?);
    let words = &lexicon.words;
    match view.text(1) {
        "-" if words.dashes.contains(&"-") || (from <= 31 && to <= 12) || is_years(from, to) => {
            Some(if to <= from { Relation::Score } else { Relation::To })
        }
        ":" if words.reads_ratios => Some(ratio(lexicon, view, from, to)),
        "x" if words.reads_crosses && from < 20 && to < 20 && !sides(lexicon, view) => Some(Relation::Score),
        "x" | "×" => Some(Relation::By),
        _ => None,
    }
}

/// The hyphen of a range that is followed by more than a number: `50-60 %`, `8h-9h30`.
pub fn hyphen(lexicon: &Lexicon, view: &View, found: &mut Candidates) {
    let words = &lexicon.words;
    // "123.456.789-09" is a code.
    let dash = view.is_one_of(0, words.dashes) && !(view.text(1).starts_with('0') && view.text(1).len() > 1);
    let after = view.kind(1) == Kind::Digits && !(view.is(2, "-") && view.kind(3) == Kind::Digits);
    let hour = matches!(view.text_before(1), "h" | "%") && view.kind_before(2) == Kind::Digits;
    let number = view.kind_before(1) == Kind::Digits && !(1..=4).any(|n| matches!(view.text_before(n), "-" | "/"));
    if dash && after && (hour || number) && (words.reads_debts || !quantity::sum_at(lexicon, view, 1)) {
        found.push(1, cost::SURE, Item::Words(words.to.into()));
    }
}

/// Whether a unit of length follows the numbers, so that they are lengths of sides.
fn sides(lexicon: &Lexicon, view: &View) -> bool {
    let at = view.after_space(3);
    lexicon.units.longest(view, at).is_some() || view.text(at).starts_with("metro")
}

/// A result, unless the text speaks of a proportion, the second number is one, or it is a scale (`1:1000`).
fn ratio(lexicon: &Lexicon, view: &View, from: u32, to: u32) -> Relation {
    let told = (1..=6).any(|n| lexicon.words.proportions.contains(&view.text_before(n)));
    let scale = from == 1 && to >= 100;
    if told || scale || (to == 1 && !lexicon.words.colon.is_empty()) { Relation::Ratio } else { Relation::Score }
}

fn is_years(from: u32, to: u32) -> bool {
    (1000..2200).contains(&from) && (1000..2200).contains(&to) && from < to
}

/// `192.168.0.1`, `1.2.3`: digits with two points or more.
pub fn dotted(view: &View, found: &mut Candidates) {
    if !view.begins_word() || view.text_before(1) == "." {
        return;
    }
    let mut parts = 1;
    while parts < 8 && view.is(2 * parts - 1, ".") && view.kind(2 * parts) == Kind::Digits {
        parts += 1;
    }
    if (3..8).contains(&parts) {
        let text = view.slice(0..2 * parts - 1).into();
        let address = super::super::item::Electronic { kind: super::super::item::Address::Domain, text };
        found.push(2 * parts - 1, cost::POSSIBLE, Item::Electronic(address));
    }
}

/// Tokens that a name of letters and digits may have.
const LONGEST: usize = 8;
/// Letters that a part of such a name may have.
const LETTERS: usize = 6;

/// `H2O`, `12B`, `COVID-19`, `R2-D2`: letters, then digits or the other way round, hyphens between them.
pub fn serial(view: &View, found: &mut Candidates) {
    if view.ends_word(1) && !view.is(1, "-") {
        return;
    }
    if !view.begins_word() || (matches!(view.text_before(1), "-" | "." | "/") && !view.kind_before(2).is_gap()) {
        return;
    }
    let mut parts = Vec::new();
    let mut next = 0;
    while next <= LONGEST {
        let at = if next > 0 && view.is(next, "-") && !view.ends_word(next + 1) { next + 1 } else { next };
        let Some(part) = part(view, at) else { break };
        parts.push(part);
        next = at + 1;
    }
    let mixed = |wanted: fn(&Part) -> bool| parts.iter().any(wanted);
    let named = mixed(|part| matches!(part, Part::Letters(_))) && mixed(|part| matches!(part, Part::Digits(_)));
    if named && next <= LONGEST && view.ends_word(next) {
        found.push(next, cost::UNLIKELY, Item::Serial(parts));
    }
}

fn part(view: &View, n: usize) -> Option<Part> {
    if let Some(digits) = view.digits(n) {
        return Some(Part::Digits(digits.into()));
    }
    let text = view.text(n);
    let short = view.kind(n) == Kind::Word(Script::Latin) && text.chars().count() <= LETTERS;
    let upper = text.chars().all(|letter| letter.is_uppercase()) || !view.is(n + 1, "-");
    (short && upper).then(|| Part::Letters(text.into()))
}
