//! Shell scripts: of all that they can do, only plain assignments are values.
//!
//! What stands in quotes, here-documents and `$(…)` is skipped, so that a line of text is never taken for an assignment. An
//! assignment in front of a command belongs to that command and is no value either.

use std::ops::Range;
use std::path::Path;

use sternway_model::{Error, Result};

use super::lines::{self, lines_of};
use super::listed::Listed;
use super::source::{Patch, location};
use super::tree::{Content, Data, Key, Kind, Node};
use super::{Syntax, Target};

/// POSIX shell (XCU 2.10) with Bash's `declare`.
pub(super) struct Shell;

const LISTED: Listed = Listed { line_comments: &["#"], block_comments: false, lines_separate: true, expand: false };

impl Syntax for Shell {
    fn read(&self, path: &Path, text: &str) -> Result<Node> {
        let mut scanner = Scanner { text, at: 0, depth: 0, found: Vec::new(), awaited: Vec::new() };
        scanner.script().map_err(|stop| {
            let (error, at) = match stop {
                Stop::Unclosed(at) => (Error::invalid("this quote or bracket is not closed").hint("Close it."), at),
                Stop::TooDeep(at) => {
                    let error =
                        Error::invalid(format!("quotes and brackets are nested deeper than {MOST_DEPTH} levels"));
                    (error.hint("Put what is inside into variables of its own."), at)
                }
            };
            error.at(location(path, text, at, None))
        })?;
        Ok(Node::new(Content::Object(scanner.found), 0..text.len()))
    }

    fn marked(&self, raw: &str, mark: &str) -> String {
        if raw.starts_with('"') { format!("\"{mark}\"") } else { format!("'{mark}'") }
    }

    fn set(&self, target: Target<'_>, data: &Data) -> Result<Vec<Patch>> {
        let node = target.node();
        let style = target.text[node.span.clone()].chars().next();
        Ok(spellings(data, style)?.into_iter().map(|value| Patch::one(node.span.clone(), value)).collect())
    }

    fn insert(&self, target: Target<'_>, key: Option<&str>, data: &Data) -> Result<Vec<Patch>> {
        let (Some(key), Some(last)) = (key, target.root.content.children().last()) else {
            return Err(Error::invalid("where in this script a variable belongs cannot be told").hint("Edit the text."));
        };
        if !is_name(key) {
            return Err(Error::invalid("this is not a variable's name")
                .hint("Use letters, digits and `_`, beginning with a letter or `_`."));
        }
        // `export` and the like, as the one before has it.
        let lead = &target.text[last.start()..last.key.as_ref().map_or(last.start(), Key::start)];
        let entries = spellings(data, None)?.into_iter().map(|value| format!("{lead}{key}={value}"));
        let mut patches = Vec::new();
        for entry in entries {
            patches.push(lines::behind(target.text, last, &|_| entry.clone()));
        }
        Ok(patches)
    }

    fn unset(&self, target: Target<'_>) -> Result<Vec<Patch>> {
        let Some((parent, _)) = target.parent() else { return Ok(Vec::new()) };
        let mut parts = Vec::new();
        for node in target.alike().into_iter().filter_map(|place| parent.content.children().get(place)) {
            let whole = node.start()..node.end();
            let lines = lines_of(target.text, &whole, &LISTED)
                .ok_or_else(|| Error::invalid("something else stands on the same line").hint("Edit the text."))?;
            parts.push((lines, String::new()));
        }
        Ok(vec![Patch::of(parts)])
    }

    fn rename(&self, _: Target<'_>, _: &str) -> Result<Vec<Patch>> {
        Err(Error::invalid("a script may use this variable elsewhere").hint("Rename it in the text."))
    }
}

