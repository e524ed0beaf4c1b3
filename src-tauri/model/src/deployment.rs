//! One run of a plan.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use specta::Type;

use crate::words::words;
use crate::{At, DeploymentNumber, EnvironmentName};

words!(
    /// What a deployment was for. All are the same move.
    Kind {
        /// To what the project's folder says.
        Deploy = "deploy",
        /// To an earlier release.
        Rollback = "rollback",
        /// To the release of another environment.
        Promote = "promote",
        /// To a backup.
        Restore = "restore",
        /// To nothing: what runs is removed.
        Down = "down",
    }
);

words!(
    /// How a deployment ended.
    Outcome {
        /// Done, observed and verified.
        Succeeded = "succeeded",
        /// A step failed.
        Failed = "failed",
        /// Verification failed and the application was moved back by itself.
        WentBack = "went_back",
        /// A person stopped it.
        Cancelled = "cancelled",
        /// The program that ran it is gone.
        Interrupted = "interrupted",
        /// It cannot be said.
        Unknown = "unknown",
    }
);

words!(
    /// A part of a deployment, in the order in which they are walked.
    Stage {
        /// Before anything is touched.
        Checks = "checks",
        /// Commands and images, before anything is touched.
        Build = "build",
        /// Variables and secrets.
        Configuration = "configuration",
        /// Containers, networks and volumes.
        Application = "application",
        /// Decides whether the change stays.
        Verification = "verification",
        /// Tells people.
        Notification = "notification",
    }
);

words!(
    /// How far a step is.
    StepState {
        /// Not begun.
        Pending = "pending",
        /// Its intent is in the journal, its evidence is not.
        Running = "running",
        /// Its evidence is in the journal.
        Done = "done",
        /// It failed.
        Failed = "failed",
        /// It was not needed any more.
        Skipped = "skipped",
        /// A person stopped it.
        Cancelled = "cancelled",
    }
);

/// A step of a deployment: one change, command or verification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Step {
    /// Its place in the deployment, from 1.
    pub number: u32,
    /// The stage it belongs to.
    pub stage: Stage,
    /// What people read.
    pub name: String,
    /// How far it is.
    pub state: StepState,
    /// When it began.
    pub started: Option<At>,
    /// When it ended.
    pub ended: Option<At>,
    /// What was seen, or why it failed.
    pub detail: String,
}

/// A deployment as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Deployment {
    /// Its number within the project.
    pub number: DeploymentNumber,
    /// What it was for.
    pub kind: Kind,
    /// What was moved.
    pub environment: EnvironmentName,
    /// How it ended; `null` while it runs.
    pub result: Option<Outcome>,
    /// The release it made, if it made one.
    pub release: Option<DeploymentNumber>,
    /// The release it went to, for a rollback.
    pub target: Option<DeploymentNumber>,
    /// Who started it.
    pub by: String,
    /// When it began.
    pub started: At,
    /// When it ended.
    pub ended: Option<At>,
    /// What changed, in a few words.
    pub summary: String,
    /// Why it did not succeed, and in what state things are.
    pub message: Option<String>,
}

/// What a running deployment tells; already in history when a front gets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Type)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A step began, ended, or became known.
    Step {
        /// The deployment.
        deployment: DeploymentNumber,
        /// The step as it is now.
        step: Step,
    },
    /// A line of output.
    Log {
        /// The deployment.
        deployment: DeploymentNumber,
        /// Its place among the deployment's lines, from 1.
        line: u32,
        /// The step that printed it.
        step: u32,
        /// When.
        at: At,
        /// The line, redacted, without its end.
        text: String,
    },
    /// Where things stand, in a sentence.
    State {
        /// The deployment.
        deployment: DeploymentNumber,
        /// When.
        at: At,
        /// The sentence.
        text: String,
    },
    /// It is over. Always the last one.
    End {
        /// The deployment.
        deployment: DeploymentNumber,
        /// What it was for.
        kind: Kind,
        /// What was moved.
        environment: EnvironmentName,
        /// How it ended.
        result: Outcome,
        /// The release it made.
        release: Option<DeploymentNumber>,
        /// Why it did not succeed, and in what state things are.
        message: Option<String>,
    },
}

impl Event {
    /// The deployment that it is about.
    #[must_use]
    pub fn deployment(&self) -> DeploymentNumber {
        match self {
            Self::Step { deployment, .. }
            | Self::Log { deployment, .. }
            | Self::State { deployment, .. }
            | Self::End { deployment, .. } => *deployment,
        }
    }
}
