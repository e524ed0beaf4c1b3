//! Which format a file has.

use std::path::Path;

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{Syntax, env, json, text};

/// A format of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename = "DocumentFormat")]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// An env file as Compose reads it.
    Env,
    /// JSON (RFC 8259).
    Json,
    /// JSON with comments and commas at the end.
    Jsonc,
    /// Anything else: only text.
    Text,
}

impl Format {
    /// The format that a file has by its name.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        match extension {
            _ if name == ".env" || name.starts_with(".env.") => Self::Env,
            "env" => Self::Env,
            // Editors and compilers have agreed on comments in their own configuration.
            "json" if name.starts_with("tsconfig") || path.iter().any(|part| part == ".vscode") => Self::Jsonc,
            "json" | "webmanifest" => Self::Json,
            "jsonc" | "json5" => Self::Jsonc,
            _ => Self::Text,
        }
    }

    /// How it is read and written: the one place that lists them.
    pub(crate) fn syntax(self) -> &'static dyn Syntax {
        match self {
            Self::Env => &env::Env,
            Self::Json => &json::Json { comments: false },
            Self::Jsonc => &json::Json { comments: true },
            Self::Text => &text::Text,
        }
    }
}
