//! Readings that no fixture shows.

use super::French;
use crate::normalize::speak;

fn check(pairs: &[(&str, &str)]) {
    for (written, spoken) in pairs {
        assert_eq!(speak(written, &French).text, *spoken, "{written}");
    }
}

#[test]
fn dates_and_times() {
    check(&[
        ("Il part le 1 mars, revient le 3/4.", "Il part le premier mars, revient le trois avril."),
        ("17.06.2021, 2021-06-17", "dix-sept juin deux mille vingt et un, dix-sept juin deux mille vingt et un"),
        (
            "De 9h-17h, 24h/24 et 7j/7",
            "De neuf heures à dix-sept heures, vingt-quatre heures sur vingt-quatre et sept jours sur sept",
        ),
        ("à 5 h 30", "à cinq heures trente"),
    ]);
}

#[test]
fn sums_and_measures() {
    check(&[
        ("5,50 €/kg, 0,50 €", "cinq euros cinquante par kilogramme, cinquante centimes"),
        ("3 millions €", "trois millions d’euros"),
        ("10€-20€", "dix euros à vingt euros"),
        ("1 t et 21 t", "une tonne et vingt et une tonnes"),
        ("1,80 m et 2,5 km²", "un mètre quatre-vingts et deux virgule cinq kilomètres carrés"),
        ("10 x 15 cm", "dix par quinze centimètres"),
    ]);
}

#[test]
fn names_numbers_and_signs() {
    check(&[
        ("Louis XIV, chapitre V", "Louis quatorze, chapitre cinq"),
        ("0612345678", "zéro six douze trente-quatre cinquante-six soixante-dix-huit"),
        ("192.168.1.1.", "cent quatre-vingt-douze point cent soixante-huit point un point un."),
        ("R2-D2, B-52", "R deux D deux, B cinquante-deux"),
        ("la 1re, les 2es, la 71e", "la première, les deuxièmes, la soixante et onzième"),
        ("2²=4", "deux au carré égale quatre"),
        ("Oui ! M. Dupont, etc.", "Oui ! monsieur Dupont, et cetera."),
    ]);
}
