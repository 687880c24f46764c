//! Tables that are readable files in the crate.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::token::tokenize;
use super::view::View;

/// Rows of a key and its values, from a file compiled in.
///
/// A line is a key and any number of values with tabs between them; empty lines and lines that begin with `# ` are
/// passed over. Keep one in a static `LazyLock`, so that only languages in use are read:
///
/// ```ignore
/// static UNITS: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("units.tsv")));
/// ```
#[derive(Debug)]
pub struct Table {
    rows: Map<Row>,
    /// Keys and values by the keys' first token, the longest key first.
    by_first: Map<Vec<(&'static str, Row)>>,
    /// The shapes of the keys' first tokens: most look-ups end here.
    shapes: [u64; 4],
}

/// The keys are ours, so hashing need not be random.
type Map<T> = HashMap<&'static str, T, FixedState>;

/// The values of a key.
pub type Row = Vec<&'static str>;

impl Table {
    /// Reads the text of a table; of two rows with the same key the last counts.
    pub fn parse(text: &'static str) -> Self {
        let rows: Map<Row> = text.lines().filter_map(row).collect();
        let mut by_first: Map<Vec<(&'static str, Row)>> = Map::default();
        let mut shapes = [0; 4];
        for (key, row) in &rows {
            let first = first_token(key);
            by_first.entry(first).or_default().push((key, row.clone()));
            let (word, bit) = shape(first);
            shapes[word] |= bit;
        }
        for keys in by_first.values_mut() {
            keys.sort_unstable_by_key(|(key, _)| (std::cmp::Reverse(key.len()), *key));
        }
        Self { rows, by_first, shapes }
    }

    /// The rows whose keys begin with a token, the longest key first.
    fn beginning_with(&self, token: &str) -> &[(&'static str, Row)] {
        let (word, bit) = shape(token);
        if self.shapes[word] & bit == 0 {
            return &[];
        }
        self.by_first.get(token).map_or(&[], Vec::as_slice)
    }

    /// The values of a key.
    pub fn get(&self, key: &str) -> Option<&Row> {
        self.rows.get(key)
    }

    /// A key's first value.
    pub fn first(&self, key: &str) -> Option<&'static str> {
        self.get(key)?.first().copied()
    }

    /// The longest key that the text from token `n` on begins with, its values, and the token after it. The key ends
    /// where a token ends; check [`View::ends_word`] where it must not run into a word.
    pub fn longest(&self, view: &View, n: usize) -> Option<(&'static str, &Row, usize)> {
        let rows = self.beginning_with(view.text(n));
        rows.iter().find_map(|(key, row)| Some((*key, row, view.matches(n, key)?)))
    }

    /// All keys that the text from token `n` on begins with, the longest first.
    pub fn all<'s>(&'s self, view: &View<'s>, n: usize) -> impl Iterator<Item = (&'static str, &'s Row, usize)> {
        let view = *view;
        self.beginning_with(view.text(n)).iter().filter_map(move |(key, row)| Some((*key, row, view.matches(n, key)?)))
    }

    /// All rows, in no order.
    pub fn rows(&self) -> impl Iterator<Item = (&'static str, &Row)> {
        self.rows.iter().map(|(key, row)| (*key, row))
    }
}

/// Where the bit of a token's first byte and length stands among 256.
fn shape(token: &str) -> (usize, u64) {
    let byte = token.bytes().next().unwrap_or_default().wrapping_add((token.len() as u8).wrapping_mul(31));
    (usize::from(byte) / 64, 1 << (byte % 64))
}

fn row(line: &'static str) -> Option<(&'static str, Row)> {
    if line.starts_with("# ") || line.trim().is_empty() {
        return None;
    }
    let mut cells = line.split('\t');
    Some((cells.next()?, cells.collect()))
}

fn first_token(key: &'static str) -> &'static str {
    tokenize(key).first().map_or("", |token| &key[token.range()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_key_in_the_text_is_found() {
        let table = Table::parse("# units\nkm\tkilometer\tkilometers\n\nkm/h\tkilometers per hour\n");
        let longest = |text: &str| {
            let tokens = tokenize(text);
            table.longest(&View::new(text, &tokens, 0), 0).map(|(key, _, next)| (key, next))
        };
        assert_eq!(longest("km/h."), Some(("km/h", 3)));
        assert_eq!(longest("km/s"), Some(("km", 1)));
        assert_eq!(longest("kmh"), None);
        assert_eq!(table.get("km"), Some(&vec!["kilometer", "kilometers"]));
        assert_eq!(table.first("m"), None);
    }
}
