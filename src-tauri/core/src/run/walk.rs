//! The road: checks, build, layers, verification.

mod jobs;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sternway_compose::Lease;
use sternway_model::{
    CheckRun, Code, Error, Evidence, ImageId, Kind, Release, Result, Sensitive, ServiceName, Stage, Step,
};
use sternway_vault::Revealed;

use super::Hold;
use crate::command::{self, Command};
use crate::git;
use crate::journal::Journal;
use crate::layers::{self, Job, Layer, Sight};
use crate::machine::Core;
use crate::needs;
use crate::plan::Prepared;
use crate::project::Project;
use crate::releases;
use crate::steps;
use crate::trust;
use crate::verify::{self, Scene};
use crate::want::Want;

/// Why the walk stopped.
pub(super) struct Stopped {
    pub error: Error,
    /// Something had been changed already.
    pub touched: bool,
    /// What failed asks for everything else to stay as it is now.
    pub stays: bool,
    step: String,
    /// What was changed, by the names of the steps.
    done: Vec<String>,
    /// What was not.
    left: Vec<String>,
}

impl Stopped {
    /// What is half done.
    pub(super) fn halfway(&self) -> String {
        let list = |names: &[String]| if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
        format!("Done: {}. Not done: {}.", list(&self.done), list(&self.left))
    }

    /// Where it stopped and why.
    pub(super) fn words(&self) -> String {
        let hint = if self.error.hint.is_empty() { String::new() } else { format!("\n{}", self.error.hint) };
        if self.step.is_empty() {
            return format!("{}{hint}", self.error);
        }
        format!("{}: {}{hint}", self.step, self.error)
    }
}

/// The content of each service's image.
type Images = BTreeMap<ServiceName, ImageId>;

/// The last step before verification by the project's own means.
const LOOK_AGAIN: &str = "what runs is what was wanted";

/// Checks and build look at the folder: a release from history does not come from there.
fn from_folder(prepared: &Prepared) -> bool {
    prepared.plan.kind == Kind::Deploy
}

/// Every step of the walk, in order, as history lists them before the first begins.
pub(super) fn listed(project: &Project, prepared: &Prepared) -> Vec<(Stage, String)> {
    let pipeline = &project.file.pipeline;
    let mut steps = Vec::new();
    if from_folder(prepared) {
        steps.extend(pipeline.checks.iter().map(|check| (Stage::Checks, check.name.clone())));
        steps.extend(prepared.plan.builds.iter().map(|name| (Stage::Build, name.clone())));
    }
    steps.extend(in_order(&prepared.jobs).map(|job| (job.stage, job.name.clone())));
    steps.push((Stage::Verification, LOOK_AGAIN.to_owned()));
    steps.extend(prepared.want.verify.iter().map(|step| (Stage::Verification, step.name.clone())));
    steps
}

fn runs_as_planned(services: usize) -> String {
    match services {
        1 => "1 service runs as planned".to_owned(),
        services => format!("{services} services run as planned"),
    }
}

/// Images are made before anything is touched, whatever layer they belong to.
fn in_order(jobs: &[Job]) -> impl Iterator<Item = &Job> {
    let build = jobs.iter().filter(|job| job.stage == Stage::Build);
    build.chain(jobs.iter().filter(|job| job.stage != Stage::Build))
}

/// A walk that is under way.
struct Walk<'a> {
    hold: &'a Hold,
    prepared: &'a Prepared,
    secrets: &'a Revealed,
    journal: &'a Journal,
    /// The last step that has a number.
    number: u32,
    /// The steps that were begun.
    begun: BTreeSet<u32>,
    touched: bool,
    stays: bool,
    /// Names of the changes that are done, images not counted.
    applied: BTreeSet<String>,
    current: String,
}

