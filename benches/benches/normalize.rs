//! Sentences normalized per second and bytes per second, in every language, on one core.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use zonos::{Language, Normalize, Normalizer};

/// A sentence of about 100 characters with several items, and one that needs nothing.
fn sentences(language: Language) -> [&'static str; 2] {
    match language {
        Language::AmericanEnglish | Language::BritishEnglish => [
            "On May 5, 2021 at 3:30 pm we sold 1,200 units of 2.5 kg for $3.5 million at Dr. Smith's in St. Louis.",
            "The old dog slept in the sun all day, nobody was in a hurry, and even the birds sang a little slower.",
        ],
        Language::French => [
            "Le 5 mai 2021 à 15 h 30, nous avons vendu 1 200 pièces de 2,5 kg pour 3,5 millions d’euros à M. Martin.",
            "Le vieux chien dormait au soleil toute la journée, personne n’était pressé, et les oiseaux chantaient.",
        ],
        Language::German => [
            "Am 5. Mai 2021 um 15:30 Uhr verkauften wir 1.200 Stück zu 2,5 kg für 3,5 Millionen Euro an Dr. Schmidt.",
            "Der alte Hund schlief den ganzen Tag in der Sonne, niemand hatte es eilig, und die Vögel sangen leiser.",
        ],
        Language::Spanish => [
            "El 5 de mayo de 2021 a las 15:30 vendimos 1.200 unidades de 2,5 kg por 3,5 millones de euros al Dr. Lee.",
            "El perro viejo dormía al sol todo el día, nadie tenía prisa, y hasta los pájaros cantaban más despacio.",
        ],
        Language::Italian => [
            "Il 5 maggio 2021 alle 15:30 abbiamo venduto 1.200 pezzi da 2,5 kg per 3,5 milioni di euro al dott. Lee.",
            "Il vecchio cane dormiva al sole tutto il giorno, nessuno aveva fretta, e gli uccelli cantavano piano.",
        ],
        Language::BrazilianPortuguese => [
            "Em 5 de maio de 2021 às 15:30 vendemos 1.200 unidades de 2,5 kg por R$ 3,5 milhões para o Dr. Lee aqui.",
            "O velho cachorro dormia ao sol o dia todo, ninguém tinha pressa, e os pássaros cantavam mais devagar.",
        ],
        Language::Japanese => [
            "2021年5月5日の午後3時30分に2.5kgの商品を1200個、合計350万円で鈴木さんの店に売りました。",
            "年老いた犬は一日中日なたで眠っていて、誰も急がず、鳥たちもいつもよりゆっくり歌っていました。",
        ],
        Language::Mandarin => [
            "2021年5月5日下午3点30分，我们以350万元的价格卖出了1200件2.5kg的商品给李先生的商店。",
            "老狗整天在阳光下睡觉，没有人着急，连鸟儿也唱得比平时慢一些，这是一个很好的日子。",
        ],
        Language::Korean => [
            "2021년 5월 5일 오후 3시 30분에 2.5kg짜리 상품 1,200개를 350만 원에 김 선생님 가게에 팔았습니다.",
            "늙은 개는 하루 종일 햇볕에서 잠을 잤고, 아무도 서두르지 않았으며, 새들도 천천히 노래했다.",
        ],
    }
}

fn normalize(criterion: &mut Criterion) {
    for language in Language::ALL {
        let mut group = criterion.benchmark_group(format!("normalize/{language}"));
        let normalizer = Normalizer::new(language);
        for (name, sentence) in ["items", "plain"].into_iter().zip(sentences(language)) {
            group.throughput(Throughput::ElementsAndBytes { elements: 1, bytes: sentence.len() as u64 });
            group.bench_function(name, |bencher| bencher.iter(|| normalizer.normalize(sentence).len()));
        }
        group.finish();
    }
}

criterion_group!(benches, normalize);
criterion_main!(benches);
