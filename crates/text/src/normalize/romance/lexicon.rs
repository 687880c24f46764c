//! The tables and words of a language.

use super::super::item::Gender;
use super::super::number::Separators;
use super::super::table::{Row, Table};

/// The signs within numbers: `1.234,5`, `1 234,5`.
pub const SEPARATORS: Separators = Separators { groups: &[".", " ", "\u{a0}", "\u{202f}"], decimals: &[","] };

/// What a language puts into the shared rules.
#[derive(Debug)]
pub struct Lexicon {
    /// Abbreviations and other fixed texts: as written, as spoken.
    pub fixed: Table,
    /// Currencies: sign or code, gender, one, many, one cent, many cents.
    pub currencies: Table,
    /// Units: sign, gender, one, many.
    pub units: Table,
    /// Months: name or abbreviation, number, name.
    pub months: Table,
    /// Names of the months, in order.
    names_of_months: [&'static str; 12],
    /// What Roman numerals follow: word, `ordinal` or `cardinal`, gender.
    pub numbered: Table,
    /// Endings of ordinals behind digits: ending, gender.
    pub ordinals: Table,
    /// Signs of formulas: sign, how it is spoken, and `glued` if it is read only without spaces around it.
    pub operators: Table,
    /// Signs by themselves: sign, how it is spoken.
    pub symbols: Table,
    /// Pieces of electronic addresses that are not spelled letter by letter, and how they are spoken.
    pub addresses: Table,
    /// Halves of the day, time zones: as written, as spoken (`am` and `pm` for the halves).
    pub times: Table,
    /// Words that name powers of ten behind a sum.
    pub magnitudes: &'static [&'static str],
    /// Single words.
    pub words: Words,
}

/// The texts of a language's tables, in the order of [`Lexicon`]'s fields.
#[derive(Clone, Copy, Debug)]
pub struct Sources {
    pub fixed: &'static str,
    pub currencies: &'static str,
    pub units: &'static str,
    pub months: &'static str,
    pub numbered: &'static str,
    pub ordinals: &'static str,
    pub operators: &'static str,
    pub symbols: &'static str,
    pub addresses: &'static str,
    pub times: &'static str,
}

/// Single words that the shared rules need.
#[derive(Clone, Copy, Debug, Default)]
pub struct Words {
    /// Before a negative number.
    pub minus: &'static str,
    /// In place of the decimal comma.
    pub comma: &'static str,
    /// In place of a decimal point.
    pub point: &'static str,
    /// Behind parts of a hundred.
    pub percent: &'static str,
    /// Behind parts of a thousand.
    pub per_mille: &'static str,
    /// Between a whole number and a fraction.
    pub and: &'static str,
    /// Between a large number or a fraction and what it counts.
    pub of: &'static str,
    /// Before the country's number of a telephone.
    pub plus: &'static str,
    /// Before the extension of a telephone number.
    pub extension: &'static str,
    /// Between the numbers of a range.
    pub to: &'static str,
    /// Between the numbers of a result with a hyphen.
    pub score: &'static str,
    /// Between the numbers of a result with a colon; empty if it is the same.
    pub colon: &'static str,
    /// Between the numbers of a proportion.
    pub ratio: &'static str,
    /// Between lengths of sides.
    pub by: &'static str,
    /// Before the number under a root.
    pub root: &'static str,
    /// Before the name of a hashtag.
    pub hashtag: &'static str,
    /// Words that say that a time is after noon, where hours above twelve are then said on the clock of twelve.
    pub afternoon: &'static str,
    /// Words that tell a proportion from a result: `escala`.
    pub proportions: &'static [&'static str],
    /// Articles that say that an ordinal with a sign of no gender is feminine: `la 3° volta`.
    pub feminine: &'static [&'static str],
    /// What may stand before a day in digits: `el` in `el 24/12`.
    pub before_day: &'static [&'static str],
    /// What may stand before a Roman numeral in small letters: `siglo`.
    pub before_numeral: &'static [&'static str],
    /// What may stand before a time of day: `las` in `a las 19.30`.
    pub before_time: &'static [&'static str],
    /// What may stand between a day, a month and a year.
    pub between_date: &'static [&'static str],
    /// Lengths of the groups of telephone numbers with hyphens between all groups (or the last two).
    pub telephones: &'static [&'static [usize]],
    /// The dashes that are read between any two numbers; otherwise a hyphen is only where both are small.
    pub dashes: &'static [&'static str],
    /// Whether small numbers with an `x` between them are a result: `3x2`.
    pub reads_crosses: bool,
    /// What may stand before a decade: `los` in `los 90s`.
    pub before_decade: &'static [&'static str],
    /// Whether numbers with a colon between them that are no time are read as a proportion.
    pub reads_ratios: bool,
    /// Whether a minus sign before a sum of money is read.
    pub reads_debts: bool,
    /// Whether a fraction in one character is read by itself: `½`.
    pub reads_fraction_signs: bool,
    /// Whether a sum with a point before its cents is one: `$5.32`.
    pub reads_foreign_sums: bool,
    /// Whether a date may have points: `31.12.1999`.
    pub reads_dotted_dates: bool,
    /// Whether words joined by points are spelled as an address is: `S.p.A.`
    pub spells_dotted_words: bool,
    /// Whether names may stand in formulas: `x = 5`.
    pub reads_unknowns: bool,
}

impl Lexicon {
    /// Reads a language's tables.
    pub fn new(sources: &Sources, magnitudes: &'static [&'static str], words: Words) -> Self {
        let months = Table::parse(sources.months);
        Self {
            names_of_months: names_of_months(&months),
            fixed: Table::parse(sources.fixed),
            currencies: Table::parse(sources.currencies),
            units: Table::parse(sources.units),
            months,
            numbered: Table::parse(sources.numbered),
            ordinals: Table::parse(sources.ordinals),
            operators: Table::parse(sources.operators),
            symbols: Table::parse(sources.symbols),
            addresses: Table::parse(sources.addresses),
            times: Table::parse(sources.times),
            magnitudes,
            words,
        }
    }

    /// A month's name.
    pub fn month(&self, number: u8) -> &'static str {
        let named = usize::from(number).checked_sub(1).and_then(|index| self.names_of_months.get(index));
        named.copied().unwrap_or_default()
    }
}

fn names_of_months(months: &Table) -> [&'static str; 12] {
    let mut names = [""; 12];
    for (_, row) in months.rows() {
        let place = cell(row, 0).parse::<usize>().ok().and_then(|month| names.get_mut(month.checked_sub(1)?));
        if let Some(name) = place {
            *name = cell(row, 1);
        }
    }
    names
}

/// A cell of a row; empty if there is none.
pub fn cell(row: &Row, index: usize) -> &'static str {
    row.get(index).copied().unwrap_or_default()
}

/// The gender that a cell names.
pub fn gender(cell: &str) -> Gender {
    match cell {
        "m" => Gender::Masculine,
        "f" => Gender::Feminine,
        _ => Gender::Unknown,
    }
}
