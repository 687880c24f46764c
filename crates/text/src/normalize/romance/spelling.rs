//! How items are put together from words.

use super::super::address::{Piece, pieces};
use super::super::item::{
    Address, Amount, Decimal, Electronic, Fraction, Gender, Integer, Item, Measure, Part, Percent, Range, Relation,
    Roman, Telephone, Term,
};
use super::Romance;
use super::lexicon::{Lexicon, cell, gender};
use super::write::{push, space};

/// Writes an item.
pub fn spell(language: &dyn Romance, item: &Item, out: &mut String) {
    match item {
        Item::Cardinal(number, form) => integer(language, number, form.gender, out),
        Item::Decimal(number) => decimal(language, number, Gender::Unknown, out),
        Item::Ordinal(number, form) => language.ordinal(&number.digits, form.gender, out),
        Item::Fraction(parts) => fraction(language, parts, Gender::Unknown, out),
        Item::Percent(part) => percent(language, part, out),
        Item::Money(money) => language.money(money, out),
        Item::Date(date) => language.date(date, out),
        Item::Time(time) => language.time(time, out),
        Item::Range(between) => range(language, between, out),
        Item::Measure(quantity) => measure(language, quantity, out),
        Item::Telephone(number) => telephone(language, number, out),
        Item::Serial(parts) => serial(language, parts, out),
        Item::Electronic(address) => electronic(language, address, out),
        Item::Roman(numeral) => roman(language, numeral, out),
        Item::Math(terms) => math(language, terms, out),
        Item::Sequence(items) => items.iter().for_each(|item| {
            space(out);
            spell(language, item, out);
        }),
        Item::Digits(digits) => digit_by_digit(language, digits, out),
        Item::Letters(letters) => letter_by_letter(letters, out),
        Item::Year(year) => language.cardinal(&year.digits, Gender::Unknown, out),
        Item::Decade(digits) => language.cardinal(digits, Gender::Unknown, out),
        Item::Words(words) | Item::Mark(words) => out.push_str(words),
    }
}

fn integer(language: &dyn Romance, number: &Integer, gender: Gender, out: &mut String) {
    if number.negative {
        push(out, language.lexicon().words.minus);
    }
    with_zeros(language, &number.digits, gender, out);
}

/// A number with the zeros that it is written with.
fn with_zeros(language: &dyn Romance, digits: &str, gender: Gender, out: &mut String) {
    let rest = digits.trim_start_matches('0');
    let zeros = if rest.is_empty() { digits.len().saturating_sub(1) } else { digits.len() - rest.len() };
    digit_by_digit(language, digits.get(..zeros).unwrap_or_default(), out);
    language.cardinal(digits.get(zeros..).unwrap_or_default(), gender, out);
}

fn decimal(language: &dyn Romance, number: &Decimal, gender: Gender, out: &mut String) {
    if number.negative {
        push(out, language.lexicon().words.minus);
    }
    // A magnitude is what is counted, and masculine.
    let gender = if number.magnitude.is_some() { Gender::Masculine } else { gender };
    if number.fraction.is_empty() {
        language.cardinal(&number.integer, gender, out);
    } else {
        language.cardinal(&number.integer, alone(gender), out);
        push(out, language.lexicon().words.comma);
        language.decimals(&number.fraction, gender, out);
    }
    push(out, number.magnitude.as_deref().unwrap_or_default());
}

/// The gender of a number with a word between it and the noun.
fn alone(gender: Gender) -> Gender {
    if gender == Gender::Feminine { gender } else { Gender::Unknown }
}

/// Writes decimals as numbers: up to three digits at once, more of them in pairs.
pub fn paired_decimals(language: &dyn Romance, digits: &str, gender: Gender, out: &mut String) {
    if digits.len() <= 3 {
        return with_zeros(language, digits, gender, out);
    }
    let last = (digits.len() - 1) / 2;
    for (index, pair) in digits.as_bytes().chunks(2).enumerate() {
        let gender = if index == last { gender } else { alone(gender) };
        with_zeros(language, std::str::from_utf8(pair).unwrap_or_default(), gender, out);
    }
}

fn fraction(language: &dyn Romance, parts: &Fraction, gender: Gender, out: &mut String) {
    if parts.negative {
        push(out, language.lexicon().words.minus);
    }
    if let Some(whole) = &parts.whole {
        language.cardinal(whole, gender, out);
        push(out, language.lexicon().words.and);
    }
    language.fraction(parts, gender, out);
}

/// Writes an amount of something of a gender.
pub fn amount(language: &dyn Romance, amount: &Amount, gender: Gender, out: &mut String) {
    match amount {
        Amount::Integer(number) => integer(language, number, gender, out),
        Amount::Decimal(number) => decimal(language, number, gender, out),
        Amount::Fraction(parts) => fraction(language, parts, alone(gender), out),
    }
}

