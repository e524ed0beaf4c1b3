//! The immutable record of what ran after a deployment.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{At, DeploymentNumber, EnvironmentName, ImageId, SecretName, SecretPin, ServiceName, VerifyStep};

/// A variable's value, or the secret that it names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Type)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// An ordinary value.
    #[serde(rename = "value")]
    Plain(String),
    /// A secret; its value is only in the keychain.
    Secret {
        /// Its name.
        name: SecretName,
        /// The version that is meant; `null` while the keychain has none.
        version: Option<u32>,
    },
}

impl Value {
    /// The value as it goes into a plan: text as it is, a secret as its pin. `None` for a secret without a version.
    #[must_use]
    pub fn pinned(&self) -> Option<String> {
        match self {
            Self::Plain(text) => Some(text.clone()),
            Self::Secret { name, version } => {
                version.map(|version| SecretPin { name: name.clone(), version }.to_string())
            }
        }
    }
}

/// A line of a file that sets a variable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Origin {
    /// The file, relative to the project.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: u32,
}

/// A variable of an environment, and where its value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Variable {
    /// Its name.
    pub key: String,
    /// Its value.
    #[serde(flatten)]
    pub value: Value,
    /// The line that won.
    pub source: Origin,
    /// The lines that it overrode, the nearest first.
    pub overridden: Vec<Origin>,
}

/// Something that was seen to be true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Evidence {
    /// What was looked at.
    pub subject: String,
    /// What was seen.
    pub seen: String,
    /// When.
    pub at: At,
}

/// The state of the project's sources when it was deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Revision {
    /// The commit's whole id.
    pub commit: String,
    /// The branch, if one was checked out.
    pub branch: Option<String>,
    /// Whether there were uncommitted changes.
    pub dirty: bool,
    /// Whether that cannot be told: files look different that a program of the repository's own, a git filter, would have to be asked about.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsure: bool,
}

/// What ran after a deployment. It names secrets by version and images by content, so that going back restores exactly it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Release {
    /// The deployment that made it.
    pub number: DeploymentNumber,
    /// Where it ran.
    pub environment: EnvironmentName,
    /// When it was complete.
    pub created: At,
    /// The variables, secrets by version.
    pub configuration: Vec<Variable>,
    /// The canonical Compose model, secrets as pins.
    pub application: serde_json::Value,
    /// Each service's image by its content.
    pub images: BTreeMap<ServiceName, ImageId>,
    /// The sources it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<Revision>,
    /// What decided that it works, and will again when somebody goes back to it.
    pub verify: Vec<VerifyStep>,
    /// What verification saw.
    pub evidence: Vec<Evidence>,
    /// What each path of this machine was that a service mounts, by `SERVICE:TARGET`. Releases of earlier versions do not say it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub mounted: BTreeMap<String, PathKind>,
}

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PathKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A socket, a device, or something else.
    Other,
}
