//! Rows of a name and a value, in two columns.

/// Text with the values under each other.
pub fn table<S: AsRef<str>>(rows: &[(&str, S)]) -> String {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    rows.iter().map(|(name, value)| format!("{name:width$}  {}\n", value.as_ref())).collect()
}

/// Rows of cells, in columns of equal width.
pub fn grid(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or_default()).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

/// Bytes in the largest unit that fits.
pub fn bytes(bytes: u64) -> String {
    let scale = |unit: f64| bytes as f64 / unit;
    match bytes {
        0..1_000_000 => format!("{:.1} kB", scale(1e3)),
        1_000_000..1_000_000_000 => format!("{:.1} MB", scale(1e6)),
        _ => format!("{:.1} GB", scale(1e9)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_under_each_other() {
        assert_eq!(table(&[("a", "1"), ("long", "2")]), "a     1\nlong  2\n");
        assert_eq!(table::<&str>(&[]), "");
    }

    #[test]
    fn cells_stand_under_each_other() {
        let rows = [vec!["a".to_owned(), "b".to_owned()], vec!["long".to_owned(), String::new()]];
        assert_eq!(grid(&rows), "a     b\nlong\n");
        assert_eq!(grid(&[]), "");
    }

    #[test]
    fn bytes_get_a_fitting_unit() {
        assert_eq!(bytes(512), "0.5 kB");
        assert_eq!(bytes(15_300_000_000), "15.3 GB");
    }
}
