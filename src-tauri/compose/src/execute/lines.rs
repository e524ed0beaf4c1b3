//! What programs print, cut into lines.

/// Collects pieces of text until a line is complete.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    begun: String,
}

impl Lines {
    /// Takes a piece; every line that it completes is handed on, without its end.
    pub fn push(&mut self, piece: &str, mut each: impl FnMut(&str)) {
        self.begun.push_str(piece);
        while let Some(end) = self.begun.find('\n') {
            let line: String = self.begun.drain(..=end).collect();
            each(line.trim_end_matches(['\r', '\n']));
        }
    }

    /// The last line, if it has no end.
    pub fn end(&mut self, mut each: impl FnMut(&str)) {
        let line = std::mem::take(&mut self.begun);
        if !line.is_empty() {
            each(&line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_complete_whatever_the_pieces_are() {
        let (mut lines, mut said) = (Lines::default(), Vec::new());
        for piece in ["one\r\ntw", "o\n\nth", "ree"] {
            lines.push(piece, |line| said.push(line.to_owned()));
        }
        lines.end(|line| said.push(line.to_owned()));
        assert_eq!(said, ["one", "two", "", "three"]);
    }
}
