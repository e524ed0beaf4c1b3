//! The parser's complaints in the words of somebody who has to mend the file.

use granit_parser::ErrorKind;

use super::Mark;

/// What is wrong with the grammar, and where a person should look.
pub(super) struct Complaint {
    pub message: String,
    pub hint: &'static str,
    pub mark: Mark,
}

const COLUMNS: &str =
    "Keys that belong together begin in the same column; what is inside a key stands further to the right.";

/// What a complaint of the parser means, and what to do. `None` is one that nobody meets in a file of this kind.
fn words(said: &ErrorKind) -> Option<(&'static str, &'static str)> {
    use ErrorKind as Kind;
    Some(match said {
        Kind::MappingValueNotAllowed | Kind::SimpleKeyExpected | Kind::InvalidSimpleKey => {
            ("a colon is missing, or there is one too many", COLUMNS)
        }
        Kind::UnknownQuotedScalarEscape
        | Kind::InvalidQuotedScalarHexEscape
        | Kind::InvalidLowSurrogateHexEscape
        | Kind::InvalidLowSurrogate
        | Kind::MissingLowSurrogate
        | Kind::UnpairedLowSurrogate
        | Kind::InvalidUnicodeEscape => (
            "a backslash in double quotes begins something that YAML does not know",
            "Write `\\\\` for a backslash, or use single quotes, in which it stands for itself.",
        ),
        Kind::InvalidTrailingSingleQuotedScalar | Kind::InvalidTrailingDoubleQuotedScalar => (
            "the text goes on after its closing quote",
            "Put the whole value in one pair of quotes; inside single quotes, write '' for a quote.",
        ),
        Kind::UnclosedQuotedScalar | Kind::DocumentIndicatorInQuotedScalar => {
            ("the quote that begins here is not closed", "Close it at the end of the value.")
        }
        Kind::ExpectedBlockMappingKey | Kind::InvalidIndentation => {
            ("this line's indentation fits none of the lines above", COLUMNS)
        }
        Kind::ExpectedBlockSequenceEntry => (
            "the list above goes on with a line that is no item",
            "Begin the line with `- ` in the column of the other items, or move it to the column of the list's key.",
        ),
        Kind::BlockSequenceEntryNotAllowed => {
            ("a list cannot begin behind a key", "Put `- …` on a line of its own below the key.")
        }
        Kind::UnclosedFlowCollection { .. }
        | Kind::MismatchedFlowCollectionEnd { .. }
        | Kind::ExpectedFlowMappingSeparator
        | Kind::ExpectedFlowSequenceSeparator
        | Kind::UnexpectedEofFlowSequence
        | Kind::UnexpectedEofFlowMapping
        | Kind::UnexpectedEofImplicitFlowMapping
        | Kind::FlowMappingValueAdjacentCollection
        | Kind::InvalidColonPlacement
        | Kind::UnexpectedEof => (
            "a `[` or `{` is not closed, or a comma is missing",
            "Look at this line and the ones above: each `[` wants a `]`, each `{` a `}`, and commas between the items.",
        ),
        Kind::BlockEntryInFlowCollection | Kind::PlainScalarStartsWithDashFlowIndicator => {
            ("a `-` stands in brackets", "Items between `[` and `]` have no `-`; put a value that is one in quotes.")
        }
        Kind::MisplacedFlowCollectionEnd => {
            ("this bracket closes nothing", "Remove it, or look for the one that should open it.")
        }
        Kind::UnknownAnchor => (
            "this `*` names an anchor that the file does not have",
            "Mark what is meant with `&name`, further up in the file; or put the value in quotes.",
        ),
        Kind::MissingAnchorOrAliasName => (
            "a name is missing behind `&` or `*`",
            "Put the value in quotes if it is no anchor; names have letters, digits, `-` and `_`.",
        ),
        Kind::UnexpectedCharacter { .. } => ("a value cannot begin with this character", "Put the value in quotes."),
        Kind::InvalidMappingValueWhitespace => ("a space is missing after the colon", "Write `key: value`."),
        Kind::CommentNotSeparated => ("a space is missing before the `#`", "Write a space before a comment."),
        Kind::InvalidBlockScalarHeader | Kind::ZeroBlockScalarIndent => (
            "the text goes on behind its `|` or `>`",
            "Begin the text on the next line, further to the right; put the value in quotes if the sign belongs to it.",
        ),
        Kind::InvalidBlockScalarIndent => (
            "an empty line above is indented further than the text below it",
            "Remove the spaces of the empty line, or write the indentation behind the sign: `|2`.",
        ),
        Kind::RecursionLimitExceeded => {
            ("nested deeper than any file has to be", "Look for brackets that are not closed.")
        }
        Kind::ExpectedDocumentStart => {
            ("the file goes on after its value", "Keys that belong together begin in the same column.")
        }
        _ => return None,
    })
}

/// Where the tab is: in the indentation of a line, or of the one below it, whose value the parser took for the rest of this one's.
fn tab_at(lines: &[&str], here: usize) -> Option<Mark> {
    let places = lines.iter().enumerate().skip(here).take(2);
    let mut tabs = places.filter_map(|(line, text)| Some((line, indentation(text).find('\t')?)));
    let (line, column) = tabs.next()?;
    Some(Mark { line: u32::try_from(line + 1).ok()?, column: u32::try_from(column + 1).ok()? })
}

