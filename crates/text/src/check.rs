//! Holds the normalizer against readings that are known: files of pairs, rates, failures.
//!
//! A file of pairs has a line for each: category, text as written, text as spoken, and a remark; tabs between them.
//! In the texts `\\`, `\t`, `\n` and `\r` are escapes. The remark says that a reading is odd, so that another one may be
//! right; one that begins with `unstable` says that the reading counts for nothing.
//!
//! A file of differences has a line for each reading that knowingly is another: cause, text as written, our reading.

use std::collections::BTreeMap;
use std::fmt;

use crate::{Error, Normalize, Result};

/// A text and how it is known to be spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The kind of text, such as `money`.
    pub category: String,
    /// The text as it is written.
    pub written: String,
    /// The text as it is spoken.
    pub spoken: String,
    /// What is odd about the reading; empty if it is sound.
    pub remark: String,
}

/// How far a known reading is to be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It is right.
    Sound,
    /// It may be wrong.
    Odd,
    /// It counts for nothing.
    Unstable,
}

impl Pair {
    /// How far the reading is to be trusted.
    pub fn standing(&self) -> Standing {
        match self.remark.as_str() {
            "" => Standing::Sound,
            remark if remark.contains("unstable") => Standing::Unstable,
            _ => Standing::Odd,
        }
    }
}

/// Reads a file of pairs.
///
/// # Errors
/// [`Error::Pair`] for a line with fewer than three columns.
pub fn pairs(file: &str) -> Result<Vec<Pair>> {
    lines(file).map(|(number, line)| pair(line).ok_or(Error::Pair { line: number })).collect()
}

fn pair(line: &str) -> Option<Pair> {
    let mut cells = line.split('\t');
    let (category, written, spoken) = (cells.next()?, cells.next()?, cells.next()?);
    let remark = cells.next().unwrap_or_default();
    Some(Pair {
        category: category.to_owned(),
        written: unescape(written),
        spoken: unescape(spoken),
        remark: remark.to_owned(),
    })
}

/// A reading that knowingly differs from the known one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Why.
    pub cause: String,
    /// The text as it is written.
    pub written: String,
    /// Our reading.
    pub spoken: String,
}

/// Reads a file of differences; lines that begin with `#` are comments.
///
/// # Errors
/// [`Error::Pair`] for a line with fewer than three columns.
pub fn differences(file: &str) -> Result<Vec<Difference>> {
    let lines = lines(file).filter(|(_, line)| !line.starts_with('#'));
    lines.map(|(number, line)| difference(line).ok_or(Error::Pair { line: number })).collect()
}

fn difference(line: &str) -> Option<Difference> {
    let mut cells = line.split('\t');
    let (cause, written, spoken) = (cells.next()?, cells.next()?, cells.next()?);
    Some(Difference { cause: cause.to_owned(), written: unescape(written), spoken: unescape(spoken) })
}

/// Lines with their numbers, without empty ones.
fn lines(file: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = file.trim_start_matches('\u{feff}').split('\n').map(|line| line.trim_end_matches('\r'));
    lines.enumerate().map(|(index, line)| (index + 1, line)).filter(|(_, line)| !line.is_empty())
}

fn unescape(cell: &str) -> String {
    let mut characters = cell.chars();
    let mut text = String::with_capacity(cell.len());
    while let Some(character) = characters.next() {
        match (character, characters.clone().next()) {
            ('\\', Some(escaped @ ('\\' | 't' | 'n' | 'r'))) => {
                characters.next();
                text.push(match escaped {
                    't' => '\t',
                    'n' => '\n',
                    'r' => '\r',
                    other => other,
                });
            }
            _ => text.push(character),
        }
    }
    text
}

/// Writes a text as a column of these files.
pub fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
}

/// How many readings there were, and how many were the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Pairs.
    pub pairs: usize,
    /// Pairs read exactly so.
    pub exact: usize,
}

impl Count {
    fn add(&mut self, exact: bool) {
        self.pairs += 1;
        self.exact += usize::from(exact);
    }

    /// The part that was exact, 0 to 1; 1 of none.
    pub fn rate(self) -> f64 {
        if self.pairs == 0 { 1.0 } else { self.exact as f64 / self.pairs as f64 }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        if self.pairs == 0 {
            return formatter.pad("-");
        }
        formatter.pad(&format!("{}/{} {:5.1} %", self.exact, self.pairs, self.rate() * 100.0))
    }
}

