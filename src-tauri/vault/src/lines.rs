//! Redacted lines from a stream of bytes. A line that is longer than lines are read comes in pieces.

use sternway_model::LONGEST_LINE;

use crate::redactor::{Known, Redactor};

/// Makes redacted lines of a program's output, however it is cut into chunks. A line ends with LF, CR LF, or CR as
/// progress displays print it. What is not UTF-8 becomes U+FFFD.
#[derive(Debug)]
pub struct LineRedactor {
    redactor: Redactor,
    /// The line that has not ended yet.
    line: Vec<u8>,
    /// The last byte was CR, so that an LF now ends no line.
    after_return: bool,
}

impl LineRedactor {
    /// With the secrets of this redactor, also those that are added later.
    #[must_use]
    pub fn new(redactor: Redactor) -> Self {
        Self { redactor, line: Vec::new(), after_return: false }
    }

    /// Takes the next bytes and gives the lines that are complete now, without their ends.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        for piece in bytes.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
            let (text, end) = match piece {
                [text @ .., end @ (b'\n' | b'\r')] => (text, Some(*end)),
                text => (text, None),
            };
            self.line.extend_from_slice(text);
            let rest_of_end = self.after_return && text.is_empty() && end == Some(b'\n');
            self.after_return = end == Some(b'\r');
            if end.is_some() && !rest_of_end {
                lines.push(self.take());
            } else if self.line.len() > LONGEST_LINE {
                lines.extend(self.take_decided());
            }
        }
        lines
    }

    /// The last line, if the output did not end with a line's end.
    pub fn finish(&mut self) -> Option<String> {
        if self.line.is_empty() { None } else { Some(self.take()) }
    }

    fn take(&mut self) -> String {
        let line = std::mem::take(&mut self.line);
        self.redactor.redact(&String::from_utf8_lossy(&line))
    }

    /// The beginning of an endless line, as far as no secret can reach over its end.
    fn take_decided(&mut self) -> Option<String> {
        // A character of which only a part is there waits for the rest.
        let last = self.line.utf8_chunks().last().map(|chunk| chunk.invalid()).unwrap_or_default();
        let begun = std::str::from_utf8(last).is_err_and(|error| error.error_len().is_none());
        let rest = self.line.split_off(self.line.len() - if begun { last.len() } else { 0 });
        let text = String::from_utf8_lossy(&self.line).into_owned();
        let known = self.redactor.snapshot();
        let (decided, waiting) = text.split_at(known.decided(&text));
        self.line = [waiting.as_bytes(), &rest].concat();
        if decided.is_empty() { None } else { Some(known.redact(decided)) }
    }
}

/// Takes secrets out of a program's output and leaves every other byte as it is, also where it is no text.
#[derive(Debug)]
pub struct ByteRedactor {
    redactor: Redactor,
    /// The end of what came, in which a secret may have begun.
    held: Vec<u8>,
}

impl ByteRedactor {
    /// With the secrets of this redactor, also those that are added later.
    #[must_use]
    pub fn new(redactor: Redactor) -> Self {
        Self { redactor, held: Vec::new() }
    }

    /// Takes the next bytes and gives those that are decided. Whole lines are: secrets of several lines are looked for line by line
    /// elsewhere, too. What has no line's end for long is decided as far as no secret can reach over its end.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        // What is held has no line's end.
        let lines = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| self.held.len() + end + 1);
        self.held.extend_from_slice(bytes);
        let open = self.held.len() - lines;
        let known = self.redactor.snapshot();
        let decided = if open <= LONGEST_LINE {
            lines
        } else {
            let last = self.held.utf8_chunks().last();
            let (text, rest) = last.map_or(("", 0), |chunk| (chunk.valid(), chunk.invalid().len()));
            self.held.len() - rest - text.len() + known.decided(text)
        };
        let waiting = self.held.split_off(decided);
        redacted(&known, &std::mem::replace(&mut self.held, waiting))
    }

    /// What is left when the output has ended.
    pub fn finish(&mut self) -> Vec<u8> {
        redacted(&self.redactor.snapshot(), &std::mem::take(&mut self.held))
    }
}

