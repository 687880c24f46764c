//! The semiotic classes: what a piece of text means, apart from any language.
//!
//! Recognizers fill them, a language spells them. Digits are ASCII strings without separators, as long as the text
//! has them, leading zeros kept. A language ignores fields and classes that it has no use for.

use compact_str::CompactString;

/// A piece of text, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// `1,234`
    Cardinal(Integer, Form),
    /// `3.14`, `1.5 million`
    Decimal(Decimal),
    /// `3rd`
    Ordinal(Integer, Form),
    /// `1 1/2`
    Fraction(Fraction),
    /// `5 %`, `3 ‰`
    Percent(Percent),
    /// `$5.32`
    Money(Money),
    /// `May 5, 2021`
    Date(Date),
    /// `in 1984`, the year alone; `500 BCE`
    Year(Year),
    /// `the 1960s`, `'80s`
    Decade(CompactString),
    /// `5:30 pm`
    Time(Time),
    /// `10-15`, `3:2`, `2x8`
    Range(Box<Range>),
    /// `5 kg`
    Measure(Measure),
    /// `+1 555-123-4567`
    Telephone(Telephone),
    /// `B2A23C`: letters and numbers in turn.
    Serial(Vec<Part>),
    /// `a@b.com`, `https://b.com`, `#tag`
    Electronic(Electronic),
    /// `XIV`
    Roman(Roman),
    /// Letters that are named one by one: `USA`.
    Letters(CompactString),
    /// `2+2=4`
    Math(Vec<Term>),
    /// Digits that are read one by one.
    Digits(CompactString),
    /// Words as they are spoken: abbreviations and symbols from a table.
    Words(CompactString),
    /// Punctuation written in another way. No space comes between it and its neighbours.
    Mark(CompactString),
    /// Several items, spelled with a space between them.
    Sequence(Vec<Item>),
}

/// Grammatical form that an item takes in its sentence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// Gender of what is counted.
    pub gender: Gender,
    /// Case.
    pub case: Case,
    /// More than one.
    pub plural: bool,
}

/// Grammatical gender.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gender {
    /// None, or not known.
    #[default]
    Unknown,
    /// Masculine.
    Masculine,
    /// Feminine.
    Feminine,
    /// Neuter.
    Neuter,
}

/// Grammatical case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Case {
    /// As in a dictionary.
    #[default]
    Nominative,
    /// Genitive.
    Genitive,
    /// Dative.
    Dative,
}

/// A whole number of any length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Integer {
    /// Below zero.
    pub negative: bool,
    /// Its digits.
    pub digits: CompactString,
}

impl Integer {
    /// A number that is not negative.
    pub fn new(digits: impl Into<CompactString>) -> Self {
        Self { negative: false, digits: digits.into() }
    }

    /// Its value, if it is below 10¹⁸; without its sign.
    pub fn value(&self) -> Option<u64> {
        let digits = self.digits.trim_start_matches('0');
        if digits.len() > 18 {
            None
        } else if digits.is_empty() {
            Some(0)
        } else {
            digits.parse().ok()
        }
    }
}

/// A number with a fractional part, a magnitude or both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decimal {
    /// Below zero.
    pub negative: bool,
    /// Digits before the point; empty in `.5`.
    pub integer: CompactString,
    /// Digits after the point; empty without one.
    pub fraction: CompactString,
    /// `million` and the like, as the language's table names it.
    pub magnitude: Option<CompactString>,
}

/// How much of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Amount {
    /// A whole number.
    Integer(Integer),
    /// A number with decimals or a magnitude.
    Decimal(Decimal),
    /// A fraction, alone or behind a whole number.
    Fraction(Fraction),
}

/// A common fraction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fraction {
    /// Below zero.
    pub negative: bool,
    /// The whole number before it.
    pub whole: Option<CompactString>,
    /// Above the line.
    pub numerator: CompactString,
    /// Below the line.
    pub denominator: CompactString,
}

