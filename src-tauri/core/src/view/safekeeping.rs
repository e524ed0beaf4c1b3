//! What is done with secrets: rotations, leaks, the audit, and what is looked at before a promotion.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use specta::Type;
use sternway_model::{At, Change, DeploymentNumber, EnvironmentName, Plan, SecretName};

/// What moving an environment to another one's release would change, and what speaks against it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Promotion {
    /// The environment whose release is taken.
    pub from: EnvironmentName,
    /// The environment that is moved.
    pub to: EnvironmentName,
    /// The release that is taken.
    pub release: DeploymentNumber,
    /// How the variables of the two differ: from those of the release to those that the other environment has.
    pub differences: Vec<Change>,
    /// Values that may belong to another environment. Each stops the plan unless it is allowed.
    pub suspicious: Vec<Suspicion>,
    /// The plan; run it by its hash.
    pub plan: Plan,
}

/// A value that may belong to another environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Suspicion {
    /// The variable.
    pub key: String,
    /// Why, in words that follow the key.
    pub reason: String,
    /// The person said that it is meant.
    pub allowed: bool,
}

/// What removing a secret, or a version of it, takes along.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct SecretRemoval {
    /// The environment.
    pub environment: EnvironmentName,
    /// The secret.
    pub name: SecretName,
    /// The versions, newest first.
    pub versions: Vec<u32>,
    /// Of the newest releases those that need one of the versions: they cannot be gone back to afterwards.
    pub releases: Vec<DeploymentNumber>,
    /// The release that runs needs one of them, too: its containers go on and cannot be made anew.
    pub running: bool,
    /// The environment's name has to be typed: it is protected, or what runs needs one of them.
    pub guarded: bool,
}

/// A rotation of a secret: what it would do, or how far it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct RotationView {
    /// The environment.
    pub environment: EnvironmentName,
    /// The secret.
    pub name: SecretName,
    /// How far it is.
    pub state: RotationState,
    /// The version that is dropped at the end; none if there is no value yet.
    pub old: Option<u32>,
    /// The version that takes its place.
    pub new: Option<u32>,
    /// Variables that refer to it.
    pub used_by: Vec<String>,
    /// Services of the running release that get it.
    pub services: Vec<String>,
    /// Releases that cannot be gone back to once the old version is dropped.
    pub releases: Vec<DeploymentNumber>,
    /// Who began it.
    pub by: Option<String>,
    /// When.
    pub started: Option<At>,
}

/// How far a rotation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Type)]
#[serde(rename_all = "snake_case")]
pub enum RotationState {
    /// Not begun.
    None,
    /// Begun; the new value is not in the keychain yet.
    Begun,
    /// The new value is in the keychain, and waits to be deployed.
    Set,
    /// A release runs with the new value; the old version can be dropped.
    Deployed,
    /// The old version is dropped.
    Done,
    /// It was given up: the new version is dropped.
    GivenUp,
}

/// Where secrets were found that should be in the keychain alone: what `secret scan` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct LeakReport {
    /// What was found, in files first.
    pub leaks: Vec<Leak>,
    /// How many files were read.
    pub files: u32,
    /// How many commits were read.
    pub commits: u32,
    /// What was not looked at or for, and why.
    pub gaps: Vec<String>,
}

/// A place where a secret was found. The value is not shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, Type)]
pub struct Leak {
    /// The file, relative to the project, or to the repository in a commit.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: u32,
    /// The commit that added the line; none for a file as it is now.
    pub commit: Option<String>,
    /// The secret whose value it is.
    pub secret: Option<LeakedSecret>,
    /// For what no keychain knows: why it looks like a secret, in words that follow "it".
    pub looks_like: Option<String>,
}

/// A secret that was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, Type)]
pub struct LeakedSecret {
    /// Its environment.
    pub environment: EnvironmentName,
    /// Its name.
    pub name: SecretName,
    /// Its version.
    pub version: u32,
}

/// Secret versions that earlier versions of Sternway kept under the project's name: what `secret take-over` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct TakeOver {
    /// The versions, by environment and name.
    pub entries: Vec<TakeOverEntry>,
}

/// A version of a secret that is kept under the project's name, or was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct TakeOverEntry {
    /// Its environment.
    pub environment: EnvironmentName,
    /// Its name.
    pub name: SecretName,
    /// Its version.
    pub version: u32,
    /// What became of it.
    pub outcome: TakeOverOutcome,
}

/// What became of a version that is kept under the project's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Type)]
#[serde(rename_all = "snake_case")]
pub enum TakeOverOutcome {
    /// Nothing was done yet.
    Waiting,
    /// It is the project's own now.
    Taken,
    /// This keychain has nothing there.
    Missing,
    /// What is there has another value: it belongs to another project of the same name.
    Foreign,
}

/// Who saw secrets: what `audit` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Audit {
    /// The entries, newest first.
    pub entries: Vec<AuditLine>,
}

/// Something that a person did with a secret's value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct AuditLine {
    /// When.
    pub at: At,
    /// Who.
    pub by: String,
    /// What: `revealed`, `copied to the clipboard`, `exported`, `read for a deployment`, …
    pub action: String,
    /// Where.
    pub environment: EnvironmentName,
    /// With what.
    pub subject: String,
    /// Why, in the person's words.
    pub why: Option<String>,
}
