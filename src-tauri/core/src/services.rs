//! Use cases: what runs right now. Looking at it needs no lock; starting services anew does.

mod act;

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use sternway_compose::observe::{Container, HostPort, Probe, State};
use sternway_compose::{LogQuery, Model, OneOff};
use sternway_model::{At, EnvironmentName, Release, Result, SecretPin, may_be_cut};
use sternway_vault::{Redactor, Revealed};

use crate::machine::Core;
use crate::project::Project;
use crate::values::Use;
use crate::view::{
    ContainerView, Health, LogFilter, OneOffStatus, ServiceLine, ServiceStatus, ServiceView, Services, Usage, UsageView,
};
use crate::want::Want;

pub use act::{CommandEvents, Notices};

/// Lines of services as they come, redacted.
pub type ServiceLines = BoxStream<'static, Result<ServiceLine>>;

/// What services print.
pub struct ServiceLog {
    /// Lines as they come.
    pub lines: ServiceLines,
    /// Which values could not be masked in them, if there are any: a line of Sternway's own, to be said before the first.
    pub notice: Option<ServiceLine>,
}
/// Measurements as they come.
pub type UsageReports = BoxStream<'static, Result<UsageView>>;

/// Between two measurements. Each takes the engine about two seconds.
const PAUSE: Duration = Duration::from_millis(500);

impl Core {
    /// The services of an environment: of its release, as they really are, and those that run beside it.
    ///
    /// # Errors
    /// If the target cannot be observed, or history cannot be read.
    pub async fn services(&self, project: &Project, environment: &EnvironmentName) -> Result<Services> {
        project.file.environment(environment)?;
        let release = self.current_release(project, environment).await?;
        let (services, _) = self.services_of(project, environment, release.as_ref()).await?;
        Ok(Services { environment: environment.clone(), services })
    }

    /// The services, and the one-off containers beside them.
    pub(crate) async fn services_of(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        release: Option<&Release>,
    ) -> Result<(Vec<ServiceView>, Vec<OneOffStatus>)> {
        let model = release.map(|release| Want::from_release(release).model()).transpose()?;
        let tried = match &model {
            Some(_) => None,
            None => self.tried(project, environment).await?,
        };
        let known = model.as_ref().or(tried.as_ref());
        let observer = self.observer(project, environment)?;
        let observed = observer.observe(&project.file.compose_project(environment)).await?;
        let mut services: Vec<ServiceView> = Vec::new();
        for container in &observed.containers {
            let seen = seen(container, known);
            match services.iter_mut().find(|service| service.status.name == container.service) {
                Some(service) => {
                    // Of several containers of a service the worst one counts.
                    if seen.health > service.status.health {
                        service.status.health = seen.health;
                        service.status.state = state_of(&seen);
                    }
                    service.containers.push(seen);
                }
                None => services.push(ServiceView {
                    status: ServiceStatus {
                        name: container.service.clone(),
                        state: state_of(&seen),
                        health: seen.health,
                        image: image_of(&container.service, &container.image_name, known),
                        ports: container.ports.iter().map(published).collect(),
                    },
                    containers: vec![seen],
                }),
            }
        }
        // What a deployment that did not succeed never came to is missing, unless it left nothing at all.
        let missing = known.filter(|_| model.is_some() || !services.is_empty());
        for (name, service) in missing.into_iter().flat_map(|model| &model.services) {
            if let Some(seen) = services.iter_mut().find(|seen| seen.status.name == name.as_str()) {
                count(seen, service.replicas());
            } else if service.replicas() > 0 {
                let status = ServiceStatus {
                    name: name.to_string(),
                    state: "missing".to_owned(),
                    health: Health::Failing,
                    image: service.image.clone().unwrap_or_default(),
                    ports: Vec::new(),
                };
                services.push(ServiceView { status, containers: Vec::new() });
            }
        }
        services.sort_by(|a, b| a.status.name.cmp(&b.status.name));
        Ok((services, observed.one_offs.iter().map(one_off).collect()))
    }

    /// What the last deployment wanted, where none has succeeded: it explains the containers that it left.
    async fn tried(&self, project: &Project, environment: &EnvironmentName) -> Result<Option<Model>> {
        let id = self.project_id(project).await?;
        match self.newest(id, environment).await? {
            Some(newest) => self.stored_want(project, id, newest.number).await?.model().map(Some),
            None => Ok(None),
        }
    }

