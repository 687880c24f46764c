//! `zonos normalize`

use std::io::{BufRead, Write};

use anyhow::{Context, Result};
use zonos::{Language, Normalize, Normalizer};

use super::check;
use crate::args::{NormalizeArgs, TextArgs};
use crate::inputs::{TextSource, utf8};
use crate::output::{UNWRITTEN, stdout};

/// A line at a time. What was read together is written together, and all of it before more is waited for.
pub fn run(args: &NormalizeArgs) -> Result<()> {
    if !args.check.is_empty() {
        return check::run(args);
    }
    let normalizer = Normalizer::new(args.language.unwrap_or(Language::AmericanEnglish));
    let source = TextArgs { text: args.text.clone(), file: args.file.clone() };
    let TextSource { name, mut reader } = source.open()?;
    let (mut line, mut out) = (Vec::new(), stdout());
    while read_line(&mut reader, &mut line).with_context(|| format!("cannot read {name}"))? {
        let text = utf8(&line, &name)?;
        let (text, end) = split_end(text);
        write!(out, "{}{end}", normalizer.normalize(text)).context(UNWRITTEN)?;
        if !reader.buffer().contains(&b'\n') {
            out.flush().context(UNWRITTEN)?;
        }
    }
    Ok(())
}

fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<bool> {
    line.clear();
    Ok(reader.read_until(b'\n', line)? > 0)
}

/// A line and its end, which stays as it is; a last line gets one.
fn split_end(line: &str) -> (&str, &str) {
    let text = line.trim_end_matches(['\r', '\n']);
    if text.len() == line.len() { (line, "\n") } else { line.split_at(text.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_are_kept() {
        assert_eq!(split_end("a\r\n"), ("a", "\r\n"));
        assert_eq!(split_end("\n"), ("", "\n"));
        assert_eq!(split_end("a"), ("a", "\n"));
    }
}
