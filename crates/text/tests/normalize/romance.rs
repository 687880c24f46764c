//! Spanish, Italian and Portuguese where no fixture shows a kind of text.

use zonos_text::{Language, Normalize, Normalizer};

fn check(language: Language, pairs: &[(&str, &str)]) {
    for (written, spoken) in pairs {
        assert_eq!(Normalizer::new(language).normalize(written), *spoken, "{written}");
    }
}

#[test]
fn spanish() {
    check(
        Language::Spanish,
        &[
            ("Los siglos XIX y XX fueron duros.", "Los siglos diecinueve y veinte fueron duros."),
            ("Duró 3h y luego 1h30.", "Duró tres horas y luego una y media."),
            ("Quedamos a las 19.30 en la plaza.", "Quedamos a las diecinueve y media en la plaza."),
            ("Subió un 3 ‰ y un -2 %.", "Subió un tres por mil y un menos dos por ciento."),
            ("Pagó 1,5 millones de €.", "Pagó uno coma cinco millones de euros."),
            ("Mide 2x8 metros y pesa 3,5 t.", "Mide dos por ocho metros y pesa tres coma cinco toneladas."),
            (
                "Vino el 3/4 y el 24/12/99.",
                "Vino el tres de abril y el veinticuatro de diciembre de mil novecientos noventa y nueve.",
            ),
            ("El 2.º piso y el 1.er día.", "El segundo piso y el primer día."),
            ("Juan Carlos I y Felipe VI", "Juan Carlos primero y Felipe sexto"),
            ("Un mapa 1:1000,", "Un mapa uno a mil,"),
        ],
    );
}

#[test]
fn italian() {
    check(
        Language::Italian,
        &[
            (
                "Alle ore 20:15 e alle 19.05 parte.",
                "Alle ore venti e un quarto e alle diciannove e cinque minuti parte.",
            ),
            ("Il 3° piano, la 3° volta.", "Il terzo piano, la terza volta."),
            ("2 ha di terra, 7 ha detto.", "due ettari di terra, sette ha detto."),
            ("Chiama +39 06 1234567", "Chiama più tre nove zero sei uno due tre quattro cinque sei sette"),
            ("1.234,56 € e 0,50 €", "mille duecento trentaquattro euro cinquantasei centesimi e cinquanta centesimi"),
        ],
    );
}

#[test]
fn portuguese() {
    check(
        Language::BrazilianPortuguese,
        &[
            ("Mede 2x8 metros; venceu por 3x2.", "Mede dois por oito metros; venceu por três a dois."),
            ("Às 7h e às 1h30, 2h.", "Às sete horas e às uma hora e trinta, duas horas."),
            ("US$ 5 mil e R$ 5 mil", "cinco mil dólares americanos e cinco mil reais"),
            ("Nos anos 1990s, século XIX e XX.", "Nos anos mil novecentos e noventa, século dezenove e vinte."),
            ("O 1º dia, 5ª série, 2° lugar, 90°.", "O primeiro dia, quinta série, segundo lugar, noventa graus."),
            ("De 10 a 15% e 5‰", "De dez a quinze por cento e cinco por mil"),
        ],
    );
}
