//! Env files as Compose reads them.
//!
//! Source of the rules: the Compose specification, "env_file", "Env_file format", and compose-go's `dotenv` package.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::path::Path;

use sternway_model::template::Budget;
use sternway_model::yaml::Mark;
use sternway_model::{Error, Result, template};

use super::variables::Lookup;

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    /// The variables, in the file's order.
    pub variables: Vec<(String, String)>,
    /// Those whose values mention a variable without a value, with their lines.
    pub unset: Vec<(String, u32)>,
}

/// What variables inside a file's values stand for, beside the file's own.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    /// Asked before the file itself: the project's variables.
    pub outside: Lookup<'a>,
    /// Asked after it: the files before.
    pub before: Lookup<'a>,
}

impl Known<'_> {
    /// What a name without a value passes on.
    fn passed_on(&self, name: &str) -> Option<String> {
        (self.outside)(name).or_else(|| (self.before)(name))
    }
}

/// Reads a file's variables. Those inside values are looked for as Compose does since 2.37: outside, above in the file, in the files
/// before.
///
/// # Errors
/// [`sternway_model::Code::InvalidInput`], with the line, for a name that is none or a quote that is not closed.
pub(super) fn parse(file: &Path, text: &str, known: Known<'_>, budget: &RefCell<Budget>) -> Result<Parsed> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader {
        file,
        text,
        rest: text,
        parsed: Parsed::default(),
        last: HashMap::new(),
        lines: Cell::new((0, 1)),
        known,
        budget,
    };
    while reader.statement()? {}
    Ok(reader.parsed)
}

/// Reads a file of `format: raw`: each line is `NAME=value`, and the value is taken as it stands.
///
/// # Errors
/// [`sternway_model::Code::InvalidInput`], with the line, for a name that is empty or has a space in it.
pub(super) fn parse_raw(file: &Path, text: &str, known: Known<'_>) -> Result<Vec<(String, String)>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut variables = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = match line.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (line, known.passed_on(line)),
        };
        if name.is_empty() || name.contains(char::is_whitespace) {
            let mark = Mark { line: u32::try_from(number + 1).unwrap_or(u32::MAX), column: 1 };
            return Err(Error::invalid("this line has no variable's name").at(mark.location(file, "")));
        }
        variables.extend(value.map(|value| (name.to_owned(), value)));
    }
    Ok(variables)
}

struct Reader<'a> {
    file: &'a Path,
    text: &'a str,
    rest: &'a str,
    parsed: Parsed,
    /// Where in `parsed` the last value of each variable is.
    last: HashMap<String, usize>,
    /// A place of the text, in bytes, and its line, as far as lines were counted.
    lines: Cell<(usize, u32)>,
    known: Known<'a>,
    budget: &'a RefCell<Budget>,
}

impl<'a> Reader<'a> {
    /// Reads the next variable; false at the end of the file.
    fn statement(&mut self) -> Result<bool> {
        loop {
            self.rest = self.rest.trim_start();
            if !self.rest.starts_with('#') {
                break;
            }
            self.rest = self.rest.split_once('\n').map_or("", |(_, rest)| rest);
        }
        if self.rest.is_empty() {
            return Ok(false);
        }
        if let Some(after) = self.rest.strip_prefix("export")
            && after.starts_with(char::is_whitespace)
        {
            self.rest = after.trim_start();
        }
        let end = self.rest.find(['=', ':', '\n']).unwrap_or(self.rest.len());
        let (name, after) = self.rest.split_at(end);
        let name = name.trim_end();
        let allowed = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '[' | ']');
        if name.is_empty() || !name.chars().all(allowed) {
            // The line itself may be the rest of a secret of several lines.
            return Err(self.wrong("this line has no variable's name"));
        }
        if after.is_empty() || after.starts_with('\n') {
            // A name alone passes the value on that the variable has outside.
            self.rest = after;
            let value = self.known.passed_on(name);
            if let Some(value) = value {
                self.push(name, value);
            }
            return Ok(true);
        }
        self.rest = after[1..].trim_start_matches(|c: char| c != '\n' && c.is_whitespace());
        let value = self.value(name)?;
        self.push(name, value);
        Ok(true)
    }

    fn push(&mut self, name: &str, value: String) {
        self.last.insert(name.to_owned(), self.parsed.variables.len());
        self.parsed.variables.push((name.to_owned(), value));
    }

    fn value(&mut self, name: &str) -> Result<String> {
        let quote = match self.rest.chars().next() {
            Some(quote @ ('"' | '\'')) => quote,
            _ => {
                let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
                let value = line.split_once(" #").map_or(line, |(value, _)| value).trim_end();
                let value = self.filled(name, value)?;
                self.rest = rest;
                return Ok(value);
            }
        };
        let body = &self.rest[1..];
        let mut value = String::new();
        let mut escaped = false;
        for (index, c) in body.char_indices() {
            match c {
                c if c == quote && !escaped => {
                    let value = if quote == '"' { self.filled(name, &unescaped(&value))? } else { value };
                    self.rest = &body[index + 1..];
                    return Ok(value);
                }
                '\\' if !escaped => escaped = true,
                c => {
                    if escaped && c != quote {
                        value.push('\\');
                    }
                    value.push(c);
                    escaped = false;
                }
            }
        }
        Err(self.wrong("a quote is not closed"))
    }

    fn filled(&mut self, name: &str, value: &str) -> Result<String> {
        let lookup = |name: &str| {
            let own = || self.parsed.variables.get(*self.last.get(name)?).map(|(_, value)| value.clone());
            (self.known.outside)(name).or_else(own).or_else(|| (self.known.before)(name))
        };
        let mut budget = self.budget.borrow_mut();
        let filled = template::fill_within(value, &lookup, &mut budget).map_err(|error| {
            if budget.is_spent() {
                return error.at(Mark { line: self.line(), column: 1 }.location(self.file, name));
            }
            // Not the error itself: it quotes the value, which may be a secret.
            self.wrong("a value has a `${` that is no variable, or a variable that is required and missing")
        })?;
        if !filled.unset.is_empty() {
            self.parsed.unset.push((name.to_owned(), self.line()));
        }
        Ok(filled.text)
    }

    /// The line of what is read next, from 1.
    fn line(&self) -> u32 {
        let (counted, line) = self.lines.get();
        let here = self.text.len() - self.rest.len();
        let more = self.text.as_bytes()[counted..here].iter().filter(|byte| **byte == b'\n').count();
        let line = line.saturating_add(u32::try_from(more).unwrap_or(u32::MAX));
        self.lines.set((here, line));
        line
    }

    fn wrong(&self, message: &str) -> Error {
        Error::invalid(message).at(Mark { line: self.line(), column: 1 }.location(self.file, ""))
    }
}

