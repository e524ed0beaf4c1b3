//! Documents as they may be shown to who has not asked for their secrets.
//!
//! A value that looks like a secret is replaced by a mark with its path, `⟦withheld:database.password⟧`. Whoever edits such
//! a text gives it back with its marks, and they are replaced by what the file has.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use sternway_model::{Error, Manner, Result, is_secret_file, secrets_in};

use super::comments::{Aside, asides};
use super::source::Patch;
use super::tree::{Node, written};
use super::{Document, Format};

pub(super) const OPEN: &str = "⟦withheld:";
const CLOSE: char = '⟧';

/// A text with marks in the place of secrets.
pub struct Masked {
    /// The text; `None` if a secret in it cannot be told from the rest, so that nothing of it may be shown.
    pub text: Option<String>,
    /// What is withheld, by path; in a file that cannot be read, by what stands in front.
    pub keys: Vec<String>,
}

impl Masked {
    /// A text as it may be shown. `document` is the text as it was read, if it could be.
    #[must_use]
    pub fn of(text: &str, document: Option<&Document>) -> Self {
        let Some(document) = document.filter(|document| document.format != Format::Text) else {
            let mut keys = suspicious(text);
            if document.is_some_and(|document| is_secret_file(document.path(), text)) {
                keys = vec!["the whole file".to_owned()];
            } else if document.is_some_and(|document| !asides(document).is_empty()) && keys.is_empty() {
                keys.push("a value that is a secret".to_owned());
            }
            return Self { text: keys.is_empty().then(|| text.to_owned()), keys };
        };
        let secrets = secrets(document);
        let asides = asides(document);
        let mut keys: Vec<String> = secrets.iter().map(|secret| secret.mark.clone()).collect();
        keys.extend(asides.iter().map(|aside| aside.mark.clone()));
        if asides.iter().any(|aside| aside.endless) {
            return Self { text: None, keys };
        }
        let masked = document.masked(&secrets, &asides);
        // What cannot be put back exactly is not shown at all.
        let text = masked.filter(|masked| {
            unmasked(document.path(), document.format, masked, Some(document)).is_ok_and(|back| back == text)
        });
        Self { text, keys }
    }
}

/// A value that is withheld.
struct Secret {
    route: Vec<usize>,
    mark: String,
}

fn secrets(document: &Document) -> Vec<Secret> {
    let mut secrets: Vec<Secret> = Vec::new();
    let (mut taken, mut numbers): (HashSet<String>, HashMap<String, u32>) = Default::default();
    let mut routes = Vec::new();
    collect_routes(&document.root, &mut Vec::new(), &mut routes);
    let values = document.values();
    // Routes and values are in the same order: both are the document's.
    let skipped = routes.len().saturating_sub(values.len());
    for (value, route) in values.into_iter().zip(routes.into_iter().skip(skipped)) {
        if !document.is_secret(&value) {
            continue;
        }
        let name: String = written(&value.path)
            .chars()
            .map(|c| match c {
                '[' => '.',
                ']' => '_',
                c if c.is_ascii_alphanumeric() || "._-".contains(c) => c,
                _ => '_',
            })
            .collect();
        let number = numbers.entry(name.clone()).or_insert(1);
        let mut mark = name.clone();
        while !taken.insert(mark.clone()) {
            *number += 1;
            mark = format!("{name}.{number}");
        }
        secrets.push(Secret { route, mark });
    }
    secrets
}

fn collect_routes(node: &Node, route: &mut Vec<usize>, routes: &mut Vec<Vec<usize>>) {
    for (place, child) in node.content.children().iter().enumerate() {
        route.push(place);
        routes.push(route.clone());
        collect_routes(child, route, routes);
        route.pop();
    }
}

