//! How data can be written in YAML.

use sternway_model::yaml::{Resolved, Scalar};
use sternway_model::{Error, Result};

use super::super::json::quoted;
use super::super::source::{indent_unit, newline};
use super::super::tree::{Data, Kind, Meaning};

/// Where a value is to be written.
pub(super) struct Place {
    /// The column of its key or its dash.
    pub(super) column: usize,
    /// It stands in a list.
    pub(super) in_list: bool,
    /// It is the whole document.
    pub(super) whole: bool,
    /// It stands between brackets.
    pub(super) flow: bool,
    /// Columns of one level.
    pub(super) unit: usize,
    /// What ends a line.
    pub(super) newline: &'static str,
}

impl Place {
    /// A place in a text, at the beginning of a line.
    pub(super) fn of(text: &str) -> Self {
        // YAML has no tabs in front of its lines.
        let unit = indent_unit(text).replace('\t', "  ").len();
        Self { column: 0, in_list: false, whole: false, flow: false, unit, newline: newline(text) }
    }

    /// The column of what stands below.
    fn inner(&self) -> usize {
        match (self.whole, self.in_list) {
            (true, _) => 0,
            (_, true) => self.column + 2,
            (_, false) => self.column + self.unit,
        }
    }
}

/// A value as it can be written.
pub(super) enum Spelled {
    /// In the place of the old one.
    Here(String),
    /// On lines below the key; begins with a line break.
    Below(String),
}

/// Ways to write data, the one to prefer first. `style` is what the old value begins with.
///
/// # Errors
/// If YAML has no such data.
pub(super) fn spellings(data: &Data, place: &Place, style: Option<char>) -> Result<Vec<Spelled>> {
    if let Data::Scalar(Kind::String, text) = data {
        return Ok(texts(text, place, style).into_iter().map(Spelled::Here).collect());
    }
    let here = Spelled::Here(flow(data)?);
    let has_parts = match data {
        Data::Scalar(..) => false,
        Data::Object(parts) | Data::Array(parts) => !parts.is_empty(),
    };
    if place.flow || !has_parts {
        return Ok(vec![here]);
    }
    let mut lines = Vec::new();
    block(data, place.inner(), place.unit, &mut lines)?;
    let text = lines.join(place.newline);
    let below = match (place.whole, place.in_list, data) {
        // Behind a dash the first key stands on the same line.
        (true, ..) | (_, true, Data::Object(_)) => Spelled::Here(text.trim_start().to_owned()),
        _ => Spelled::Below(format!("{}{text}", place.newline)),
    };
    Ok(vec![below, here])
}

/// Ways to write a text.
fn texts(text: &str, place: &Place, style: Option<char>) -> Vec<String> {
    let plain = is_plain(text, place.flow).then(|| text.to_owned());
    let has_controls =
        text.chars().any(|c| c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}'));
    let single = (!has_controls).then(|| format!("'{}'", text.replace('\'', "''")));
    let double = Some(double(text));
    let lines = (!place.flow).then(|| literal(text, place)).flatten();
    // Escapes are harder to read than the other quotes.
    let quoted =
        if text.contains(['"', '\\']) { [single.clone(), double.clone()] } else { [double.clone(), single.clone()] };
    let [first, second] = quoted;
    let order = match style {
        Some('\'') => [single, lines, double, None],
        Some('"') => [double, None, None, None],
        _ => [plain, lines, first, second],
    };
    order.into_iter().flatten().collect()
}

/// A text of several lines as a literal block (YAML 1.2 §8.1.2), if it can be one.
fn literal(text: &str, place: &Place) -> Option<String> {
    let body = text.trim_end_matches('\n');
    let possible = text.contains('\n')
        && !body.is_empty()
        && !text.starts_with([' ', '\t', '\n'])
        && text.chars().all(|c| c == '\n' || c == '\t' || !c.is_control())
        && !text.contains(['\u{85}', '\u{2028}', '\u{2029}', '\u{feff}']);
    if !possible {
        return None;
    }
    let ends = text.len() - body.len();
    let mut out = match ends {
        0 => "|-".to_owned(),
        1 => "|".to_owned(),
        _ => "|+".to_owned(),
    };
    let indent = " ".repeat(place.inner().max(1));
    for line in body.split('\n') {
        out.push_str(place.newline);
        if !line.is_empty() {
            out.push_str(&indent);
            out.push_str(line);
        }
    }
    for _ in 1..ends {
        out.push_str(place.newline);
    }
    Some(out)
}

