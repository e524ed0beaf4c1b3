//! Variables inside texts, as Compose has them: `$NAME`, `${NAME}`, `${NAME:-default}`, `:?`, `:+` and `$$`.
//! A `$` that begins none of these, such as `awk`'s `$1`, stands for itself.
//!
//! Source of the rules: the Compose specification, "Interpolation", and compose-go's `template` package.

use std::path::Path;

use crate::{Error, Result};

/// A text whose variables were filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// The text.
    pub text: String,
    /// Variables that have no value and no default; they became empty.
    pub unset: Vec<String>,
}

/// What to say about the value of `key` that mentions a variable without a value. The variable is not named: in a password with a
/// dollar sign it would be a part of the password.
#[must_use]
pub fn unset_in(key: &str, file: &Path, line: u32) -> String {
    format!(
        "{key} ({}:{line}) mentions a variable that has no value, which stands for an empty text there; write `$$` for a dollar sign",
        file.display()
    )
}

impl Filled {
    fn append(&mut self, inner: Filled) {
        self.text.push_str(&inner.text);
        self.unset.extend(inner.unset);
    }
}

/// Defaults inside defaults: more levels than anybody writes.
const MOST_LEVELS: usize = 50;

/// How much variables may make of texts that are read together. Values that are made of one another can double with each line, and
/// a few lines are then more than memory holds.
#[derive(Debug)]
pub struct Budget {
    /// What is left, in bytes.
    left: usize,
}

impl Default for Budget {
    /// 64 MiB.
    fn default() -> Self {
        Self { left: Self::MOST }
    }
}

impl Budget {
    const MOST: usize = 64 << 20;

    /// Takes what a text needs that is put in the place of a variable, or is copied like one.
    ///
    /// # Errors
    /// [`crate::Code::InvalidInput`] if that is more than is left; from then on nothing is left.
    pub fn spend(&mut self, bytes: usize) -> Result<()> {
        self.left = self.left.checked_sub(bytes).ok_or_else(|| {
            self.left = 0;
            Error::invalid(format!("what variables stand for makes more than {} MiB of these files", Self::MOST >> 20))
                .hint("Look for values that are made of one another and grow with each line.")
        })?;
        Ok(())
    }

    /// Whether it was not enough.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.left == 0
    }
}

/// How much of a text is shown that is no variable, in characters.
const SHOWN: usize = 40;

/// Fills in a text's variables.
///
/// # Errors
/// [`crate::Code::InvalidInput`] if the text has a `${` that is no variable, or a variable with `?` has no value.
pub fn fill(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Result<Filled> {
    fill_within(text, lookup, &mut Budget::default())
}

/// As [`fill`], one of several texts that together may become as large as the budget allows.
///
/// # Errors
/// As [`fill`] and [`Budget::spend`].
pub fn fill_within(text: &str, lookup: &dyn Fn(&str) -> Option<String>, budget: &mut Budget) -> Result<Filled> {
    Filling { lookup, budget }.level(text, 0)
}

struct Filling<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    budget: &'a mut Budget,
}

impl Filling<'_> {
    fn look_up(&mut self, name: &str) -> Result<Option<String>> {
        let value = (self.lookup)(name);
        // What it costs to have a look at it, whether it is used or not.
        self.budget.spend(value.as_ref().map_or(0, String::len))?;
        Ok(value)
    }

    fn level(&mut self, text: &str, level: usize) -> Result<Filled> {
        if level > MOST_LEVELS {
            return Err(Error::invalid(format!("more than {MOST_LEVELS} defaults stand inside each other"))
                .hint("Look for a `${` that is not closed."));
        }
        let mut filled = Filled { text: String::with_capacity(text.len()), unset: Vec::new() };
        let mut rest = text;
        while let Some(dollar) = rest.find('$') {
            filled.text.push_str(&rest[..dollar]);
            let after = &rest[dollar + 1..];
            rest = if let Some(after) = after.strip_prefix('$') {
                filled.text.push('$');
                after
            } else if let Some(body) = after.strip_prefix('{') {
                let end = closing(body).ok_or_else(|| wrong(body))?;
                self.braced(&body[..end], level, &mut filled)?;
                &body[end + 1..]
            } else {
                let end = name_length(after);
                if end == 0 {
                    filled.text.push('$');
                } else {
                    self.plain(&after[..end], &mut filled)?;
                }
                &after[end..]
            };
        }
        filled.text.push_str(rest);
        Ok(filled)
    }

    fn plain(&mut self, name: &str, filled: &mut Filled) -> Result<()> {
        match self.look_up(name)? {
            Some(value) => filled.text.push_str(&value),
            None => filled.unset.push(name.to_owned()),
        }
        Ok(())
    }

    fn braced(&mut self, body: &str, level: usize, filled: &mut Filled) -> Result<()> {
        let (name, operator) = body.split_at(name_length(body));
        if name.is_empty() {
            return Err(wrong(body));
        }
        let value = self.look_up(name)?;
        let (present, operator) = match operator.strip_prefix(':') {
            Some(operator) => (value.as_ref().is_some_and(|value| !value.is_empty()), operator),
            None => (value.is_some(), operator),
        };
        let mut chars = operator.chars();
        let kind = chars.next();
        if kind.is_none() && body.len() == name.len() {
            match value {
                Some(value) => filled.text.push_str(&value),
                None => filled.unset.push(name.to_owned()),
            }
            return Ok(());
        }
        // As Compose does it: also in a default that is not needed, what is required has to be there.
        let inner = self.level(chars.as_str(), level + 1)?;
        match (kind, value) {
            (Some('-' | '?'), Some(value)) if present => filled.text.push_str(&value),
            (Some('-'), _) => filled.append(inner),
            (Some('?'), _) => {
                let reason = if inner.text.is_empty() { String::new() } else { format!(": {}", inner.text) };
                return Err(Error::invalid(format!("the variable `{name}` is required and has no value{reason}"))
                    .hint(format!("Set {name} in one of the environment's env files.")));
            }
            (Some('+'), _) if present => filled.append(inner),
            (Some('+'), _) => {}
            _ => return Err(wrong(body)),
        }
        Ok(())
    }
}

