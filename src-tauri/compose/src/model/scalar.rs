//! Numbers that the canonical JSON writes as texts, and lengths of time.

use std::fmt;

use serde::{Deserialize, Deserializer, de};
use sternway_model::Seconds;

/// An integer, written as a number or as digits in a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Integer(pub i64);

/// A number, written as such or as a text.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Decimal(pub f64);

impl<'de> Deserialize<'de> for Integer {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Integer;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an integer")
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Integer, E> {
                Ok(Integer(number))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Integer, E> {
                i64::try_from(number).map(Integer).map_err(E::custom)
            }
            #[allow(clippy::cast_possible_truncation, reason = "only whole numbers pass, and none is beyond 2^53")]
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Integer, E> {
                if number.fract() == 0.0 && number.abs() < 9e15 {
                    Ok(Integer(number as i64))
                } else {
                    Err(E::custom("not an integer"))
                }
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Integer, E> {
                text.parse().map(Integer).map_err(E::custom)
            }
        }
        from.deserialize_any(Visitor)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Decimal;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }
            #[allow(clippy::cast_precision_loss, reason = "nobody gives a container 2^53 processors")]
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Decimal, E> {
                Ok(Decimal(number as f64))
            }
            #[allow(clippy::cast_precision_loss, reason = "nobody gives a container 2^53 processors")]
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Decimal, E> {
                Ok(Decimal(number as f64))
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Decimal, E> {
                Ok(Decimal(number))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Decimal, E> {
                text.parse().map(Decimal).map_err(E::custom)
            }
        }
        from.deserialize_any(Visitor)
    }
}

/// A length of time in whole nanoseconds, the engine's unit.
#[allow(clippy::cast_possible_truncation, reason = "durations of files are far below 292 years")]
#[must_use]
pub(crate) fn nanoseconds(length: Seconds) -> i64 {
    (length.0 * 1e9).round() as i64
}
