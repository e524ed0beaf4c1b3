//! One-off containers of a project: whose they are, and whether what they were made for is over.
//!
//! Whoever runs one waits for its end and removes it. A program that is killed cannot do that, so its container says whose it is,
//! and the next command of the environment looks whether that owner still exists.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use bollard::models::{ContainerSummary, ContainerSummaryStateEnum};
use bollard::query_parameters::{ListContainersOptionsBuilder, RemoveContainerOptionsBuilder};
use jiff::Timestamp;
use serde::Serialize;
use sternway_model::{At, Result};

use crate::engine::{Engine, Observer, REQUEST, by_labels, found, limited};
use crate::labels;
use crate::lease::{self, Owner};

/// How long a container of ours may be there without running: its owner removes it at once, if there is one.
const LINGER: Duration = Duration::from_secs(60);

/// A container beside those of the services.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OneOff {
    /// The engine's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The service that it was made from.
    pub service: String,
    /// It runs.
    pub running: bool,
    /// When it was made, by the engine's clock.
    pub made: Option<At>,
    /// Who made it.
    pub by: Maker,
    /// Nobody waits for its end any more.
    pub left_over: bool,
}

/// Who made a one-off container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Maker {
    /// A command of Sternway.
    Owner(Owner),
    /// A Sternway that did not yet say whose they are.
    Unnamed,
    /// Another program, such as `docker compose run`.
    Other,
}

impl fmt::Display for Maker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owner(owner) => owner.fmt(f),
            Self::Unnamed => f.write_str("an earlier version of Sternway"),
            Self::Other => f.write_str("another program, such as `docker compose run`"),
        }
    }
}

impl fmt::Display for OneOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, service, running, by, left_over, .. } = self;
        write!(f, "the one-off container {name} of {service}")?;
        match (left_over, running) {
            (true, true) => write!(f, " still runs, and who started it is gone: {by}"),
            (true, false) => write!(f, " was left behind by {by}"),
            (false, true) => write!(f, " runs for {by}"),
            (false, false) => write!(f, " belongs to {by}"),
        }
    }
}

impl Observer {
    /// The one-off containers among a project's. Those that do not run are looked at closely.
    pub(crate) async fn one_offs_among(&self, list: &[ContainerSummary]) -> Result<Vec<OneOff>> {
        let mut one_offs = Vec::new();
        for summary in list {
            let Some(mut one_off) = one_off(summary) else { continue };
            let ours = one_off.by != Maker::Other;
            if ours && !one_off.running && !one_off.left_over {
                match self.idle_for(&one_off.id).await? {
                    Some(idle) => one_off.left_over = idle > LINGER,
                    None => continue, // it is gone by now
                }
            }
            one_offs.push(one_off);
        }
        Ok(one_offs)
    }

    /// For how long a container has not run, by the engine's clock; `None` if it is not there.
    async fn idle_for(&self, id: &str) -> Result<Option<Duration>> {
        let Some(inspected) = found(self.inspect(id).await)? else { return Ok(None) };
        let ended = inspected.state.and_then(|state| state.finished_at);
        let moments = [inspected.created, ended].into_iter().flatten().filter_map(|time| time.parse().ok());
        // What never ended, ended in the year 1.
        let last = moments.map(Timestamp::as_millisecond).max().unwrap_or_default();
        let now = lease::now(self).await?;
        Ok(Some(Duration::from_millis(u64::try_from(now - last).unwrap_or(0))))
    }

    /// Containers that use volumes, by the volume; those of the project's services are not among them.
    pub(crate) async fn other_users(
        &self,
        project: &str,
        volumes: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, BTreeSet<String>>> {
        let mut users: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        if volumes.is_empty() {
            return Ok(users);
        }
        let options = ListContainersOptionsBuilder::new().all(true).build();
        for container in self.list_containers(options).await? {
            let of_service = label(&container, labels::PROJECT) == Some(project)
                && label(&container, labels::SERVICE).is_some()
                && label(&container, labels::ONE_OFF) != Some("True");
            let mounts = container.mounts.iter().flatten().filter(|_| !of_service);
            for volume in mounts.filter_map(|mount| mount.name.as_ref()).filter(|name| volumes.contains(*name)) {
                users.entry(volume.clone()).or_default().insert(name(&container));
            }
        }
        Ok(users)
    }
}

impl Engine {
    /// Removes a project's one-off containers that nobody waits for any more, and returns them.
    ///
    /// # Errors
    /// If the engine does not answer, or cannot remove one.
    pub async fn remove_left_over(&self, project: &str) -> Result<Vec<OneOff>> {
        let labels = [format!("{}={project}", labels::PROJECT), format!("{}=True", labels::ONE_OFF)];
        let options = ListContainersOptionsBuilder::new().all(true).filters(&by_labels(&labels)).build();
        let list = self.observer().list_containers(options).await?;
        let mut left_over = self.observer().one_offs_among(&list).await?;
        left_over.retain(|one_off| one_off.left_over);
        for OneOff { id, name, .. } in &left_over {
            let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
            let call = self.docker().remove_container(id, Some(options));
            found(limited(&format!("remove the one-off container {name}"), REQUEST * 2, call).await)?;
        }
        Ok(left_over)
    }
}

fn one_off(summary: &ContainerSummary) -> Option<OneOff> {
    if label(summary, labels::ONE_OFF) != Some("True") {
        return None;
    }
    let owner = label(summary, labels::OWNER).and_then(|owner| serde_json::from_str::<Owner>(owner).ok());
    let ours = label(summary, labels::VERSION).is_some_and(|version| version.starts_with("sternway "));
    let gone = owner.as_ref().is_some_and(Owner::is_gone);
    Some(OneOff {
        id: summary.id.clone()?,
        name: name(summary),
        service: label(summary, labels::SERVICE).unwrap_or_default().to_owned(),
        running: matches!(
            summary.state,
            Some(
                ContainerSummaryStateEnum::RUNNING
                    | ContainerSummaryStateEnum::PAUSED
                    | ContainerSummaryStateEnum::RESTARTING
            )
        ),
        made: summary.created.and_then(|second| Timestamp::from_second(second).ok()).map(At),
        by: match owner {
            Some(owner) => Maker::Owner(owner),
            None if ours => Maker::Unnamed,
            None => Maker::Other,
        },
        left_over: gone,
    })
}

fn name(summary: &ContainerSummary) -> String {
    let name = summary.names.iter().flatten().next().map_or("", String::as_str);
    name.trim_start_matches('/').to_owned()
}

fn label<'c>(container: &'c ContainerSummary, name: &str) -> Option<&'c str> {
    container.labels.as_ref()?.get(name).map(String::as_str)
}