/// Puts a complaint of the parser into words. The parser notices many mistakes only on the line below, so the lines around
/// are looked at too.
pub(super) fn explain(said: &ErrorKind, mark: Mark, text: &str) -> Complaint {
    let lines: Vec<&str> = text.lines().collect();
    let here = usize::try_from(mark.line).unwrap_or(1).saturating_sub(1).min(lines.len().saturating_sub(1));
    let line = lines.get(here).copied().unwrap_or_default();
    let above =
        above(&lines, if usize::try_from(mark.line).is_ok_and(|line| line > lines.len()) { here + 1 } else { here });
    let say = |message: &str, hint| Complaint { message: message.to_owned(), hint, mark };
    let is_tab = matches!(
        said,
        ErrorKind::TabNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInIndentation
            | ErrorKind::TabInPlainScalar
            | ErrorKind::TabAtBlockScalarStart
    );
    if indentation(line).contains('\t') || is_tab {
        let message = "a tab stands where only spaces may".to_owned();
        let hint = "YAML is indented with spaces: put two spaces in place of the tab.";
        return Complaint { message, hint, mark: tab_at(&lines, here).unwrap_or(mark) };
    }
    let colon = match said {
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => no_key(mark.line, line),
        ErrorKind::MappingValueNotAllowed => colon(mark, line, above),
        _ => None,
    };
    if let Some(complaint) = colon {
        return complaint;
    }
    match words(said) {
        Some((message, hint)) => say(message, hint),
        None => Complaint {
            message: format!("this is not YAML: {said}"),
            hint: "Look at this line and the one above: indentation, colons, quotes and brackets.",
            mark,
        },
    }
}

fn indentation(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}

/// The nearest line above that says something, and its number from 1.
fn above<'a>(lines: &[&'a str], before: usize) -> Option<(u32, &'a str)> {
    let said = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let place = (0..before.min(lines.len())).rev().find(|place| said(&lines[*place]))?;
    Some((u32::try_from(place + 1).ok()?, lines[place]))
}

/// What a line lacks that should begin with a key or an item.
fn no_key(number: u32, line: &str) -> Option<Complaint> {
    let column = u32::try_from(indentation(line).chars().count() + 1).unwrap_or(1);
    let complaint = |message: &str, hint| {
        Some(Complaint { message: message.to_owned(), hint, mark: Mark { line: number, column } })
    };
    let said = line.trim();
    if said.starts_with('-') && !said.starts_with("- ") && said != "-" {
        return complaint("a space is missing after the `-`", "Items of a list begin with `- `.");
    }
    if said.starts_with("- ") || said.ends_with(':') || said.contains(": ") {
        return None;
    }
    complaint("a key has no colon with a space behind it", "Write `key: value`, or `key:` above a block.")
}

/// Mistakes with colons: one is missing above, there are two in a line, or a key stands below a value.
fn colon(mark: Mark, line: &str, above: Option<(u32, &str)>) -> Option<Complaint> {
    if let Some((number, upper)) = above {
        if let Some(complaint) = no_key(number, upper) {
            return Some(complaint);
        }
        let said = upper.trim();
        let deeper = indentation(line).len() > indentation(upper).len();
        if deeper && !said.ends_with(':') {
            let message = "this line is inside the line above, which has a value already".to_owned();
            return Some(Complaint { message, hint: COLUMNS, mark });
        }
    }
    (line.matches(": ").count() > 1 || line.contains(": ") && line.trim_end().ends_with(':')).then(|| Complaint {
        message: "there are two colons in this line".to_owned(),
        hint: "Put the value in quotes if the second one belongs to it.",
        mark,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::parse;

    fn said(text: &str) -> String {
        let error = parse(Path::new("f.yaml"), text).expect_err(text);
        let at = error.at.expect("a place");
        assert!(!error.hint.is_empty(), "{text:?} gets advice");
        format!("{}:{} {}", at.line.unwrap_or(0), at.column.unwrap_or(0), error.message)
    }

    #[test]
    fn usual_mistakes_are_named_where_they_are() {
        let cases = [
            ("project: shop\nenvironments\n  dev: {target: local}\n", "2:1 a key has no colon with a space behind it"),
            ("key: value\nbroken\n", "2:1 a key has no colon with a space behind it"),
            ("environment:\n  A:1\n  B: 2\n", "2:3 a key has no colon with a space behind it"),
            ("services:\n  web:\n\timage: x\n", "3:1 a tab stands where only spaces may"),
            ("a:\n  b:\n    c: d\n\tef: g\n", "4:1 a tab stands where only spaces may"),
            ("web:\n  image: \"x\n  ports: [1]\n", "2:10 the quote that begins here is not closed"),
            ("a: 'it's'\nb: 1\n", "1:8 the text goes on after its closing quote"),
            ("a: [1, 2\nb: 3\n", "2:2 a `[` or `{` is not closed, or a comma is missing"),
            ("a: b: c\n", "1:5 there are two colons in this line"),
            (
                "services:\n  web:\n    image: x\n   ports: [1]\n",
                "4:4 this line's indentation fits none of the lines above",
            ),
            ("a: 1\n  b: 2\n", "2:4 this line is inside the line above, which has a value already"),
            ("a:\n  - 1\n  b: 2\n", "3:3 the list above goes on with a line that is no item"),
            ("services:\n  - web\n  -db\n x: 1\n", "3:3 a space is missing after the `-`"),
            ("a: *x\n", "1:4 this `*` names an anchor that the file does not have"),
            ("a: @b\n", "1:4 a value cannot begin with this character"),
            ("a: \"\\d\"\n", "1:4 a backslash in double quotes begins something that YAML does not know"),
        ];
        let differ =
            |(text, expected): &(&str, &str)| (said(text) != *expected).then(|| (text.to_string(), said(text)));
        assert_eq!(cases.iter().filter_map(differ).collect::<Vec<_>>(), []);
    }
}
