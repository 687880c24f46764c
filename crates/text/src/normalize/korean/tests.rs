//! Readings that the fixtures do not show.

use crate::Language;
use crate::normalize::east_asian::assert_read;

#[test]
fn korean_is_read_as_it_is_spoken() {
    let readings = [
        ("２０개 샀다", "스무개 샀다"),
        ("10월 10일", "시월 십일"),
        ("우편번호 06236", "우편번호 영육이삼육"),
        ("₩3억 5000", "삼억원 오천"),
        ("¥1,234.5를", "천이백삼십사점오 엔 를"),
        ("02-123-4567", "영이 일이삼 사오육칠"),
        ("10-20kg을", "십에서 이십 킬로그램을"),
        ("3-4개 샀다", "세개에서 네개 샀다"),
        ("5-3=2", "오 빼기 삼=이"),
        ("21번째 줄", "스물한번째 줄"),
        ("12시 정각", "열두시 정각"),
        ("오전 9시부터", "오전 아홉시 부터"),
        ("info@example.com", "info 골뱅이 example 닷 컴"),
        ("½컵", "이분의 일 컵"),
        ("3‰", "삼 퍼밀"),
        ("-5℃였다", "마이너스 오 도였다"),
        ("1.2.3", "일 점 이 점 삼"),
    ];
    assert_read(Language::Korean, &readings);
}
