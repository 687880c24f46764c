//! Amounts and what they are of.

use compact_str::format_compact;

use super::written;
use crate::normalize::item::{Amount, Form, Fraction, Item, Measure, Money, Percent};
use crate::normalize::table::Table;
use crate::normalize::view::View;

/// A language's tables of what amounts are of.
pub struct Names {
    /// Units: as written, as spoken, and what a rate is called before the amount (時速).
    pub units: &'static Table,
    /// Currencies: signs and codes as written, as spoken.
    pub currencies: &'static Table,
    /// Whether a space may stand between a number and a unit.
    pub spaced_units: bool,
}

impl Names {
    /// The item that an amount is with what follows it at token `next`, and the token after both.
    pub fn measured(&self, view: &View, amount: Amount, next: usize) -> (Item, usize) {
        let after = if self.spaced_units { view.after_space(next) } else { next };
        match view.text(after) {
            "%" | "％" | "﹪" => return (Item::Percent(Percent { amount, per_mille: false }), after + 1),
            "‰" => return (Item::Percent(Percent { amount, per_mille: true }), after + 1),
            _ => {}
        }
        // In a name such as B2B the letter is no unit.
        if !written::begins_latin(view) {
            return (plain(amount), next);
        }
        if let Some((_, row, end)) = self.units.all(view, after).find(|(.., end)| written::ends_latin(view, *end)) {
            let unit = row.first().copied().unwrap_or_default().into();
            let per = row.get(1).filter(|rate| !super::relation::heard_before(view, &[rate]));
            return (Item::Measure(Measure { amount, unit, per: per.map(|rate| (*rate).into()) }), end);
        }
        match self.currency(view, after) {
            Some((currency, end)) if written::ends_latin(view, end) => (money(amount, currency), end),
            _ => (plain(amount), next),
        }
    }

    /// A currency's sign or code at token `n`, as spoken, and the token after it.
    fn currency(&self, view: &View, n: usize) -> Option<(&'static str, usize)> {
        let (_, row, next) = self.currencies.longest(view, n)?;
        Some((row.first().copied()?, next))
    }

    /// A sum of money whose currency stands first at token 0, and the token after it.
    pub fn money(&self, view: &View) -> Option<(Item, usize)> {
        let (currency, next) = self.currency(view, 0).filter(|_| written::begins_latin(view))?;
        let quantity = written::quantity(view, view.after_space(next))?;
        Some((money(quantity.amount, currency), quantity.next))
    }
}

fn money(amount: Amount, currency: &str) -> Item {
    Item::Money(Money { amount, currency: currency.into(), per: None })
}

/// An amount of nothing.
pub fn plain(amount: Amount) -> Item {
    match amount {
        Amount::Integer(number) => Item::Cardinal(number, Form::default()),
        Amount::Decimal(number) => Item::Decimal(number),
        Amount::Fraction(fraction) => Item::Fraction(fraction),
    }
}

/// The fraction at token `n`, in one character or with a slash, and the token after it: `½`, `2½`, `3/4`, `√3/2`.
pub fn fraction(view: &View, n: usize) -> Option<(Fraction, usize)> {
    let named = |numerator: &str, denominator: &str| Fraction {
        numerator: numerator.into(),
        denominator: denominator.into(),
        ..Fraction::default()
    };
    if let Some((above, below)) = written::vulgar(view.text(n)) {
        return Some((named(above, below), n + 1));
    }
    if let Some((above, below)) = written::vulgar(view.text(n + 1)) {
        let whole = Some(view.digits(n)?.into());
        return Some((Fraction { whole, ..named(above, below) }, n + 2));
    }
    let root = view.is(n, "√");
    let (above, below, next) = written::slashed(view, n + usize::from(root))?;
    let above = if root { format_compact!("√{above}") } else { above };
    Some((named(&above, &below), next))
}
