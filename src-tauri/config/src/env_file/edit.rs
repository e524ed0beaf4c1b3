//! Edits. Each is read back before it counts: what was asked for happened, and nothing else changed its meaning.

use std::ops::Range;

use adotenv::Quote;
use sternway_model::{Error, Result, SecretName};

use super::spelling::{Meaning, Style, spellings};
use super::{Entry, EnvFile};

/// What a variable is set to.
#[derive(Clone, Copy)]
pub enum Assignment<'a> {
    /// Exactly this text, whatever is in it: Compose reads it back byte for byte.
    Value(&'a str),
    /// A text in which `$NAME` and `${NAME}` are filled in when the file is read; `$$` is a dollar sign.
    Template(&'a str),
    /// A secret: `keychain:NAME`.
    Secret(&'a SecretName),
}

impl Assignment<'_> {
    fn meaning(&self) -> Meaning {
        match self {
            Self::Value(text) => Meaning::literal(text),
            Self::Template(text) => Meaning((*text).to_owned()),
            Self::Secret(name) => Meaning::literal(&format!("keychain:{name}")),
        }
    }
}

/// An assignment's part in what a file means.
#[derive(PartialEq, Eq)]
struct Statement {
    key: String,
    meaning: Option<Meaning>,
    exported: bool,
}

impl Statement {
    fn of(entry: Entry<'_>) -> Self {
        let meaning = (!entry.is_bare()).then(|| Meaning(entry.template().into_owned()));
        Self { key: entry.key().to_owned(), meaning, exported: entry.exported() }
    }
}

impl EnvFile {
    /// Sets a variable. If the file sets it already, only its value is replaced, where it counts (the last one of
    /// several); `export`, spacing and the comment behind it stay. Otherwise a line is added at the end.
    ///
    /// # Errors
    /// [`sternway_model::Code::InvalidInput`] if the key is no name of a variable, or the value cannot stand in an env file.
    pub fn set(&mut self, key: &str, assignment: Assignment<'_>) -> Result<()> {
        match self.get(key).map(|entry| entry.inner.id()) {
            Some(id) => self.set_entry(id, assignment),
            None => self.append(key, assignment),
        }
    }

    /// Replaces the value of the assignment that stands at this line. The key is asked for too, because several
    /// assignments can stand on one line.
    ///
    /// # Errors
    /// [`sternway_model::Code::NotFound`] if the key is not set there; otherwise as [`EnvFile::set`].
    pub fn set_at(&mut self, line: u32, key: &str, assignment: Assignment<'_>) -> Result<()> {
        let found = self.entries().find(|entry| entry.line() == line && entry.key() == key);
        let id = found.map(|entry| entry.inner.id()).ok_or_else(|| {
            Error::new(
                sternway_model::Code::NotFound,
                format!("{} does not set {key} on line {line}", self.path.display()),
            )
        })?;
        self.set_entry(id, assignment)
    }

    /// Removes every assignment of a key, each with its line; comments above it stay. Says whether there was one.
    ///
    /// # Errors
    /// [`sternway_model::Code::Internal`] if the rest of the file would be read differently.
    pub fn unset(&mut self, key: &str) -> Result<bool> {
        let mut edits = Vec::new();
        let mut wanted = Vec::new();
        for entry in self.entries() {
            if entry.key() == key {
                edits.push((entry.inner.line_span(), String::new()));
            } else {
                wanted.push(Statement::of(entry));
            }
        }
        if edits.is_empty() {
            return Ok(false);
        }
        *self = self.edited(edits, &wanted).ok_or_else(|| self.unfaithful(key))?;
        Ok(true)
    }

    /// Gives a variable another name, wherever the file sets it. Says whether it does.
    ///
    /// # Errors
    /// [`sternway_model::Code::InvalidInput`] if the new name is none, or is taken.
    pub fn rename(&mut self, key: &str, new_key: &str) -> Result<bool> {
        check_key(new_key)?;
        if self.get(new_key).is_some() {
            return Err(Error::invalid(format!("{new_key} is already set in {}", self.path.display())));
        }
        let mut edits = Vec::new();
        let mut wanted = Vec::new();
        for entry in self.entries() {
            let mut statement = Statement::of(entry);
            if entry.key() == key {
                edits.push((entry.inner.key_span(), new_key.to_owned()));
                new_key.clone_into(&mut statement.key);
            }
            wanted.push(statement);
        }
        if edits.is_empty() {
            return Ok(false);
        }
        *self = self.edited(edits, &wanted).ok_or_else(|| self.unfaithful(key))?;
        Ok(true)
    }

    /// Replaces the value of the assignment with this number, from 0 in the file's order.
    pub(crate) fn set_entry(&mut self, id: usize, assignment: Assignment<'_>) -> Result<()> {
        let meaning = assignment.meaning();
        let Some(entry) = self.document.entry(id) else {
            return Err(Error::internal("an assignment of an env file went missing"));
        };
        let key = entry.key().to_owned();
        check_value(&key, &meaning)?;
        let style =
            Style { quote: entry.quote(), raw: entry.raw_value().unwrap_or_default(), escape_lines: self.has_crlf() };
        let wanted = self.statements_with(id, &meaning);
        let (span, lead) = match entry.value_span() {
            Some(span) => (span, ""),
            None => (entry.key_span().end..entry.key_span().end, "="),
        };
        let written = spellings(&meaning, style);
        *self = self.first_faithful(&key, &span, written.iter().map(|value| format!("{lead}{value}")), &wanted)?;
        Ok(())
    }

    fn append(&mut self, key: &str, assignment: Assignment<'_>) -> Result<()> {
        check_key(key)?;
        let meaning = assignment.meaning();
        check_value(key, &meaning)?;
        let crlf = self.has_crlf();
        let newline = if crlf { "\r\n" } else { "\n" };
        let source = self.document.source();
        let lines = source.trim_start_matches('\u{feff}');
        let lead = if lines.is_empty() || lines.ends_with('\n') { "" } else { newline };
        let mut wanted: Vec<Statement> = self.entries().map(Statement::of).collect();
        wanted.push(Statement { key: key.to_owned(), meaning: Some(meaning.clone()), exported: false });
        let end = source.len();
        let written = spellings(&meaning, Style { quote: Quote::None, raw: "", escape_lines: crlf });
        let added = written.iter().map(|value| format!("{lead}{key}={value}{newline}"));
        *self = self.first_faithful(key, &(end..end), added, &wanted)?;
        Ok(())
    }

    fn statements_with(&self, id: usize, meaning: &Meaning) -> Vec<Statement> {
        let changed = |entry: Entry<'_>| {
            let mut statement = Statement::of(entry);
            if entry.inner.id() == id {
                statement.meaning = Some(meaning.clone());
            }
            statement
        };
        self.entries().map(changed).collect()
    }

    /// The file with the first replacement that is read back as wanted.
    fn first_faithful(
        &self,
        key: &str,
        span: &Range<usize>,
        replacements: impl Iterator<Item = String>,
        wanted: &[Statement],
    ) -> Result<Self> {
        for replacement in replacements {
            if let Some(file) = self.edited(vec![(span.clone(), replacement)], wanted) {
                return Ok(file);
            }
        }
        Err(Error::invalid(format!("the value of {key} cannot be written in {}", self.path.display()))
            .hint("Env files cannot hold every text; keep this one in the keychain, or in a file of its own."))
    }

    /// The file with these parts replaced (in the file's order), if it then means what is wanted.
    fn edited(&self, edits: Vec<(Range<usize>, String)>, wanted: &[Statement]) -> Option<Self> {
        let mut text = self.document.source().to_owned();
        for (span, replacement) in edits.into_iter().rev() {
            text.replace_range(span, &replacement);
        }
        let file = Self::parse(&self.path, text.as_bytes()).ok()?;
        let read: Vec<Statement> = file.entries().map(Statement::of).collect();
        (read == wanted).then_some(file)
    }

    /// Whether its lines end with CRLF rather than LF.
    fn has_crlf(&self) -> bool {
        let source = self.document.source();
        let crlf = source.matches("\r\n").count();
        crlf > source.matches('\n').count() - crlf
    }

    fn unfaithful(&self, key: &str) -> Error {
        Error::internal(format!("editing {key} in {} would change the meaning of other lines", self.path.display()))
    }
}

/// Names that Compose, the engine and a shell agree about.
fn check_key(key: &str) -> Result<()> {
    let valid = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
    if valid {
        return Ok(());
    }
    Err(Error::invalid(format!("`{key}` is not a variable's name"))
        .hint("Use letters, digits and `_`, beginning with a letter or `_`."))
}

fn check_value(key: &str, meaning: &Meaning) -> Result<()> {
    if meaning.0.contains('\0') {
        return Err(Error::invalid(format!("the value of {key} has a NUL character"))
            .hint("Environment variables cannot hold one; use a file instead."));
    }
    Ok(())
}
