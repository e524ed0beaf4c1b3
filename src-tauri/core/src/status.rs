//! Use case: how the environments are.

use sternway_history::{Filter, ProjectId};
use sternway_model::{Code, Deployment, DeploymentNumber, EnvironmentName, Outcome, Result};

use crate::machine::Core;
use crate::project::Project;
use crate::view::{EnvironmentStatus, Health, Pending, ServiceStatus, Status, Waiting};

/// So many changes that wait are named.
const NAMED: usize = 3;

impl Core {
    /// How all environments are, or the one that is named. An environment that cannot be observed is part of the answer.
    ///
    /// # Errors
    /// If history cannot be read, or there is no environment of that name.
    pub async fn status(&self, project: &Project, only: Option<&EnvironmentName>) -> Result<Status> {
        if let Some(name) = only {
            project.file.environment(name)?;
        }
        self.recover(project).await?;
        let names = project.file.environments.keys().filter(|name| only.is_none_or(|only| only == *name));
        let environments = futures_util::future::try_join_all(names.map(|name| self.environment_status(project, name)));
        Ok(Status { environments: environments.await? })
    }

    /// As [`Core::status`], with the drift of each environment and what waits for it in the folder.
    ///
    /// # Errors
    /// As [`Core::status`].
    pub async fn status_and_waiting(&self, project: &Project, only: Option<&EnvironmentName>) -> Result<Status> {
        let mut status = self.status(project, only).await?;
        let pending = status.environments.iter().map(|environment| self.pending(project, &environment.name));
        let pending = futures_util::future::join_all(pending).await;
        for (environment, Pending { drift, waiting, .. }) in status.environments.iter_mut().zip(pending) {
            environment.drift = Some(u32::try_from(drift.len()).unwrap_or(u32::MAX));
            environment.waiting = Some(waiting);
        }
        Ok(status)
    }

    /// What the overview shows beside the status: drift, and what a deployment would change now. Problems are part of the
    /// answer, because one environment's must not hide the others.
    pub async fn pending(&self, project: &Project, environment: &EnvironmentName) -> Pending {
        let (drift, mut waiting) =
            futures_util::join!(self.drift(project, environment), self.waiting(project, environment));
        let drift = match drift {
            Ok(drift) => drift.changes,
            Err(error) => {
                // Where nothing was deployed, nothing can differ from it.
                if error.code != Code::NotFound {
                    waiting.problem.get_or_insert(error);
                }
                Vec::new()
            }
        };
        Pending { environment: environment.clone(), drift, waiting }
    }

    async fn waiting(&self, project: &Project, environment: &EnvironmentName) -> Waiting {
        match self.look_ahead(project, environment).await {
            Ok(survey) => Waiting {
                changes: u32::try_from(survey.changes().count()).unwrap_or(u32::MAX),
                first: survey.changes().take(NAMED).map(|change| change.subject.clone()).collect(),
                blockers: survey.blockers,
                problem: None,
            },
            Err(error) => Waiting { changes: 0, first: Vec::new(), blockers: Vec::new(), problem: Some(error) },
        }
    }

    async fn environment_status(&self, project: &Project, name: &EnvironmentName) -> Result<EnvironmentStatus> {
        let id = self.project_id(project).await?;
        let release = self.history().await?.current_release(id, name).await?;
        let (deployment, last) = self.latest(id, name, release.as_ref().map(|release| release.number)).await?;
        let (services, one_offs, problem) = match self.services_of(project, name, release.as_ref()).await {
            Ok((services, one_offs)) => (services.into_iter().map(|service| service.status).collect(), one_offs, None),
            Err(error) => (Vec::<ServiceStatus>::new(), Vec::new(), Some(error)),
        };
        let health = match deployment.as_ref().map(|deployment| deployment.result) {
            Some(None) => Health::Deploying,
            Some(_) => Health::Interrupted,
            None if problem.is_some() => Health::Unknown,
            // Nothing was deployed, or it was taken down.
            None if services.is_empty() => Health::Empty,
            None => overall(&services),
        };
        Ok(EnvironmentStatus {
            name: name.clone(),
            release: release.as_ref().map(|release| release.number),
            revision: release.as_ref().and_then(|release| release.revision.clone()),
            released: release.as_ref().map(|release| release.created),
            // If there is no way to the engine, the problem says so.
            reached: self.observer(project, name).ok().map(|observer| observer.reached()),
            health,
            services,
            one_offs,
            deployment,
            last,
            drift: None,
            waiting: None,
            problem,
        })
    }

    /// The deployment that runs or was interrupted, and the last one where what runs is not its release.
    async fn latest(
        &self,
        id: ProjectId,
        environment: &EnvironmentName,
        release: Option<DeploymentNumber>,
    ) -> Result<(Option<Deployment>, Option<Deployment>)> {
        let filter = Filter { environment: Some(environment.clone()), limit: 2, ..Filter::default() };
        let (deployments, _) = self.history().await?.history(id, &filter).await?;
        let mut deployments = deployments.into_iter();
        let Some(newest) = deployments.next() else { return Ok((None, None)) };
        if matches!(newest.result, None | Some(Outcome::Interrupted)) {
            return Ok((Some(newest), None));
        }
        if Some(newest.number) != release {
            return Ok((None, Some(newest)));
        }
        // What runs was brought back by itself: the one that failed is what a person did last.
        Ok((None, deployments.next().filter(|before| before.result == Some(Outcome::WentBack))))
    }
}

fn overall(services: &[ServiceStatus]) -> Health {
    let failing = services.iter().filter(|service| service.health == Health::Failing).count();
    let fine = services.iter().all(|service| service.health == Health::Healthy);
    match failing {
        0 if fine => Health::Healthy,
        all if all == services.len() => Health::Failing,
        _ => Health::Degraded,
    }
}