    /// What the services of an environment print, redacted, ordered by time. When following, it ends when it is dropped.
    ///
    /// # Errors
    /// [`sternway_model::Code::NotFound`] for a service without a container; if the keychain cannot be read while the release has secrets: lines
    /// that cannot be redacted are not shown. A version that the keychain does not have any more cannot be looked for; then the answer's
    /// notice names it.
    pub async fn service_logs(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        filter: &LogFilter,
    ) -> Result<ServiceLog> {
        project.file.environment(environment)?;
        let observer = self.observer(project, environment)?;
        self.refuse_others(project, environment, &observer).await?;
        let (redactor, notice) = self.environment_redactor(project, environment).await?;
        let query = LogQuery {
            services: filter.services.iter().cloned().collect(),
            follow: filter.follow,
            since: filter.since,
            tail: filter.tail,
        };
        let lines = observer.logs(&project.file.compose_project(environment), &query).await?;
        // The engine counts the pieces of a long line: the first that it tells of a container may be the end of one.
        let from_within = filter.tail.is_some() || filter.since.is_some();
        let mut begun = BTreeSet::new();
        let lines = lines.map_ok(move |line| {
            let whole = !from_within || may_be_cut(&line.text) || !begun.insert(line.container.clone());
            ServiceLine {
                service: line.service,
                container: line.container,
                at: line.at,
                error: line.error,
                text: if whole { redactor.redact_line(&line.text) } else { redactor.redact_cut(&line.text) },
            }
        });
        let notice = notice.map(|text| {
            let sternway = "sternway".to_owned();
            ServiceLine {
                service: sternway.clone(),
                container: sternway,
                at: self.parts.clock.now(),
                error: true,
                text,
            }
        });
        Ok(ServiceLog { lines: lines.boxed(), notice })
    }

    /// What the running containers of an environment use. It takes about two seconds.
    ///
    /// # Errors
    /// If the target cannot be observed.
    pub async fn usage(&self, project: &Project, environment: &EnvironmentName) -> Result<UsageView> {
        let observer = self.observer(project, environment)?;
        let used = observer.usage(&project.file.compose_project(environment)).await?;
        Ok(usage_view(self.parts.clock.now(), used))
    }

    /// The same, again and again until it is dropped.
    ///
    /// # Errors
    /// If the target cannot be connected to.
    pub fn follow_usage(&self, project: &Project, environment: &EnvironmentName) -> Result<UsageReports> {
        let observer = self.observer(project, environment)?;
        let compose_project = project.file.compose_project(environment);
        let state = (observer, compose_project, self.parts.clock.clone(), false);
        Ok(stream::try_unfold(state, |(observer, compose_project, clock, again)| async move {
            if again {
                tokio::time::sleep(PAUSE).await;
            }
            let used = observer.usage(&compose_project).await?;
            let view = usage_view(clock.now(), used);
            Ok(Some((view, (observer, compose_project, clock, true))))
        })
        .boxed())
    }

    /// Knows the values of all secrets that containers of the environment may have: those of the release, and those of a
    /// deployment after it that did not succeed. A value that was removed from the keychain is known to nobody: output is
    /// shown all the same, because whoever looks for a mistake needs it, and the notice says which value may be in it.
    async fn environment_redactor(
        &self,
        project: &Project,
        environment: &EnvironmentName,
    ) -> Result<(Redactor, Option<String>)> {
        let history = self.history().await?;
        let id = self.project_id(project).await?;
        let mut pins = BTreeSet::new();
        if let Some(release) = history.current_release(id, environment).await? {
            pins.extend(Want::from_release(&release).secrets()?);
        }
        if let Some(newest) = self.newest(id, environment).await? {
            pins.extend(self.stored_want(project, id, newest.number).await?.secrets()?);
        }
        let pins: Vec<_> = pins.into_iter().collect();
        let (_, redactor, notice) = self.kept_secrets(project, environment, &pins, Use::Mask).await?;
        Ok((redactor, notice))
    }

    /// The values that the keychain has of these versions, what masks them, and what to say of those that are gone.
    async fn kept_secrets(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        pins: &[SecretPin],
        used: Use<'_>,
    ) -> Result<(Revealed, Redactor, Option<String>)> {
        let (kept, gone) = self.kept_values(project, environment, pins, used).await?;
        let redactor = Redactor::default();
        redactor.add_all(kept.values())?;
        Ok((kept, redactor, unmasked(&gone)))
    }
}

/// What to say before output in which the values of these versions cannot be masked.
fn unmasked(gone: &[SecretPin]) -> Option<String> {
    let gone: Vec<String> = gone.iter().map(|SecretPin { name, version }| format!("{name}@{version}")).collect();
    let gone = (!gone.is_empty()).then(|| gone.join(", "))?;
    Some(format!(
        "what is printed may show the value of {gone}: it is not in the keychain any more and cannot be masked"
    ))
}

