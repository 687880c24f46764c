//! Electronic addresses and names of files.

use super::super::address;
use super::super::candidate::{Candidates, cost};
use super::super::item::{Address, Electronic, Item};
use super::super::token::{Kind, Script};
use super::super::view::View;
use super::lexicon::Lexicon;

/// Endings of the names of files.
const FILES: [&str; 20] = [
    "txt", "pdf", "doc", "docx", "xls", "xlsx", "ppt", "csv", "jpg", "jpeg", "png", "gif", "mp3", "mp4", "wav", "zip",
    "html", "xml", "json", "py",
];

/// `a@b.es`, `www.b.es/c`, `archivo.txt`
pub fn address(lexicon: &Lexicon, view: &View, found: &mut Candidates) {
    let mut push = |text: &str, kind, next| {
        found.push(next, cost::SURE, Item::Electronic(Electronic { kind, text: text.into() }));
    };
    if let Some((address, next)) = address::address(view, 0) {
        let next = with_signs(view, next);
        push(view.slice(0..next), address.kind, next);
    } else if view.is(1, ".") && FILES.contains(&view.text(2)) && view.begins_word() && ends_name(view, 3) {
        push(view.slice(0..3), Address::Domain, 3);
    } else if let Some(next) = dotted_words(view, 0).filter(|_| lexicon.words.spells_dotted_words) {
        push(view.slice(0..next), Address::Domain, next);
    }
}

/// Whether a name with points ends before token `n`: `a.py` is not all of `a.py.a`.
fn ends_name(view: &View, n: usize) -> bool {
    view.ends_word(n) && !(view.is(n, ".") && view.kind(n + 1).is_word())
}

/// The token after what follows an address with a sign between that ends no sentence: `b.es/1|2`.
fn with_signs(view: &View, next: usize) -> usize {
    if !view.is_one_of(next, &["|", "^", "!"]) || (view.is(next, "!") && view.ends_word(next + 1)) {
        return next;
    }
    let end = (next..View::AHEAD).find(|n| view.kind(*n).is_gap()).unwrap_or(next);
    if view.kind(end - 1) == Kind::Mark { end - 1 } else { end }
}

/// The token after words joined by points from token `n` on.
fn dotted_words(view: &View, n: usize) -> Option<usize> {
    let latin = |n: usize| view.kind(n) == Kind::Word(Script::Latin);
    let mut next = n + 1;
    while latin(n) && view.is(next, ".") && latin(next + 1) && next < View::AHEAD {
        next += 2;
    }
    (next > n + 1 && view.begins_word() && view.text_before(1) != "." && view.ends_word(next)).then_some(next)
}
