//! What the fronts get to see. Everything here is redacted and ready to be shown; both fronts use the same types.

mod documents;
mod history;
mod safekeeping;
mod services;
mod versions;

use std::path::PathBuf;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use specta::Type;
use sternway_model::{
    At, Change, Deployment, DeploymentNumber, EnvironmentName, Error, Origin, ProjectCommand, ProjectName, Revision,
    SecretName, Target, ValueType,
};

pub use documents::{
    DocumentConflict, DocumentEntry, DocumentNode, DocumentRelease, DocumentRole, DocumentSave, DocumentView,
    Documents, EarlierDocument, Kept, SavedDocument, SavedView,
};
pub use history::{
    Comparison, DeploymentView, HistoryFilter, HistoryPage, LogLine, LogPage, Reachable, ReleaseImage, ReleaseView,
    UsualTime,
};
pub use safekeeping::{
    Audit, AuditLine, Leak, LeakReport, LeakedSecret, Promotion, RotationState, RotationView, SecretRemoval, Suspicion,
    TakeOver, TakeOverEntry, TakeOverOutcome,
};
pub use services::{
    CommandEvent, CommandLine, ContainerView, LogFilter, PrunePlan, Pruned, ServiceLine, ServiceView, Services,
    SpareImage, Usage, UsageView,
};
pub use versions::{
    Blame, BlameLine, Left, RestorePlan, RestoreScope, Restored, VersionChange, VersionDifference, VersionHead,
    VersionView, VersionsFilter, VersionsPage,
};

/// A folder that was opened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct ProjectEntry {
    /// The folder.
    pub path: PathBuf,
    /// The project's name when it was last read.
    pub name: ProjectName,
    /// When it was last opened.
    pub opened: At,
    /// Why it cannot be opened now, if so.
    pub problem: Option<Error>,
}

/// Whether a project's commands may run on this machine, and which they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct TrustView {
    /// The project's name.
    pub project: ProjectName,
    /// When a person said so; without it they are not run.
    pub at: Option<At>,
    /// Who it was.
    pub by: Option<String>,
    /// The commands that `sternway.yaml` names, in the order of the stages.
    pub commands: Vec<ProjectCommand>,
}

/// A project that is open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct ProjectView {
    /// The folder.
    pub path: PathBuf,
    /// Its name.
    pub name: ProjectName,
    /// Its environments, in the order of `sternway.yaml`.
    pub environments: Vec<EnvironmentHead>,
}

/// What never changes about an environment while the project is open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct EnvironmentHead {
    /// Its name.
    pub name: EnvironmentName,
    /// Where it runs.
    pub target: Target,
    /// Its name must be typed before anything is changed.
    pub protected: bool,
}

/// The health of an environment or a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema, Type)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Everything that should run does, and reports healthy where it reports at all.
    Healthy,
    /// Some of it does not.
    Degraded,
    /// None of it does.
    Failing,
    /// It cannot be said, for example because the engine does not answer.
    Unknown,
    /// A deployment is running.
    Deploying,
    /// A deployment was interrupted; resume it or go back.
    Interrupted,
    /// Nothing was deployed yet.
    Empty,
}

/// The state of all environments: what `status` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Status {
    /// One entry per environment.
    pub environments: Vec<EnvironmentStatus>,
}

/// The state of an environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct EnvironmentStatus {
    /// Its name.
    pub name: EnvironmentName,
    /// The release that runs.
    pub release: Option<DeploymentNumber>,
    /// The sources that the release was made from.
    pub revision: Option<Revision>,
    /// When the release was complete.
    pub released: Option<At>,
    /// How its engine is reached and who said so, such as `ssh://deploy@host (docker's current context `staging`)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[specta(optional)]
    pub reached: Option<String>,
    /// How it is.
    pub health: Health,
    /// Its services.
    pub services: Vec<ServiceStatus>,
    /// Containers beside them, made to run one command.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[specta(optional)]
    pub one_offs: Vec<OneOffStatus>,
    /// The deployment that runs right now, or was interrupted.
    pub deployment: Option<Deployment>,
    /// The last deployment, where what runs is not its release: it failed, was cancelled, went back or took everything down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Deployment>,
    /// In how many things what runs differs from its release; absent unless it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<u32>,
    /// What a deployment would find; absent unless it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    /// Why it cannot be observed, if so.
    pub problem: Option<Error>,
}

/// The state of a service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct ServiceStatus {
    /// Its name.
    pub name: String,
    /// The engine's word: running, exited, created, …; `starting` or `unhealthy` by its health check; `missing`; of several
    /// containers how many run.
    pub state: String,
    /// How it is.
    pub health: Health,
    /// The image's name as the Compose file has it.
    pub image: String,
    /// Addresses on which it is published, such as `127.0.0.1:8080->80/tcp`.
    pub ports: Vec<String>,
}

/// A container that was made to run one command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct OneOffStatus {
    /// Its name.
    pub container: String,
    /// The service whose image and variables it has.
    pub service: String,
    /// It runs.
    pub running: bool,
    /// When it was made, by the engine's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[specta(optional)]
    pub made: Option<At>,
    /// Who made it.
    pub by: String,
    /// The program that waited for its end is gone: the next command of the environment that changes something removes it.
    pub left_over: bool,
}

/// What waits in the folder to be deployed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Waiting {
    /// How many changes a deployment would make.
    pub changes: u32,
    /// What the first of them change; the plan has all.
    pub first: Vec<String>,
    /// What must be mended before a deployment.
    pub blockers: Vec<String>,
    /// Why it cannot be said, if so.
    pub problem: Option<Error>,
}

