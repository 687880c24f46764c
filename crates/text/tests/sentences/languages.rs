//! What people write, language by language.

use zonos_text::Language::{
    AmericanEnglish, BrazilianPortuguese, BritishEnglish, French, German, Italian, Japanese, Korean, Mandarin, Spanish,
};
use zonos_text::{Language, sentences};

use crate::{cut, cut_everywhere};

#[test]
fn marks_end_sentences_everywhere() {
    cut_everywhere("Anna came. |Otto left! |Why? |Nobody knows.");
    cut_everywhere("What?! |Really!! |Yes.");
    cut_everywhere("One sentence without a mark");
}

#[test]
fn white_space_stays_with_the_sentence_before() {
    cut_everywhere("  Anna came.   |Otto left.\u{a0}\t|Done.  ");
    cut_everywhere("Anna came.\n|Otto left.\r\n|Done.\r\n");
}

#[test]
fn empty_lines_end_sentences_and_line_breaks_do_not() {
    cut_everywhere("A heading\n\n|A text that\ngoes on over\nlines\n \n|and another");
    cut_everywhere("A heading\r\n\r\n|Text\r\nbroken\r\n");
    cut_everywhere("Old\rlines\r\r|New");
    cut_everywhere("Before\u{2029}|After");
    cut_everywhere("It ends.\n\n\n|Next.");
    cut_everywhere("Mr.\n\n|Smith");
}

#[test]
fn numbers_are_not_cut() {
    cut_everywhere("Pi is 3.14159, e is 2.718. |More?");
    cut_everywhere("Version 1.2.3 costs 1.000,50 or 1,000.50. |Good.");
    cut_everywhere("At 10.30 we left. |See 192.168.0.1 there.");
}

#[test]
fn addresses_are_not_cut() {
    cut_everywhere("Write to a.b@example.com or see https://example.com/a.html?q=1!x for more. |Thanks.");
    cut_everywhere("Read README.md first. |Then go.");
}

#[test]
fn list_numbers_stay_with_their_item() {
    cut_everywhere("1. Flour and water\n\n|2. Salt\n\n|10. Time");
    cut_everywhere("a. First\n\n|b. Second");
}

#[test]
fn ellipses_end_before_capitals_only() {
    cut_everywhere("Well… |Maybe.");
    cut_everywhere("Well… maybe. |Or... not. |Wait... |What?");
    cut_everywhere("So…so");
}

#[test]
fn quotes_and_brackets_stay_with_their_sentence() {
    cut(AmericanEnglish, "“Go home.” |“I will not!” |He stayed.");
    cut(AmericanEnglish, "\"Go home.\" |\"I will not!\" |He stayed.");
    cut(AmericanEnglish, "(He left.) |[She stayed.] |(They did not know why.)");
    cut(AmericanEnglish, "He said ‘no.’ |Then he left.");
}

#[test]
fn speech_goes_on_after_its_quotes() {
    cut(AmericanEnglish, "“Really?” he asked. |“Yes!” she said.");
    cut(AmericanEnglish, "“Wait,” he said, “is it you?”, and turned.");
    cut(French, "« Quoi ? » demanda-t-il. |« Rien. » |Il partit.");
    cut(French, "« Quoi ? », dit-il.");
    cut(German, "„Nein!“ rief er. |„Doch.“ |Dann ging er.");
    cut(German, "»Nein.« |»Doch.« |Dann ging er.");
    cut(Spanish, "«¿Quién es?» preguntó. |«Soy yo.» |Entró.");
}

#[test]
fn all_lower_case_messages_are_cut_at_loud_marks() {
    cut(AmericanEnglish, "hi! |how are you? |fine, thanks");
}

#[test]
fn english() {
    cut(AmericanEnglish, "Dr. Smith met Mr. Jones and Mrs. Lee. |They talked.");
    cut(AmericanEnglish, "J. R. R. Tolkien wrote it. |George W. Bush did not.");
    cut(AmericanEnglish, "Fruit, e.g. Apples, i.e. Food. |Cats vs. Dogs etc. |All good.");
    cut(AmericanEnglish, "The U.S. Army came at 5 p.m. |Then it left.");
    cut(AmericanEnglish, "See No. 5 and Fig. 3 on Jan. 4. |He said no. |Then yes.");
    cut(BritishEnglish, "St. Paul's is old. |So am I. |Yes, etc., and so on.");
}

