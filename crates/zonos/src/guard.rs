use zonos_lm::PlausibleLength;
use zonos_text::{Language, bytes_per_second};

use crate::{Error, Pace, Result};

/// What is done about speech whose length does not fit its text: speech that goes on for far longer than the text takes
/// (it would be noise, or the same words again and again), and speech that ends long before the text can be over.
///
/// The bounds are wide: from a quarter of the time that the text takes to three times that and another three seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guard {
    /// Stops speech that is too long, with [`FinishReason::Runaway`](crate::FinishReason::Runaway), and tells of an end
    /// that comes too soon by [`FinishReason::EarlyEnd`](crate::FinishReason::EarlyEnd). On by default.
    pub watch_length: bool,
    /// How often such speech is tried again, 0–10, with seeds that depend on the request's seed alone. The last attempt
    /// is returned as it is. A stream is not tried again once samples have been handed out. Default 0.
    pub retries: u32,
}

impl Default for Guard {
    fn default() -> Self {
        Self { watch_length: true, retries: 0 }
    }
}

/// What a digit or a sign stands for once it is spoken.
const BYTES_PER_SIGN: usize = 6;
/// Seconds that silences before and after the speech may take, on top.
const SPARE_SECONDS: f64 = 3.0;
/// How much slower and how much faster than expected speech may be.
const SLOWEST: f64 = 1.0 / 3.0;
const FASTEST: f64 = 4.0;
/// Paces that the model can keep, as factors of the usual.
const PACES: std::ops::RangeInclusive<f64> = 0.4..=3.0;

impl Guard {
    /// Checks every value against its range.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for the first that lies outside.
    pub fn check(&self) -> Result<()> {
        match self.retries {
            0..=10 => Ok(()),
            more => Err(Error::OutOfRange { name: "retries", value: more.to_string(), range: "0 to 10" }),
        }
    }

    /// The bounds for a text as it is spoken, in frames.
    pub(crate) fn bounds(
        &self,
        spoken: &str,
        language: Language,
        pace: Pace,
        frames_per_second: f64,
    ) -> Option<PlausibleLength> {
        let rate = bytes_per_second(language);
        let (slowest, fastest) = paces(pace, rate);
        let (least, most) = spoken_bytes(spoken);
        let frames =
            |bytes: usize, pace: f64, spare: f64| ((bytes as f64 / (rate * pace) + spare) * frames_per_second) as usize;
        self.watch_length.then(|| PlausibleLength {
            shortest: frames(least, fastest * FASTEST, 0.0),
            longest: frames(most, slowest * SLOWEST, SPARE_SECONDS),
        })
    }
}

/// The slowest and the fastest that a pace asks for, as factors of the usual rate in bytes per second.
fn paces(pace: Pace, usual: f64) -> (f64, f64) {
    let near = |factor: f64| {
        let factor = factor.clamp(*PACES.start(), *PACES.end());
        (factor, factor)
    };
    match pace {
        Pace::Free => (1.0, 1.0),
        Pace::Speed(factor) => near(factor),
        Pace::BytesPerSecond(rate) => near(rate / usual),
        // What a bucket means is the model's to know.
        Pace::Bucket(_) => (*PACES.start(), *PACES.end()),
    }
}

/// The least and the most bytes that the text can be once it is words.
fn spoken_bytes(text: &str) -> (usize, usize) {
    let letters = text.chars().filter(|c| c.is_alphabetic()).map(char::len_utf8).sum();
    let signs = text.chars().filter(|c| !c.is_alphanumeric() && !c.is_whitespace() || c.is_numeric()).count();
    (letters, text.len() + signs * BYTES_PER_SIGN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f64 = 86.13;

    fn seconds(text: &str, pace: Pace) -> (f64, f64) {
        let bounds = Guard::default().bounds(text, Language::AmericanEnglish, pace, RATE).unwrap();
        (bounds.shortest as f64 / RATE, bounds.longest as f64 / RATE)
    }

    #[test]
    fn bounds_leave_room_for_every_reader() {
        // Ten seconds at the usual pace.
        let (shortest, longest) = seconds(&"abcd ".repeat(30), Pace::Free);
        assert!((1.5..3.0).contains(&shortest) && (30.0..35.0).contains(&longest), "{shortest} {longest}");
        let (shortest, longest) = seconds("Hi.", Pace::Free);
        assert!(shortest < 0.1 && (3.0..6.0).contains(&longest), "{shortest} {longest}");
        // Digits are many words, but may also be few.
        let (shortest, longest) = seconds("1234567890", Pace::Free);
        assert!(shortest == 0.0 && longest > 15.0, "{shortest} {longest}");
    }

    #[test]
    fn bounds_follow_the_pace() {
        let text = "abcd ".repeat(30);
        let (usual, slow, fast) =
            (seconds(&text, Pace::Free), seconds(&text, Pace::Speed(0.5)), seconds(&text, Pace::BytesPerSecond(30.0)));
        assert!(slow.0 > usual.0 && slow.1 > usual.1, "{slow:?}");
        assert!(fast.0 < usual.0 && fast.1 < usual.1, "{fast:?}");
        let any = seconds(&text, Pace::Bucket(0));
        assert!(any.0 < fast.0 && any.1 > slow.1, "{any:?}");
        assert_eq!(seconds(&text, Pace::Speed(1e-9)), seconds(&text, Pace::Speed(0.4)));
    }

    #[test]
    fn it_can_be_turned_off() {
        assert_eq!(
            Guard { watch_length: false, ..Guard::default() }.bounds("Hi.", Language::German, Pace::Free, RATE),
            None
        );
        assert!(Guard { retries: 11, ..Guard::default() }.check().is_err());
    }
}