/// Ways to write a value, in the quotes that it has if they will do.
fn spellings(data: &Data, style: Option<char>) -> Result<Vec<String>> {
    let text = match data {
        Data::Scalar(Kind::String, text) if text.contains('\0') => {
            return Err(Error::invalid("a variable cannot hold a NUL character"));
        }
        Data::Scalar(Kind::String, text) => text,
        Data::Scalar(Kind::Expression, text) => return Ok(vec![text.clone()]),
        _ => return Err(Error::invalid("a shell variable holds a text only").hint("Write the value as a text.")),
    };
    let harmless = |c: char| c.is_ascii_alphanumeric() || "_./:@%+,-=".contains(c);
    let bare = text.chars().all(harmless).then(|| text.clone());
    let double = (!text.contains(['$', '`', '"', '\\', '!'])).then(|| format!("\"{text}\""));
    let single = Some(format!("'{}'", text.replace('\'', "'\\''")));
    let order = match style {
        Some('"') => [double, single, bare],
        Some('\'') => [single, double, bare],
        _ => [bare, single, double],
    };
    Ok(order.into_iter().flatten().collect())
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A here-document whose lines come next.
struct Awaited {
    end: String,
    tabs: bool,
}

/// A word of a command.
struct Word {
    /// What it means, if nothing in it has to be worked out.
    plain: Option<String>,
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// How many quotes and brackets are open.
    depth: usize,
    found: Vec<Node>,
    awaited: Vec<Awaited>,
}

/// Why a script cannot be read on.
enum Stop {
    /// Where something begins that does not end.
    Unclosed(usize),
    /// Where more stands inside each other than any script has.
    TooDeep(usize),
}

/// Quotes and brackets inside each other: more levels than anybody writes, and few enough for any thread's stack.
const MOST_DEPTH: usize = 100;

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn script(&mut self) -> Result<(), Stop> {
        while self.at < self.text.len() {
            self.command()?;
        }
        Ok(())
    }

    /// Reads up to the end of a command: `;`, `&`, `|`, a bracket, or the end of the line.
    fn command(&mut self) -> Result<(), Stop> {
        let mut assignments: Vec<Node> = Vec::new();
        let mut keyword = "";
        let mut only_assignments = true;
        loop {
            self.blanks();
            let start = self.at;
            match self.peek() {
                None => break,
                Some('#') => {
                    self.at += self.rest().find('\n').unwrap_or(self.rest().len());
                }
                Some('\n') => {
                    self.at += 1;
                    self.here_documents();
                    break;
                }
                Some(';' | '&' | '|' | '(' | ')') => {
                    self.at += 1;
                    break;
                }
                Some('<' | '>') => self.redirection()?,
                Some(_) => {
                    if let Some(node) = self.assignment(keyword)?.filter(|_| only_assignments) {
                        assignments.push(node);
                    } else {
                        if self.at == start {
                            self.word()?;
                        }
                        let word = &self.text[start..self.at];
                        let declares = matches!(word, "export" | "readonly" | "declare" | "typeset" | "local");
                        let option = !keyword.is_empty() && word.starts_with('-');
                        // `export NAME` beside an assignment changes nothing about it.
                        let bare_name = !keyword.is_empty() && is_name(word);
                        if declares && keyword.is_empty() && assignments.is_empty() {
                            keyword = word;
                        } else if !option && !bare_name {
                            only_assignments = false;
                        }
                    }
                }
            }
        }
        if only_assignments {
            self.found.append(&mut assignments);
        }
        Ok(())
    }

    fn blanks(&mut self) {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
            self.at += blank;
            if self.rest().starts_with("\\\n") {
                self.at += 2;
            } else if blank == 0 {
                return;
            }
        }
    }

    /// `NAME=value`, if that comes next.
    fn assignment(&mut self, keyword: &str) -> Result<Option<Node>, Stop> {
        let start = self.at;
        let rest = self.rest();
        let equals = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        if !rest[equals..].starts_with('=') || !is_name(&rest[..equals]) {
            return Ok(None);
        }
        let name = &rest[..equals];
        self.at += equals + 1;
        let value = self.at;
        if self.peek() == Some('(') {
            // A list of Bash's: not a value that a form could show.
            self.at = start;
            self.word()?;
            return Ok(None);
        }
        let word = self.word()?;
        let raw = &self.text[value..self.at];
        let content = match word.plain {
            Some(text) => Content::Scalar(Kind::String, text),
            None => Content::Scalar(Kind::Expression, raw.to_owned()),
        };
        let mut node = Node::new(content, value..self.at).under(Key::one(name, start..start + equals));
        if !keyword.is_empty() {
            // The keyword goes when the assignment goes.
            let before = &self.text[..start];
            if let Some(word) = before.trim_end().strip_suffix(keyword) {
                let whole = word.len()..self.at;
                node.parts = vec![whole];
            }
        }
        Ok(Some(node))
    }

    /// Reads one word, quotes and all.
    fn word(&mut self) -> Result<Word, Stop> {
        let mut plain = Some(String::new());
        let begin = self.at;
        let mut add = |piece: Option<&str>| match piece {
            Some(piece) => {
                if let Some(text) = plain.as_mut() {
                    text.push_str(piece);
                }
            }
            None => plain = None,
        };
        while let Some(c) = self.peek() {
            let start = self.at;
            match c {
                ' ' | '\t' | '\r' | '\n' | ';' | '&' | '|' | '<' | '>' | ')' => break,
                '\'' => {
                    let body = self.quoted_single()?;
                    add(Some(&self.text[body]));
                }
                '"' => {
                    let body = self.quoted_double()?;
                    add(body.as_deref());
                }
                '\\' => {
                    self.at += 1;
                    match self.next() {
                        Some('\n') | None => {}
                        Some(_) => add(Some(&self.text[start + 1..self.at])),
                    }
                }
                '$' | '`' => {
                    self.expansion()?;
                    // A lone dollar sign is one; everything else is worked out.
                    add((self.at == start + 1 && c == '$').then_some("$"));
                }
                '(' => {
                    self.at += 1;
                    self.until(')', start)?;
                    add(None);
                }
                '~' if start == begin => {
                    self.at += 1;
                    add(None);
                }
                _ => {
                    self.at += c.len_utf8();
                    add(Some(&self.text[start..self.at]));
                }
            }
        }
        Ok(Word { plain })
    }

    /// `'…'`: the bytes between the quotes.
    fn quoted_single(&mut self) -> Result<Range<usize>, Stop> {
        let start = self.at;
        let end = self.text[start + 1..].find('\'').ok_or(Stop::Unclosed(start))? + start + 1;
        self.at = end + 1;
        Ok(start + 1..end)
    }

    /// `"…"`: what it means, if nothing in it has to be worked out.
    fn quoted_double(&mut self) -> Result<Option<String>, Stop> {
        let start = self.at;
        self.within(start, |scanner| scanner.double(start))
    }

    /// Does something one level deeper.
    fn within<T>(&mut self, start: usize, work: impl FnOnce(&mut Self) -> Result<T, Stop>) -> Result<T, Stop> {
        if self.depth == MOST_DEPTH {
            return Err(Stop::TooDeep(start));
        }
        self.depth += 1;
        let done = work(self)?;
        self.depth -= 1;
        Ok(done)
    }

    fn double(&mut self, start: usize) -> Result<Option<String>, Stop> {
        self.at += 1;
        let mut text = Some(String::new());
        loop {
            let place = self.at;
            match self.next().ok_or(Stop::Unclosed(start))? {
                '"' => return Ok(text),
                '\\' => {
                    let c = self.next().ok_or(Stop::Unclosed(start))?;
                    if let Some(text) = text.as_mut() {
                        match c {
                            '$' | '`' | '"' | '\\' => text.push(c),
                            '\n' => {}
                            c => text.extend(['\\', c]),
                        }
                    }
                }
                c @ ('$' | '`') => {
                    self.at = place;
                    self.expansion()?;
                    let lone = c == '$' && self.at == place + 1;
                    text = text.filter(|_| lone).map(|text| text + "$");
                }
                c => {
                    if let Some(text) = text.as_mut() {
                        text.push(c);
                    }
                }
            }
        }
    }

    /// `$NAME`, `${…}`, `$(…)`, `` `…` ``; a dollar sign alone is only itself.
    fn expansion(&mut self) -> Result<(), Stop> {
        let start = self.at;
        match self.next() {
            Some('`') => self.until('`', start),
            _ => match self.peek() {
                Some('{') => {
                    self.at += 1;
                    self.until('}', start)
                }
                Some('(') => {
                    self.at += 1;
                    self.until(')', start)
                }
                Some('\'') => {
                    // Bash's `$'…'`, in which a quote can be escaped.
                    self.at += 1;
                    self.until('\'', start)
                }
                Some(c) if c.is_ascii_alphanumeric() || "_?$!#*@-\"".contains(c) => {
                    if c != '"' {
                        self.at += 1;
                    }
                    let rest = self.rest();
                    self.at +=
                        rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').len();
                    Ok(())
                }
                _ => Ok(()),
            },
        }
    }

    /// Skips to behind a closing character, over quotes and brackets within.
    fn until(&mut self, close: char, start: usize) -> Result<(), Stop> {
        self.within(start, |scanner| scanner.skip(close, start))
    }

    fn skip(&mut self, close: char, start: usize) -> Result<(), Stop> {
        loop {
            let place = self.at;
            match self.next().ok_or(Stop::Unclosed(start))? {
                c if c == close => return Ok(()),
                '\\' => drop(self.next()),
                _ if close == '\'' => {}
                '\'' if close != '}' => {
                    self.at = place;
                    self.quoted_single()?;
                }
                '"' => {
                    self.at = place;
                    self.quoted_double()?;
                }
                '$' => {
                    self.at = place;
                    self.expansion()?;
                }
                '`' if close != '`' => {
                    self.at = place;
                    self.expansion()?;
                }
                '(' if close == ')' => self.until(')', place)?,
                '#' if close == ')' && self.text[..place].ends_with([' ', '\t', '\n', ';']) => {
                    self.at += self.rest().find('\n').unwrap_or(self.rest().len());
                }
                _ => {}
            }
        }
    }

    /// `<`, `>` and what belongs to it; the lines of a here-document come later.
    fn redirection(&mut self) -> Result<(), Stop> {
        let rest = self.rest();
        if rest.starts_with("<<<") {
            self.at += 3;
        } else if let Some(after) = rest.strip_prefix("<<") {
            let tabs = after.starts_with('-');
            self.at += 2 + usize::from(tabs);
            self.blanks();
            let start = self.at;
            self.word()?;
            let end = self.text[start..self.at].replace(['\'', '"', '\\'], "");
            self.awaited.push(Awaited { end, tabs });
        } else {
            self.at += 1;
        }
        Ok(())
    }

    /// Skips the lines of here-documents.
    fn here_documents(&mut self) {
        for awaited in std::mem::take(&mut self.awaited) {
            while self.at < self.text.len() {
                let line = self.rest().split_inclusive('\n').next().unwrap_or_default();
                self.at += line.len();
                let line = line.trim_end_matches(['\n', '\r']);
                let line = if awaited.tabs { line.trim_start_matches('\t') } else { line };
                if line == awaited.end {
                    break;
                }
            }
        }
    }
}
