//! Versions of the configuration, who changed what, and what bringing one back would change.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use specta::Type;
use sternway_model::{Action, At, Cause, DeploymentNumber, EnvironmentName, Origin, SecretName};

/// A page of versions: what `config versions` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct VersionsPage {
    /// The versions, newest first.
    pub versions: Vec<VersionView>,
    /// How many there are that fit.
    pub total: u32,
}

/// Which versions to list. Everything is optional.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct VersionsFilter {
    /// Only those that changed something which this environment reads.
    pub environment: Option<EnvironmentName>,
    /// Only those that changed this variable.
    pub key: Option<String>,
    /// Skip this many.
    pub offset: u32,
    /// At most this many; 50 unless given.
    pub limit: Option<u32>,
}

/// A version without what it changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct VersionHead {
    /// Its number within the project, from 1.
    pub number: u32,
    /// How it came about.
    pub cause: Cause,
    /// Who made it; `changed outside` where that is not known.
    pub by: String,
    /// When it was written down.
    pub created: At,
    /// Why, in the person's words.
    pub note: Option<String>,
}

/// A version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct VersionView {
    /// What is known of it.
    #[serde(flatten)]
    pub head: VersionHead,
    /// What it changed; at most the first hundred.
    pub changes: Vec<VersionChange>,
    /// How many changes are left out.
    pub more: u32,
}

/// A value that differs between two versions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct VersionChange {
    /// What changed: `variable LOG_LEVEL`, `secret DB_PASSWORD`, `document config/app.json`.
    pub subject: String,
    /// What happened to it.
    pub action: Action,
    /// What it was, where that can be shown. Never a secret's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What it became, where that can be shown. Never a secret's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The file; none for a secret.
    pub file: Option<PathBuf>,
    /// The variable or secret; none for a document.
    pub key: Option<String>,
    /// The environments that read it.
    pub environments: Vec<EnvironmentName>,
}

/// Two versions side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct VersionDifference {
    /// The earlier side.
    pub from: u32,
    /// The later side.
    pub to: u32,
    /// What differs.
    pub changes: Vec<VersionChange>,
}

/// Who set each variable of an environment: what `config blame` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Blame {
    /// The environment.
    pub environment: EnvironmentName,
    /// Its variables, in the order of the files.
    pub variables: Vec<BlameLine>,
}

/// Who set a variable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct BlameLine {
    /// The variable.
    pub key: String,
    /// Its value, masked if it looks like a secret; none if it is one.
    pub value: Option<String>,
    /// The secret that it is.
    pub secret: Option<SecretName>,
    /// The secret's newest version.
    pub secret_version: Option<u32>,
    /// The line that it comes from.
    pub source: Origin,
    /// The version that gave it its value, or its secret's newest version.
    pub version: Option<VersionHead>,
    /// The first deployment of the environment that succeeded with it.
    pub first_ran: Option<DeploymentNumber>,
}

/// What of a version is to be brought back. Without anything: all of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct RestoreScope {
    /// Only what this environment reads.
    pub environment: Option<EnvironmentName>,
    /// Only this file.
    pub file: Option<PathBuf>,
    /// Only this variable, with the secret that it refers to.
    pub key: Option<String>,
}

/// What bringing a version back would change: what `config restore --dry-run` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct RestorePlan {
    /// The version that is brought back.
    pub version: VersionHead,
    /// What would change.
    pub changes: Vec<VersionChange>,
    /// What differs and cannot be brought back.
    pub left: Vec<Left>,
    /// Identifies the plan; restoring refuses if it is not this any more.
    pub stamp: String,
}

/// Something that cannot be brought back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Left {
    /// What: `variable LOG_LEVEL in .env`.
    pub subject: String,
    /// Why not.
    pub reason: String,
}

/// What was brought back: what `config restore` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Restored {
    /// The version that this made; none if nothing differed.
    pub version: Option<u32>,
    /// What changed.
    pub changes: Vec<VersionChange>,
    /// What differs and could not be brought back.
    pub left: Vec<Left>,
}
