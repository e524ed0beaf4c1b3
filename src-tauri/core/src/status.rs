//! Use case: how the environments are.

use sternway_compose::Model;
use sternway_compose::observe::{Probe, State};
use sternway_model::{EnvironmentName, Outcome, Release, Result};

use crate::machine::Core;
use crate::project::Project;
use crate::view::{EnvironmentStatus, Health, ServiceStatus, Status};
use crate::want::Want;

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
        let (services, problem) = match self.services(project, name, release.as_ref()).await {
            Ok(services) => (services, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        let health = match deployment.as_ref().map(|deployment| deployment.result) {
            Some(None) => Health::Deploying,
            Some(_) => Health::Interrupted,
            None if problem.is_some() => Health::Unknown,
            None if release.is_none() && services.is_empty() => Health::Empty,
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

    /// The services of the release, as they really are; those that run beside it too.
    async fn services(
        &self,
        project: &Project,
        name: &EnvironmentName,
        release: Option<&Release>,
    ) -> Result<Vec<ServiceStatus>> {
        let model = release.map(|release| Want::from_release(release).model()).transpose()?;
        let observer = Self::observer(project, name)?;
        let observed = observer.observe(&project.file.compose_project(name), None).await?;
        let mut services: Vec<ServiceStatus> = Vec::new();
        for container in &observed.containers {
            let once =
                model.as_ref().zip(container.service.parse().ok()).is_some_and(|(model, name)| model.runs_once(&name));
            let done = once && container.state == State::Exited && container.exit_code == 0;
            let health = match (container.state, container.health) {
                _ if done => Health::Healthy,
                (State::Running, None | Some(Probe::Healthy)) => Health::Healthy,
                (State::Running, Some(Probe::Starting)) => Health::Deploying,
                (State::Running, Some(Probe::Unhealthy)) => Health::Degraded,
                _ => Health::Failing,
            };
            let state = if done { "done".to_owned() } else { container.state.as_str().to_owned() };
            match services.iter_mut().find(|service| service.name == container.service) {
                // Of several containers of a service the worst one counts.
                Some(service) if health > service.health => {
                    service.health = health;
                    service.state = state;
                }
                Some(_) => {}
                None => services.push(ServiceStatus {
                    name: container.service.clone(),
                    state,
                    health,
                    image: image_of(&container.service, &container.image_name, model.as_ref()),
                    ports: container.ports.iter().map(ToString::to_string).collect(),
                }),
            }
        }
        for (name, service) in model.iter().flat_map(|model| &model.services) {
            if !services.iter().any(|seen| seen.name == name.as_str()) {
                services.push(ServiceStatus {
                    name: name.to_string(),
                    state: "missing".to_owned(),
                    health: Health::Failing,
                    image: service.image.clone().unwrap_or_default(),
                    ports: Vec::new(),
                });
            }
        }
        services.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(services)
    }
}

/// The image as people know it: by its name in the Compose file, or by what Compose calls an image that it built. The engine
/// knows a container that was made by content only by that.
fn image_of(service: &str, seen: &str, model: Option<&Model>) -> String {
    let named = model.and_then(|model| {
        let found = model.services.iter().find(|(name, _)| name.as_str() == service)?.1;
        found.image.clone().or_else(|| Some(format!("{}-{service}", model.name)))
    });
    named.filter(|_| seen.starts_with("sha256:")).unwrap_or_else(|| seen.to_owned())
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