/// JSON's escapes are YAML's too (§7.3.1); YAML wants some more.
fn double(text: &str) -> String {
    let mut out = String::new();
    for c in quoted(text).chars() {
        let escape = matches!(c, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}');
        if escape {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether a text without quotes is a text for every reader: those of YAML 1.1 take `on`, `22:22` and dates for something else.
fn is_plain(text: &str, flow: bool) -> bool {
    let old_words = ["y", "n", "yes", "no", "on", "off"];
    let old_number = text.chars().all(|c| c.is_ascii_digit() || matches!(c, '_' | ':' | '.' | '-' | '+'))
        && text.contains(['_', ':', '-']);
    Scalar::plain(text).resolve() == Resolved::Text
        && !text.starts_with(|c: char| c.is_whitespace() || "-?:,[]{}#&*!|>'\"%@`=<".contains(c))
        && !text.ends_with(|c: char| c.is_whitespace() || c == ':')
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.chars().any(|c| c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}'))
        && !old_words.iter().any(|word| text.eq_ignore_ascii_case(word))
        && !old_number
        && !(flow && text.contains([',', '[', ']', '{', '}', ':', '#']))
}

/// A key as it is written.
pub(super) fn key_spelling(key: &str) -> String {
    if is_plain(key, true) { key.to_owned() } else { double(key) }
}

/// A scalar in the way that needs no place.
fn scalar(kind: Kind, text: &str, flow: bool) -> Result<String> {
    match kind {
        Kind::Null => Ok("null".to_owned()),
        Kind::Expression => Err(Error::invalid("YAML has no expressions").hint("Write the value as a text.")),
        Kind::String if is_plain(text, flow) => Ok(text.to_owned()),
        Kind::String => Ok(double(text)),
        _ => Ok(text.to_owned()),
    }
}

/// Data in brackets, on one line.
///
/// # Errors
/// If YAML has no such data.
pub(super) fn flow(data: &Data) -> Result<String> {
    let all = |parts: &[Meaning], one: &dyn Fn(&Meaning) -> Result<String>| -> Result<String> {
        Ok(parts.iter().map(one).collect::<Result<Vec<_>>>()?.join(", "))
    };
    Ok(match data {
        Data::Scalar(kind, text) => scalar(*kind, text, true)?,
        Data::Array(items) => format!("[{}]", all(items, &|item| flow(&item.value))?),
        Data::Object(entries) if entries.is_empty() => "{}".to_owned(),
        Data::Object(entries) => {
            let entry = |entry: &Meaning| {
                let key = entry.words.first().map(|key| key_spelling(key)).unwrap_or_default();
                Ok(format!("{key}: {}", flow(&entry.value)?))
            };
            format!("{{ {} }}", all(entries, &entry)?)
        }
    })
}

/// Data as lines of a block.
fn block(data: &Data, column: usize, unit: usize, lines: &mut Vec<String>) -> Result<()> {
    let indent = " ".repeat(column);
    match data {
        Data::Scalar(kind, text) => lines.push(format!("{indent}{}", scalar(*kind, text, false)?)),
        Data::Object(entries) => {
            for entry in entries {
                let key = entry.words.first().map(|key| key_spelling(key)).unwrap_or_default();
                match &entry.value {
                    Data::Scalar(kind, text) => {
                        lines.push(format!("{indent}{key}: {}", scalar(*kind, text, false)?));
                    }
                    Data::Object(parts) | Data::Array(parts) if parts.is_empty() => {
                        lines.push(format!("{indent}{key}: {}", flow(&entry.value)?));
                    }
                    value => {
                        lines.push(format!("{indent}{key}:"));
                        block(value, column + unit, unit, lines)?;
                    }
                }
            }
        }
        Data::Array(items) => {
            for item in items {
                match &item.value {
                    Data::Object(parts) if !parts.is_empty() => {
                        let first = lines.len();
                        block(&item.value, column + 2, unit, lines)?;
                        if let Some(line) = lines.get_mut(first) {
                            line.replace_range(column..column + 2, "- ");
                        }
                    }
                    Data::Scalar(kind, text) => lines.push(format!("{indent}- {}", scalar(*kind, text, false)?)),
                    value => lines.push(format!("{indent}- {}", flow(value)?)),
                }
            }
        }
    }
    Ok(())
}