#[test]
fn french() {
    cut(French, "M. Dupont et Mme. Durand sont là. |Ils parlent.");
    cut(French, "Un fruit, p. ex. Une pomme. |Cf. Le texte. |Voilà !");
    cut(French, "Tu viens ? |Oui ! |Voir art. 5 et no. 3. |Fin.");
    cut(French, "– Oui. |– Non.");
}

#[test]
fn german() {
    cut(German, "Das ist z. B. Obst, d. h. Essen. |Gut.");
    cut(German, "Das ist z.B. Obst bzw. Essen usw. |Gut.");
    cut(German, "Am 3. Mai kam der 2. Zug. |Im Jahr 1990. |Ende.");
    cut(German, "Dr. Müller und Prof. Dr. Weiß sahen Nr. 5 in Abb. 300. |Schön.");
    // "3." may be "third": in doubt the sentences stay one.
    cut(German, "Es waren 12. Dann ging er. |Gut.");
    cut(German, "Es waren ca. Hundert. |Max. 5 Leute. |Er heißt Max. |Gut.");
}

#[test]
fn spanish() {
    cut(Spanish, "El Sr. García y la Sra. López llegaron. |¿Quién? |¡Ellos!");
    cut(Spanish, "Una fruta, p. ej. Una manzana, pág. 5. |Los EE. UU. son grandes.");
    cut(Spanish, "Ud. Tiene razón. |No. |Sí.");
}

#[test]
fn italian() {
    cut(Italian, "Il Sig. Rossi e la Sig.ra Bianchi sono qui. |Bene.");
    cut(Italian, "Un frutto, ad es. Una mela, ecc. |Il dott. Verdi è a pag. 3. |Fine.");
    cut(Italian, "Perché? |Così!");
}

#[test]
fn portuguese() {
    cut(BrazilianPortuguese, "O Sr. Silva e a Dra. Souza chegaram. |Que bom!");
    cut(BrazilianPortuguese, "Uma fruta, p. ex. Uma maçã, pág. 7. |A Av. Paulista. |Fim.");
}

#[test]
fn japanese() {
    cut(Japanese, "今日は晴れです。|明日は？|雨！|そうですか。");
    cut(Japanese, "「はい。」と言った。|「いいえ。」|彼は帰った。");
    cut(Japanese, "「本当？」って聞いた。|（笑）");
    cut(Japanese, "値段は３．５です。|Mr. Smithです。|はい。");
    cut(Japanese, "そう……かな。|えっ!?|本当に?|うん。");
}

#[test]
fn mandarin() {
    cut(Mandarin, "你好。|你好吗？|我很好！|谢谢。");
    cut(Mandarin, "他说：“好。”|她走了。|“真的？”|“真的！”");
    cut(Mandarin, "圆周率是3.14。|版本2.0很好!|是吗?|是.|对");
    cut(Mandarin, "我……不知道。");
}

#[test]
fn korean() {
    cut(Korean, "안녕하세요. |오늘은 2.5도입니다. |정말요? |네!");
    cut(Korean, "“네.” |그는 말했다.");
}

#[test]
fn sentences_of_mixed_scripts_are_cut() {
    cut_everywhere("Hello. |你好。|Привет! |Как дела? |مرحبا؟ |नमस्ते। |Bye.");
}

#[test]
fn what_cannot_be_spoken_stays_with_what_can() {
    cut_everywhere("... Hello. 😀");
    cut_everywhere("***\n\nText.\n\n|More. — !!! ...");
    cut_everywhere("!!! ???");
    cut_everywhere(" \n\n \n");
}

#[test]
fn an_empty_text_has_no_sentence() {
    for language in Language::ALL {
        assert_eq!(sentences("", language).next(), None);
    }
}
