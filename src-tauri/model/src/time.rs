//! Points in time.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{Error, Result};

/// A point in time: RFC 3339 in JSON, milliseconds since 1970 in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Type)]
#[serde(transparent)]
#[specta(transparent)]
pub struct At(#[specta(type = String)] pub Timestamp);

impl At {
    /// From milliseconds since 1970.
    ///
    /// # Errors
    /// If the number is outside the range of dates.
    pub fn from_millis(millis: i64) -> Result<Self> {
        Timestamp::from_millisecond(millis)
            .map(Self)
            .map_err(|error| Error::internal(format!("{millis} ms is no point in time: {error}")))
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn as_millis(self) -> i64 {
        self.0.as_millisecond()
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl JsonSchema for At {
    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}