/// How an environment differs from its release, and how the folder differs from it: for the overview.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Pending {
    /// The environment.
    pub environment: EnvironmentName,
    /// How what runs differs from its release; what `drift` prints.
    pub drift: Vec<Change>,
    /// What a deployment would change now.
    pub waiting: Waiting,
}

/// How an environment differs from its release.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Drift {
    /// The environment.
    pub environment: EnvironmentName,
    /// What a move back to the release would change; empty when there is no drift.
    pub changes: Vec<Change>,
}

/// The configuration of all environments side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Matrix {
    /// The columns.
    pub environments: Vec<EnvironmentName>,
    /// The rows, in the order of the files.
    pub rows: Vec<MatrixRow>,
    /// Files that could not be read, with line and column; their values are missing above.
    pub problems: Vec<Error>,
    /// Environments that have such a file: what it sets for them is not known.
    pub unread: Vec<EnvironmentName>,
}

/// A key in all environments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct MatrixRow {
    /// The variable's name.
    pub key: String,
    /// The comment block that stands above it in its file, as a group's name; empty if there is none.
    pub group: String,
    /// `sternway.yaml` requires it.
    pub required: bool,
    /// What its values have to be, or seem to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_type: Option<ValueType>,
    /// `sternway.yaml` declares the type: it is not only guessed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub declared: bool,
    /// The keys that its values mention.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<String>,
    /// The keys whose values mention it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentioned_by: Vec<String>,
    /// One cell per environment, in the order of [`Matrix::environments`]. Environments that say nothing of their own share one.
    pub cells: Vec<Arc<Cell>>,
}

/// A key in one environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Cell {
    /// The value as written in the file; `null` if it is missing, a secret, or masked.
    pub value: Option<String>,
    /// Why the value in the file looks like a secret, in words that follow "it". Then the value is withheld.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub masked: Option<String>,
    /// The secret that it names.
    pub secret: Option<SecretCell>,
    /// Where the value comes from.
    pub source: Option<Origin>,
    /// The lines that it overrode.
    pub overridden: Vec<Origin>,
    /// It comes from a file that all environments share.
    pub inherited: bool,
    /// It is not what the environment's release has.
    pub changed: bool,
    /// Why it is not of the type that `sternway.yaml` declares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Box<Error>>,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// A secret in the matrix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct SecretCell {
    /// Its name.
    pub name: SecretName,
    /// Its newest version; `null` while the keychain has none.
    pub version: Option<u32>,
    /// Equal numbers within a row mean equal values; told by keyed fingerprints, never by the values.
    pub same: Option<u32>,
}

/// The variables of an environment: what `config list` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Variables {
    /// The environment.
    pub environment: EnvironmentName,
    /// Its variables.
    pub variables: Vec<sternway_model::Variable>,
    /// Required keys without a value.
    pub missing: Vec<String>,
}

/// The secrets that the history knows: what `secret list` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Secrets {
    /// One entry per secret and environment.
    pub secrets: Vec<SecretEntry>,
}

/// A secret of an environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct SecretEntry {
    /// The environment.
    pub environment: EnvironmentName,
    /// Its name.
    pub name: SecretName,
    /// Its versions, newest first.
    pub versions: Vec<SecretVersion>,
    /// Variables that refer to it.
    pub used_by: Vec<String>,
    /// Services of the current release that get it, by a variable or otherwise.
    pub services: Vec<String>,
}

/// A version of a secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct SecretVersion {
    /// Its number, from 1.
    pub version: u32,
    /// When it was set.
    pub created: At,
    /// Who set it.
    pub by: String,
    /// Whether the running release uses it.
    pub deployed: bool,
}

/// Values in env files that look like secrets: what `secret import` shows before it moves them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Import {
    /// The environment.
    pub environment: EnvironmentName,
    /// What was found, or what was moved.
    pub found: Vec<ImportCandidate>,
}

/// A value that looks like a secret. The value itself is not shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct ImportCandidate {
    /// The variable.
    pub key: String,
    /// Where it stands.
    pub source: Origin,
    /// Why it looks like one.
    pub reason: String,
    /// Which environments read this line.
    pub environments: Vec<EnvironmentName>,
}

/// A `sternway.yaml` that was written, and what it was made from: what `init` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Initialised {
    /// The file.
    pub file: PathBuf,
    /// The project's name.
    pub project: ProjectName,
    /// Its environments, in the order in which releases travel.
    pub environments: Vec<EnvironmentName>,
    /// The Compose files that were found.
    pub compose: Vec<String>,
    /// The env files that were found.
    pub variables: Vec<String>,
    /// Lines of the env files whose values look like secrets. The values themselves are not shown.
    pub suspicious: Vec<ImportCandidate>,
    /// What is wrong with files that were found.
    pub problems: Vec<Error>,
}

/// What Sternway needs from the machine, and whether it has it: the settings page and the start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Machine {
    /// Sternway's version.
    pub version: String,
    /// Where its data is.
    pub home: PathBuf,
    /// The local container engine.
    pub engine: Part,
    /// The keychain.
    pub keychain: Part,
    /// The history database.
    pub history: Part,
}

/// A part that Sternway needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Part {
    /// It works.
    pub ok: bool,
    /// What it is: name and version, or where.
    pub detail: String,
    /// What is wrong and what to do, if it does not work.
    pub problem: Option<Error>,
}

/// What Sternway needs, with the engines of a project: what `doctor` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Doctor {
    /// What it needs from this machine.
    #[serde(flatten)]
    pub machine: Machine,
    /// The engines of the project's environments; empty outside a project.
    pub targets: Vec<TargetPart>,
}

/// The engine of an environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TargetPart {
    /// The environment.
    pub environment: EnvironmentName,
    /// What `sternway.yaml` says.
    pub target: Target,
    /// Its version, its API and how it is reached; or why it is not.
    #[serde(flatten)]
    pub part: Part,
}