/// What stands behind a `${` is no variable.
fn wrong(body: &str) -> Error {
    let shown: String = body.split('\n').next().unwrap_or_default().chars().take(SHOWN).collect();
    let more = if shown.len() < body.len() { "…" } else { "" };
    Error::invalid(format!("`${{{shown}{more}` is no variable"))
        .hint("Write `$$` for a dollar sign, `${NAME}` for a variable.")
}

fn name_length(text: &str) -> usize {
    if !text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return 0;
    }
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len())
}

/// Where the brace in front of `body` is closed, in the line that it was opened in.
///
/// Braces inside a default are counted, whatever they belong to, so that a default may be JSON. What follows an opening one is
/// passed over, and if not all are closed the line's last one counts: by that Compose takes `${A:-{}}` for what a person means, and
/// `${A:-{}} ${B}` for one variable.
fn closing(body: &str) -> Option<usize> {
    let name = name_length(body);
    if body[name..].starts_with('}') {
        return Some(name);
    }
    let mut depth = 1_usize;
    let mut last = None;
    let mut bytes = body.bytes().enumerate().skip(1);
    while let Some((index, byte)) = bytes.next() {
        match byte {
            b'}' => {
                depth -= 1;
                last = Some(index);
            }
            b'{' => {
                depth += 1;
                match bytes.next() {
                    Some((index, b'}')) => last = Some(index),
                    Some((_, b'\n')) => break,
                    _ => {}
                }
            }
            b'\n' => break,
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(name: &str) -> Option<String> {
        match name {
            "A" => Some("a".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        }
    }

    #[test]
    fn fills_in_every_form() {
        let cases = [
            ("$A-${A}", "a-a"),
            ("$$A $$${A}", "$A $a"),
            ("${A:-x}${B:-x}${EMPTY:-x}", "axx"),
            ("${A-x}${B-x}${EMPTY-x}", "ax"),
            ("${A:+x}${B:+x}${EMPTY:+x}", "x"),
            ("${A+x}${B+x}${EMPTY+x}", "xx"),
            ("${B:-${C:-${A}}}}", "a}"),
            ("${A:?no}", "a"),
            ("${EMPTY?no}", ""),
            ("${B:-{json}}", "{json}"),
            ("${A:-{json}}", "a"),
            ("${A:-[{\"x\":1},{\"y\":2}]} ${A:-{}}", "a a"),
            ("${B:-{}${A}}", "{}a"),
            ("${B:-{x}-{y}}${A:+{}}", "{x}-{y}{}"),
            ("${B:-\\d{3}x}", "\\d{3}x"),
            ("${A:-{{.X}}} {x}", "a} {x}"),
            ("${B:-{x}} and ${A:-{y}}", "{x} and a"),
            ("${B:-{}\n}", "{\n}"),
            ("${A}} {${A}}", "a} {a}"),
            ("no variables", "no variables"),
            ("5 $ $1 $/ ${B:-a$}$", "5 $ $1 $/ a$$"),
        ];
        for (text, expected) in cases {
            assert_eq!(fill(text, &lookup).map(|filled| filled.text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn says_what_has_no_value() {
        assert_eq!(fill("$B ${C}", &lookup).expect("valid").unset, ["B", "C"]);
        assert!(fill("${A:-${B:?set it}}", &lookup).is_err(), "also where it is not needed");
        let error = fill("${B:?set it}", &lookup).expect_err("required");
        assert!(error.message.contains("`B`") && error.message.contains("set it"), "{error}");
    }

    #[test]
    fn a_long_text_ends_soon_whatever_is_in_it() {
        let many = 200_000;
        assert_eq!(fill(&"${A:-x} ".repeat(many), &lookup).expect("valid").text, "a ".repeat(many));
        for text in [
            format!("{}x{}", "${A:-".repeat(many), "}".repeat(many)),
            format!("{}}}", "${A:-{} ".repeat(many)),
            "${A:-".repeat(many),
        ] {
            let error = fill(&text, &lookup).expect_err("too much");
            assert!(error.message.len() < 200, "{error}");
        }
    }

    #[test]
    fn what_variables_make_of_texts_has_a_limit() {
        let mut budget = Budget::default();
        let mut value = "x".repeat(10);
        let error = (0..30).find_map(|_| {
            let filled = fill_within("$A${A}", &|_| Some(value.clone()), &mut budget);
            filled.map(|filled| value = filled.text).err()
        });
        let error = error.expect("ten gigabytes");
        assert!(error.message.contains("64 MiB") && budget.is_spent(), "{error}");
        assert!(value.len() <= 64 << 20, "{}", value.len());
        let large = "x".repeat(1 << 20);
        for text in ["$A ", "${A:+} ", "${B:-$A} "] {
            let lookup = |name: &str| (name == "A").then(|| large.clone());
            assert!(fill(&text.repeat(1_000_000), &lookup).is_err(), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_variable() {
        for bad in ["${", "${}", "${1A}", "${A!}", "${A:}", "${B:-a\nb}", "${B:-{}} ${A}"] {
            assert!(fill(bad, &lookup).is_err(), "{bad}");
        }
    }
}
