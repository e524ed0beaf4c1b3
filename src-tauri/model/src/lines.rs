//! What programs print, cut into lines that end.

/// A line is read no further than this, in bytes, wherever it comes from: one without an end must not fill the memory.
pub const LONGEST_LINE: usize = 64 * 1024;

/// What a character has beside its first byte, at most: a line is never cut inside of one.
const REST_OF_CHARACTER: usize = 3;

/// Whether a line is so long that it may have been cut where it was read.
#[must_use]
pub fn may_be_cut(line: &str) -> bool {
    line.len() + REST_OF_CHARACTER >= LONGEST_LINE
}

/// Collects pieces of a program's output until a line is complete. Of a line that is longer than [`LONGEST_LINE`] only the
/// beginning is handed on. Bytes that are no UTF-8 are replaced: it is output to read, not data.
#[derive(Debug, Default)]
pub struct Lines {
    begun: Vec<u8>,
}

impl Lines {
    /// Takes a piece; every line that it completes is handed on, without its end.
    pub fn push(&mut self, piece: &[u8], mut each: impl FnMut(&str)) {
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            let (text, ended) = match part {
                [text @ .., b'\n'] => (text, true),
                text => (text, false),
            };
            let room = LONGEST_LINE.saturating_sub(self.begun.len());
            self.begun.extend_from_slice(&text[..text.len().min(room)]);
            if ended {
                self.hand_on(&mut each);
            }
        }
    }

    /// The last line, if it has no end.
    pub fn end(&mut self, mut each: impl FnMut(&str)) {
        if !self.begun.is_empty() {
            self.hand_on(&mut each);
        }
    }

    fn hand_on(&mut self, each: &mut impl FnMut(&str)) {
        let whole = whole_characters(&self.begun);
        each(String::from_utf8_lossy(&self.begun[..whole]).trim_end_matches('\r'));
        self.begun.clear();
    }
}

/// Without the beginning of a character that was cut.
fn whole_characters(line: &[u8]) -> usize {
    let last = if line.len() < LONGEST_LINE { None } else { line.utf8_chunks().last() };
    let begun =
        last.filter(|chunk| std::str::from_utf8(chunk.invalid()).is_err_and(|error| error.error_len().is_none()));
    line.len() - begun.map_or(0, |chunk| chunk.invalid().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(pieces: &[&[u8]]) -> Vec<String> {
        let (mut lines, mut said) = (Lines::default(), Vec::new());
        for piece in pieces {
            lines.push(piece, |line| said.push(line.to_owned()));
        }
        lines.end(|line| said.push(line.to_owned()));
        said
    }

    #[test]
    fn lines_are_complete_whatever_the_pieces_are() {
        assert_eq!(said(&[b"one\r\ntw", b"o\n\nth", b"ree"]), ["one", "two", "", "three"]);
        assert_eq!(said(&[b"caf\xc3", b"\xa9 \xff\n"]), ["café \u{fffd}"], "a character may come in two pieces");
    }

    #[test]
    fn of_a_line_without_an_end_only_the_beginning_is_kept() {
        let piece = [b'x'; 1000];
        let pieces: Vec<&[u8]> = (0..1000).map(|_| piece.as_slice()).chain([b"\nnext\n".as_slice()]).collect();
        let said = said(&pieces);
        assert_eq!(said.iter().map(String::len).collect::<Vec<_>>(), [LONGEST_LINE, 4]);
        assert!(may_be_cut(&said[0]) && !may_be_cut(&said[1]));
    }

    #[test]
    fn a_line_is_not_cut_inside_of_a_character() {
        let said = said(&["🦀".repeat(LONGEST_LINE).as_bytes()]);
        assert!(said[0].chars().all(|c| c == '🦀') && may_be_cut(&said[0]));
        let said = self::said(&[b"x".as_slice(), "🦀".repeat(LONGEST_LINE).as_bytes()]);
        assert!(said[0].ends_with('🦀') && may_be_cut(&said[0]));
    }
}
