//! What Japanese, Mandarin and Korean share: numbers counted by ten thousands, their own and full-width signs,
//! telephone numbers, and how numbers stand to each other.

pub mod amount;
pub mod numerals;
pub mod relation;
pub mod telephone;
pub mod written;

/// Holds readings against a language's rules, all of them at once.
#[cfg(test)]
pub fn assert_read(language: crate::Language, readings: &[(&str, &str)]) {
    use crate::Normalize;
    let read = |written: &str| crate::Normalizer::new(language).normalize(written).into_owned();
    let other = readings.iter().map(|(written, spoken)| (*written, *spoken, read(written)));
    let other: Vec<_> = other.filter(|(_, spoken, read)| read != spoken).collect();
    assert!(other.is_empty(), "written, expected, read: {other:#?}");
}