impl Core {
    /// Walks all steps. The result is the release, complete and not yet stored.
    pub(super) async fn walk_steps(
        &self,
        hold: &Hold,
        prepared: &Prepared,
        secrets: &Revealed,
        journal: &Journal,
    ) -> Result<Release, Stopped> {
        let mut walk = Walk {
            hold,
            prepared,
            secrets,
            journal,
            number: 0,
            begun: BTreeSet::new(),
            touched: false,
            stays: false,
            applied: BTreeSet::new(),
            current: String::new(),
        };
        match Box::pin(self.walk_all(&mut walk)).await {
            Ok(release) => Ok(release),
            Err(error) => {
                let changes = prepared.jobs.iter().filter(|job| job.stage != Stage::Build).map(|job| job.name.clone());
                let (done, left) = changes.partition(|name| walk.applied.contains(name));
                let stopped =
                    Stopped { error, touched: walk.touched, stays: walk.stays, step: walk.current.clone(), done, left };
                match walk.skip_rest().await {
                    Ok(()) => Err(stopped),
                    Err(error) => Err(Stopped { error, ..stopped }),
                }
            }
        }
    }

    async fn walk_all(&self, walk: &mut Walk<'_>) -> Result<Release> {
        if from_folder(walk.prepared) {
            walk.checks().await?;
            walk.builds().await?;
        }
        let source = match &walk.prepared.want {
            Want { source: Some(from), brought, .. } if !brought.is_empty() => {
                Some(self.engine(&walk.hold.project, from)?)
            }
            _ => None,
        };
        walk.jobs(source.as_ref(), &self.parts.home.kept()).await?;
        let (evidence, images) = Box::pin(walk.verifications(self)).await?;
        let mounted = match walk.hold.engine.observer().is_remote() {
            true => BTreeMap::new(),
            false => needs::mounts(&walk.prepared.want.model()?),
        };
        Ok(Release {
            number: walk.journal.number(),
            environment: walk.hold.environment.clone(),
            created: self.parts.clock.now(),
            configuration: walk.prepared.want.configuration.clone(),
            application: releases::kept(&walk.hold.project.folder, &walk.prepared.want.application),
            images,
            revision: walk.prepared.want.revision.clone(),
            verify: walk.prepared.want.verify.clone(),
            evidence,
            mounted,
        })
    }
}

