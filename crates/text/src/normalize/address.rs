//! Electronic addresses: mail, web, handles, hashtags.

use super::item::{Address, Electronic};
use super::view::View;

/// Reads an electronic address that begins at token `n`, and the token after it.
///
/// An address begins where no letter, digit or address sign stands before. Punctuation that ends the sentence is no
/// part of it. A plain domain needs an ending of [`ENDINGS`] or a `www.` before it; `file.txt` is none.
pub fn address(view: &View, n: usize) -> Option<(Electronic, usize)> {
    // Most words are followed by a space: not worth a longer look.
    if view.kind(n + 1).is_gap() || view.kind(n).is_gap() {
        return None;
    }
    let joins = || matches!(view.text(n + 1), "." | "@" | "-" | "_" | "+" | ":") && !view.kind(n + 2).is_gap();
    let goes_on = !view.ends_word(n + 1) || joins();
    let begins = n > 0 || (view.begins_word() && !matches!(view.text_before(1), "." | "@" | "-" | "_" | "/" | "#"));
    if !begins || !goes_on {
        return None;
    }
    let rest = view.rest(n);
    let (kind, length) = email(rest).or_else(|| url(rest)).or_else(|| tagged(rest)).or_else(|| domain(rest))?;
    let text = rest.get(..length)?.into();
    Some((Electronic { kind, text }, view.skip(n, length)?))
}

/// Endings that make a domain of words with dots between them.
pub const ENDINGS: [&str; 42] = [
    "com", "org", "net", "edu", "gov", "mil", "int", "info", "biz", "io", "ai", "co", "dev", "app", "tv", "me", "eu",
    "us", "uk", "de", "fr", "es", "it", "br", "pt", "jp", "cn", "kr", "ch", "at", "nl", "be", "ru", "in", "ca", "au",
    "mx", "tw", "hk", "pl", "se", "sm",
];

/// The length of the text that begins `text` and has only such characters.
fn run(text: &str, fits: impl Fn(char) -> bool) -> usize {
    text.find(|character| !fits(character)).unwrap_or(text.len())
}

fn is_label(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '-'
}

/// The length of labels with dots between them, without dots or hyphens at the end; none without a dot.
fn host(text: &str) -> Option<usize> {
    let all = &text[..run(text, |character| is_label(character) || character == '.')];
    if !all.contains('.') {
        return None;
    }
    let host = all.split("..").next()?.trim_end_matches(['.', '-']);
    let sound = host.contains('.') && !host.starts_with(['.', '-']);
    sound.then_some(host.len())
}

fn email(text: &str) -> Option<(Address, usize)> {
    let local = run(text, |character| is_label(character) || matches!(character, '.' | '_' | '+'));
    let domain = text[local..].strip_prefix('@')?;
    let sound = local > 0 && !text.starts_with('.');
    sound.then_some((Address::Email, local + 1 + with_path(domain, host(domain)?)))
}

fn url(text: &str) -> Option<(Address, usize)> {
    let scheme = run(text, |character| character.is_ascii_alphabetic());
    let rest = text[scheme..].strip_prefix("://")?;
    let path = path(rest);
    (scheme > 1 && path > 0).then_some((Address::Url, scheme + 3 + path))
}

fn domain(text: &str) -> Option<(Address, usize)> {
    let length = host(text)?;
    let name = &text[..length];
    let (_, ending) = name.rsplit_once('.')?;
    let begins_www = name.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case("www."));
    let known = begins_www || ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending));
    known.then_some((Address::Domain, with_path(text, length)))
}

/// `@name` and `#name`, which begin with a letter or `_`.
fn tagged(text: &str) -> Option<(Address, usize)> {
    let kind = match text.chars().next()? {
        '@' => Address::Handle,
        '#' => Address::Hashtag,
        _ => return None,
    };
    let name = &text[1..];
    let length = run(name, |character| character.is_alphanumeric() || character == '_');
    let begins = name.chars().next().is_some_and(|character| character.is_alphabetic() || character == '_');
    begins.then_some((kind, 1 + length))
}

/// The length of a host with what follows it from `/`, `?` or `:` on.
fn with_path(text: &str, host: usize) -> usize {
    let rest = &text[host..];
    let port = rest.strip_prefix(':').is_some_and(|port| port.starts_with(|digit: char| digit.is_ascii_digit()));
    if rest.starts_with('/') || port { host + path(rest) } else { host }
}

/// The length of a path: all that may stand in one, without punctuation at its end.
fn path(text: &str) -> usize {
    let all =
        &text[..run(text, |character| character.is_ascii_alphanumeric() || "/-_.~%+#?=&:@,;!".contains(character))];
    all.trim_end_matches(['.', ',', ';', ':', '!', '?']).len()
}

/// A part of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A run of letters.
    Letters(&'a str),
    /// A run of digits.
    Digits(&'a str),
    /// One other character.
    Sign(char),
}

/// The parts of an address, which languages spell one after the other.
pub fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let length = match first {
            _ if first.is_ascii_digit() => run(rest, |character| character.is_ascii_digit()),
            _ if first.is_alphabetic() => run(rest, char::is_alphabetic),
            _ => first.len_utf8(),
        };
        let (piece, after) = rest.split_at(length);
        rest = after;
        Some(match first {
            _ if first.is_ascii_digit() => Piece::Digits(piece),
            _ if first.is_alphabetic() => Piece::Letters(piece),
            _ => Piece::Sign(first),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::token::tokenize;

    fn read(text: &str) -> Option<(Address, String)> {
        let tokens = tokenize(text);
        address(&View::new(text, &tokens, 0), 0).map(|(address, _)| (address.kind, address.text.into()))
    }

    #[test]
    fn addresses_end_before_the_sentence_does() {
        for (text, kind, found) in [
            ("john.doe@example.com.", Address::Email, "john.doe@example.com"),
            ("https://a.org/b/c.html, then", Address::Url, "https://a.org/b/c.html"),
            ("www.b.co.uk!", Address::Domain, "www.b.co.uk"),
            ("b.com/1-2 x", Address::Domain, "b.com/1-2"),
            ("@name,", Address::Handle, "@name"),
            ("#tag.", Address::Hashtag, "#tag"),
        ] {
            assert_eq!(read(text), Some((kind, found.to_owned())), "{text}");
        }
    }

    #[test]
    fn other_text_is_no_address() {
        for text in ["file.txt", "e.g.", "3.14", "a@b", "end.Then", "http://", "#1", "@ home", "a..com"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn addresses_fall_into_pieces() {
        let all: Vec<_> = pieces("ab1@ü.de").collect();
        let expected = [
            Piece::Letters("ab"),
            Piece::Digits("1"),
            Piece::Sign('@'),
            Piece::Letters("ü"),
            Piece::Sign('.'),
            Piece::Letters("de"),
        ];
        assert_eq!(all, expected);
    }
}
