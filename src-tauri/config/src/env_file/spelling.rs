//! How a value can be written so that Compose reads it back.

use adotenv::Quote;

/// What a value shall mean, in the one form that all quotes share: `$NAME` is a variable, `$$` a dollar sign.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Meaning(pub(super) String);

impl Meaning {
    /// Exactly this text.
    pub(super) fn literal(value: &str) -> Self {
        Self(value.replace('$', "$$"))
    }

    /// The text itself, if it has no variables.
    fn text(&self) -> Option<String> {
        (!self.0.replace("$$", "").contains('$')).then(|| self.0.replace("$$", "$"))
    }
}

/// How a value is written now: what an edit keeps where it can.
#[derive(Clone, Copy)]
pub(super) struct Style<'a> {
    /// Its quotes.
    pub(super) quote: Quote,
    /// Its text, as it stands.
    pub(super) raw: &'a str,
    /// Line breaks have to be escapes, because a bare LF would be out of place in the file.
    pub(super) escape_lines: bool,
}

/// Ways to write a meaning, the one to prefer first. None of them is trusted: each is read back before it is used.
pub(super) fn spellings(meaning: &Meaning, style: Style<'_>) -> Vec<String> {
    let Some(text) = meaning.text() else {
        let unquoted = bare(&meaning.0, "${}?");
        let double = Some(double(&meaning.0, false));
        let order = if style.quote == Quote::Double { [double, unquoted] } else { [unquoted, double] };
        return order.into_iter().flatten().collect();
    };
    let tolerated = if style.quote == Quote::None { style.raw } else { "" };
    let unquoted = bare(&text, tolerated);
    let single = single(&text, style.escape_lines);
    // Double quotes are kept for what needs no escape in them: the escapes are what programs disagree about.
    let order = match style.quote {
        Quote::Double if !text.contains(['$', '\\', '"', '\n', '\r']) => [Some(double(&text, true)), single, unquoted],
        Quote::None => [unquoted, single, Some(double(&text, true))],
        _ => [single, Some(double(&text, true)), unquoted],
    };
    order.into_iter().flatten().collect()
}

/// Without quotes, if a shell and every other reader of env files would take the text as it is, or if the value has such
/// characters without quotes already.
fn bare(text: &str, tolerated: &str) -> Option<String> {
    let harmless = |c: char| {
        c.is_alphanumeric()
            || "_./:@%+,-=".contains(c)
            || (tolerated.contains(c) && !c.is_control() && !matches!(c, '\'' | '"' | '\\' | '#'))
    };
    text.chars().all(harmless).then(|| text.to_owned())
}

fn single(text: &str, escape_lines: bool) -> Option<String> {
    let needs_escapes = text.contains('\r') || (escape_lines && text.contains('\n'));
    (!needs_escapes).then(|| format!("'{}'", text.replace('\'', "\\'")))
}

fn double(text: &str, escape_dollars: bool) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '\\' => quoted.push_str("\\\\"),
            '"' => quoted.push_str("\\\""),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '$' if escape_dollars => quoted.push_str("\\$"),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
