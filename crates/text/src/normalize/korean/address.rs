//! Addresses on the net: those of mail and plain domains, where nothing is tied to them.

use super::{ENDINGS, closes, spell};
use crate::normalize::address::{Piece, address, pieces};
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::item::{Address, Electronic, Item};
use crate::normalize::view::View;

pub fn recognize(view: &View, found: &mut Candidates) {
    if !view.kind_before(1).is_gap() {
        return;
    }
    if let Some((electronic, next)) = address(view, 0).filter(|(_, next)| closes(view, *next)) {
        let plain = matches!(electronic.kind, Address::Email | Address::Domain) && !electronic.text.contains('/');
        if plain {
            found.push(next, cost::SURE, Item::Electronic(electronic));
        }
    }
}

/// Writes an address: names as they are, digits one by one, endings by name.
pub fn spell(electronic: &Electronic, out: &mut String) {
    let mut in_domain = electronic.kind == Address::Domain;
    let mut ended = false;
    for piece in pieces(&electronic.text) {
        match piece {
            Piece::Letters(letters) => {
                let ending = ENDINGS.first(letters).filter(|_| ended);
                out.push_str(ending.unwrap_or(letters));
            }
            Piece::Digits(digits) => spell::NUMERALS.spell_digits(digits, out),
            Piece::Sign('@') => out.push_str(" 골뱅이 "),
            Piece::Sign('.') => out.push_str(" 닷 "),
            Piece::Sign(sign) => out.push(sign),
        }
        in_domain |= piece == Piece::Sign('@');
        ended = in_domain && piece == Piece::Sign('.');
    }
}
