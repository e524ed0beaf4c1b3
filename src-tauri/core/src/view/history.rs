//! The record: deployments, their logs and releases.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use specta::Type;
use sternway_model::{At, Change, Deployment, DeploymentNumber, EnvironmentName, Evidence, Outcome, Revision, Step};

/// A page of the history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct HistoryPage {
    /// The deployments, newest first.
    pub deployments: Vec<Deployment>,
    /// How many there are that fit the filter.
    pub total: u32,
}

/// Which deployments to list. Everything is optional.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct HistoryFilter {
    /// Only this environment.
    pub environment: Option<EnvironmentName>,
    /// Only this result.
    pub result: Option<Outcome>,
    /// Only those whose summary, environment, person or number contains this text.
    pub text: Option<String>,
    /// Skip this many.
    pub offset: u32,
    /// At most this many; 100 unless given.
    pub limit: Option<u32>,
}

/// A deployment's page: what `show` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct DeploymentView {
    /// The deployment.
    pub deployment: Deployment,
    /// Its steps.
    pub steps: Vec<Step>,
    /// What it changed, by its plan.
    pub changes: Vec<Change>,
    /// How long each stage usually takes, in seconds: the median of earlier successes.
    pub usual: Vec<UsualTime>,
    /// The release that it made.
    pub release: Option<ReleaseView>,
    /// Whether it is possible to go back to its release, and why not.
    pub reachable: Option<Reachable>,
    /// How many log lines it has.
    pub log_lines: u32,
}

/// How long a step usually takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct UsualTime {
    /// The step's name.
    pub step: String,
    /// Seconds.
    pub seconds: f64,
}

/// A release as people see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct ReleaseView {
    /// Its number: that of the deployment that made it.
    pub number: DeploymentNumber,
    /// When it was complete.
    pub created: At,
    /// Its variables. A plain value that looks like a secret is masked, here and in the model.
    pub variables: Vec<sternway_model::Variable>,
    /// Each service with its image's name and content id.
    pub images: Vec<ReleaseImage>,
    /// The sources.
    pub revision: Option<Revision>,
    /// What verification saw.
    pub evidence: Vec<Evidence>,
    /// The Compose model as YAML, secrets as references.
    pub compose: String,
}

/// An image of a release.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct ReleaseImage {
    /// The service.
    pub service: String,
    /// The image's name as the Compose file has it.
    pub image: String,
    /// Its content id.
    pub id: String,
}

/// Whether a release can be gone back to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Reachable {
    /// It can.
    pub possible: bool,
    /// It is the release that runs now.
    pub current: bool,
    /// Why not, or what was checked.
    pub reasons: Vec<String>,
}

/// Lines of a deployment's log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct LogPage {
    /// The lines.
    pub lines: Vec<LogLine>,
    /// How many there are in all.
    pub total: u32,
}

/// A line of a deployment's log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct LogLine {
    /// Its place, from 1.
    pub line: u32,
    /// The step that printed it.
    pub step: u32,
    /// When.
    pub at: At,
    /// The text, redacted.
    pub text: String,
}

/// Two deployments side by side: what `compare` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Comparison {
    /// The earlier side.
    pub a: DeploymentNumber,
    /// The later side.
    pub b: DeploymentNumber,
    /// What a move from `a` to `b` changes, by layer.
    pub changes: Vec<Change>,
}
