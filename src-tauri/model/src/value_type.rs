//! What a variable's value has to be: declared in `sternway.yaml`, or guessed from its name and its value.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{Error, Result, Seconds, did_you_mean};

/// The type of a variable.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, Type)]
#[serde(rename_all = "snake_case")]
pub enum ValueType {
    /// A TCP or UDP port, 1 to 65535.
    Port,
    /// An address with a scheme, such as `https://example.com`.
    Url,
    /// A host's name or IP address.
    Host,
    /// An e-mail address.
    Email,
    /// A length of time with its unit: `15s`, `1m30s`, `30d`.
    Duration,
    /// An amount of bytes with its unit: `100MB`, `1.5GiB`, `512k`.
    Size,
    /// true or false, yes or no, on or off, 1 or 0.
    Boolean,
    /// A number.
    Number,
    /// One of these words.
    Enum(Vec<String>),
    /// JSON.
    Json,
}

impl ValueType {
    /// Whether a text is a value of this type. The message never quotes the text, because it may be a secret.
    ///
    /// # Errors
    /// [`crate::Code::InvalidInput`] with what is wrong and what to write.
    pub fn check(&self, text: &str) -> Result<()> {
        if self.accepts(text) {
            return Ok(());
        }
        let (what, hint) = match self {
            Self::Port => ("this is not a port", "Write a whole number from 1 to 65535."),
            Self::Url => ("this is not a URL", "Write it with its scheme, such as https://example.com/path."),
            Self::Host => {
                ("this is not a host", "Write a name such as db.example.com, or an IP address, without a scheme.")
            }
            Self::Email => ("this is not an e-mail address", "Write it as name@example.com."),
            Self::Duration => ("this is not a duration", "Write numbers with units, such as 15s, 1m30s or 30d."),
            Self::Size => ("this is not a size", "Write a number with a unit, such as 100MB, 1.5GiB or 512k."),
            Self::Boolean => ("this is neither true nor false", "Write true or false."),
            Self::Number => ("this is not a number", "Write digits, such as 80 or 1.5."),
            Self::Json => ("this is not valid JSON", "Write { … }, [ … ], a text in double quotes, or a number."),
            Self::Enum(words) => {
                return Err(Error::invalid("this is not one of the words that are allowed")
                    .hint(did_you_mean(&guessable(text), words.iter().map(String::as_str))));
            }
        };
        Err(Error::invalid(what).hint(hint))
    }

    /// Whether a text is a value of this type.
    fn accepts(&self, text: &str) -> bool {
        match self {
            Self::Port => {
                text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port > 0)
            }
            Self::Url => is_url(text),
            Self::Host => is_host(text),
            Self::Email => is_email(text),
            Self::Duration => Seconds::parse(text).is_ok(),
            Self::Size => is_size(text),
            Self::Boolean => is_switch(text) || matches!(text, "1" | "0"),
            Self::Number => is_number(text),
            Self::Enum(words) => words.iter().any(|word| word == text),
            Self::Json => serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok(),
        }
    }

    /// The type that a value seems to have, by its name and its form; `None` for any text.
    ///
    /// ```
    /// use sternway_model::ValueType;
    /// assert_eq!(ValueType::guess("DB_PORT", "5432"), Some(ValueType::Port));
    /// assert_eq!(ValueType::guess("DB_HOST", "db"), Some(ValueType::Host));
    /// assert_eq!(ValueType::guess("interval", "15s"), Some(ValueType::Duration));
    /// assert_eq!(ValueType::guess("DB_NAME", "shop"), None);
    /// ```
    #[must_use]
    pub fn guess(key: &str, text: &str) -> Option<Self> {
        let key = key.to_ascii_lowercase();
        let named = |words: &[&str]| words.iter().any(|word| key.ends_with(word));
        let likely = [
            (is_switch(text), Self::Boolean),
            (named(&["port"]), Self::Port),
            (true, Self::Number),
            (true, Self::Url),
            (text.contains('@'), Self::Email),
            (named(&["host", "hostname", "domain"]), Self::Host),
            // `1m` can be a minute or a megabyte; with a B it can only be a size.
            (text.ends_with(['B', 'b']) || named(&["size", "memory", "storage"]), Self::Size),
            (text != "0", Self::Duration),
            (text.starts_with(['{', '[']), Self::Json),
        ];
        likely.into_iter().find(|(may_be, kind)| *may_be && kind.accepts(text)).map(|(_, kind)| kind)
    }

    /// The type's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Port => "port",
            Self::Url => "url",
            Self::Host => "host",
            Self::Email => "email",
            Self::Duration => "duration",
            Self::Size => "size",
            Self::Boolean => "boolean",
            Self::Number => "number",
            Self::Enum(_) => "enum",
            Self::Json => "json",
        }
    }
}

/// Only a short word is a mistyped one; and what is compared is not shown.
fn guessable(text: &str) -> String {
    text.chars().take(32).collect()
}

