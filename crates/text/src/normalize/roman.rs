//! Roman numerals.

const SIGNS: [(&str, u16); 13] = [
    ("M", 1000),
    ("CM", 900),
    ("D", 500),
    ("CD", 400),
    ("C", 100),
    ("XC", 90),
    ("L", 50),
    ("XL", 40),
    ("X", 10),
    ("IX", 9),
    ("V", 5),
    ("IV", 4),
    ("I", 1),
];

/// The value of a numeral in capitals as it is properly written, 1 to 3999.
pub fn value(numeral: &str) -> Option<u16> {
    // The longest below 4000 is MMMDCCCLXXXVIII.
    if !(1..=15).contains(&numeral.len()) {
        return None;
    }
    let (mut rest, mut value) = (numeral, 0);
    for (sign, worth) in SIGNS {
        while let Some(after) = rest.strip_prefix(sign) {
            (rest, value) = (after, value + worth);
        }
    }
    (rest.is_empty() && value < 4000 && numeral_of(value) == numeral).then_some(value)
}

fn numeral_of(mut value: u16) -> String {
    let mut numeral = String::new();
    for (sign, worth) in SIGNS {
        while value >= worth {
            numeral.push_str(sign);
            value -= worth;
        }
    }
    numeral
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proper_numerals_have_their_value() {
        assert!((1..4000).all(|number| value(&numeral_of(number)) == Some(number)));
    }

    #[test]
    fn others_have_none() {
        for text in ["", "IIII", "VX", "IC", "XIIV", "iv", "MMMM", "A", "MMMDCCCLXXXVIIII"] {
            assert_eq!(value(text), None, "{text}");
        }
    }
}
