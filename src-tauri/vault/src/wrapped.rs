//! Secrets in base64 or hexadecimal digits that were wrapped: a line has the beginning of one, its end, or a piece from within.

use std::collections::HashMap;
use std::ops::Range;

use zeroize::Zeroizing;

use crate::encodings::Forms;

/// Pieces of fewer characters are taken for words. They are at most four bytes of a secret.
const SHORTEST_PIECE: usize = 6;

/// A line from within is at least this long: tools wrap at 60 characters and more.
const SHORTEST_LINE: usize = 40;

type Key = [u8; SHORTEST_PIECE];

/// Looks for pieces of encoded secrets.
#[derive(Default)]
pub(crate) struct Wrapped {
    encoded: Vec<Zeroizing<String>>,
    /// The places of those that begin with these characters, and of those that end with them.
    begins: HashMap<Key, Vec<usize>>,
    ends: HashMap<Key, Vec<usize>>,
}

impl Wrapped {
    /// Pieces of these are looked for.
    pub(crate) fn new(encoded: &Forms) -> Self {
        let mut wrapped = Self::default();
        // Only what is in one run of characters is wrapped inside of it; its padding is not part of it.
        for form in encoded.iter().filter(|form| form.bytes().all(is_of_a_run)) {
            let (Some(begin), Some(end)) =
                (form.as_bytes().first_chunk::<SHORTEST_PIECE>(), form.as_bytes().last_chunk::<SHORTEST_PIECE>())
            else {
                continue;
            };
            let place = wrapped.encoded.len();
            wrapped.begins.entry(*begin).or_default().push(place);
            wrapped.ends.entry(*end).or_default().push(place);
            wrapped.encoded.push(form.clone());
        }
        wrapped
    }

    /// Where pieces are in a line. One with the beginning of a secret reaches to the line's end.
    pub(crate) fn found(&self, line: &str) -> Vec<Range<usize>> {
        let mut places = Vec::new();
        if self.encoded.is_empty() {
            return places;
        }
        let bytes = line.trim_end().as_bytes();
        for run in runs(bytes).filter(|run| run.len() >= SHORTEST_PIECE) {
            let text = &bytes[run.clone()];
            places.extend(self.end_of_one(text).map(|length| run.start..run.start + length));
            if run.end == bytes.len() {
                places.extend(self.begin_of_one(text).map(|length| run.end - length..run.end));
                if self.is_within(text) {
                    places.push(run);
                }
            }
        }
        places
    }

    /// How much of the run's end is the beginning of a secret.
    fn begin_of_one(&self, run: &[u8]) -> Option<usize> {
        (SHORTEST_PIECE..=run.len()).rev().find(|length| {
            let piece = &run[run.len() - length..];
            let known = piece.first_chunk().and_then(|key: &Key| self.begins.get(key));
            known.into_iter().flatten().any(|place| self.encoded[*place].as_bytes().starts_with(piece))
        })
    }

    /// How much of the run's beginning is the end of a secret.
    fn end_of_one(&self, run: &[u8]) -> Option<usize> {
        (SHORTEST_PIECE..=run.len()).rev().find(|length| {
            let piece = &run[..*length];
            let known = piece.last_chunk().and_then(|key: &Key| self.ends.get(key));
            known.into_iter().flatten().any(|place| self.encoded[*place].as_bytes().ends_with(piece))
        })
    }

    fn is_within(&self, run: &[u8]) -> bool {
        let Some(run) = std::str::from_utf8(run).ok().filter(|run| run.len() >= SHORTEST_LINE) else { return false };
        self.encoded.iter().any(|encoded| encoded.len() > run.len() && encoded.contains(run))
    }
}

/// The characters of base64 (RFC 4648 §4 and §5), which those of hexadecimal digits are among.
fn is_of_a_run(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte)
}

fn runs(line: &[u8]) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        at += line[at..].iter().position(|byte| is_of_a_run(*byte))?;
        let length = line[at..].iter().take_while(|byte| is_of_a_run(**byte)).count();
        let run = at..at + length;
        at = run.end;
        Some(run)
    })
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::encodings::Spellings;

    /// What of a text's encoding, wrapped at this width, is left.
    fn left(secret: &str, encoded: &str, width: usize) -> String {
        let known = Wrapped::new(&Spellings::of(secret).encoded);
        let lines = encoded.as_bytes().chunks(width).map(|line| String::from_utf8(line.to_vec()).unwrap());
        let mut left = String::new();
        for line in lines {
            let line = format!("#12 0.345 {line}");
            let mut line = line.into_bytes();
            for place in known.found(&String::from_utf8(line.clone()).unwrap()) {
                line[place].fill(b'.');
            }
            left.push_str(std::str::from_utf8(&line[10..]).unwrap());
        }
        left
    }

    #[test]
    fn a_secret_that_runs_over_a_lines_end_is_found_wherever_it_stands() {
        let secret = "it's\"Gr8$Zk\\q/9+x and some more";
        for before in 0..80 {
            let whole = STANDARD.encode(format!("{}{secret}{}", "u".repeat(before), "v".repeat(40)));
            let seen = left(secret, &whole, 76);
            let place = before * 8 / 6;
            let shown = seen[place..place + secret.len() * 8 / 6].chars().filter(|c| *c != '.').count();
            let wrapped = place / 76 != (place + secret.len() * 8 / 6) / 76;
            assert!(!wrapped || shown <= 9, "{before}: {seen}");
        }
    }

    #[test]
    fn lines_from_within_a_long_secret_are_found() {
        let key = (0..20).map(|line| format!("line {line} of a private key\n")).collect::<String>();
        let whole = STANDARD.encode(format!("{{\"key\":\"{key}\"}}"));
        for width in [60, 64, 76] {
            let seen = left(&key, &whole, width);
            assert!(seen.chars().filter(|c| *c != '.').count() < 40, "{width}: {seen}");
        }
        let digits = hex::encode("0123456789 a password of some length");
        assert!(left("a password of some length", &digits, 60).chars().filter(|c| *c != '.').count() <= 24);
    }

    #[test]
    fn words_are_left_alone() {
        let known = Wrapped::new(&Spellings::of("correct horse battery staple").encoded);
        assert!(known.found("deployment of staging: succeeded").is_empty());
    }
}
