//! What a reader sees as one character.

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

/// Whether no grapheme of `text` lies across byte `at`.
pub(crate) fn is_boundary(text: &str, at: usize) -> bool {
    GraphemeCursor::new(at, text.len(), true).is_boundary(text, 0).unwrap_or(false)
}

/// The text without the white space around it. White space that is one grapheme with a letter stays.
pub(crate) fn trim(text: &str) -> &str {
    let is_seen = |(_, grapheme): &(usize, &str)| !grapheme.trim().is_empty();
    let start = text.grapheme_indices(true).find(is_seen).map_or(text.len(), |(start, _)| start);
    let end = text.grapheme_indices(true).rfind(is_seen).map_or(start, |(start, last)| start + last.len());
    text.get(start..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_goes_and_graphemes_stay_whole() {
        assert_eq!(trim(" \r\n a b\u{3000}"), "a b");
        assert_eq!(trim(" \n "), "");
        assert_eq!(trim(""), "");
        assert_eq!(trim("  \u{301}a"), " \u{301}a");
        assert_eq!(trim("a\u{600} "), "a\u{600} ");
        assert!(is_boundary("e\u{301}a", 3) && !is_boundary("e\u{301}a", 1));
    }
}
