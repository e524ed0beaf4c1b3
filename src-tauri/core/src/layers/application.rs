//! Containers, networks, volumes and images: the Compose engine as a layer.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use sternway_compose::{ComposePlan, Job as ComposeJob, Model, Output, Want as ComposeWant, ports};
use sternway_model::{Action, DeploymentNumber, Error, ImageId, Layer as LayerName, Result};

use super::{Act, Job, Layer, LayerPlan, Observed, Sight};
use crate::journal::Journal;
use crate::project::Project;
use crate::want::Want;

/// The application layer.
pub struct Application;

#[async_trait]
impl Layer for Application {
    fn name(&self) -> LayerName {
        LayerName::Application
    }

    async fn observe(&self, sight: &Sight<'_>, want: &Want) -> Result<Observed> {
        let whole = Whole::new(sight.project, sight.environment, want, sight.kept)?;
        let mut observed = sight.observer.observe_for(&whole.want(want, None)).await?;
        if !observed.remote {
            let listening = ports::listening(&whole.model, &observed);
            observed.taken.extend(listening);
        }
        Ok(Observed::Application(Box::new(observed)))
    }

    fn plan(&self, sight: &Sight<'_>, observed: &Observed, want: &Want) -> Result<LayerPlan> {
        let Observed::Application(observed) = observed else {
            return Err(Error::internal("the application layer was given what another layer saw"));
        };
        let whole = Whole::new(sight.project, sight.environment, want, sight.kept)?;
        let mut plan = sternway_compose::plan(observed, &whole.want(want, None))?;
        let mut jobs = Vec::new();
        for work in std::mem::take(&mut plan.work) {
            let intent = serde_json::to_value(&work.job)
                .map_err(|error| Error::internal(format!("a job cannot be recorded: {error}")))?;
            let on_failure = work.failure_action(&whole.model);
            let name = format!("{} {}", verb(work.change.action), work.change.subject);
            jobs.push(Job {
                layer: LayerName::Application,
                stage: work.stage,
                name,
                changes: vec![work.change],
                intent,
                after: work.after,
                on_failure,
            });
        }
        let kept = plan.kept.iter().map(ToString::to_string).collect();
        let ComposePlan { mut notes, without_effect, blockers, .. } = plan;
        notes.extend(unwatched(&whole.model, &jobs));
        Ok(LayerPlan { jobs, kept, notes, without_effect, blockers })
    }

    async fn apply(&self, job: &Job, act: &Act<'_>) -> Result<String> {
        let compose_job: ComposeJob = serde_json::from_value(job.intent.clone())
            .map_err(|error| Error::internal(format!("a job cannot be read back: {error}")))?;
        let whole = Whole::new(act.project, act.environment, act.want, act.kept)?;
        let run = sternway_compose::Run {
            engine: act.engine,
            source: act.source,
            want: &whole.want(act.want, Some(act.journal.number())),
            secrets: act.secrets,
            output: &Lines { journal: act.journal, step: act.step },
            cancel: act.cancel,
            boundary: &|name| act.journal.boundary(name),
            lease: act.lease,
        };
        match Box::pin(sternway_compose::execute(&run, &compose_job)).await {
            Ok(done) => Ok(done.seen),
            Err(error) => Err(ports::explained(act.engine.observer(), error).await),
        }
    }
}

/// What to say of services that get new containers and that nobody asks whether they work.
fn unwatched(model: &Model, jobs: &[Job]) -> Option<String> {
    let changes = jobs.iter().flat_map(|job| &job.changes);
    let new: BTreeSet<&str> = changes
        .filter(|change| matches!(change.action, Action::Create | Action::Recreate))
        .filter_map(|change| change.subject.strip_prefix("service ")?.split(' ').next())
        .collect();
    let services = model.services.iter().filter(|(name, service)| {
        let asked = service.healthcheck.as_ref().is_some_and(|check| !check.disable);
        new.contains(name.as_str()) && !asked && !model.runs_once(name)
    });
    let names: Vec<&str> = services.map(|(name, _)| name.as_str()).collect();
    let have = if names.len() == 1 { "has" } else { "have" };
    (!names.is_empty()).then(|| {
        format!(
            "{} {have} no `healthcheck` in the Compose files: unless the image has one, that it runs is all that is looked at",
            names.join(", ")
        )
    })
}

fn verb(action: Action) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Update => "update",
        Action::Recreate => "recreate",
        Action::Start => "start",
        Action::Remove => "remove",
        Action::Build => "build",
        Action::Pull => "pull",
    }
}

/// What a Compose want borrows from.
pub(crate) struct Whole<'a> {
    project: &'a Project,
    name: String,
    model: Model,
    files: Vec<PathBuf>,
    elsewhere: BTreeMap<ImageId, String>,
}

impl<'a> Whole<'a> {
    pub(crate) fn new(
        project: &'a Project,
        environment: &sternway_model::EnvironmentName,
        want: &Want,
        kept: &Path,
    ) -> Result<Self> {
        Ok(Self {
            project,
            name: project.file.compose_project(environment),
            model: want.model()?.with_kept_in(kept),
            files: project.compose_files(environment)?,
            elsewhere: want.elsewhere(),
        })
    }

    pub(crate) fn want<'b>(&'b self, want: &'b Want, deployment: Option<DeploymentNumber>) -> ComposeWant<'b> {
        ComposeWant {
            project: &self.name,
            model: &self.model,
            images: &want.images,
            elsewhere: &self.elsewhere,
            project_dir: &self.project.folder,
            config_files: self.files.clone(),
            deployment,
            remove: want.remove,
        }
    }
}

/// The engine's output goes into the deployment's log.
struct Lines<'a> {
    journal: &'a Journal,
    step: u32,
}

impl Output for Lines<'_> {
    fn line(&self, text: &str) {
        self.journal.line(self.step, text);
    }

    fn without_half_secrets(&self, text: &str) -> String {
        self.journal.redactor().redact_cut(text)
    }
}