impl Document {
    /// The text with marks in the place of values.
    fn masked(&self, secrets: &[Secret], asides: &[Aside]) -> Option<String> {
        let mut patches: Vec<Patch> = Vec::new();
        patches
            .extend(asides.iter().map(|aside| Patch::one(aside.span.clone(), format!("{OPEN}{}{CLOSE}", aside.mark))));
        for secret in secrets {
            let span = self.root.at(&secret.route)?.span.clone();
            let raw = self.text.get(span.clone())?;
            let mark = format!("{OPEN}{}{CLOSE}", secret.mark);
            patches.push(Patch::one(span, self.format.syntax().marked(raw, &mark)));
        }
        Some(Patch::all(patches).apply(&self.text))
    }
}

/// A text with the values of a file in the place of its marks.
///
/// # Errors
/// [`sternway_model::Code::InvalidInput`] if a mark names nothing that the file has, or stands where it is no value.
pub fn unmasked(path: &Path, format: Format, text: &str, file: Option<&Document>) -> Result<String> {
    if !text.contains(OPEN) {
        return Ok(text.to_owned());
    }
    let unreadable = |_| {
        Error::invalid(format!("{} has withheld values and cannot be read", path.display()))
            .hint("Mend the text first, or show its secrets.")
    };
    let document = Document::parse(path, format, text).map_err(unreadable)?;
    let secrets = file.map(secrets).unwrap_or_default();
    let secrets: HashMap<&str, &Secret> = secrets.iter().map(|secret| (secret.mark.as_str(), secret)).collect();
    let mut patches = Vec::new();
    for value in document.values() {
        let Some(mark) = value.text.as_deref().and_then(mark) else { continue };
        let secret = secrets.get(mark);
        let raw = secret.and_then(|secret| {
            let file = file?;
            Some(&file.text[file.root.at(&secret.route)?.span.clone()])
        });
        let raw = raw.ok_or_else(|| {
            Error::invalid(format!("{} has no value {mark} any more that could be put back", path.display()))
                .hint("Look at the file again, or show its secrets.")
        })?;
        patches.push(Patch::one(value.span.clone(), raw));
    }
    let whole = Patch::all(patches).apply(text);
    // What is left of the marks stands in comments.
    let whole = file.map_or_else(|| whole.clone(), |file| with_asides(&whole, file));
    if whole.contains(OPEN) {
        return Err(Error::invalid(format!("a withheld value of {} stands where none can be", path.display()))
            .hint("Leave the marks of withheld values whole, as values of their own."));
    }
    Ok(whole)
}

/// The text with what a file has in its comments in the place of their marks.
fn with_asides(text: &str, file: &Document) -> String {
    let asides = asides(file);
    let raw: HashMap<&str, &str> =
        asides.iter().filter_map(|aside| Some((aside.mark.as_str(), file.text.get(aside.span.clone())?))).collect();
    let mut pieces = text.split(OPEN);
    let mut whole = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece.split_once(CLOSE).and_then(|(mark, rest)| Some((raw.get(mark)?, rest))) {
            Some((raw, rest)) => whole.extend([*raw, rest]),
            None => whole.extend([OPEN, piece]),
        }
    }
    whole
}

/// The path in a mark, if a value is one.
fn mark(text: &str) -> Option<&str> {
    text.strip_prefix(OPEN)?.strip_suffix(CLOSE)
}

/// The marks in a text.
#[must_use]
pub fn withheld_in(text: &str) -> Vec<String> {
    let (mut marks, mut seen) = (Vec::new(), HashSet::new());
    for piece in text.split(OPEN).skip(1) {
        if let Some((mark, _)) = piece.split_once(CLOSE)
            && seen.insert(mark)
        {
            marks.push(mark.to_owned());
        }
    }
    marks
}

/// What stands in front of what looks like a secret, in a text that cannot be read.
fn suspicious(text: &str) -> Vec<String> {
    let mut seen = HashSet::new();
    let names = secrets_in(text, Manner::Settings).into_iter().map(|found| found.name);
    names.filter(|name| seen.insert(name.clone())).collect()
}
