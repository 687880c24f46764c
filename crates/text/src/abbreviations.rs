//! Which full stops belong to an abbreviation.

use crate::Language;

/// The abbreviations of a language in lower case, without their last full stop.
struct Abbreviations {
    /// Something always follows: titles, "for example".
    open: &'static [&'static str],
    /// Abbreviations only before a number: "No. 5", but "No. I will not."
    before_number: &'static [&'static str],
}

const ENGLISH: Abbreviations = Abbreviations {
    open: &[
        "mr", "mrs", "ms", "mx", "messrs", "dr", "prof", "rev", "hon", "st", "mt", "ft", "gen", "col", "capt", "cmdr",
        "lt", "sgt", "maj", "cpl", "pvt", "adm", "gov", "sen", "rep", "pres", "supt", "vs", "viz", "cf", "approx",
        "eg", "ie", "esp", "ca",
    ],
    before_number: &[
        "no", "nos", "vol", "vols", "pp", "ch", "sec", "fig", "figs", "art", "eq", "ver", "tel", "ext", "op", "jan",
        "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec",
    ],
};

const FRENCH: Abbreviations = Abbreviations {
    open: &[
        "mm", "mme", "mmes", "mlle", "mlles", "mgr", "dr", "pr", "prof", "st", "ste", "cf", "ex", "env", "av", "bd",
        "vs", "boul",
    ],
    before_number: &[
        "no", "nos", "art", "vol", "chap", "fig", "pp", "tél", "éd", "janv", "févr", "juil", "sept", "oct", "nov",
        "déc",
    ],
};

const GERMAN: Abbreviations = Abbreviations {
    open: &[
        "dr", "prof", "hr", "fr", "frl", "dipl", "ing", "med", "phil", "jur", "st", "hl", "bzw", "ca", "evtl", "ggf",
        "inkl", "exkl", "zzgl", "vgl", "sog", "bspw", "allg", "insb", "geb", "gest", "vs", "zb",
    ],
    before_number: &[
        "nr", "abb", "abs", "art", "bd", "kap", "tel", "str", "ziff", "max", "min", "mind", "jan", "feb", "febr",
        "apr", "aug", "sept", "okt", "nov", "dez",
    ],
};

const SPANISH: Abbreviations = Abbreviations {
    open: &[
        "sr", "sra", "sres", "sras", "srta", "srtas", "dr", "dra", "dres", "prof", "profa", "dña", "lic", "ing", "arq",
        "gral", "cnel", "tte", "excmo", "excma", "ilmo", "ilma", "ud", "uds", "vd", "vds", "sto", "sta", "avda", "av",
        "pza", "ej", "aprox", "vs", "cf", "ee",
    ],
    before_number: &["núm", "num", "nro", "pág", "págs", "art", "vol", "cap", "fig", "tel"],
};

const ITALIAN: Abbreviations = Abbreviations {
    open: &[
        "sig", "sigg", "sig.ra", "sig.na", "dott", "dott.ssa", "dr", "prof", "prof.ssa", "avv", "ing", "arch", "geom",
        "rag", "on", "mons", "ss", "vs", "cfr", "es", "ca", "spett", "egr", "gent",
    ],
    before_number: &["nr", "num", "pag", "pagg", "art", "artt", "vol", "cap", "fig", "tel"],
};

const PORTUGUESE: Abbreviations = Abbreviations {
    open: &[
        "sr", "sra", "srs", "sras", "srta", "dr", "dra", "drs", "dras", "prof", "profa", "eng", "arq", "des", "exmo",
        "exma", "ilmo", "ilma", "sto", "sta", "av", "ex", "aprox", "vs", "cf",
    ],
    before_number: &["núm", "num", "pág", "págs", "pag", "art", "vol", "cap", "fig", "tel"],
};

fn abbreviations(language: Language) -> &'static Abbreviations {
    match language {
        Language::French => &FRENCH,
        Language::German => &GERMAN,
        Language::Spanish => &SPANISH,
        Language::Italian => &ITALIAN,
        Language::BrazilianPortuguese => &PORTUGUESE,
        // Asian texts that hold abbreviations with full stops hold English ones.
        Language::AmericanEnglish
        | Language::BritishEnglish
        | Language::Japanese
        | Language::Mandarin
        | Language::Korean => &ENGLISH,
    }
}

/// Whether the full stop after `before`, the sentence so far, belongs to its last word; `lead` is the first letter or
/// digit that follows.
pub(crate) fn owns_full_stop(before: &str, lead: Option<char>, language: Language) -> bool {
    let word = last_word(before);
    let lower = word.to_lowercase();
    let table = abbreviations(language);
    let number_follows = lead.is_some_and(char::is_numeric);
    is_initials(word, language)
        || is_ordinal(word, before, language)
        || table.open.contains(&&*lower)
        || (number_follows && table.before_number.contains(&&*lower))
}

/// The last letters, digits and full stops.
fn last_word(before: &str) -> &str {
    // Longer words are no abbreviations; this also keeps a text of one endless word from being searched again and again.
    const LONGEST: usize = 16;
    let inside = |(_, character): &(usize, char)| character.is_alphanumeric() || *character == '.';
    let start = before.char_indices().rev().take(LONGEST).take_while(inside).last();
    start.map_or("", |(start, _)| &before[start..])
}

/// Single letters, as in `J. R. R.`, `z. B.` or `U.S.`; letters without case are words of their own in Asian scripts.
fn is_initials(word: &str, language: Language) -> bool {
    let english = matches!(language, Language::AmericanEnglish | Language::BritishEnglish);
    // "So do I." ends as often as not; clock times rarely stand before a name.
    let ends = matches!(word, "a.m" | "p.m" | "A.M" | "P.M") || (english && word == "I");
    !ends && !word.is_empty() && word.split('.').all(is_cased_letter)
}

fn is_cased_letter(part: &str) -> bool {
    let mut characters = part.chars();
    let first = characters.next();
    first.is_some_and(|letter| letter.is_lowercase() || letter.is_uppercase()) && characters.next().is_none()
}

/// A number that begins the sentence, as in a list, or the German way of writing "third".
fn is_ordinal(word: &str, before: &str, language: Language) -> bool {
    // Deeper indents are none; this also keeps a field of blanks from being searched again and again.
    const INDENT: usize = 64;
    let digits = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let in_list = || word.len() <= 3 && before.len() <= INDENT && before.trim_start() == word;
    digits && ((language == Language::German && word.len() <= 2) || in_list())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_hold_lower_case_words_that_are_no_initials() {
        for language in Language::ALL {
            let table = abbreviations(language);
            for word in table.open.iter().chain(table.before_number) {
                assert_eq!(*word, word.to_lowercase());
                assert!(!word.ends_with('.') && last_word(word) == *word && !is_initials(word, language), "{word}");
            }
            assert!(table.open.iter().all(|word| !table.before_number.contains(word)));
        }
    }

    #[test]
    fn the_last_word_ends_at_punctuation() {
        for (before, word) in
            [("", ""), ("a (z", "z"), ("Jean-J", "J"), ("in the U.S", "U.S"), ("l'av", "av"), ("a ", "")]
        {
            assert_eq!(last_word(before), word, "{before}");
        }
    }

    #[test]
    fn number_abbreviations_need_a_number() {
        let english = Language::BritishEnglish;
        assert!(owns_full_stop("See No", Some('5'), english));
        assert!(!owns_full_stop("He said no", Some('T'), english));
    }
}
