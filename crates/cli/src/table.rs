//! Rows of a name and a value, in two columns.

/// Text with the values under each other.
pub fn table<S: AsRef<str>>(rows: &[(&str, S)]) -> String {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    rows.iter().map(|(name, value)| format!("{name:width$}  {}\n", value.as_ref())).collect()
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
    fn bytes_get_a_fitting_unit() {
        assert_eq!(bytes(512), "0.5 kB");
        assert_eq!(bytes(15_300_000_000), "15.3 GB");
    }
}
