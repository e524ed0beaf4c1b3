//! Lengths of time as `sternway.yaml` and Compose write them.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, de};
use specta::Type;

use crate::{Error, Result};

/// A length of time: seconds as a number in JSON; in YAML a number of seconds or Go's form `1m30s`, `500ms`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Type)]
#[specta(transparent)]
pub struct Seconds(pub f64);

impl Seconds {
    /// As the standard library's type; negative lengths become zero.
    #[must_use]
    pub fn to_duration(self) -> Duration {
        Duration::try_from_secs_f64(self.0).unwrap_or(Duration::ZERO)
    }

    /// Reads Go's form (`time.ParseDuration`): one or more numbers, each with its unit.
    ///
    /// # Errors
    /// If the text is not of that form.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || {
            Error::invalid(format!("`{text}` is not a duration"))
                .hint("Write a number with a unit, such as `10s`, `1m30s` or `500ms`.")
        };
        let mut rest = text.trim();
        if rest == "0" {
            return Ok(Self(0.0));
        }
        if rest.is_empty() {
            return Err(wrong());
        }
        let mut total = 0.0;
        while !rest.is_empty() {
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
            let number: f64 = rest[..end].parse().map_err(|_| wrong())?;
            rest = &rest[end..];
            let end = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
            total += number
                * match &rest[..end] {
                    "ns" => 1e-9,
                    "us" | "µs" => 1e-6,
                    "ms" => 1e-3,
                    "s" => 1.0,
                    "m" => 60.0,
                    "h" => 3600.0,
                    "d" => 86_400.0,
                    _ => return Err(wrong()),
                };
            rest = &rest[end..];
        }
        Ok(Self(total))
    }
}

impl Serialize for Seconds {
    fn serialize<S: serde::Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        to.serialize_f64(self.0)
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Seconds;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration such as `10s` or `1m30s`")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> std::result::Result<Seconds, E> {
                Seconds::parse(text).map_err(|e| E::custom(format!("{}. {}", e.message, e.hint)))
            }
            #[allow(clippy::cast_precision_loss, reason = "no duration has 2^53 seconds")]
            fn visit_i64<E: de::Error>(self, seconds: i64) -> std::result::Result<Seconds, E> {
                self.visit_f64(seconds as f64)
            }
            #[allow(clippy::cast_precision_loss, reason = "no duration has 2^53 seconds")]
            fn visit_u64<E: de::Error>(self, seconds: u64) -> std::result::Result<Seconds, E> {
                self.visit_f64(seconds as f64)
            }
            fn visit_f64<E: de::Error>(self, seconds: f64) -> std::result::Result<Seconds, E> {
                if seconds.is_finite() && seconds >= 0.0 {
                    Ok(Seconds(seconds))
                } else {
                    Err(E::custom("a duration is not negative"))
                }
            }
        }
        from.deserialize_any(Visitor)
    }
}

impl JsonSchema for Seconds {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Seconds, or a number with a unit: 10s, 1m30s, 500ms.",
            "anyOf": [
                { "type": "number", "minimum": 0 },
                { "type": "string", "pattern": r"^([0-9.]+(ns|us|µs|ms|s|m|h|d))+$|^0$" }
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_gos_form() {
        for (text, seconds) in [("10s", 10.0), ("1m30s", 90.0), ("500ms", 0.5), ("1.5h", 5400.0), ("0", 0.0)] {
            assert_eq!(Seconds::parse(text).map(|s| s.0), Ok(seconds), "{text}");
        }
        for bad in ["", "10", "s", "10x", "1m 30s", "-1s"] {
            assert!(Seconds::parse(bad).is_err(), "{bad:?} is refused");
        }
    }
}