/// Counts by standing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Pairs that are right.
    pub sound: Count,
    /// Pairs that may be wrong.
    pub odd: Count,
    /// Pairs that count for nothing.
    pub unstable: Count,
}

impl Tally {
    fn add(&mut self, standing: Standing, exact: bool) {
        let count = match standing {
            Standing::Sound => &mut self.sound,
            Standing::Odd => &mut self.odd,
            Standing::Unstable => &mut self.unstable,
        };
        count.add(exact);
    }
}

/// A pair that was read in another way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The pair.
    pub pair: Pair,
    /// Our reading.
    pub got: String,
}

/// What came of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Counts by category.
    pub categories: BTreeMap<String, Tally>,
    /// Counts of all pairs.
    pub all: Tally,
    /// Pairs that were read in another way, in their order.
    pub failures: Vec<Failure>,
}

impl Report {
    /// Reads all pairs with a normalizer.
    pub fn of(normalizer: &dyn Normalize, pairs: &[Pair]) -> Self {
        let mut report = Self::default();
        for pair in pairs {
            let got = normalizer.normalize(&pair.written);
            let (standing, exact) = (pair.standing(), got == pair.spoken);
            report.all.add(standing, exact);
            report.categories.entry(pair.category.clone()).or_default().add(standing, exact);
            if !exact {
                report.failures.push(Failure { pair: pair.clone(), got: got.into_owned() });
            }
        }
        report
    }

    /// The failures of one standing.
    pub fn failures_of(&self, standing: Standing) -> impl Iterator<Item = &Failure> {
        self.failures.iter().filter(move |failure| failure.pair.standing() == standing)
    }
}

/// The table of rates by category.
impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let width = self.categories.keys().map(String::len).max().unwrap_or_default().max("category".len());
        writeln!(formatter, "{:width$}  {:>16}  {:>16}  {:>16}", "category", "sound", "odd", "unstable")?;
        let all = [("all".to_owned(), self.all)];
        for (category, Tally { sound, odd, unstable }) in self.categories.clone().into_iter().chain(all) {
            writeln!(formatter, "{category:width$}  {sound:>16}  {odd:>16}  {unstable:>16}")?;
        }
        Ok(())
    }
}

/// The three texts under each other.
impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let Pair { category, written, spoken, remark } = &self.pair;
        let remark = if remark.is_empty() { String::new() } else { format!(" ({remark})") };
        writeln!(formatter, "{category}{remark}")?;
        writeln!(formatter, "  written  {}", escape(written))?;
        writeln!(formatter, "  known    {}", escape(spoken))?;
        writeln!(formatter, "  read     {}", escape(&self.got))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verbatim;

    const FILE: &str = "a\tone\\ttwo\tone\\ttwo\t\na\t1\tone\t\nb\tx\tx\todd thing\nb\ty\tz\tunstable: so\n";

    #[test]
    fn texts_keep_what_is_escaped() {
        let pairs = pairs(FILE).unwrap();
        assert_eq!(pairs[0].written, "one\ttwo");
        assert_eq!(unescape(&escape("a\\t\n\r\\")), "a\\t\n\r\\");
    }

    #[test]
    fn pairs_are_counted_by_category_and_standing() {
        let report = Report::of(&Verbatim, &pairs(FILE).unwrap());
        assert_eq!(report.all.sound, Count { pairs: 2, exact: 1 });
        assert_eq!(report.categories["b"].odd, Count { pairs: 1, exact: 1 });
        assert_eq!(report.categories["b"].unstable, Count { pairs: 1, exact: 0 });
        assert_eq!(report.failures_of(Standing::Sound).count(), 1);
        assert!(report.to_string().contains("1/2  50.0 %"), "{report}");
    }

    #[test]
    fn a_line_without_its_columns_is_told() {
        assert_eq!(pairs("a\tb\tc\n\na\tb\n"), Err(Error::Pair { line: 3 }));
        assert_eq!(differences("# cause\n\nno cells\n"), Err(Error::Pair { line: 3 }));
    }
}