/// Secrets are texts, so they are looked for in what is text.
fn redacted(known: &Known, bytes: &[u8]) -> Vec<u8> {
    let mut redacted = Vec::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        redacted.extend_from_slice(known.redact(chunk.valid()).as_bytes());
        redacted.extend_from_slice(chunk.invalid());
    }
    redacted
}

#[cfg(test)]
mod tests {
    use sternway_model::Sensitive;

    use super::*;

    fn redactor() -> Redactor {
        let redactor = Redactor::default();
        for secret in ["abcd", "abcdef", "naïve-🦀-secret", "bcdefgh"] {
            redactor.add(&Sensitive::new(secret.into())).unwrap();
        }
        redactor
    }

    /// A small generator (xorshift), so that a failure can be repeated.
    fn next(state: &mut u64) -> usize {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        usize::try_from(*state % 1000).unwrap()
    }

    #[test]
    fn bytes_stay_as_they_are_but_for_secrets() {
        let binary: Vec<u8> =
            (0..400_000_u32).map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
        let long = "x".repeat(3 * LONGEST_LINE);
        let stream =
            [b"a abcdef\r\n\n", &binary[..], b"\nabcd", long.as_bytes(), "abcd naïve-🦀-secret".as_bytes()].concat();
        let wanted = [b"a [secret]\r\n\n", &binary[..], b"\n[secret]", long.as_bytes(), b"[secret] [secret]"].concat();
        for size in [1, 7, 4096, stream.len()] {
            let mut redacting = ByteRedactor::new(redactor());
            let mut passed: Vec<u8> = stream.chunks(size).flat_map(|chunk| redacting.push(chunk)).collect();
            passed.extend(redacting.finish());
            assert!(passed == wanted, "in pieces of {size}");
        }
    }

    fn lines_of(redactor: &Redactor, stream: &[u8], seed: u64) -> Vec<String> {
        let mut redacting = LineRedactor::new(redactor.clone());
        let (mut lines, mut rest, mut state) = (Vec::new(), stream, seed);
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(rest.len().min(1 + next(&mut state) % 7));
            lines.extend(redacting.push(chunk));
            rest = after;
        }
        lines.extend(redacting.finish());
        lines
    }

    #[test]
    fn how_the_output_is_cut_does_not_matter() {
        let stream =
            "abcdef abcd\nabcde\u{1b}[1mf\r\n\r\nnaïve-🦀-secret!\rabc\rd naïve-🦀-secre\n\nabcdefgh".as_bytes();
        let redactor = redactor();
        for seed in 1..500 {
            assert_eq!(
                lines_of(&redactor, stream, seed),
                ["[secret] [secret]", "[secret]", "", "[secret]!", "abc", "d naïve-🦀-secre", "", "[secret]gh"],
                "seed {seed}"
            );
        }
    }

    #[test]
    fn an_endless_line_comes_in_pieces_and_no_secret_in_two() {
        let mut stream = Vec::new();
        let mut state = 7;
        while stream.len() < 5 * LONGEST_LINE {
            stream.extend_from_slice(b"filling "[..1 + next(&mut state) % 7].as_ref());
            stream.extend_from_slice("naïve-🦀-secret".as_bytes());
        }
        let text = String::from_utf8(stream.clone()).unwrap();
        let mut redacting = LineRedactor::new(redactor());
        let mut pieces = Vec::new();
        for chunk in stream.chunks(4099) {
            pieces.extend(redacting.push(chunk));
            assert!(redacting.line.len() <= LONGEST_LINE + 4099, "it does not grow");
        }
        pieces.extend(redacting.finish());
        assert!(pieces.len() > 3);
        assert_eq!(pieces.concat(), redactor().redact(&text));
    }

    #[test]
    fn what_is_not_utf8_is_passed_on() {
        assert_eq!(lines_of(&redactor(), b"\xff abcd \xc3\nx", 3), ["\u{fffd} [secret] \u{fffd}", "x"]);
    }
}
