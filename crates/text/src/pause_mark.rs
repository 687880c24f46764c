//! Pauses written into a text: `[pause 0.8s]`.

use std::ops::Range;
use std::time::Duration;

use crate::{Error, Result};

/// The longest pause that one mark can ask for.
pub const MAX_PAUSE: Duration = Duration::from_secs(10);

const OPENING: &str = "[pause";
/// No mark is longer.
const LONGEST: usize = 32;

/// A pause that the text asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PauseMark {
    /// The bytes of the mark, brackets included.
    pub(crate) span: Range<usize>,
    pub(crate) pause: Duration,
}

/// The pause marks of a text, in order. What merely begins like one, such as `[pause for breath]`, is text.
///
/// # Errors
/// [`Error::PauseMark`] for a mark with a number that is not written as it should be, or too large.
pub(crate) fn pause_marks(text: &str) -> impl Iterator<Item = Result<PauseMark>> {
    text.match_indices('[').filter_map(move |(at, _)| read(text, at))
}

/// The mark whose bracket opens at byte `at`, if one does.
fn read(text: &str, at: usize) -> Option<Result<PauseMark>> {
    let opened = text.get(at..)?;
    let (opening, rest) = opened.split_at_checked(OPENING.len())?;
    let is_meant = opening.eq_ignore_ascii_case(OPENING)
        && rest.trim_start_matches([' ', '\t', ':', '=']).starts_with(|next: char| is_number_like(next));
    if !is_meant {
        return None;
    }
    let closed = opened.bytes().take(LONGEST).position(|byte| byte == b']').map(|end| end + 1);
    let mark = closed.and_then(|len| {
        let pause = parse(opened.get(..len)?)?;
        Some(PauseMark { span: at..at + len, pause })
    });
    Some(mark.ok_or_else(|| Error::PauseMark { at, given: shown(opened, closed) }))
}

fn is_number_like(character: char) -> bool {
    character.is_ascii_digit() || matches!(character, '.' | '+' | '-')
}

/// The pause of a mark in its one form: a number with an optional fraction, and `s`.
fn parse(mark: &str) -> Option<Duration> {
    let number = mark.strip_prefix("[pause ")?.strip_suffix("s]")?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = (is_digits(whole) && is_digits(fraction)).then(|| number.parse::<f64>().ok())??;
    let pause = Duration::try_from_secs_f64(seconds).ok()?;
    (pause > Duration::ZERO && pause <= MAX_PAUSE).then_some(pause)
}

/// The mark for a message, or its beginning where it does not close.
fn shown(opened: &str, closed: Option<usize>) -> String {
    let whole = closed.and_then(|len| opened.get(..len)).map(str::to_owned);
    whole.unwrap_or_else(|| opened.chars().take(LONGEST / 2).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Result<Vec<(Range<usize>, u128)>> {
        pause_marks(text).map(|mark| mark.map(|mark| (mark.span, mark.pause.as_millis()))).collect()
    }

    #[test]
    fn marks_are_found_where_they_stand() {
        assert_eq!(
            found("a [pause 0.8s] b[pause 10s][pause 1.250s]"),
            Ok(vec![(2..14, 800), (16..27, 10_000), (27..41, 1250)])
        );
        assert_eq!(found("é[[pause 1s]"), Ok(vec![(3..13, 1000)]));
    }

    #[test]
    fn other_brackets_are_text() {
        for text in ["[pause]", "[pause for breath]", "[paused 1s]", "[1]", "[", "pause 1s", "[pauşe 1s]", "[é", ""] {
            assert_eq!(found(text), Ok(Vec::new()), "{text}");
        }
    }

    #[test]
    fn marks_that_are_written_otherwise_are_told() {
        for mark in [
            "[pause 0s]",
            "[pause 0.0s]",
            "[pause 10.01s]",
            "[pause 1e99s]",
            "[pause 800ms]",
            "[pause 1]",
            "[pause 1 s]",
            "[pause  1s]",
            "[pause -1s]",
            "[pause .5s]",
            "[pause 1.s]",
            "[pause:1s]",
            "[PAUSE 1s]",
            "[pause1s]",
        ] {
            assert_eq!(found(&format!("é{mark}.")), Err(Error::PauseMark { at: 2, given: mark.to_owned() }));
        }
        let open = format!("[pause 1{}", "0".repeat(1 << 16));
        assert!(matches!(found(&open), Err(Error::PauseMark { at: 0, given }) if given.len() < 40));
        let message = found("[pause 1m]").unwrap_err().to_string();
        assert!(message.contains("byte 0") && message.contains("[pause 0.8s]"), "{message}");
    }
}