/// The escapes of a text in double quotes; `\$` becomes `$$`, which stands for a dollar sign.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        match chars.next() {
            Some('a') => plain.push('\x07'),
            Some('b') => plain.push('\x08'),
            Some('f') => plain.push('\x0c'),
            Some('n') => plain.push('\n'),
            Some('r') => plain.push('\r'),
            Some('t') => plain.push('\t'),
            Some('v') => plain.push('\x0b'),
            // It ends the text, as in `echo -e`.
            Some('c') => {}
            Some('$') => plain.push_str("$$"),
            Some('"') => plain.push('"'),
            Some('\\') => plain.push('\\'),
            Some('0') => {
                let mut code = 0;
                for _ in 0..3 {
                    let Some(digit) = chars.peek().and_then(|c| c.to_digit(8)) else { break };
                    code = code * 8 + digit;
                    chars.next();
                }
                plain.extend(char::from_u32(code));
            }
            Some(other) => plain.extend(['\\', other]),
            None => plain.push('\\'),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(name: &str) -> Option<String> {
        (name == "OUTSIDE").then(|| "out".to_owned())
    }

    fn read(text: &str) -> Result<Parsed> {
        let known = Known { outside: &lookup, before: &|_| None };
        parse(Path::new("test.env"), text, known, &RefCell::default())
    }

    fn values(text: &str) -> Vec<(String, String)> {
        read(text).expect("valid").variables
    }

    #[test]
    fn each_form_of_a_value() {
        for (line, expected) in [
            ("A=b", "b"),
            ("  export A = b  ", "b"),
            ("A: b", "b"),
            ("A=b # comment", "b"),
            ("A=b#c", "b#c"),
            ("A=", ""),
            ("A='$OUTSIDE # \\n'", "$OUTSIDE # \\n"),
            ("A=\"a\\n$OUTSIDE \\$x\"", "a\nout $x"),
            ("A=\"two\nlines\"", "two\nlines"),
            ("A=${OUTSIDE}-${NONE:-x}", "out-x"),
            ("A='it\\'s'", "it's"),
            ("A=cost$5", "cost$5"),
        ] {
            assert_eq!(values(line), [("A".to_owned(), expected.to_owned())], "{line}");
        }
    }

    #[test]
    fn later_values_see_earlier_ones() {
        assert_eq!(
            values("# first\r\nA=1\r\n\r\nB=$A\n1X=2\nOUTSIDE\nNONE\n").last(),
            Some(&("OUTSIDE".into(), "out".into()))
        );
        assert_eq!(values("A=1\nB=$A")[1].1, "1");
    }

    #[test]
    fn the_file_itself_comes_before_the_files_before_and_after_what_is_outside() {
        let (outside, before) = (|name: &str| (name == "A").then(|| "out".into()), |_: &str| Some("before".into()));
        let known = Known { outside: &outside, before: &before };
        let text = "A=own\nB=own\nC=$A $B $D\nD=late\n";
        let parsed = parse(Path::new("test.env"), text, known, &RefCell::default()).expect("valid");
        assert_eq!(parsed.variables[2].1, "out own before");
    }

    #[test]
    fn a_long_file_is_read_in_one_go() {
        let lines: String = (0..100_000).map(|number| format!("A{number}=$A{}$NONE\n", number / 2)).collect();
        let parsed = read(&lines).expect("valid");
        assert_eq!((parsed.variables.len(), parsed.unset.last()), (100_000, Some(&("A99999".to_owned(), 100_000))));
    }

    #[test]
    fn values_that_double_with_each_line_end_with_one_of_them() {
        let lines: String = (1..40).map(|number| format!("A{number}=$A{0}$A{0}\n", number - 1)).collect();
        let at = read(&format!("A0=xxxxxxxxxx\n{lines}")).expect_err("too much").at.expect("a place");
        assert!((20..30).contains(&at.line.expect("a line")) && at.key.is_some_and(|key| key.starts_with('A')));
    }

    #[test]
    fn errors_say_the_line() {
        for (text, line) in [("A=1\nB C=2", 2), ("A=1\n\nB='x", 3), ("=x", 1)] {
            let error = read(text).expect_err(text);
            assert_eq!(error.at.and_then(|at| at.line), Some(line), "{text}");
        }
    }

    #[test]
    fn raw_values_are_taken_as_they_stand() {
        let known = Known { outside: &|_| None, before: &lookup };
        let read = parse_raw(Path::new("test.env"), "# c\nA=\"$B\" #x\nOUTSIDE\n", known).expect("valid");
        assert_eq!(read, [("A".into(), "\"$B\" #x".into()), ("OUTSIDE".into(), "out".into())]);
    }
}
