//! Putting words behind each other.

use super::super::rules::Neighbour;

/// Writes a space unless the text is empty or ends with one.
pub fn space(out: &mut String) {
    if !out.is_empty() && !out.ends_with(' ') {
        out.push(' ');
    }
}

/// Writes a word with a space before it; nothing for an empty one.
pub fn push(out: &mut String, word: &str) {
    if !word.is_empty() {
        space(out);
        out.push_str(word);
    }
}

/// The word at a place of a list; empty if there is none.
pub fn pick(words: &[&'static str], index: u32) -> &'static str {
    usize::try_from(index).ok().and_then(|index| words.get(index)).copied().unwrap_or_default()
}

/// Whether a sign that parts two numbers stands beside something spoken: spaces come around the dash of `100-200`, and
/// one after the comma of `1,2,3`.
pub fn beside_sign(left: Neighbour, right: Neighbour) -> bool {
    let ends = matches!(left, Neighbour::Kept(',' | ';' | ':'));
    let is_dash = |neighbour| matches!(neighbour, Neighbour::Kept('-' | '–' | '—'));
    let is_spoken = |neighbour| matches!(neighbour, Neighbour::Spoken(_));
    ((ends || is_dash(left)) && is_spoken(right)) || (is_spoken(left) && is_dash(right))
}
