//! Env files: what Compose reads from a `.env`, with every byte kept.
//!
//! The grammar is Compose's (compose-go's `dotenv` package), read by `adotenv`: comments, `export`, `KEY: value`, quotes,
//! escapes, values of several lines. What is added here is what Compose does afterwards with `$`, and edits that write a
//! value so that Compose reads exactly that value back.

mod edit;
mod spelling;
mod titles;

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use adotenv::{Dialect, Document, Quote, Severity};
use sternway_model::template::{self, Budget, Filled};
use sternway_model::{Error, Location, Origin, Result};

pub use edit::Assignment;

/// Gives a variable's value while others are filled in.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// An env file, parsed. What is not edited stays as it is, byte for byte.
#[derive(Clone)]
pub struct EnvFile {
    path: PathBuf,
    document: Document<'static>,
    /// The title above each entry.
    titles: Vec<Arc<str>>,
}

impl EnvFile {
    /// Reads a file's bytes; `path` is what errors name.
    ///
    /// # Errors
    /// [`sternway_model::Code::InvalidInput`] with line and column: text that is not UTF-8, a line that is no assignment, a
    /// quote that is not closed. Messages never quote the line, because it may hold a secret.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned();
            Error::invalid("the file is not valid UTF-8")
                .hint("Save it as UTF-8, or remove the byte at this place.")
                .at(location(path, &before, before.len(), None))
        })?;
        let (document, diagnostics) = adotenv::parse_owned_with(text.to_owned(), Dialect::COMPOSE);
        if let Some(found) = diagnostics.iter().find(|diagnostic| diagnostic.severity() == Severity::Error) {
            return Err(refusal(found.code()).at(location(path, text, found.span().start, None)));
        }
        if let Some(nameless) = document.entries().find(|entry| entry.key().is_empty()) {
            return Err(Error::invalid("the line names no variable")
                .hint("Write KEY=value, or put `#` in front of the line.")
                .at(location(path, text, nameless.line_span().start, None)));
        }
        let titles = titles::titles(&document);
        Ok(Self { path: path.to_owned(), document, titles })
    }

    /// The path that errors name.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file's bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.document.source().as_bytes()
    }

    /// The file's text, a byte order mark included.
    #[must_use]
    pub(crate) fn text(&self) -> &str {
        self.document.source()
    }

    /// The assignments in the file's order, repeated ones included.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = Entry<'_>> {
        self.document.entries().map(|inner| Entry { file: self, inner })
    }

    /// The assignment that counts: the last one of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Entry<'_>> {
        self.entries().rfind(|entry| entry.key() == key)
    }

    /// Every assignment's key, value and line, variables filled in as Compose does: `outside` (the shell's) comes
    /// first, then the keys above in this file, then `before` (the values of earlier files). A key without `=` takes its value from
    /// those two, and is left out if neither has one. A key that is set twice is listed twice; the last one counts.
    ///
    /// # Errors
    /// [`sternway_model::Code::InvalidInput`] at an entry's value; see [`Entry::fill`].
    pub fn evaluate(&self, outside: Lookup<'_>, before: Lookup<'_>) -> Result<Vec<(String, String, u32)>> {
        let mut values: Vec<(String, String, u32)> = Vec::new();
        let mut last: HashMap<&str, usize> = HashMap::new();
        let mut budget = Budget::default();
        for entry in self.entries() {
            let own = |name: &str| values.get(*last.get(name)?).map(|(_, value, _)| value.clone());
            let known = |name: &str| outside(name).or_else(|| own(name)).or_else(|| before(name));
            let value = if entry.is_bare() {
                outside(entry.key()).or_else(|| before(entry.key()))
            } else {
                Some(entry.fill_within(&known, &mut budget)?.text)
            };
            if let Some(value) = value {
                last.insert(entry.key(), values.len());
                values.push((entry.key().to_owned(), value, entry.line()));
            }
        }
        Ok(values)
    }
}

impl fmt::Debug for EnvFile {
    /// Without the text: it may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnvFile").field("path", &self.path).field("entries", &self.titles.len()).finish_non_exhaustive()
    }
}

/// One assignment of an env file.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    file: &'a EnvFile,
    inner: adotenv::Entry<'a>,
}

