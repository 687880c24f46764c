//! Electronic addresses and names of files.

use super::super::address;
use super::super::candidate::{Candidates, cost};
use super::super::item::{Address, Electronic, Item};
use super::super::view::View;

/// Endings of the names of files.
const FILES: [&str; 20] = [
    "txt", "pdf", "doc", "docx", "xls", "xlsx", "ppt", "csv", "jpg", "jpeg", "png", "gif", "mp3", "mp4", "wav", "zip",
    "html", "xml", "json", "py",
];

/// `a@b.es`, `www.b.es/c`, `archivo.txt`
pub fn address(view: &View, found: &mut Candidates) {
    if let Some((address, next)) = address::address(view, 0) {
        let next = with_bars(view, next);
        let text = view.slice(0..next).to_owned();
        found.push(next, cost::SURE, Item::Electronic(Electronic { text, ..address }));
    } else if view.is(1, ".") && FILES.contains(&view.text(2)) && view.begins_word() && view.ends_word(3) {
        let file = Electronic { kind: Address::Domain, text: view.slice(0..3).to_owned() };
        found.push(3, cost::LIKELY, Item::Electronic(file));
    }
}

/// The token after what follows an address with a bar or circumflex: `b.es/1|2`.
fn with_bars(view: &View, mut next: usize) -> usize {
    while view.is_one_of(next, &["|", "^"]) {
        next = if view.ends_word(next + 1) { next + 1 } else { next + 2 };
    }
    next
}
