use crate::{Error, Result};

/// A limit for texts that are cut into sentences later: a long book.
pub const MAX_TEXT_BYTES: usize = 4 << 20;

/// Refuses texts that cannot be spoken; what passes is used as it is, byte for byte.
///
/// Control characters (C0, DEL and C1) are refused unless they are white space: tabs, line feeds, carriage returns,
/// form feeds, vertical tabs and NEL come with text from documents and do no harm. The others, NUL among them, are a
/// sign that the input is no text; leaving them out in silence would hide it. White space means what Unicode calls so.
///
/// # Errors
/// [`Error::Empty`], [`Error::TooLong`] or [`Error::Control`].
pub fn validate(text: &str, max_bytes: usize) -> Result<()> {
    if text.len() > max_bytes {
        return Err(Error::TooLong { bytes: text.len(), limit: max_bytes });
    }
    let refused = |character: char| character.is_control() && !character.is_whitespace();
    if let Some((at, character)) = text.char_indices().find(|(_, character)| refused(*character)) {
        return Err(Error::Control { character, at });
    }
    if text.trim().is_empty() { Err(Error::Empty) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<()> {
        validate(text, 100)
    }

    #[test]
    fn ordinary_text_passes() {
        for text in
            ["a", "  padded  ", "two\nlines\r\nand\ttabs", "\u{c}page\u{b}\u{85}", "😀", "e\u{301}\u{200d}", "..."]
        {
            assert_eq!(check(text), Ok(()), "{text:?}");
        }
    }

    #[test]
    fn nothing_to_say_is_refused() {
        for text in ["", " ", "\n\t\r\n", "\u{3000}\u{a0}"] {
            assert_eq!(check(text), Err(Error::Empty), "{text:?}");
        }
    }

    #[test]
    fn control_characters_are_named_with_their_place() {
        for character in ['\0', '\u{1}', '\u{8}', '\u{1b}', '\u{1f}', '\u{7f}', '\u{80}', '\u{9f}'] {
            let text = format!("é{character}b");
            assert_eq!(check(&text), Err(Error::Control { character, at: 2 }));
        }
        let message = check("a\0").unwrap_err().to_string();
        assert_eq!(message, "the text holds the control character U+0000 at byte 1; remove it");
    }

    #[test]
    fn the_limit_counts_bytes() {
        assert_eq!(check(&"é".repeat(50)), Ok(()));
        assert_eq!(check(&"é".repeat(51)), Err(Error::TooLong { bytes: 102, limit: 100 }));
        assert_eq!(validate("a", 0), Err(Error::TooLong { bytes: 1, limit: 0 }));
    }
}
