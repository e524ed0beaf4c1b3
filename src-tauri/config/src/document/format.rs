//! Which format a file has.

use std::path::Path;

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{Syntax, docker_env, env, hcl, json, shell, text, toml, yaml};

/// A format of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename = "DocumentFormat")]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// An env file as Compose reads it.
    Env,
    /// An env file as `docker run --env-file` reads it, and Compose where it says `format: raw`. No name tells it.
    DockerEnv,
    /// JSON (RFC 8259).
    Json,
    /// JSON with comments and commas at the end.
    Jsonc,
    /// YAML 1.2.
    Yaml,
    /// TOML.
    Toml,
    /// HCL, as Terraform has it.
    Hcl,
    /// A shell script, of which the plain assignments are values.
    Shell,
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
            "yaml" | "yml" => Self::Yaml,
            "toml" => Self::Toml,
            "tf" | "tfvars" | "hcl" | "nomad" => Self::Hcl,
            "sh" | "bash" => Self::Shell,
            _ => Self::Text,
        }
    }

    /// How it is read and written: the one place that lists them.
    pub(crate) fn syntax(self) -> &'static dyn Syntax {
        match self {
            Self::Env => &env::Env,
            Self::DockerEnv => &docker_env::DockerEnv,
            Self::Json => &json::Json { comments: false },
            Self::Jsonc => &json::Json { comments: true },
            Self::Yaml => &yaml::Yaml,
            Self::Toml => &toml::Toml,
            Self::Hcl => &hcl::Hcl,
            Self::Shell => &shell::Shell,
            Self::Text => &text::Text,
        }
    }
}
