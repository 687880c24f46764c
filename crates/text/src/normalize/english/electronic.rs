//! Addresses on the net, spelled.

use super::cardinal::{And, space_since, spell, spell_digits};
use crate::normalize::address::{Piece, pieces};
use crate::normalize::item::{Address, Electronic};

/// Endings that are said as words.
const SAID: [&str; 8] = ["com", "org", "net", "edu", "gov", "mil", "info", "io"];

/// Words that are said, not spelled in capitals, in the path of an address.
const WORDS: [&str; 24] = [
    "drive",
    "sim",
    "early",
    "access",
    "program",
    "developer",
    "help",
    "pro",
    "photos",
    "image",
    "file",
    "index",
    "about",
    "news",
    "blog",
    "search",
    "home",
    "contact",
    "product",
    "products",
    "docs",
    "cv",
    "login",
    "store",
];

/// Writes an address: "john dot doe at example dot com".
pub fn say(address: &Electronic, out: &mut String) {
    let start = out.len();
    let rest = match (address.kind, address.text.split_once("://")) {
        (Address::Url, Some((scheme, rest))) => {
            out.push_str(&if scheme == "file" { scheme.into() } else { scheme.to_ascii_uppercase() });
            out.push_str(" colon slash slash");
            rest
        }
        (Address::Hashtag | Address::Handle, _) => return tagged(&address.text, out),
        _ => &address.text,
    };
    let host_end = rest.find('/').unwrap_or(rest.len());
    let (host, path) = rest.split_at(host_end);
    let shown = address.kind != Address::Domain || host.starts_with("www.");
    say_host(host, address.kind, shown, start, out);
    say_path(path, shown && !address.text.starts_with("file:"), start, out);
}

fn tagged(text: &str, out: &mut String) {
    out.push_str(if text.starts_with('#') { "hash " } else { "at " });
    out.push_str(&text[1..]);
}

fn say_host(host: &str, kind: Address, shown: bool, start: usize, out: &mut String) {
    let last = host.rfind(['.', '@']).map_or(0, |at| at + 1);
    let mut at = 0;
    for piece in pieces(host) {
        let ending = kind != Address::Domain || shown || host.len() - last == 2;
        let spelled = at >= last && ending && last > 0;
        match piece {
            Piece::Letters("nvidia") if kind != Address::Domain => push_letters("nvidia", true, start, out),
            Piece::Letters(word) => push_letters(word, (spelled && !SAID.contains(&word)) || word == "www", start, out),
            other => push_other(other, start, out),
        }
        at += length(piece);
    }
}

fn length(piece: Piece) -> usize {
    match piece {
        Piece::Letters(text) | Piece::Digits(text) => text.len(),
        Piece::Sign(sign) => sign.len_utf8(),
    }
}

fn say_path(path: &str, spelled: bool, start: usize, out: &mut String) {
    for piece in pieces(path) {
        match piece {
            Piece::Letters("jpg") => push_letters("jpeg", false, start, out),
            Piece::Letters(word) => push_letters(word, spelled && !WORDS.contains(&word), start, out),
            other => push_other(other, start, out),
        }
    }
}

fn push_letters(word: &str, capitals: bool, start: usize, out: &mut String) {
    space_since(start, out);
    out.push_str(&if capitals { word.to_uppercase() } else { word.into() });
}

fn push_other(piece: Piece, start: usize, out: &mut String) {
    space_since(start, out);
    match piece {
        Piece::Digits(digits) if digits.len() == 4 && digits.ends_with("000") => spell(digits, And::Never, out),
        Piece::Digits(digits) => spell_digits(digits, out),
        Piece::Letters(word) => out.push_str(word),
        Piece::Sign(sign) => match name(sign) {
            Some(name) => out.push_str(name),
            None => out.push(sign),
        },
    }
}

fn name(sign: char) -> Option<&'static str> {
    Some(match sign {
        '.' => "dot",
        '@' => "at",
        '/' => "slash",
        '-' => "dash",
        '_' => "underscore",
        ':' => "colon",
        '?' => "question mark",
        '=' => "equals",
        '&' => "ampersand",
        '#' => "hash",
        '%' => "percent",
        '+' => "plus",
        '~' => "tilde",
        _ => return None,
    })
}