fn is_switch(text: &str) -> bool {
    ["true", "false", "yes", "no", "on", "off"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'))
        && text.ends_with(|c: char| c.is_ascii_digit() || c == '.')
        && text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// RFC 3986 §3: a scheme, `//`, and a place.
fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let scheme_valid = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    scheme_valid && !rest.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// RFC 1123 §2.1, with the underscore that Compose's service names may have.
fn is_host(text: &str) -> bool {
    let address = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    if address.parse::<IpAddr>().is_ok() {
        return true;
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    text.len() <= 253 && text.strip_suffix('.').unwrap_or(text).split('.').all(label)
}

/// What RFC 5321 §4.1.2 calls a mailbox, without quotes and comments.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let local_valid = !local.is_empty()
        && local.len() <= 64
        && local.split('.').all(|part| {
            !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c))
        });
    local_valid && is_host(domain) && domain.parse::<IpAddr>().is_err()
}

fn is_size(text: &str) -> bool {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = unit.trim_start().to_ascii_lowercase();
    let units = [
        "b", "k", "m", "g", "t", "p", "kb", "mb", "gb", "tb", "pb", "ki", "mi", "gi", "ti", "pi", "kib", "mib", "gib",
        "tib", "pib",
    ];
    number.parse::<f64>().is_ok() && !number.ends_with('.') && units.contains(&unit.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_takes_what_it_is() {
        let words = || ValueType::Enum(vec!["debug".to_owned(), "info".to_owned()]);
        let cases: [(ValueType, &[&str], &[&str]); 10] = [
            (ValueType::Port, &["1", "80", "65535"], &["", "0", "65536", "80a", "+80", "-1", "8 0"]),
            (
                ValueType::Url,
                &["http://db", "postgres://u:p@h:1/x?y#z", "redis://r"],
                &["", "db", "http://", "1p://x", "http://a b"],
            ),
            (
                ValueType::Host,
                &["db", "db.example.com", "10.0.0.1", "::1", "[::1]", "my_db"],
                &["", "http://db", "a b", "-a", "a..b", "db:80"],
            ),
            (
                ValueType::Email,
                &["a@b.c", "first.last+tag@example.com"],
                &["", "a", "a@", "@b", "a b@c", "a@b c", ".a@b", "a@10.0.0.1"],
            ),
            (ValueType::Duration, &["0", "15s", "1m30s", "500ms", "30d"], &["", "15", "s", "15x", "1 m"]),
            (ValueType::Size, &["100MB", "1.5GiB", "512k", "5 GB", "1b"], &["", "100", "MB", "1.GB", "1xb"]),
            (ValueType::Boolean, &["true", "False", "yes", "off", "1"], &["", "maybe", "2", "t"]),
            (ValueType::Number, &["0", "-1", "1.5", "1e3", "+2"], &["", "one", "0x1f", "1_000", "inf", "nan", "1 "]),
            (words(), &["debug", "info"], &["", "Debug", "inf"]),
            (ValueType::Json, &["{}", "[1, 2]", "\"x\"", "1", "null"], &["", "{", "{a: 1}", "x"]),
        ];
        for (kind, good, bad) in cases {
            for text in good {
                assert_eq!(kind.check(text), Ok(()), "{text:?} is a {}", kind.name());
            }
            for text in bad {
                let error = kind.check(text).expect_err(text);
                assert!(!error.hint.is_empty() && (text.len() < 4 || !error.message.contains(text)), "{error:?}");
            }
        }
    }

    #[test]
    fn the_handbooks_variables_have_the_types_that_a_person_would_give_them() {
        for (key, text, kind) in [
            ("NODE_ENV", "production", None),
            ("PORT", "80", Some(ValueType::Port)),
            ("HOST", "0.0.0.0", Some(ValueType::Host)),
            ("DB_HOST", "db", Some(ValueType::Host)),
            ("DB_PORT", "5432", Some(ValueType::Port)),
            ("DB_USER", "user", None),
            ("AWS_REGION", "us-west-2", None),
            ("METRICS_PORT", "9090", Some(ValueType::Port)),
            ("ALERT_EMAIL", "alerts@example.com", Some(ValueType::Email)),
            ("interval", "15s", Some(ValueType::Duration)),
            ("maxSize", "100MB", Some(ValueType::Size)),
            ("maxFiles", "10", Some(ValueType::Number)),
            ("slack", "https://hooks.slack.com/services/xxx", Some(ValueType::Url)),
            ("encryption", "true", Some(ValueType::Boolean)),
            ("retention", "30d", Some(ValueType::Duration)),
            ("labels", "{\"a\": 1}", Some(ValueType::Json)),
            ("PORT", "99999", Some(ValueType::Number)),
            ("version", "1.0.0", None),
            ("schedule", "0 0 * * *", None),
        ] {
            assert_eq!(ValueType::guess(key, text), kind, "{key}={text}");
        }
    }

    #[test]
    fn a_mistyped_word_names_the_nearest() {
        let levels = ValueType::Enum(vec!["debug".to_owned(), "info".to_owned()]);
        assert_eq!(levels.check("inf").expect_err("no level").hint, "Did you mean `info`? There are: debug, info.");
    }
}