fn percent(language: &dyn Romance, part: &Percent, out: &mut String) {
    amount(language, &part.amount, Gender::Unknown, out);
    let words = &language.lexicon().words;
    push(out, if part.per_mille { words.per_mille } else { words.percent });
}

fn measure(language: &dyn Romance, measure: &Measure, out: &mut String) {
    let lexicon = language.lexicon();
    let Some(row) = lexicon.units.get(&measure.unit) else { return out.push_str(&measure.unit) };
    amount(language, &measure.amount, gender(cell(row, 0)), out);
    let (single, part) = match &measure.amount {
        Amount::Integer(number) => (number.value() == Some(1), false),
        Amount::Decimal(_) => (false, false),
        Amount::Fraction(parts) => (true, !is_half(parts)),
    };
    if part {
        push(out, lexicon.words.of);
    }
    push(out, cell(row, if single { 1 } else { 2 }));
}

/// Whether a fraction is a half, with or without a whole number.
pub fn is_half(fraction: &Fraction) -> bool {
    fraction.numerator == "1" && fraction.denominator == "2"
}

fn range(language: &dyn Romance, range: &Range, out: &mut String) {
    let words = &language.lexicon().words;
    spell(language, &range.from, out);
    push(
        out,
        match range.relation {
            Relation::To => words.to,
            Relation::Score => words.score,
            Relation::Ratio => words.ratio,
            Relation::By => words.by,
        },
    );
    space(out);
    spell(language, &range.to, out);
}

fn telephone(language: &dyn Romance, telephone: &Telephone, out: &mut String) {
    let words = &language.lexicon().words;
    if let Some(country) = &telephone.country {
        push(out, words.plus);
        language.country(country, out);
    }
    telephone.groups.iter().for_each(|group| digit_by_digit(language, group, out));
    if let Some(extension) = &telephone.extension {
        push(out, words.extension);
        digit_by_digit(language, extension, out);
    }
}

/// Names of letters and digits, numbers of more than three digits one by one.
fn serial(language: &dyn Romance, parts: &[Part], out: &mut String) {
    for part in parts {
        match part {
            Part::Letters(text) | Part::Sign(text) => push(out, text),
            Part::Digits(digits) if digits.len() > 4 => digit_by_digit(language, digits, out),
            Part::Digits(digits) => with_zeros(language, digits, Gender::Unknown, out),
        }
    }
}

fn electronic(language: &dyn Romance, address: &Electronic, out: &mut String) {
    let lexicon = language.lexicon();
    let name = address.text.get(1..).unwrap_or_default();
    match address.kind {
        Address::Hashtag if lexicon.words.hashtag.is_empty() => out.push_str(&address.text),
        Address::Hashtag => {
            push(out, lexicon.words.hashtag);
            push(out, name);
        }
        Address::Handle if name.chars().all(char::is_alphabetic) => {
            push(out, lexicon.addresses.first("@").unwrap_or_default());
            push(out, name);
        }
        _ => pieces(&address.text).for_each(|piece| electronic_piece(language, lexicon, piece, out)),
    }
}

fn electronic_piece(language: &dyn Romance, lexicon: &Lexicon, piece: Piece, out: &mut String) {
    match piece {
        Piece::Letters(letters) => match lexicon.addresses.first(letters) {
            Some(word) => push(out, word),
            None => letter_by_letter(letters, out),
        },
        Piece::Digits(digits) => digit_by_digit(language, digits, out),
        Piece::Sign(sign) => {
            let mut buffer = [0; 4];
            let sign: &str = sign.encode_utf8(&mut buffer);
            push(out, lexicon.addresses.first(sign).unwrap_or(sign));
        }
    }
}

fn roman(language: &dyn Romance, numeral: &Roman, out: &mut String) {
    let number = Integer::new(numeral.value.to_string());
    if numeral.ordinal {
        language.numbered(&number, numeral.form.gender, out);
    } else {
        language.cardinal(&number.digits, Gender::Unknown, out);
    }
}

fn math(language: &dyn Romance, terms: &[Term], out: &mut String) {
    for term in terms {
        match term {
            Term::Number(number) => {
                space(out);
                amount(language, number, Gender::Unknown, out);
            }
            Term::Name(text) | Term::Operator(text) => push(out, text),
        }
    }
}

/// Writes digits one by one.
pub fn digit_by_digit(language: &dyn Romance, digits: &str, out: &mut String) {
    for digit in digits.split("").filter(|digit| !digit.is_empty()) {
        language.cardinal(digit, Gender::Unknown, out);
    }
}

/// Writes letters one by one.
fn letter_by_letter(letters: &str, out: &mut String) {
    for letter in letters.chars() {
        space(out);
        out.push(letter);
    }
}
