//! Texts with elements and attributes: XML and what looks like it.

use super::Finding;
use crate::looks_like_secret;
use crate::suspicion::{is_name_of_name, is_name_of_value};

/// An element that is open.
struct Element<'a> {
    name: &'a str,
    /// What its attributes call it: `<entry key="password">`.
    called: Option<&'a str>,
    /// What the element before it in the same one said that the next is called: `<key>password</key>`.
    next: Option<&'a str>,
}

/// The texts and attributes of elements that seem to be secrets.
pub(super) fn secrets(text: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    if !(text.contains("</") || text.contains("/>")) {
        return found;
    }
    let mut open: Vec<Element<'_>> = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find('<').map(|start| at + start) {
        content(text, at, start, &mut open, &mut found);
        let rest = &text[start..];
        let skipped = [("<!--", "-->"), ("<?", "?>"), ("<!", ">")].iter().find(|(begin, _)| rest.starts_with(begin));
        if let Some(body) = rest.strip_prefix("<![CDATA[") {
            let end = start + 9 + body.find("]]>").unwrap_or(body.len());
            content(text, start + 9, end, &mut open, &mut found);
            at = (end + 3).min(text.len());
        } else if let Some((begin, end)) = skipped {
            at = rest[begin.len()..].find(end).map_or(text.len(), |found| start + begin.len() + found + end.len());
        } else if let Some(closing) = rest.strip_prefix("</") {
            let name = local(closing);
            if let Some(place) = open.iter().rposition(|element| element.name == name) {
                open.truncate(place);
            }
            at = closing.find('>').map_or(text.len(), |end| start + 2 + end + 1);
        } else {
            at = tag(text, start, &mut open, &mut found);
        }
    }
    found
}

/// The name that a text begins with, without its namespace.
fn local(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_alphanumeric() || "_-.:".contains(c))).unwrap_or(text.len());
    text[..end].rsplit(':').next().unwrap_or_default()
}

/// Reads a tag that opens an element; gives the place behind it.
fn tag<'a>(text: &'a str, start: usize, open: &mut Vec<Element<'a>>, found: &mut Vec<Finding>) -> usize {
    let whole = &text[start + 1..];
    let end = whole.find(|c: char| !(c.is_alphanumeric() || "_-.:".contains(c))).unwrap_or(whole.len());
    let name = local(&whole[..end]);
    if name.is_empty() {
        return start + 1;
    }
    let mut at = start + 1 + end;
    let mut attributes: Vec<(&str, std::ops::Range<usize>)> = Vec::new();
    let mut closed = false;
    while let Some(c) = text[at..].chars().next() {
        match c {
            '>' => {
                at += 1;
                break;
            }
            '<' => break,
            '/' => {
                closed = true;
                at += 1;
            }
            c if c.is_alphabetic() || c == '_' => {
                let rest = &text[at..];
                let end = rest.find(|c: char| !(c.is_alphanumeric() || "_-.:".contains(c))).unwrap_or(rest.len());
                let key = local(&rest[..end]);
                at += end;
                let after = text[at..].trim_start();
                let Some(value) = after.strip_prefix('=').map(str::trim_start) else { continue };
                let Some(quote) = value.chars().next().filter(|quote| matches!(quote, '"' | '\'')) else { continue };
                let begin = text.len() - value.len() + 1;
                let Some(length) = text[begin..].find(quote) else { return text.len() };
                attributes.push((key, begin..begin + length));
                at = begin + length + 1;
            }
            c => at += c.len_utf8(),
        }
    }
    let called = attributes.iter().find(|(key, _)| is_name_of_name(key)).map(|(_, span)| &text[span.clone()]);
    for (key, span) in attributes {
        let value = &text[span.clone()];
        let by_called =
            called.filter(|_| is_name_of_value(key)).filter(|called| looks_like_secret(called, value).is_some());
        let by_element = (is_name_of_value(key) && looks_like_secret(name, value).is_some()).then_some(name);
        let by_own = looks_like_secret(key, value).map(|_| key);
        if let Some(name) = by_own.or(by_called).or(by_element) {
            found.push(Finding { span, name: name.to_owned(), endless: false });
        }
    }
    if !closed {
        // What nobody closes, as in HTML, must not fill the memory.
        const DEEPEST: usize = 100;
        let before = open.last_mut().and_then(|parent| parent.next.take());
        open.truncate(DEEPEST);
        open.push(Element { name, called: called.or(before), next: None });
    }
    at
}

/// Looks at the text inside an element.
fn content<'a>(text: &'a str, from: usize, to: usize, open: &mut [Element<'a>], found: &mut Vec<Finding>) {
    let whole = &text[from..to];
    let value = whole.trim();
    let Some((element, above)) = open.split_last_mut() else { return };
    if value.is_empty() {
        return;
    }
    let outer =
        above.last().map(|parent| parent.called.unwrap_or(parent.name)).filter(|_| is_name_of_value(element.name));
    let names = [Some(element.name), element.called, outer];
    if let Some(name) = names.into_iter().flatten().find(|name| looks_like_secret(name, value).is_some()) {
        let start = from + (whole.len() - whole.trim_start().len());
        found.push(Finding { span: start..start + value.len(), name: name.to_owned(), endless: false });
    } else if element.called.is_none()
        && is_name_of_name(element.name)
        && let Some(parent) = above.last_mut()
    {
        parent.next = Some(value);
    }
}
