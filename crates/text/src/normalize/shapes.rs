//! Shapes that dates, clock times and signs have in many languages.

use compact_str::CompactString;

use super::token::Kind;
use super::view::View;

/// Three numbers with the same sign between them: `2021-05-06`, `6.5.21`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Triple {
    /// Their digits, as written.
    pub parts: [CompactString; 3],
    /// The token after them.
    pub next: usize,
}

/// Day, month and year of a calendar; the year as written.
pub type Calendar = (u8, u8, CompactString);

impl Triple {
    /// Reads three numbers from token `n` on with `sign` between them, and no fourth.
    pub fn read(view: &View, n: usize, sign: &str) -> Option<Self> {
        let separate = view.is(n + 1, sign) && view.is(n + 3, sign) && !sign.is_empty();
        let fourth = || view.is(n + 5, sign) && view.kind(n + 6) == Kind::Digits;
        if !separate || fourth() {
            return None;
        }
        let part = |at: usize| view.digits(at).map(CompactString::from);
        Some(Self { parts: [part(n)?, part(n + 2)?, part(n + 4)?], next: n + 5 })
    }

    /// As year, month, day: the year has four digits.
    pub fn year_first(&self) -> Option<Calendar> {
        let [year, month, day] = &self.parts;
        calendar(day, month, year).filter(|_| year.len() == 4)
    }

    /// As day, month, year: the year has two or four digits.
    pub fn day_first(&self) -> Option<Calendar> {
        let [day, month, year] = &self.parts;
        calendar(day, month, year)
    }

    /// As month, day, year: the year has two or four digits.
    pub fn month_first(&self) -> Option<Calendar> {
        let [month, day, year] = &self.parts;
        calendar(day, month, year)
    }
}

fn calendar(day: &str, month: &str, year: &str) -> Option<Calendar> {
    let short = |digits: &str| digits.parse().ok().filter(|_| digits.len() <= 2);
    let (day, month) = (short(day)?, short(month)?);
    (matches!(year.len(), 2 | 4) && exists(day, month)).then(|| (day, month, year.into()))
}

/// Whether a month has the day, in some year.
pub fn exists(day: u8, month: u8) -> bool {
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 29,
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// A time of day as clocks show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// 0 to 24.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: Option<u8>,
    /// The token after it.
    pub next: usize,
}

/// Reads `7:30` or `7:30:15` from token `n` on, with one of `signs` in the place of each colon.
pub fn clock(view: &View, n: usize, signs: &[&str]) -> Option<Clock> {
    let hour = part(view, n, 1, 24)?;
    let sign = view.text(n + 1);
    if !signs.contains(&sign) {
        return None;
    }
    let minute = part(view, n + 2, 2, 59)?;
    let more = view.is(n + 3, sign) && view.digits(n + 4).is_some();
    // "1:25.000" is a scale.
    let grouped = view.is_one_of(n + 3, &[".", ","]) && view.digits(n + 4).is_some_and(|group| group.len() == 3);
    if grouped {
        return None;
    }
    if !more {
        return Some(Clock { hour, minute, second: None, next: n + 3 });
    }
    let second = part(view, n + 4, 2, 59)?;
    Some(Clock { hour, minute, second: Some(second), next: n + 5 })
}

/// The number of one or two digits at token `n`, if it has at least `shortest` and is at most `most`.
pub fn part(view: &View, n: usize, shortest: usize, most: u8) -> Option<u8> {
    let digits = view.digits(n)?;
    let fits = (shortest..=2).contains(&digits.len());
    if fits { digits.parse().ok().filter(|value| *value <= most) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::token::tokenize;

    #[test]
    fn dates_have_days_that_exist() {
        let triple = |text: &str| {
            let tokens = tokenize(text);
            Triple::read(&View::new(text, &tokens, 0), 0, "-")
        };
        assert_eq!(triple("2020-02-29").and_then(|t| t.year_first()), Some((29, 2, "2020".into())));
        assert_eq!(triple("30-02-2020").and_then(|t| t.day_first()), None);
        assert_eq!(triple("12-31-99").and_then(|t| t.month_first()), Some((31, 12, "99".into())));
        assert_eq!(triple("555-12-1").and_then(|t| t.day_first()), None);
        assert_eq!(triple("1-2-3-4"), None);
    }

    #[test]
    fn clocks_have_minutes_of_two_digits() {
        let read = |text: &str| {
            let tokens = tokenize(text);
            clock(&View::new(text, &tokens, 0), 0, &[":"]).map(|clock| (clock.hour, clock.minute, clock.second))
        };
        assert_eq!(read("7:30"), Some((7, 30, None)));
        assert_eq!(read("23:59:07"), Some((23, 59, Some(7))));
        assert_eq!(read("3:2"), None);
        assert_eq!(read("25:00"), None);
        assert_eq!(read("7:30:99"), None);
        assert_eq!(read("1:25.000"), None);
    }
}
