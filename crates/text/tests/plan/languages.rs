//! Texts in every language: nothing is lost, nothing is said twice, budgets are kept.

use zonos_text::{Language, PlanOptions, bytes_per_second, estimated_seconds};

use crate::properties::check;

const TEXTS: [(Language, &str); 10] = [
    (
        Language::AmericanEnglish,
        "Dr. Lee left at 5 p.m., as she did on most days, and walked home along the river. It had rained; the stones \
         were wet, and the lamps were on already. “Is it late?” she asked the man at the bridge.\n\n“Not yet,” he said, \
         without looking up. He had sold 1,250 papers that day.",
    ),
    (
        Language::BritishEnglish,
        "The kettle boiled at half past seven, e.g. ten minutes too soon. Mr. Hale, who disliked haste, let it wait.\n\n\
         Outside, the milk van – blue, old, rather slow – turned into St. Mary's Lane.",
    ),
    (
        Language::French,
        "M. Petit ouvrit la fenêtre : la rue était vide. « Personne ? » demanda-t-il. Non, personne ; seul un chat, gris \
         et très maigre, passait devant l'art. 5 affiché au mur.\n\nIl referma doucement.",
    ),
    (
        Language::German,
        "Am 3. Mai kam der Zug z. B. erst um 10.30 Uhr an, und alle warteten. „Na endlich!“, rief Dr. Weiß, „das hat \
         gedauert.“ Der Donaudampfschifffahrtsgesellschaftskapitän nickte nur.\n\nDann fuhren sie los.",
    ),
    (
        Language::Spanish,
        "El Sr. Ortega abrió la puerta. ¿Quién llama a estas horas? ¡Nadie! Solo el viento, que venía del mar, movía las \
         hojas; la pág. 12 del libro se dobló.\n\nCerró otra vez y se sentó.",
    ),
    (
        Language::Italian,
        "Il dott. Neri arrivò tardi, perché pioveva. «Dov'è il gatto?» chiese alla Sig.ra Conti. Nessuno lo sapeva: era \
         uscito all'alba, come sempre.\n\nTornò a sera, bagnato e contento.",
    ),
    (
        Language::BrazilianPortuguese,
        "A Dra. Lima chegou cedo; o café ainda estava quente. Havia 37 cartas na mesa, todas fechadas, e um bilhete: “Volto \
         às 8.”\n\nEla sorriu, sentou-se e começou a ler.",
    ),
    (
        Language::Japanese,
        "今日は朝から雨が降っていて、駅までの道はとても静かだった。「傘を忘れましたか？」と駅員が聞いた。はい、と私は答えて、\
         コーヒーを買った。\n\n電車は3分おくれて来た。窓の外には、ぬれた畑がどこまでも続いていた。",
    ),
    (
        Language::Mandarin,
        "昨天下午，我和朋友去了河边的公园，那里有很多老树。他问：“你记得这座桥吗？”我当然记得；小时候我们常常在桥下看鱼。\n\n\
         后来下雨了，我们就回家了。路上一共走了2.5公里！",
    ),
    (
        Language::Korean,
        "어제 저녁에 친구가 집에 왔다. 우리는 차를 마시면서, 오래된 사진을 보았다. “이 사람은 누구야?” 그가 물었다. 나는 잠깐 생각했다.\n\n\
         그 사진은 1998년에 찍은 것이었다; 바다는 아주 파랬다.",
    ),
];

#[test]
fn budgets_from_two_seconds_to_a_minute_are_kept() {
    for (language, text) in TEXTS {
        for tenths in [20, 25, 31, 40, 55, 80, 120, 200, 450, 600] {
            let options = PlanOptions { seconds: f64::from(tenths) / 10.0, ..PlanOptions::new(language) };
            check(text, &options).unwrap();
        }
    }
}

#[test]
fn parts_of_twenty_seconds_end_at_sentences() {
    for (language, text) in TEXTS {
        let long = [text; 4].join(" ");
        let plan = zonos_text::plan(&long, &PlanOptions::new(language)).unwrap();
        assert!(plan.parts.iter().all(|part| part.boundary >= zonos_text::Boundary::Sentence), "{language}");
        assert!(plan.parts.iter().all(|part| estimated_seconds(&long[part.span.clone()], language) <= 20.0));
    }
}

#[test]
fn a_slower_pace_gives_shorter_parts() {
    let text = TEXTS[0].1.repeat(3);
    let parts = |rate| {
        let options = PlanOptions { bytes_per_second: rate, ..PlanOptions::new(Language::AmericanEnglish) };
        zonos_text::plan(&text, &options).unwrap().parts.len()
    };
    let usual = bytes_per_second(Language::AmericanEnglish);
    assert!(parts(usual / 3.0) > parts(usual) && parts(usual * 3.0) <= parts(usual));
}

/// What is said of a paragraph does not depend on its neighbours.
#[test]
fn an_edited_paragraph_leaves_the_parts_of_the_others() {
    for (language, text) in TEXTS {
        let options = PlanOptions { seconds: 5.0, ..PlanOptions::new(language) };
        let parts = |text: &str| -> Vec<String> {
            let plan = zonos_text::plan(text, &options).unwrap();
            plan.parts.iter().map(|part| text[part.span.clone()].to_owned()).collect()
        };
        let (alone, edited) = (parts(text), parts(&format!("Ganz anders.\n\n{text}\n\nNeu, neu.\n")));
        assert_eq!(edited[1..edited.len() - 1], alone, "{language}");
    }
}
