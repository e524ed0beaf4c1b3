//! The canonical model as YAML that people read: block style, quotes where they are needed.

use serde_json::Value;
use sternway_model::yaml::{Resolved, Scalar};

/// The model as YAML, which can be loaded again.
#[must_use]
pub fn to_yaml(model: &Value) -> String {
    let mut text = String::new();
    block(model, 0, &mut text);
    text
}

/// Writes what stands below a key or at the top: one line for each entry.
fn block(value: &Value, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                text.push_str(&indent);
                text.push_str(&scalar(key));
                text.push(':');
                after(value, depth, text);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                text.push_str(&indent);
                text.push('-');
                match item {
                    Value::Object(map) if !map.is_empty() => {
                        // The first key stands beside the dash.
                        let mut inner = String::new();
                        block(item, depth + 1, &mut inner);
                        text.push(' ');
                        text.push_str(inner.trim_start());
                    }
                    item => after(item, depth, text),
                }
            }
        }
        flat => {
            text.push_str(&indent);
            text.push_str(&inline(flat));
            text.push('\n');
        }
    }
}

/// Writes a value after its key or dash, and ends the line.
fn after(value: &Value, depth: usize, text: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            text.push('\n');
            block(value, depth + 1, text);
        }
        Value::Array(items) if !items.is_empty() => {
            text.push('\n');
            block(value, depth + 1, text);
        }
        Value::String(lines) if is_literal(lines) => literal(lines, depth, text),
        flat => {
            text.push(' ');
            text.push_str(&inline(flat));
            text.push('\n');
        }
    }
}

fn inline(value: &Value) -> String {
    match value {
        Value::Object(_) => "{}".to_owned(),
        Value::Array(_) => "[]".to_owned(),
        Value::String(text) => scalar(text),
        other => other.to_string(),
    }
}

/// Several lines that need no escapes.
fn is_literal(text: &str) -> bool {
    text.contains('\n')
        && !text.starts_with([' ', '\n', '\t'])
        && !text.lines().any(|line| line.ends_with([' ', '\t']))
        && !text.chars().any(|c| c != '\n' && c.is_control() || c == '\u{feff}')
}

fn literal(lines: &str, depth: usize, text: &mut String) {
    let body = lines.trim_end_matches('\n');
    text.push_str(match lines.len() - body.len() {
        0 => " |-\n",
        1 => " |\n",
        _ => " |+\n",
    });
    let indent = "  ".repeat(depth + 1);
    for line in lines.lines() {
        if !line.is_empty() {
            text.push_str(&indent);
            text.push_str(line);
        }
        text.push('\n');
    }
}

/// A text, in quotes if without them it would be something else.
fn scalar(text: &str) -> String {
    let is_special = |c: char| c.is_control() || "\u{feff}\u{2028}\u{2029}\u{85}".contains(c);
    if text.chars().any(is_special) {
        // JSON's escapes are YAML's too.
        return Value::String(text.to_owned()).to_string();
    }
    let old_boolean = matches!(text.to_ascii_lowercase().as_str(), "y" | "yes" | "n" | "no" | "on" | "off");
    let plain = !text.is_empty()
        && Scalar::plain(text).resolve() == Resolved::Text
        && !old_boolean
        && !text.starts_with(['-', '?', ':', ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`', '=', '<', ' '])
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        // Numbers with colons are sexagesimal to readers of YAML 1.1, dates are dates.
        && !text.chars().all(|c| c.is_ascii_digit() || matches!(c, ':' | '.' | '-' | '_' | '+' | 'e' | 'x'));
    if plain { text.to_owned() } else { format!("'{}'", text.replace('\'', "''")) }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;

    #[test]
    fn reads_like_a_file_that_a_person_wrote() {
        let model = json!({
            "name": "shop",
            "services": {"web": {
                "command": null,
                "environment": {"PRICE": "5 $$", "PORT": "80", "TEXT": "a\nb\n"},
                "ports": [{"target": 80, "published": "8080"}],
                "networks": {},
            }},
        });
        let expected = "name: shop\nservices:\n  web:\n    command: null\n    environment:\n      PRICE: 5 $$\n      \
                        PORT: '80'\n      TEXT: |\n        a\n        b\n    ports:\n      - target: 80\n        \
                        published: '8080'\n    networks: {}\n";
        assert_eq!(to_yaml(&model), expected);
    }

    #[test]
    fn every_text_comes_back() {
        for text in [
            "", "a: b", "- a", "yes", "0x1", "1:30", " a ", "a\n\nb", "a\n", "\ta", "a\r\nb", "it's", "#", "a\n\n",
            "~", "é",
        ] {
            let yaml = to_yaml(&json!({"key": text, "list": [text]}));
            let nodes = sternway_model::yaml::parse(Path::new("test.yaml"), &yaml).expect(&yaml);
            assert_eq!(nodes[0].get("key").and_then(|node| node.text()), Some(text), "{yaml}");
            assert_eq!(nodes[0].get("key").map(|node| node.kind()), Some("a text"), "{yaml}");
        }
    }
}
