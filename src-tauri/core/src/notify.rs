//! The notification stage: tells people how a deployment ended, once history says so too.
//!
//! It comes after the lock was given back: nobody has to wait for a chat that does not answer. A step that fails is recorded
//! and changes nothing about the deployment.

use std::collections::BTreeMap;

use async_trait::async_trait;
use sternway_model::{
    DeploymentNumber, EnvironmentName, Kind, Outcome, ProjectName, Result, RunStep, Sensitive, Stage,
};
use tokio_util::sync::CancellationToken;

use crate::command::{self, Command};
use crate::journal::Journal;
use crate::machine::Core;
use crate::owner::Owner;
use crate::project::Project;
use crate::steps;
use crate::trust::{self, Trusted};

/// How a deployment ended, for people.
#[derive(Debug, Clone)]
pub struct Notice {
    /// The project.
    pub project: ProjectName,
    /// The deployment's number.
    pub deployment: DeploymentNumber,
    /// What it was for.
    pub kind: Kind,
    /// The environment.
    pub environment: EnvironmentName,
    /// How it ended.
    pub result: Outcome,
    /// Why it did not succeed, and in what state things are.
    pub message: Option<String>,
}

impl Notice {
    /// The whole in one line.
    #[must_use]
    pub fn title(&self) -> String {
        let words = match self.result {
            Outcome::Succeeded => "succeeded".to_owned(),
            Outcome::WentBack => "failed and went back".to_owned(),
            other => format!("ended: {other}"),
        };
        format!("{}: {} {} of {} {words}", self.project, self.kind, self.deployment, self.environment)
    }

    /// The line below it.
    #[must_use]
    pub fn detail(&self) -> &str {
        self.message.as_deref().and_then(|message| message.lines().next()).unwrap_or("Everything was verified.")
    }

    /// As a command gets it.
    fn variables(&self) -> [(&'static str, String); 5] {
        [
            ("STERNWAY_PROJECT", self.project.to_string()),
            ("STERNWAY_DEPLOYMENT", self.deployment.0.to_string()),
            ("STERNWAY_KIND", self.kind.to_string()),
            ("STERNWAY_RESULT", self.result.to_string()),
            ("STERNWAY_MESSAGE", self.message.clone().unwrap_or_default()),
        ]
    }
}

/// A way to reach a person. Fronts bring theirs along.
#[async_trait]
pub trait Channel: Send + Sync {
    /// What people read as the step's name.
    fn name(&self) -> &'static str;

    /// Tells it; says what was done, which may be nothing where nobody has to be told.
    ///
    /// # Errors
    /// If it cannot be told.
    async fn tell(&self, notice: &Notice) -> Result<String>;
}

/// The stage's steps, as history lists them before the deployment begins.
pub(crate) fn steps(core: &Core, project: &Project) -> Vec<(Stage, String)> {
    let commands = project.file.pipeline.notify.iter().map(|step| step.title().to_owned());
    let channels = core.parts.channels.iter().map(|channel| channel.name().to_owned());
    commands.chain(channels).map(|name| (Stage::Notification, name)).collect()
}

impl Core {
    /// Walks the stage; its first step has the number `first`.
    ///
    /// # Errors
    /// If history cannot be written. That somebody could not be told is in the record only.
    #[allow(clippy::too_many_arguments, reason = "all of it belongs to one deployment")]
    pub(crate) async fn notify(
        &self,
        project: &Project,
        trusted: Option<&Trusted>,
        owner: &Owner,
        journal: &Journal,
        first: u32,
        notice: &Notice,
        variables: BTreeMap<String, Sensitive>,
    ) -> Result<()> {
        let mut number = first;
        for step in &project.file.pipeline.notify {
            let begun = journal.begin(number, Stage::Notification, step.title()).await?;
            let done = run(step, project, trusted, owner, journal, number, notice, &variables).await;
            // A failure is in the record now; the others are told all the same.
            drop(steps::end(journal, begun, done).await);
            number += 1;
        }
        for channel in &self.parts.channels {
            let begun = journal.begin(number, Stage::Notification, channel.name()).await?;
            drop(steps::end(journal, begun, channel.tell(notice).await).await);
            number += 1;
        }
        Ok(())
    }
}

#[allow(clippy::too_many_arguments, reason = "all of it belongs to one step")]
async fn run(
    step: &RunStep,
    project: &Project,
    trusted: Option<&Trusted>,
    owner: &Owner,
    journal: &Journal,
    number: u32,
    notice: &Notice,
    variables: &BTreeMap<String, Sensitive>,
) -> Result<String> {
    let mut variables = variables.clone();
    let said = notice.variables().into_iter();
    variables.extend(said.map(|(name, value)| (name.to_owned(), Sensitive::new(value))));
    let (timeout, trusted) = (step.timeout.to_duration(), trust::wanted(trusted)?);
    let command = Command { line: &step.run, folder: &project.folder, variables: &variables, timeout, owner };
    // The deployment is over: what stopped it does not stop the telling.
    command::run(trusted, &command, &CancellationToken::new(), &|line| journal.line(number, line)).await?;
    Ok("ended with exit code 0".to_owned())
}
