//! Comments that seem to hold a secret: a value that was commented out, or a token.
//!
//! What counts is the form (a token of a well-known service, or a single word behind a name such as `password`), or that a word
//! is known to be a secret. What else a person writes about one in prose is not found.

use std::ops::Range;

use sternway_model::{Manner, secrets_in};

use super::tree::{Content, Node};
use super::{Document, Format};

/// Stands in front of the number in such a mark.
const NAME: &str = "comment.";

/// A piece of a comment that looks like a secret.
pub(super) struct Aside {
    pub(super) span: Range<usize>,
    /// What stands in its mark: `comment.1`.
    pub(super) mark: String,
    /// It goes on in further lines, and nobody can say how far.
    pub(super) endless: bool,
}

/// The pieces of a document's comments that look like secrets or are known to be some, in its order.
pub(super) fn asides(document: &Document) -> Vec<Aside> {
    let mut asides = Vec::new();
    let manner = if document.format == Format::Shell { Manner::Settings } else { Manner::Prose };
    for comment in comments(document) {
        look(document, comment, manner, &mut asides);
    }
    for (number, aside) in (1..).zip(&mut asides) {
        aside.mark = format!("{NAME}{number}");
    }
    asides
}

/// The words of a document's comments.
pub(super) fn words_of(document: &Document) -> Vec<Range<usize>> {
    let all = comments(document).into_iter().flat_map(|comment| {
        let at = comment.start;
        words(&document.text[comment]).into_iter().map(move |word| word.start + at..word.end + at)
    });
    all.collect()
}

/// The parts of a word that may be a secret by themselves: `user:password@host`.
pub(super) fn pieces(word: &str) -> impl Iterator<Item = &str> {
    word.split([':', '@', '/', '&', '?', '|', '=']).filter(move |piece| piece.len() < word.len())
}

/// Where a document's comments stand, line by line.
fn comments(document: &Document) -> Vec<Range<usize>> {
    let begins: &[&str] = match document.format {
        Format::Json => return Vec::new(),
        // What is no assignment may hold anything.
        Format::Text | Format::Shell => return between(document),
        Format::Jsonc => &["//", "/*"],
        Format::Hcl => &["#", "//", "/*"],
        Format::Env | Format::DockerEnv | Format::Yaml | Format::Toml => &["#"],
    };
    let (mut comments, mut in_block) = (Vec::new(), false);
    for between in between(document) {
        let mut at = between.start;
        for line in document.text[between].split_inclusive('\n') {
            if let Some(start) = comment(line, begins, &mut in_block) {
                comments.push(at + start..at + line.len());
            }
            at += line.len();
        }
    }
    comments
}

/// What stands between two values; the text in front of the first one and behind the last one too.
fn between(document: &Document) -> Vec<Range<usize>> {
    let text = document.text.as_str();
    let mut values = Vec::new();
    leaves(&document.root, &mut values);
    values.sort_by_key(|span| span.start);
    values.push(text.len()..text.len());
    let (mut between, mut from) = (Vec::new(), 0);
    for value in values {
        if from < value.start && text.is_char_boundary(from) && text.is_char_boundary(value.start) {
            between.push(from..value.start);
        }
        from = from.max(value.end);
    }
    between
}

fn leaves(node: &Node, spans: &mut Vec<Range<usize>>) {
    match &node.content {
        Content::Scalar(..) => spans.push(node.span.clone()),
        _ => node.content.children().iter().for_each(|child| leaves(child, spans)),
    }
}

/// Where a comment begins in a piece of a line.
fn comment(line: &str, begins: &[&str], in_block: &mut bool) -> Option<usize> {
    let start = if *in_block { Some(0) } else { begins.iter().filter_map(|begin| line.find(begin)).min() };
    let opened = start.is_some_and(|start| *in_block || line[start..].starts_with("/*"));
    *in_block = opened && !line.contains("*/");
    start
}

/// Looks for secrets in the comment that stands at a place of the text.
fn look(document: &Document, comment: Range<usize>, manner: Manner, asides: &mut Vec<Aside>) {
    let (at, comment) = (comment.start, &document.text[comment]);
    let mut add = |span: Range<usize>, endless: bool| {
        let span = span.start + at..span.end + at;
        // Those of other comments are before this one.
        let mut near = asides.iter().rev().take_while(|known| known.span.end > at);
        if !near.any(|known| known.span.start < span.end && span.start < known.span.end) {
            asides.push(Aside { span, mark: String::new(), endless });
        }
    };
    for found in secrets_in(comment, manner) {
        add(found.span, found.endless);
    }
    for word in words(comment) {
        let text = &comment[word.clone()];
        if document.knows(text) || pieces(text).any(|piece| document.knows(piece)) {
            add(word, false);
        }
    }
}

/// The words of a comment, without the signs around them.
fn words(comment: &str) -> Vec<Range<usize>> {
    let around = |c: char| c.is_whitespace() || "\"'`,;()[]{}<>=".contains(c);
    let (mut words, mut start) = (Vec::new(), 0);
    for piece in comment.split_inclusive(around) {
        let word = piece.trim_end_matches(around).trim_end_matches(['.', ':']);
        if !word.is_empty() {
            words.push(start..start + word.len());
        }
        start += piece.len();
    }
    words
}