/// Parts of a hundred or thousand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Percent {
    /// How many.
    pub amount: Amount,
    /// Of a thousand instead of a hundred.
    pub per_mille: bool,
}

/// A sum of money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Money {
    /// How much, of the main unit.
    pub amount: Amount,
    /// The currency, as the language's table names it.
    pub currency: CompactString,
    /// What it buys: `/mo`, as the language's table names it.
    pub per: Option<CompactString>,
}

/// The order in which a date is written and read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::enum_variant_names, reason = "what comes first is what tells them apart")]
pub enum DateOrder {
    /// 5 May 2021
    #[default]
    DayFirst,
    /// May 5, 2021
    MonthFirst,
    /// 2021-05-05
    YearFirst,
}

/// A day, or a month of a year.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Date {
    /// Monday is 1.
    pub weekday: Option<u8>,
    /// From 1.
    pub day: Option<u8>,
    /// January is 1.
    pub month: Option<u8>,
    /// Its digits as written, two of them or more.
    pub year: Option<CompactString>,
    /// How it is written.
    pub order: DateOrder,
    /// Punctuation before the year, as written: `, ` in `May 5, 2021`.
    pub before_year: CompactString,
    /// The day's form.
    pub form: Form,
    /// An article stands before it in the text.
    pub after_article: bool,
}

/// A year by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Year {
    /// Its digits.
    pub digits: CompactString,
    /// `BCE` and the like, as spoken.
    pub era: Option<CompactString>,
}

/// Half of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// Before noon.
    Am,
    /// After noon.
    Pm,
}

/// A time of day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Time {
    /// 0 to 24.
    pub hour: u8,
    /// 0 to 59.
    pub minute: Option<u8>,
    /// 0 to 59.
    pub second: Option<u8>,
    /// On the clock of 12 hours.
    pub half: Option<Half>,
    /// Time zone, as spoken.
    pub zone: Option<CompactString>,
}

/// A length of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Duration {
    /// Hours.
    pub hours: Option<u32>,
    /// Minutes.
    pub minutes: Option<u32>,
    /// Seconds.
    pub seconds: Option<u32>,
}

/// Two items with something between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first.
    pub from: Item,
    /// The second.
    pub to: Item,
    /// What they are to each other.
    pub relation: Relation,
}

/// What two items are to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// From one to the other: `10-15`.
    To,
    /// A result: `3:2`.
    Score,
    /// A proportion: `1:1000`.
    Ratio,
    /// Lengths of sides: `2x8`.
    By,
}

/// An amount of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measure {
    /// How much.
    pub amount: Amount,
    /// The unit, as the language's table names it.
    pub unit: CompactString,
    /// The unit that it is divided by, in the same way.
    pub per: Option<CompactString>,
}

/// A telephone number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Telephone {
    /// Digits after `+`.
    pub country: Option<CompactString>,
    /// Groups of digits, or words as in 1-800-FLOWERS.
    pub groups: Vec<CompactString>,
    /// Digits after `ext.`.
    pub extension: Option<CompactString>,
}

/// A part of a serial number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Letters, as written.
    Letters(CompactString),
    /// Digits.
    Digits(CompactString),
    /// Anything between them, as written.
    Sign(CompactString),
}

/// An address on the net.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Electronic {
    /// What it names.
    pub kind: Address,
    /// As written.
    pub text: CompactString,
}

/// What an electronic address names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// `a@b.com`
    Email,
    /// `https://b.com/c`, with a scheme.
    Url,
    /// `www.b.com`, `b.com/c`
    Domain,
    /// `@name`
    Handle,
    /// `#name`
    Hashtag,
}

/// A Roman numeral.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roman {
    /// Its value.
    pub value: u16,
    /// Whether it counts in order, as with kings.
    pub ordinal: bool,
    /// Its form.
    pub form: Form,
}

/// A part of a formula.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// A number.
    Number(Amount),
    /// A name, as written.
    Name(CompactString),
    /// An operator, as written.
    Operator(CompactString),
}
