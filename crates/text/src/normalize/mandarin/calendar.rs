//! Years, dates and clocks.

use crate::normalize::candidate::{Candidates, cost};
use crate::normalize::east_asian::relation::begins_with;
use crate::normalize::east_asian::written::{self, unpadded};
use crate::normalize::item::{Date, DateOrder, Form, Integer, Item, Time, Year};
use crate::normalize::shapes::{self, Calendar, Triple};
use crate::normalize::token::{Kind, Script};
use crate::normalize::view::View;

pub fn recognize(view: &View, found: &mut Candidates) {
    year(view, found);
    era(view, found);
    if written::goes_on(view) {
        date(view, found);
        clock(view, found);
    }
}

/// `2015年`
fn year(view: &View, found: &mut Candidates) {
    let Some(digits) = view.digits(0).filter(|digits| view.is(1, "年") && is_year(view, digits)) else { return };
    found.push(2, cost::SURE, Item::Year(Year { digits: digits.into(), era: None }));
}

/// Whether 年 behind these digits names a year and not how many there were.
fn is_year(view: &View, digits: &str) -> bool {
    const HISTORIC: [&str; 5] = ["历史", "的历史", "歷史", "的歷史", "之久"];
    const AFTER: [&str; 15] =
        ["前", "后", "後", "来", "來", "间", "間", "内", "以", "之", "多", "的", "左右", "级", "級"];
    const BEFORE: [&str; 15] =
        ["了", "近", "约", "約", "过", "過", "第", "满", "整", "共", "这", "每", "用", "超", "达"];
    match digits.len() {
        4 => !begins_with(view, 2, &HISTORIC),
        3 => matches!(view.text_before(1), "元" | "前"),
        2 => {
            !begins_with(view, 2, &AFTER) && !begins_with(view, 2, &HISTORIC) && !BEFORE.contains(&view.text_before(1))
        }
        _ => false,
    }
}

/// A year, or a month of one, with its era behind it: `2334bc`, `1823年3月bc`.
fn era(view: &View, found: &mut Candidates) {
    let Some(digits) = view.digits(0).filter(|digits| digits.len() <= 4) else { return };
    let named = if view.is(1, "年") { 2 } else { 1 };
    let month = shapes::part(view, named, 1, 12).filter(|_| view.is(named + 1, "月"));
    let behind = if month.is_some() { named + 2 } else { named };
    let Some((era, next)) = latin_era(view, view.after_space(behind)) else { return };
    let mut items = vec![Item::Year(Year { digits: digits.into(), era: Some(era.into()) })];
    if let Some(month) = month {
        items.push(Item::Cardinal(Integer::new(month.to_string()), Form::default()));
        items.push(Item::Words("月".into()));
    }
    found.push(next, cost::SURE, Item::Sequence(items));
}

fn latin_era(view: &View, n: usize) -> Option<(&'static str, usize)> {
    if view.kind(n) != Kind::Word(Script::Latin) {
        return None;
    }
    let dotted = view.is(n + 1, ".") && view.is(n + 3, ".");
    let letters = if dotted { format!("{}{}", view.text(n), view.text(n + 2)) } else { view.text(n).into() };
    let era = match letters.to_ascii_lowercase().as_str() {
        "bc" | "bce" => "公元前",
        "ad" | "ce" => "公元",
        _ => return None,
    };
    Some((era, if dotted { n + 4 } else { n + 1 }))
}

/// `2020-12-24`, `12/2/2`, `05/06/1999`
fn date(view: &View, found: &mut Candidates) {
    let triple = ["/", "-", ".", "／", "－", "．"].into_iter().find_map(|sign| Triple::read(view, 0, sign));
    let Some(triple) = triple else { return };
    let last = || triple.month_first().or_else(|| triple.day_first()).filter(|(.., year)| year.len() == 4);
    let Some((day, month, year)) = triple.year_first().or_else(last).or_else(|| short_year(view, &triple)) else {
        return;
    };
    let date =
        Date { day: Some(day), month: Some(month), year: Some(year), order: DateOrder::YearFirst, ..Date::default() };
    found.push(triple.next, cost::SURE, Item::Date(date));
}

/// `12/2/2` is a day of 2012; with hyphens it is more often something else.
fn short_year(view: &View, triple: &Triple) -> Option<Calendar> {
    let [year, month, day] = &triple.parts;
    let (month, day) = (unpadded(month).parse().ok()?, unpadded(day).parse().ok()?);
    let fits = year.len() == 2 && !view.is(1, "-") && shapes::exists(day, month);
    fits.then(|| (day, month, year.clone()))
}

fn clock(view: &View, found: &mut Candidates) {
    let Some(clock) = shapes::clock(view, 0, &[":", "："]) else { return };
    let time = Time { hour: clock.hour, minute: Some(clock.minute), second: clock.second, ..Time::default() };
    found.push(clock.next, cost::LIKELY, Item::Time(time));
}
