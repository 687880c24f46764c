//! Numbers spelled by ten thousands.

use crate::normalize::item::{Amount, Decimal, Fraction, Integer};
use crate::normalize::number::groups;

/// How a language names numbers.
pub struct Numerals {
    /// Names of the digits, read one by one.
    pub digits: [&'static str; 10],
    /// Names of 1, 10, 100, 1000 within a group of four digits; the first is empty.
    pub units: [&'static str; 4],
    /// The name of a power of ten thousand, from 0, given whether the group below it is zero; none if there is none.
    pub scale: fn(usize, bool) -> Option<&'static str>,
    /// What a digit other than zero is called at a place; empty where it is left out.
    pub digit: fn(u32, &Place) -> &'static str,
    /// Whether gaps in the places are named: 一百零一.
    pub names_gaps: bool,
    /// The decimal point.
    pub point: &'static str,
    /// Before a number below zero.
    pub minus: &'static str,
    /// After each zero that a number begins with: 007.
    pub after_zero: &'static str,
}

/// A digit's place in a number.
pub struct Place {
    /// 0 to 3: one, ten, hundred, thousand.
    pub unit: usize,
    /// The power of ten thousand.
    pub scale: usize,
    /// The group of four digits that it is in.
    pub group: u32,
    /// Whether nothing was spoken before it.
    pub leads: bool,
}

impl Numerals {
    /// Writes a number without its leading zeros.
    pub fn spell(&self, digits: &str, out: &mut String) {
        let groups = groups(digits, 4);
        if (self.scale)(groups.len() - 1, true).is_none() {
            return self.spell_digits(digits, out);
        }
        let start = out.len();
        let mut gap = false;
        for (index, group) in groups.iter().enumerate() {
            let scale = groups.len() - 1 - index;
            let leads = out.len() == start;
            if *group == 0 {
                gap = true;
                continue;
            }
            if self.names_gaps && !leads && (gap || *group < 1000) {
                out.push_str(self.digits[0]);
            }
            gap = false;
            self.spell_group(*group, scale, leads, out);
            let lower_is_zero = groups.get(index + 1).is_none_or(|lower| *lower == 0);
            out.push_str((self.scale)(scale, lower_is_zero).unwrap_or_default());
        }
        if out.len() == start {
            out.push_str(self.digits[0]);
        }
    }

    /// Writes a group of four digits that is not zero.
    fn spell_group(&self, group: u32, scale: usize, leads: bool, out: &mut String) {
        let start = out.len();
        let mut gap = false;
        for (unit, power) in [(3, 1000), (2, 100), (1, 10), (0, 1)] {
            let digit = group / power % 10;
            let inside = out.len() > start;
            if digit == 0 {
                gap = inside;
                continue;
            }
            if self.names_gaps && gap {
                out.push_str(self.digits[0]);
            }
            gap = false;
            let place = Place { unit, scale, group, leads: leads && !inside };
            out.push_str((self.digit)(digit, &place));
            out.push_str(self.units[unit]);
        }
    }

    /// Writes digits one by one.
    pub fn spell_digits(&self, digits: &str, out: &mut String) {
        let values = digits.chars().filter_map(|digit| digit.to_digit(10));
        out.extend(values.filter_map(|value| self.digits.get(value as usize).copied()));
    }

    /// Writes a number with the zeros that it begins with, each by itself.
    pub fn spell_written(&self, digits: &str, out: &mut String) {
        let rest = digits.trim_start_matches('0');
        let zeros = if rest.is_empty() { digits.len().saturating_sub(1) } else { digits.len() - rest.len() };
        for _ in 0..zeros {
            out.push_str(self.digits[0]);
            out.push_str(self.after_zero);
        }
        self.spell(rest, out);
    }

    /// Writes a whole number with its sign.
    pub fn spell_integer(&self, number: &Integer, out: &mut String) {
        self.spell_sign(number.negative, out);
        self.spell_written(&number.digits, out);
    }

    /// Writes a fraction, the denominator first, with the words that stand after a whole number, between the parts and
    /// before a root.
    pub fn spell_fraction(&self, fraction: &Fraction, [after_whole, between, root]: [&str; 3], out: &mut String) {
        if let Some(whole) = &fraction.whole {
            self.spell(whole, out);
            out.push_str(after_whole);
        }
        self.spell(&fraction.denominator, out);
        out.push_str(between);
        let radicand = fraction.numerator.strip_prefix('√');
        out.push_str(if radicand.is_some() { root } else { "" });
        self.spell(radicand.unwrap_or(&fraction.numerator), out);
    }

    /// Writes a number with decimals, its sign and its magnitude.
    pub fn spell_decimal(&self, number: &Decimal, out: &mut String) {
        self.spell_sign(number.negative, out);
        self.spell(&number.integer, out);
        if !number.fraction.is_empty() {
            out.push_str(self.point);
            self.spell_digits(&number.fraction, out);
        }
        out.push_str(number.magnitude.as_deref().unwrap_or_default());
    }

    /// Writes any amount but a fraction, which languages read in different order.
    pub fn spell_amount(&self, amount: &Amount, out: &mut String) {
        match amount {
            Amount::Integer(number) => self.spell_integer(number, out),
            Amount::Decimal(number) => self.spell_decimal(number, out),
            Amount::Fraction(_) => {}
        }
    }

    /// Writes the sign of a number below zero.
    pub fn spell_sign(&self, negative: bool, out: &mut String) {
        if negative {
            out.push_str(self.minus);
        }
    }
}