/// The engine's word for the state of a container that runs says nothing of what its health check found.
fn state_of(seen: &ContainerView) -> String {
    match seen.health {
        Health::Deploying => "starting".to_owned(),
        Health::Degraded => "unhealthy".to_owned(),
        _ => seen.state.clone(),
    }
}

/// Compares how many containers run with how many the release has: what is gone says nothing itself.
fn count(ServiceView { status, containers }: &mut ServiceView, wanted: u32) {
    let run = State::Running.as_str();
    let running = containers.iter().filter(|container| container.state == run).count();
    let wanted = wanted as usize;
    if containers.len() < wanted {
        status.health = status.health.max(Health::Degraded);
    }
    if wanted > 1 && running > 0 && (running < wanted || status.state == run) {
        status.state = format!("{running} of {wanted} running");
    }
}

fn usage_view(at: At, used: Vec<sternway_compose::Usage>) -> UsageView {
    #[allow(clippy::cast_precision_loss, reason = "bytes of memory are far below 2^52")]
    let containers = used.into_iter().map(|used| Usage {
        service: used.service,
        container: used.container,
        cpu_percent: used.cpu_percent,
        memory: used.memory as f64,
        memory_limit: used.memory_limit as f64,
    });
    UsageView { at, containers: containers.collect() }
}

fn seen(container: &Container, model: Option<&Model>) -> ContainerView {
    let once = model.zip(container.service.parse().ok()).is_some_and(|(model, name)| model.runs_once(&name));
    let ended = matches!(container.state, State::Exited | State::Dead);
    let done = once && container.state == State::Exited && container.exit_code == 0;
    let health = match (container.state, container.health) {
        _ if done => Health::Healthy,
        (State::Running, None | Some(Probe::Healthy)) => Health::Healthy,
        (State::Running, Some(Probe::Starting)) => Health::Deploying,
        (State::Running, Some(Probe::Unhealthy)) => Health::Degraded,
        _ => Health::Failing,
    };
    ContainerView {
        name: container.name.clone(),
        number: container.number,
        state: if done { "done".to_owned() } else { container.state.as_str().to_owned() },
        health,
        image: container.image.clone(),
        started: container.started.map(At),
        exit_code: i32::try_from(container.exit_code).ok().filter(|_| ended),
    }
}

fn one_off(seen: &OneOff) -> OneOffStatus {
    OneOffStatus {
        container: seen.name.clone(),
        service: seen.service.clone(),
        running: seen.running,
        made: seen.made,
        by: seen.by.to_string(),
        left_over: seen.left_over,
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

/// As Docker prints it: `127.0.0.1:8080->80/tcp`, or `8080->80/tcp` on all addresses.
fn published(port: &HostPort) -> String {
    let HostPort { address, port, protocol, target } = port;
    let host = if address.is_empty() { String::new() } else { format!("{address}:") };
    format!("{host}{port}->{target}/{protocol}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(states: &[(&str, Health)]) -> ServiceView {
        let container = |(number, (state, health)): (u32, &(&str, Health))| ContainerView {
            name: format!("shop-worker-{number}"),
            number,
            state: (*state).to_owned(),
            health: *health,
            image: String::new(),
            started: None,
            exit_code: None,
        };
        let containers: Vec<ContainerView> = (1..).zip(states).map(container).collect();
        let worst = containers.iter().max_by_key(|seen| seen.health).expect("a container");
        let (state, health) = (state_of(worst), worst.health);
        let status =
            ServiceStatus { name: "worker".to_owned(), state, health, image: String::new(), ports: Vec::new() };
        ServiceView { status, containers }
    }

    #[test]
    fn a_container_that_is_gone_is_missed() {
        let said = |states: &[(&str, Health)], wanted: u32| {
            let mut service = service(states);
            count(&mut service, wanted);
            (service.status.health, service.status.state)
        };
        let runs = ("running", Health::Healthy);
        assert_eq!(said(&[runs], 1), (Health::Healthy, "running".to_owned()));
        assert_eq!(said(&[runs, runs], 2), (Health::Healthy, "2 of 2 running".to_owned()));
        assert_eq!(said(&[runs], 2), (Health::Degraded, "1 of 2 running".to_owned()));
        assert_eq!(said(&[runs, ("exited", Health::Failing)], 2), (Health::Failing, "1 of 2 running".to_owned()));
        assert_eq!(said(&[("running", Health::Deploying)], 1), (Health::Deploying, "starting".to_owned()));
    }
}