impl<'a> Entry<'a> {
    /// The variable's name.
    #[must_use]
    pub fn key(&self) -> &'a str {
        self.inner.key()
    }

    /// The line on which it begins, from 1.
    #[must_use]
    pub fn line(&self) -> u32 {
        u32::try_from(self.inner.line()).unwrap_or(u32::MAX)
    }

    /// The file and the line.
    #[must_use]
    pub(crate) fn origin(&self) -> Origin {
        Origin { file: self.file.path.clone(), line: self.line() }
    }

    /// A key without `=`: the value comes from elsewhere.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.inner.value().is_none()
    }

    /// The value as it stands in the file, quotes included; empty for a bare key.
    #[must_use]
    pub fn raw(&self) -> &'a str {
        self.inner.raw_value().unwrap_or_default()
    }

    /// The value without quotes, escapes decoded, variables not filled in; empty for a bare key.
    #[must_use]
    pub fn value(&self) -> &'a str {
        self.inner.value().unwrap_or_default()
    }

    /// Whether `export` stands in front of it.
    #[must_use]
    pub fn exported(&self) -> bool {
        self.inner.exported()
    }

    /// The title of the block it stands in: the first words of the comment above the block.
    #[must_use]
    pub fn group(&self) -> &'a str {
        self.file.titles.get(self.inner.id()).map_or("", AsRef::as_ref)
    }

    /// The value as a text in which `$NAME` and `${NAME}` are variables and `$$` is a dollar sign, whatever quotes it has.
    #[must_use]
    pub fn template(&self) -> Cow<'a, str> {
        let value = self.value();
        if !value.contains('$') {
            return Cow::Borrowed(value);
        }
        match self.inner.quote() {
            Quote::Single => Cow::Owned(value.replace('$', "$$")),
            Quote::Double => Cow::Owned(self.with_escaped_dollars(value)),
            _ => Cow::Borrowed(value),
        }
    }

    /// Compose reads `\$` in double quotes as `$$`.
    fn with_escaped_dollars(&self, value: &str) -> String {
        let source = self.file.document.source();
        let mut template = String::with_capacity(value.len() + 2);
        for (index, c) in value.char_indices() {
            let escaped = c == '$'
                && self.inner.decoded_offset_to_raw(index).is_ok_and(|raw| source.as_bytes().get(raw) == Some(&b'\\'));
            template.push_str(if escaped { "$" } else { "" });
            template.push(c);
        }
        template
    }

    /// Whether the value mentions variables.
    #[must_use]
    pub fn has_variables(&self) -> bool {
        self.mentions().is_some()
    }

    /// The variables that the value mentions, in their order; `None` if it is not made of variables. A value whose `$` cannot
    /// be read counts as made of them, because it is not the text that stands there.
    pub(crate) fn mentions(&self) -> Option<Vec<String>> {
        if !self.value().contains('$') {
            return None;
        }
        let asked = RefCell::new(Vec::new());
        let filled = template::fill(&self.template(), &|name| {
            asked.borrow_mut().push(name.to_owned());
            None
        });
        let asked = asked.into_inner();
        (filled.is_err() || !asked.is_empty()).then_some(asked)
    }

    /// The value with its variables filled in; those without a value become empty, as in Compose.
    ///
    /// # Errors
    /// [`sternway_model::Code::InvalidInput`] if a `${` is no variable, or a variable with `?` has no value.
    pub fn fill(&self, lookup: Lookup<'_>) -> Result<Filled> {
        self.fill_within(lookup, &mut Budget::default())
    }

    /// As [`Entry::fill`], one of several values that together may become as large as the budget allows.
    ///
    /// # Errors
    /// As [`Entry::fill`], and if the budget is spent.
    pub fn fill_within(&self, lookup: Lookup<'_>, budget: &mut Budget) -> Result<Filled> {
        let template = self.template();
        template::fill_within(&template, lookup, budget).map_err(|error| {
            // With every variable set, what still fails is the spelling; that message would quote the value.
            let misspelt = template::fill(&template, &|_| Some("set".to_owned())).is_err();
            let error = if misspelt {
                Error::invalid("the value has a `${` that is no variable")
                    .hint("Put the value in single quotes, or write `$${` for these characters.")
            } else {
                error
            };
            error.at(self.location())
        })
    }

    /// The bytes of its key.
    pub(crate) fn key_span(&self) -> Range<usize> {
        self.inner.key_span()
    }

    /// The bytes of its value, quotes included; nothing behind the key of a bare one.
    pub(crate) fn value_span(&self) -> Range<usize> {
        let end = self.inner.key_span().end;
        self.inner.value_span().unwrap_or(end..end)
    }

    /// Where the value stands.
    #[must_use]
    pub fn location(&self) -> Location {
        let offset = self.inner.value_span().map_or(self.inner.key_span().start, |span| span.start);
        location(&self.file.path, self.file.document.source(), offset, Some(self.key()))
    }
}

fn refusal(code: adotenv::DiagnosticCode) -> Error {
    use adotenv::DiagnosticCode as Found;
    match code {
        Found::InvalidKey => Error::invalid("the line does not begin with a variable's name")
            .hint("Write KEY=value with letters, digits and `_`; put `#` in front of a comment."),
        Found::UnterminatedQuote => {
            Error::invalid("the value begins with a quote that is not closed").hint("Close the quote.")
        }
        other => Error::invalid(other.message()),
    }
}

/// Line and column of a byte; a line ends with LF, CRLF or a lone CR.
fn location(path: &Path, text: &str, offset: usize, key: Option<&str>) -> Location {
    let before = &text[..offset];
    let line_start = before.rfind(['\n', '\r']).map_or(0, |end| end + 1);
    let breaks = before.matches(['\n', '\r']).count() - before.matches("\r\n").count();
    let column = before[line_start..].trim_start_matches('\u{feff}').chars().count();
    Location {
        file: path.to_owned(),
        line: u32::try_from(breaks + 1).ok(),
        column: u32::try_from(column + 1).ok(),
        key: key.map(ToOwned::to_owned),
    }
}
