//! Use case: how the environments are.

use sternway_model::{EnvironmentName, Outcome, Result};

use crate::machine::Core;
use crate::project::Project;
use crate::view::{EnvironmentStatus, Health, ServiceStatus, Status};

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

    async fn environment_status(&self, project: &Project, name: &EnvironmentName) -> Result<EnvironmentStatus> {
        let id = self.project_id(project).await?;
        let release = self.history().await?.current_release(id, name).await?;
        let newest = self.newest(id, name).await?;
        let deployment = newest.filter(|newest| matches!(newest.result, None | Some(Outcome::Interrupted)));
        let (services, problem) = match self.services_of(project, name, release.as_ref()).await {
            Ok(services) => (services.into_iter().map(|service| service.status).collect(), None),
            Err(error) => (Vec::<ServiceStatus>::new(), Some(error)),
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
            health,
            services,
            deployment,
            problem,
        })
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
