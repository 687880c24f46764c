use crate::{Error, Result};

/// Ranges of a measured quantity, each with a conditioning id of its own: `"0-8"`, `"8-11"`, … `"40+"`.
#[derive(Clone, Debug, PartialEq)]
pub struct Buckets {
    ranges: Vec<Range>,
}

/// From `low` (included) to `high` (not included, but for the last one); infinite in `"40+"`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Range {
    low: f64,
    high: f64,
}

impl Buckets {
    /// Reads labels such as `"0-0.5"`, `"-1000--50"` or `"5+"`.
    ///
    /// # Errors
    /// When a label is none of these or the ranges do not ascend.
    pub fn parse<S: AsRef<str>>(labels: &[S]) -> Result<Self> {
        let ranges = labels.iter().map(|label| parse_label(label.as_ref())).collect::<Result<Vec<_>>>()?;
        if !ranges.is_sorted_by(|a, b| a.low < b.low) {
            return Err(Error::Config("bucket labels must ascend".into()));
        }
        Ok(Self { ranges })
    }

    /// The labels that [`Buckets::parse`] reads as these ranges.
    pub fn labels(&self) -> Vec<String> {
        let label = |range: &Range| match range.high.is_finite() {
            true => format!("{}-{}", range.low, range.high),
            false => format!("{}+", range.low),
        };
        self.ranges.iter().map(label).collect()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The bucket of a value: half-open ranges; values outside go to the first or the last.
    pub fn index(&self, value: f64) -> usize {
        self.index_by(|range| value < range.high)
    }

    /// As [`Buckets::index`], but a value within rounding of an upper edge counts as the next bucket. The reference
    /// treats speaking rates this way.
    pub fn index_at_edge(&self, value: f64) -> usize {
        self.index_by(|range| value < range.high && !is_close(value, range.high))
    }

    fn index_by(&self, is_below: impl Fn(&Range) -> bool) -> usize {
        let last = self.ranges.len().saturating_sub(1);
        self.ranges.iter().position(is_below).unwrap_or(last)
    }

    /// The middle of the middle bucket: what a speed factor of 1 stands for.
    pub fn neutral(&self) -> Option<f64> {
        let middle = self.ranges.get(self.ranges.len() / 2)?;
        Some(if middle.high.is_finite() { (middle.low + middle.high) / 2.0 } else { middle.low })
    }
}

fn is_close(a: f64, b: f64) -> bool {
    let difference = (a - b).abs();
    difference <= 1e-9 || difference <= 1e-12 * a.abs().max(b.abs())
}

fn parse_label(label: &str) -> Result<Range> {
    let range = match label.strip_suffix('+') {
        Some(low) => parse_number(low).map(|low| Range { low, high: f64::INFINITY }),
        // A minus in the first place belongs to the number.
        None => label.get(1..).and_then(|rest| rest.find('-')).and_then(|dash| {
            let (low, high) = label.split_at(dash + 1);
            Some(Range { low: parse_number(low)?, high: parse_number(&high[1..])? })
        }),
    };
    let range = range.filter(|range| range.low < range.high);
    range.ok_or_else(|| Error::Config(format!("`{label}` is no bucket: expected LOW-HIGH or LOW+")))
}

fn parse_number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_with_signs_are_read() {
        let buckets = Buckets::parse(&["-1000--50", "-50--45.5", "-5+"]).unwrap();
        assert_eq!(buckets.ranges[0], Range { low: -1000.0, high: -50.0 });
        assert_eq!(buckets.ranges[1], Range { low: -50.0, high: -45.5 });
        assert_eq!(buckets.ranges[2].high, f64::INFINITY);
    }

    #[test]
    fn labels_come_back() {
        let labels = ["-1000--50", "-50--45.5", "0-0.05", "495.3-3433", "40000+"];
        assert_eq!(Buckets::parse(&labels).unwrap().labels(), labels);
    }

    #[test]
    fn broken_labels_are_refused() {
        for label in ["", "-", "5", "8-", "-8", "a-b", "9-8", "1e999-2", "nan-3", "é-1"] {
            assert!(Buckets::parse(&[label]).is_err(), "{label}");
        }
        assert!(Buckets::parse(&["8-11", "0-8"]).is_err());
    }

    #[test]
    fn values_outside_go_to_the_ends() {
        let buckets = Buckets::parse(&["0-1", "1-2", "2-3"]).unwrap();
        assert_eq!(buckets.index(-7.0), 0);
        assert_eq!(buckets.index(3.0), 2);
        assert_eq!(buckets.index(99.0), 2);
    }
}
