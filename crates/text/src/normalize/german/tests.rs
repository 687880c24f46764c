//! Readings that no fixture shows.

use super::German;
use crate::normalize::speak;

fn check(pairs: &[(&str, &str)]) {
    for (written, spoken) in pairs {
        assert_eq!(speak(written, &German).text, *spoken, "{written}");
    }
}

#[test]
fn ordinals_agree_with_what_is_before_them() {
    check(&[
        ("In der 1. Klasse, die 2. Liga, ein 3. Kind.", "In der ersten Klasse, die zweite Liga, ein drittes Kind."),
        ("Vom 3. bis 7. Juni, am 1.-5. Mai.", "Vom dritten bis siebten Juni, am ersten bis fünften Mai."),
        ("im 19. Jh. und im 20. Jahrhundert", "im neunzehnten jahrhundert und im zwanzigsten Jahrhundert"),
        ("Kapitel 3. Dann kam er.", "Kapitel drei. Dann kam er."),
        ("Wir brauchen 12. Dann gehen wir.", "Wir brauchen zwölf. Dann gehen wir."),
    ]);
}

#[test]
fn dates_and_times() {
    check(&[
        ("Er kam am 3.4., um 8 Uhr.", "Er kam am dritten april, um acht uhr."),
        ("am 24.12.", "am vier und zwanzigsten dezember."),
        ("9-17 Uhr und 8:00-12:30 Uhr", "neun bis siebzehn uhr und acht uhr bis zwölf uhr dreißig"),
        ("Mo.-Fr. 8-18 Uhr", "Montag bis Freitag acht bis achtzehn uhr"),
        ("die Jahre 1939/40", "die Jahre ein tausend neun hundert neun und dreißig vierzig"),
        ("1.1.2000-2.1.2000", "erster januar zwei tausend bis zweiter januar zwei tausend"),
        ("die 1990ern", "die neunzehn hundert neunzigern"),
    ]);
}

#[test]
fn sums_and_measures() {
    check(&[
        (
            "1.234,50 € (ca. 20 %)",
            "ein tausend zwei hundert vier und dreißig euro fünfzig cent (circa zwanzig prozent)",
        ),
        ("5 €/kg, 3 €/Stunde", "fünf euro pro kilogramm, drei euro pro Stunde"),
        ("5,- € oder 10€-20€", "fünf euro oder zehn euro bis zwanzig euro"),
        ("2x8 cm", "zwei mal acht zentimeter"),
        ("1 h, 1 min", "eine stunde, eine minute"),
        ("1 Million Menschen", "eine Million Menschen"),
    ]);
}

#[test]
fn names_numbers_and_signs() {
    check(&[
        (
            "Karl V. kam. Unter Friedrich II. von Preußen",
            "Karl der fünfte kam. Unter Friedrich dem zweiten von Preußen",
        ),
        ("+49 (0)30 123456", "plus neun und vierzig drei null eins zwei drei vier fünf sechs"),
        ("Unter Ludwig XIV., dem König", "Unter Ludwig dem vierzehnten, dem König"),
        ("192.168.1.1", "eins neun zwei punkt eins sechs acht punkt eins punkt eins"),
        ("x² + y² = z²", "x hoch zwei plus y hoch zwei gleich z hoch zwei"),
        ("#Berlin2024", "hashtag Berlin zwei tausend vier und zwanzig"),
        ("Der 3., 21. und 100. Besucher", "Der dritte, ein und zwanzigste und ein hundertste Besucher"),
        ("A4-Papier, 3-D-Drucker", "A vier-Papier, drei-D-Drucker"),
    ]);
}
