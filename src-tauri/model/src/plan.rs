//! What a move would change.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{At, Code, DeploymentNumber, EnvironmentName, Error, Kind, Stage, counted};

/// What holds state and is moved, in the order of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema, Type)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// Variables, secrets and files.
    Configuration,
    /// Containers, networks, volumes and images.
    Application,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Configuration => "configuration",
            Self::Application => "application",
        })
    }
}

/// What happens to a change's subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, Type)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is new.
    Create,
    /// It gets another value.
    Update,
    /// A new one takes its place.
    Recreate,
    /// It is there and gets started.
    Start,
    /// It goes.
    Remove,
    /// An image is built.
    Build,
    /// An image is fetched from its registry.
    Pull,
}

/// One thing that a move does, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Change {
    /// The layer it belongs to.
    pub layer: Layer,
    /// What changes: `variable LOG_LEVEL`, `service web`, `network default`, `image web`.
    pub subject: String,
    /// What happens to it.
    pub action: Action,
    /// Why, in words.
    pub reason: String,
    /// What it was, where that can be shown. Never a secret's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What it becomes, where that can be shown. Never a secret's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// A command that a project's files name, and that would run on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Type)]
pub struct ProjectCommand {
    /// When it would run.
    pub stage: Stage,
    /// What people read as the step's name.
    pub name: String,
    /// The line for the shell.
    pub line: String,
}

/// Whether going back would be possible after this move, proven by checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Readiness {
    /// Every check passed.
    pub proven: bool,
    /// What was checked, or why it is not possible.
    pub reasons: Vec<String>,
}

/// What a move would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Plan {
    /// Identifies the plan: a hash of everything it was made from.
    pub hash: String,
    /// What would be moved.
    pub environment: EnvironmentName,
    /// Deploy, rollback, …
    pub kind: Kind,
    /// The release that runs now.
    pub from: Option<DeploymentNumber>,
    /// The release to go to, for a rollback or a promotion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<DeploymentNumber>,
    /// The environment whose release that is, for a promotion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[specta(optional)]
    pub source: Option<EnvironmentName>,
    /// Until when it may be run.
    pub expires: At,
    /// What changes; empty when there is nothing to do.
    pub changes: Vec<Change>,
    /// Services that stay as they are.
    pub kept: Vec<String>,
    /// The steps around the change: names of checks, builds and verifications.
    pub checks: Vec<String>,
    /// Names of the build stage's steps.
    pub builds: Vec<String>,
    /// Names of the verification stage's steps.
    pub verifications: Vec<String>,
    /// What the person should know: gaps, sections that are not in effect, warnings.
    pub notes: Vec<String>,
    /// What must be mended before the plan can run, such as required keys that have no value.
    pub blockers: Vec<String>,
    /// Commands that it would run on this machine, and that may not run there because nobody trusts the project yet.
    #[serde(default)]
    pub untrusted: Vec<ProjectCommand>,
    /// Whether the environment's name must be typed.
    pub protected: bool,
    /// Whether there would be a way back.
    pub ready_to_go_back: Readiness,
}

impl Plan {
    /// Why it cannot be run, if something stands in its way.
    #[must_use]
    pub fn refusal(&self) -> Option<Error> {
        if let Some((first, rest)) = self.blockers.split_first() {
            let more = if rest.is_empty() { String::new() } else { format!("; and {} more", rest.len()) };
            return Some(Error::invalid(format!("the plan cannot be run: {first}{more}")));
        }
        let first = self.untrusted.first()?;
        let more = match self.untrusted.len() {
            1 => String::new(),
            all => format!(" and {}", counted(all - 1, "other command")),
        };
        Some(
            Error::new(
                Code::Untrusted,
                format!("this project is new to this machine, and would run `{}`{more} here", first.line),
            )
            .hint("`sternway trust` lists its commands, and lets them run once you have read them."),
        )
    }
}