impl Walk<'_> {
    fn compose_project(&self) -> String {
        self.hold.project.file.compose_project(&self.hold.environment)
    }

    fn cancelled(&self) -> Result<()> {
        if let Some(lost) = self.hold.lease.as_ref().and_then(Lease::loss) {
            return Err(lost);
        }
        if self.hold.live.cancel.is_cancelled() {
            return Err(Error::new(Code::Cancelled, "it was cancelled"));
        }
        Ok(())
    }

    async fn begin(&mut self, stage: Stage, name: &str) -> Result<Step> {
        self.cancelled()?;
        self.number += 1;
        self.begun.insert(self.number);
        self.current = name.to_owned();
        self.journal.begin(self.number, stage, name).await
    }

    async fn end(&self, step: Step, done: Result<String>) -> Result<String> {
        steps::end(self.journal, step, done).await
    }

    async fn checks(&mut self) -> Result<()> {
        let hold = self.hold;
        let variables = self.variables(false)?;
        for check in &hold.project.file.pipeline.checks {
            let step = self.begin(Stage::Checks, &check.name).await?;
            let done = match &check.run {
                CheckRun::Git(wanted) => git::check(&hold.project.folder, wanted).await,
                CheckRun::Command(line) => {
                    self.command(step.number, line, check.timeout.to_duration(), &variables).await
                }
            };
            self.end(step, done).await?;
        }
        Ok(())
    }

    async fn builds(&mut self) -> Result<()> {
        let hold = self.hold;
        let variables = self.variables(false)?;
        for (build, name) in hold.project.file.pipeline.build.iter().zip(&self.prepared.plan.builds) {
            let step = self.begin(Stage::Build, name).await?;
            let done = self.command(step.number, &build.run, build.timeout.to_duration(), &variables).await;
            self.end(step, done).await?;
        }
        Ok(())
    }

    async fn command(
        &self,
        step: u32,
        line: &str,
        timeout: std::time::Duration,
        variables: &BTreeMap<String, Sensitive>,
    ) -> Result<String> {
        let Hold { project, owner, trusted, .. } = self.hold;
        let trusted = trust::wanted(trusted.as_ref())?;
        let command = Command { line, folder: &project.folder, variables, timeout, owner };
        command::run(trusted, &command, &self.hold.live.cancel, &|line| self.journal.line(step, line)).await?;
        Ok("ended with exit code 0".to_owned())
    }

    /// Looks again with the eyes of the plan, then verifies by the project's own means. The images are those that run.
    async fn verifications(&mut self, core: &Core) -> Result<(Vec<Evidence>, Images)> {
        let hold = self.hold;
        let mut evidence = Vec::new();
        let step = self.begin(Stage::Verification, LOOK_AGAIN).await?;
        let kept = core.parts.home.kept();
        let (done, images) = match self.look_again(&kept, self.prepared.want.verify.is_empty()).await {
            Ok((seen, images)) => (Ok(seen), images),
            Err(error) => (Err(error), Images::default()),
        };
        let seen = self.end(step, done).await?;
        evidence.push(Evidence { subject: LOOK_AGAIN.to_owned(), seen, at: core.parts.clock.now() });

        let variables = self.variables(true)?;
        let compose_project = self.compose_project();
        let last = self.number + u32::try_from(self.prepared.want.verify.len()).unwrap_or(u32::MAX);
        for check in &self.prepared.want.verify {
            let step = self.begin(Stage::Verification, &check.name).await?;
            let number = step.number;
            let scene = Scene {
                project: &hold.project,
                compose_project: &compose_project,
                want: &self.prepared.want,
                observer: hold.engine.observer(),
                variables: &variables,
                cancel: &hold.live.cancel,
                output: &|line| self.journal.line(number, line),
                trusted: hold.trusted.as_ref(),
                owner: &hold.owner,
                redactor: self.journal.redactor(),
            };
            let mut done = verify::verify(check, &scene).await;
            if done.is_ok() && number == last {
                // What has answered may have ended since: an engine that is being stopped ends its containers one by one.
                done = match self.look_again(&kept, true).await {
                    Ok(_) => done,
                    Err(error) => Err(error.context("after it")),
                };
            }
            let seen = self.end(step, done).await?;
            evidence.push(Evidence { subject: check.name.clone(), seen, at: core.parts.clock.now() });
        }
        Ok((evidence, images))
    }

    /// A plan for the same want has to be empty now: that every call succeeded is not enough. The last look is over a new connection:
    /// an engine that is being stopped takes none from before it ends the first container.
    async fn look_again(&self, kept: &Path, last: bool) -> Result<(String, Images)> {
        if self.prepared.is_idle() {
            // Nothing was done since the plan was made from what was seen.
            return Ok((runs_as_planned(self.prepared.plan.kept.len()), self.prepared.images.clone()));
        }
        let hold = self.hold;
        let sight = Sight {
            project: &hold.project,
            environment: &hold.environment,
            observer: hold.engine.observer(),
            have: None,
            kept,
        };
        if last {
            hold.engine.observer().answers_anew().await?;
        }
        let layer = layers::application();
        let observed = layer.observe(&sight, &self.prepared.want).await?;
        let left = layer.plan(&sight, &observed, &self.prepared.want)?;
        if let Some(change) = left.jobs.iter().flat_map(|job| &job.changes).next() {
            return Err(Error::failed(format!("{} still differs: {}", change.subject, change.reason)));
        }
        Ok((runs_as_planned(left.kept.len()), observed.images()))
    }

    /// The environment's variables for commands. Before anything is touched they come without the secrets.
    fn variables(&self, with_secrets: bool) -> Result<BTreeMap<String, Sensitive>> {
        let configuration = &self.prepared.want.configuration;
        steps::variables(&self.hold.environment, configuration, with_secrets.then_some(self.secrets))
    }

    /// Steps that are not reached any more are said to be skipped, so that nobody waits for them.
    async fn skip_rest(&mut self) -> Result<()> {
        let steps = listed(&self.hold.project, self.prepared);
        for (number, (stage, name)) in (1_u32..).zip(steps).filter(|(number, _)| !self.begun.contains(number)) {
            self.journal.skip(number, stage, &name).await?;
        }
        Ok(())
    }
}
