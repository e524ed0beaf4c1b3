//! What go-yaml v3, and so Compose, takes and YAML 1.2 does not: tabs in front of a line in brackets, a `-` alone in brackets, a
//! comment right behind a quote. The parser refuses them; here the text is changed for it, sign by sign, so that every place stays.

use std::borrow::Cow;
use std::collections::HashSet;

use granit_parser::{ErrorKind, ScanError};

/// Each change is a new beginning for the parser: a long text gets none, and no text gets many.
const LONGEST: usize = 256 * 1024;
const MOST_CHANGES: usize = 100;

/// A text as the parser is given it.
pub(super) struct Lenient<'a> {
    pub text: Cow<'a, str>,
    /// Where, in bytes, a `-` is a whole value; the text has a `_` there.
    pub dashes: HashSet<usize>,
    changes: usize,
}

impl<'a> Lenient<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text: Cow::Borrowed(text), dashes: HashSet::new(), changes: 0 }
    }

    /// Changes what the parser complains about; says whether it is worth another try.
    pub fn change(&mut self, said: &ScanError, in_brackets: bool) -> bool {
        let Some(byte) = said.marker().byte_offset().filter(|byte| *byte < self.text.len()) else { return false };
        if self.text.len() > LONGEST || self.changes == MOST_CHANGES {
            return false;
        }
        self.changes += 1;
        let rest = &self.text[byte..];
        match said.kind() {
            ErrorKind::TabNotAllowed | ErrorKind::TabInBlockIndentation | ErrorKind::TabInIndentation
                if in_brackets =>
            {
                let line = self.text[..byte].rfind('\n').map_or(0, |end| end + 1);
                let changed = without_tabs(&self.text[line..]);
                let has_changed = changed != self.text[line..];
                self.text.to_mut().replace_range(line.., &changed);
                has_changed
            }
            ErrorKind::PlainScalarStartsWithDashFlowIndicator if rest.starts_with('-') => {
                self.dashes.insert(byte);
                self.text.to_mut().replace_range(byte..=byte, "_");
                true
            }
            ErrorKind::CommentNotSeparated if rest.starts_with('#') => {
                let comment = rest.len() - rest.trim_start_matches(|c| c != '\n').len();
                let spaces = " ".repeat(comment);
                self.text.to_mut().replace_range(byte..byte + comment, &spaces);
                true
            }
            _ => false,
        }
    }
}

/// The text with spaces for the tabs in front of its first lines, as far as lines begin with one.
fn without_tabs(text: &str) -> String {
    let mut changed = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(line) = rest.split_inclusive('\n').next() {
        let indentation = line.len() - line.trim_start_matches([' ', '\t']).len();
        if !line[..indentation].contains('\t') {
            break;
        }
        changed.push_str(&" ".repeat(indentation));
        changed.push_str(&line[indentation..]);
        rest = &rest[line.len()..];
    }
    changed.push_str(rest);
    changed
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::{Content, Mark, Node, parse, parse_strictly};

    /// A list below the key `a`, as it is read.
    fn list(text: &str) -> Vec<Node> {
        assert!(parse_strictly(Path::new("f.yaml"), text).is_err(), "{text:?} is no YAML 1.2");
        let documents = parse(Path::new("f.yaml"), text).expect(text);
        match documents[0].get("a").map(|a| &a.content) {
            Some(Content::Sequence(items)) => items.clone(),
            other => panic!("{text:?}: {other:?}"),
        }
    }

    #[test]
    fn what_compose_takes_is_taken_and_keeps_its_place() {
        for text in [
            "a: [\n\tb,\n\t-,\n\t\tc d\n\t]\ne: f\n",
            "a: [b, -, c d]\ne: f\n",
            "a: [\"b\"#x\n , -#y\n ,'c d']#z - é\ne: f\n",
        ] {
            let items = list(text);
            let texts: Vec<_> = items.iter().map(|item| item.text().expect("a text")).collect();
            assert_eq!(texts.first().copied().map(str::trim), Some("b"), "{text:?}");
            assert_eq!(items.last().and_then(Node::text), Some("c d"), "{text:?}");
        }
        assert_eq!(list("a: [b, -]\n")[1].text(), Some("-"));
        assert_eq!(list("a: [_, -, c]\n")[2].mark, Mark { line: 1, column: 11 });
        assert_eq!(list("a: [\n\t\tb]\n")[0].mark, Mark { line: 2, column: 3 });
    }

    #[test]
    fn a_tab_in_front_of_a_block_stays_a_mistake() {
        for text in ["a:\n\tb: c\n", "a:\n  - b\n\t- c\n", "a: [b]\n\tc: d\n"] {
            let error = parse(Path::new("f.yaml"), text).expect_err(text);
            assert!(error.message.contains("tab"), "{text:?}: {error}");
        }
    }

    #[test]
    fn a_long_text_with_many_of_them_ends_soon() {
        assert!(parse(Path::new("f.yaml"), &"- [-]\n".repeat(100_000)).is_err());
        assert!(parse(Path::new("f.yaml"), &"- [-]\n".repeat(90)).is_ok());
    }
}
