//! Mail and web addresses.

use super::cardinal;
use crate::normalize::address::{Piece, address, pieces};
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::item::{Address, Electronic, Integer, Item};
use crate::normalize::view::View;

/// Addresses with digits in them. Others are left to the model, which knows them as they are, as in the reference.
pub fn recognize(view: &View, found: &mut Candidates) {
    let Some((address, next)) = address(view, 0) else { return };
    let item = if address.text.contains(|character: char| character.is_ascii_digit()) {
        Item::Electronic(address)
    } else {
        Item::Words(address.text)
    };
    found.push(next, cost::SURE, item);
}

/// Letters as words, digits as numbers, signs by their names.
pub fn spell(electronic: &Electronic, out: &mut String) {
    for (index, piece) in pieces(&electronic.text).enumerate() {
        if index > 0 {
            out.push(' ');
        }
        match piece {
            Piece::Digits(digits) if digits.len() > 4 => cardinal::spell_digits(digits, out),
            Piece::Digits(digits) => cardinal::spell(&Integer::new(digits), out),
            Piece::Letters("www") => out.push_str("w w w"),
            Piece::Letters(scheme @ ("http" | "https")) => spell_letters(scheme, out),
            Piece::Letters(letters) => out.push_str(letters),
            Piece::Sign('#') if index == 0 && electronic.kind == Address::Hashtag => out.push_str("hashtag"),
            Piece::Sign(character) => out.push_str(&sign(character)),
        }
    }
}

fn spell_letters(letters: &str, out: &mut String) {
    let spaced: Vec<String> = letters.chars().map(String::from).collect();
    out.push_str(&spaced.join(" "));
}

fn sign(character: char) -> String {
    let name = match character {
        '@' => "arobase",
        '.' => "point",
        '-' => "tiret",
        '_' => "tiret bas",
        '/' => "slash",
        ':' => "deux points",
        '?' => "point d’interrogation",
        '=' => "égal",
        '&' => "et",
        '#' => "dièse",
        '+' => "plus",
        '%' => "pour cent",
        '~' => "tilde",
        ',' => "virgule",
        ';' => "point-virgule",
        '!' => "point d’exclamation",
        other => return other.to_string(),
    };
    name.into()
}
