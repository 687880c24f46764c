//! Mail and web addresses, handles, hashtags, names of files: letter by letter.

use super::cardinal;
use crate::normalize::address::{Piece, address, pieces};
use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::item::{Address, Electronic, Integer, Item};
use crate::normalize::token::Kind;
use crate::normalize::view::View;

/// Parts of addresses that are read as words.
const WORDS: [(&str, &str); 12] = [
    ("com", "com"),
    ("org", "org"),
    ("net", "net"),
    ("edu", "edu"),
    ("de", "de"),
    ("at", "at"),
    ("ch", "ch"),
    ("info", "info"),
    ("gmail", "g mail"),
    ("amazon", "amazon"),
    ("google", "google"),
    ("yahoo", "yahoo"),
];

/// Pairs of letters that stay together where a name in a web address begins with them, as in the reference.
const PAIRS: [&str; 2] = ["be", "ht"];

/// Endings of names of files.
const FILES: [&str; 16] = [
    "txt", "pdf", "doc", "docx", "xls", "xlsx", "csv", "jpg", "png", "gif", "mp3", "mp4", "zip", "html", "exe", "json",
];

pub fn recognize(view: &View, found: &mut Candidates) {
    if let Some((address, next)) = address(view, 0) {
        return found.push(next, cost::SURE, Item::Electronic(address));
    }
    let file = view.begins_word() && view.kind(0).is_word() && view.is(1, ".") && FILES.contains(&view.text(2));
    if file && view.kind(3) != Kind::Digits && !view.is_one_of(3, &[".", "-", "/"]) {
        let electronic = Electronic { kind: Address::Domain, text: view.slice(0..3).into() };
        found.push(3, cost::SURE, Item::Electronic(electronic));
    }
}

pub fn spell(electronic: &Electronic, out: &mut String) {
    if electronic.kind == Address::Hashtag {
        return spell_hashtag(&electronic.text, out);
    }
    let web = electronic.kind == Address::Url || electronic.text.starts_with("www.");
    let mut gap = "";
    for piece in pieces(&electronic.text) {
        out.push_str(gap);
        gap = " ";
        match piece {
            Piece::Digits(digits) => cardinal::spell_digits(digits, out),
            Piece::Sign(character) => out.push_str(&sign(character)),
            Piece::Letters(letters) => spell_letters(letters, web, out),
        }
    }
}

fn spell_letters(letters: &str, web: bool, out: &mut String) {
    if let Some((_, words)) = WORDS.iter().find(|(part, _)| *part == letters) {
        return out.push_str(words);
    }
    let pair =
        PAIRS.into_iter().find(|pair| web && letters.len() > 2 && letters.starts_with(pair) && letters != "http");
    let pair = pair.filter(|_| letters != "https").unwrap_or_default();
    let rest = letters[pair.len()..].chars().map(String::from);
    let all: Vec<String> = Some(String::from(pair)).into_iter().filter(|pair| !pair.is_empty()).chain(rest).collect();
    out.push_str(&all.join(" "));
}

/// "hashtag" and the words of it, numbers as numbers.
fn spell_hashtag(text: &str, out: &mut String) {
    out.push_str("hashtag");
    for piece in pieces(text.trim_start_matches('#')) {
        out.push(' ');
        match piece {
            Piece::Digits(digits) => cardinal::spell(&Integer::new(digits), out),
            Piece::Letters(letters) => out.push_str(letters),
            Piece::Sign(character) => out.push_str(&sign(character)),
        }
    }
}

fn sign(character: char) -> String {
    let name = match character {
        '@' => "at",
        '.' => "punkt",
        '-' => "bindestrich",
        '_' => "unterstrich",
        '/' => "slash",
        ':' => "doppelpunkt",
        '?' => "fragezeichen",
        '=' => "gleichheitszeichen",
        '&' => "und",
        '#' => "raute",
        '+' => "plus",
        '%' => "prozent",
        '~' => "tilde",
        ',' => "komma",
        ';' => "semikolon",
        '!' => "ausrufezeichen",
        other => return other.to_string(),
    };
    name.into()
}
