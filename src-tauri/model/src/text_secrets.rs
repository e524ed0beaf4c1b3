//! Secrets in texts whose structure nobody here knows: configuration of any program, scripts, what was commented out.
//!
//! What is found is where a secret seems to stand, by the name in front of it or by its form. A text that is kept or shown must
//! hold none, so what is in doubt is found.

mod line;
mod markup;

use std::ops::Range;
use std::path::Path;

use crate::looks_like_secret;

/// A piece of a text that seems to be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its bytes.
    pub span: Range<usize>,
    /// What stands in front of it; else its line.
    pub name: String,
    /// It goes on in further lines, and nobody can say how far.
    pub endless: bool,
}

/// How a text is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Lines that a program reads: what follows a name is its value, whatever it looks like.
    Settings,
    /// What may be a sentence: a value is one word, or stands in quotes.
    Prose,
}

/// The pieces of a text that seem to be secrets, in its order. None overlaps another.
///
/// ```
/// use sternway_model::{Manner, secrets_in};
/// let text = "host db\nmachine db login app password hunter2\n<entry key=\"token\">x1</entry>\n";
/// let found: Vec<&str> = secrets_in(text, Manner::Settings).iter().map(|found| &text[found.span.clone()]).collect();
/// assert_eq!(found, ["hunter2", "x1"]);
/// ```
#[must_use]
pub fn secrets_in(text: &str, manner: Manner) -> Vec<Finding> {
    let mut found = markup::secrets(text);
    let (mut at, mut awaited) = (0, false);
    for (number, whole) in (1_usize..).zip(text.split_inclusive('\n')) {
        let line = whole.trim_end_matches(['\n', '\r']);
        let mut in_line = line::secrets(line, manner);
        if awaited && !line.trim().is_empty() {
            let start = line.len() - line.trim_start().len();
            in_line.extend((!line.contains(['=', ':'])).then(|| (start..line.trim_end().len(), String::new())));
        }
        if !line.trim().is_empty() {
            awaited = manner == Manner::Settings && line::ends_with_name(line);
        }
        let endless = line.contains("-----BEGIN ") && line.contains("PRIVATE KEY-----");
        found.extend(in_line.into_iter().map(|(span, name)| Finding {
            span: span.start + at..span.end + at,
            name: if name.is_empty() { format!("line {number}") } else { name },
            endless,
        }));
        at += whole.len();
    }
    found.sort_by_key(|found| (found.span.start, std::cmp::Reverse(found.span.end)));
    let mut end = 0;
    found.retain(|found| {
        let beside = found.span.start >= end && !found.span.is_empty();
        end = end.max(found.span.end);
        beside
    });
    found
}

/// Files that hold nothing but secrets, by their names.
const SECRET_FILES: &str = ".netrc _netrc .pgpass pgpass.conf .git-credentials .htpasswd .vault-password .vault_pass id_rsa id_dsa id_ecdsa \
    id_ed25519 credentials .s3cfg .boto .dockercfg .pypirc .my.cnf .mylogin.cnf .msmtprc .fetchmailrc kubeconfig";

/// Whether a file that nobody here knows how to read holds a secret by its name, such as `.pgpass` or `db_password.txt`.
#[must_use]
pub fn is_secret_file(path: &Path, text: &str) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let (stem, extension) = name.rsplit_once('.').unwrap_or((&name, ""));
    SECRET_FILES.split_whitespace().any(|known| known == name)
        || ["key", "p12", "pfx", "jks", "keystore", "kdbx", "ppk"].contains(&extension)
        || (!text.trim().contains('\n') && looks_like_secret(stem, text).is_some())
}

#[cfg(test)]
mod tests;
