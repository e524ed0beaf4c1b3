//! Secrets in base64 or hexadecimal digits that were wrapped: a line has the beginning of one, its end, or a piece from within.

use std::collections::HashMap;
use std::ops::Range;

use zeroize::Zeroizing;

/// Pieces of fewer characters are taken for words. They are at most four bytes of a secret.
const SHORTEST_PIECE: usize = 6;

/// A line from within is at least this long: tools wrap at 60 characters and more.
const SHORTEST_LINE: usize = 40;

/// Pieces that say that a file has a secret are at least this long.
const SHORTEST_TELLING: usize = 10;

type Key = [u8; SHORTEST_PIECE];

/// Looks for pieces of encoded secrets.
#[derive(Default)]
pub(crate) struct Wrapped {
    encoded: Vec<Encoded>,
    /// The places of those that begin with these characters, and of those that end with them.
    begins: HashMap<Key, Vec<usize>>,
    ends: HashMap<Key, Vec<usize>>,
}

struct Encoded {
    text: Zeroizing<String>,
    /// The secret that it is a form of.
    owner: usize,
}

/// A piece of a secret.
struct Piece {
    place: Range<usize>,
    owner: usize,
}

impl Wrapped {
    /// Pieces of these are looked for, each with the secret that it is a form of.
    pub(crate) fn new(encoded: impl IntoIterator<Item = (Zeroizing<String>, usize)>) -> Self {
        let mut wrapped = Self::default();
        // Only what is in one run of characters is wrapped inside of it; its padding is not part of it.
        for (text, owner) in encoded.into_iter().filter(|(text, _)| text.bytes().all(is_of_a_run)) {
            let bytes = text.as_bytes();
            let (Some(begin), Some(end)) =
                (bytes.first_chunk::<SHORTEST_PIECE>(), bytes.last_chunk::<SHORTEST_PIECE>())
            else {
                continue;
            };
            let place = wrapped.encoded.len();
            wrapped.begins.entry(*begin).or_default().push(place);
            wrapped.ends.entry(*end).or_default().push(place);
            wrapped.encoded.push(Encoded { text, owner });
        }
        wrapped
    }

    /// Where pieces are in a text of one line or several. One with the beginning of a secret reaches to its line's end.
    pub(crate) fn found(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut places = Vec::new();
        if self.encoded.is_empty() {
            return places;
        }
        for line in lines(text) {
            for run in runs(text, line.clone()).filter(|run| run.len() >= SHORTEST_PIECE) {
                places.extend(self.pieces(&text[run.clone()], &run, run.end == line.end).map(|piece| piece.place));
            }
        }
        places
    }

    /// Whose pieces are in a text's lines, of those lines that look as if they were wrapped.
    pub(crate) fn owners(&self, text: &[u8]) -> Vec<usize> {
        let mut owners = Vec::new();
        if self.encoded.is_empty() {
            return owners;
        }
        for line in lines(text) {
            let length = text[line.clone()].iter().rev().take_while(|byte| is_of_a_run(**byte)).count();
            if length >= SHORTEST_LINE {
                let run = line.end - length..line.end;
                let pieces = self.pieces(&text[run.clone()], &run, true);
                owners.extend(pieces.filter(|piece| piece.place.len() >= SHORTEST_TELLING).map(|piece| piece.owner));
            }
        }
        owners
    }

    /// The pieces in a run of characters, which may be the last of its line.
    fn pieces(&self, text: &[u8], run: &Range<usize>, is_last: bool) -> impl Iterator<Item = Piece> {
        let piece = |place: Range<usize>, found: usize| {
            let owner = self.encoded.get(found).map_or(0, |encoded| encoded.owner);
            Piece { place, owner }
        };
        let end = self.end_of_one(text).map(|(length, found)| piece(run.start..run.start + length, found));
        let begin = self.begin_of_one(text).filter(|_| is_last);
        let begin = begin.map(|(length, found)| piece(run.end - length..run.end, found));
        let within = self.around(text).filter(|_| is_last).map(|found| piece(run.clone(), found));
        [end, begin, within].into_iter().flatten()
    }

    /// How much of the run's end is the beginning of a secret, and of which.
    fn begin_of_one(&self, run: &[u8]) -> Option<(usize, usize)> {
        (SHORTEST_PIECE..=run.len()).rev().find_map(|length| {
            let piece = &run[run.len() - length..];
            let known = piece.first_chunk().and_then(|key: &Key| self.begins.get(key))?;
            let is_it = |place: &&usize| self.encoded[**place].text.as_bytes().starts_with(piece);
            known.iter().find(is_it).map(|place| (length, *place))
        })
    }

    /// How much of the run's beginning is the end of a secret, and of which.
    fn end_of_one(&self, run: &[u8]) -> Option<(usize, usize)> {
        (SHORTEST_PIECE..=run.len()).rev().find_map(|length| {
            let piece = &run[..length];
            let known = piece.last_chunk().and_then(|key: &Key| self.ends.get(key))?;
            let is_it = |place: &&usize| self.encoded[**place].text.as_bytes().ends_with(piece);
            known.iter().find(is_it).map(|place| (length, *place))
        })
    }

    /// The secret that the whole run is a piece of.
    fn around(&self, run: &[u8]) -> Option<usize> {
        let run = std::str::from_utf8(run).ok().filter(|run| run.len() >= SHORTEST_LINE)?;
        self.encoded.iter().position(|encoded| encoded.text.len() > run.len() && encoded.text.contains(run))
    }
}

/// The lines of a text, without what is blank at their ends.
fn lines(text: &[u8]) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = 0;
    text.split_inclusive(|byte| *byte == b'\n').map(move |line| {
        let place = at..at + line.trim_ascii_end().len();
        at += line.len();
        place
    })
}

/// The characters of base64 (RFC 4648 §4 and §5), which those of hexadecimal digits are among.
fn is_of_a_run(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte)
}

fn runs(text: &[u8], line: Range<usize>) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = line.start;
    std::iter::from_fn(move || {
        let rest = text.get(at..line.end)?;
        at += rest.iter().position(|byte| is_of_a_run(*byte))?;
        let length = text[at..line.end].iter().take_while(|byte| is_of_a_run(**byte)).count();
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

    fn looking_for(secret: &str) -> Wrapped {
        Wrapped::new(Spellings::of(secret).encoded.into_iter().map(|form| (form, 0)))
    }

    /// What of a text's encoding, wrapped at this width, is left.
    fn left(secret: &str, encoded: &str, width: usize) -> String {
        let known = looking_for(secret);
        let lines = encoded.as_bytes().chunks(width).map(|line| String::from_utf8(line.to_vec()).unwrap());
        let mut left = String::new();
        for line in lines {
            let line = format!("#12 0.345 {line}");
            let mut line = line.into_bytes();
            for place in known.found(&line.clone()) {
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
    fn each_line_of_a_text_is_looked_at() {
        let secret = "a password of some length";
        let whole = STANDARD.encode(format!("{}{secret}", "u".repeat(50)));
        let text = format!("{}\n{}\n", &whole[..76], &whole[76..]);
        let places = looking_for(secret).found(text.as_bytes());
        assert_eq!(places.last().map(|place| place.end), Some(text.len() - 1), "{text}: {places:?}");
        assert!(places.len() > 1 && places[0].end == 76, "{text}: {places:?}");
    }

    #[test]
    fn words_are_left_alone() {
        let known = looking_for("correct horse battery staple");
        assert!(known.found(b"deployment of staging: succeeded").is_empty());
    }
}
