//! What has to happen to one container of a service. The same rules serve the plan and, on what is seen then, its execution:
//! so a plan that was interrupted anywhere is finished, or turned round, by planning again.

use std::collections::BTreeMap;
use std::path::PathBuf;

use sternway_model::{ImageId, ServiceName};

use crate::fingerprint::MadeFrom;
use crate::labels;
use crate::model::{Condition, Model, Service, UpdateOrder};
use crate::observe::{ByService, Container, HostPort, State};
use crate::ports::PortIndex;
use crate::reasons;
use crate::storage::{self, StorageIndex};
use crate::worked_on::{self, Made};

/// A container's place: a service and a number in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub project: &'a str,
    pub model: &'a Model,
    pub name: &'a ServiceName,
    pub service: &'a Service,
    pub number: u32,
}

/// What is known about the surroundings of a place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Surroundings<'c, 'a> {
    /// The project's containers.
    pub containers: &'a ByService<'c>,
    /// The image to run; `None` while it is not pulled or built.
    pub image: Option<&'a ImageId>,
    /// Fingerprints of the files of secrets and configs.
    pub files: &'a BTreeMap<PathBuf, String>,
    /// The first container of services that come before; `None` if it will be a new one.
    pub parents: &'a BTreeMap<ServiceName, Option<String>>,
    /// When the project's volumes were made; only jobs need it.
    pub volumes: &'a Made,
}

/// What has to happen, with the containers that it happens to.
#[derive(Debug, Clone)]
pub(crate) struct Decision<'a> {
    pub action: Action,
    /// The container that is as it should be.
    pub right: Option<&'a Container>,
    /// All others that have the place.
    pub others: Vec<&'a Container>,
    pub made_from: MadeFrom,
}

/// What has to happen to the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// The right container runs.
    Keep,
    /// There is none.
    Create,
    /// The right one is there and does not run.
    Start(String),
    /// The right one runs and has to be started anew.
    Restart(String),
    /// Only wrong ones are there.
    Recreate(String),
    /// The right one is there, and wrong ones too, or it still has its temporary name.
    Finish,
}

impl Place<'_> {
    /// The container's final name.
    pub fn container_name(&self) -> String {
        self.service.container_name.clone().unwrap_or_else(|| format!("{}-{}-{}", self.project, self.name, self.number))
    }

    /// The name under which a replacement is made ready.
    pub fn temporary_name(&self, made_from: &MadeFrom) -> String {
        format!("{}.{}", self.container_name(), &made_from.hash[..8])
    }

    /// What has to happen.
    pub fn decide<'c>(&self, around: &Surroundings<'c, '_>) -> Decision<'c> {
        let made_from = MadeFrom::wanted(self.model, self.service, around.image, around.files);
        let of_service = around.containers.of(self.name.as_str()).iter().copied();
        let holders: Vec<&Container> = of_service.filter(|container| container.number == self.number).collect();
        let final_name = self.container_name();
        let right = holders
            .iter()
            .copied()
            .filter(|container| around.image.is_some() && self.wrong(container, &made_from, around).is_none())
            .max_by_key(|container| {
                (container.state == State::Running, container.name == final_name, container.created)
            });
        let others: Vec<&Container> =
            holders.into_iter().filter(|container| right.is_none_or(|right| right.id != container.id)).collect();
        let action = match right {
            None if others.is_empty() => Action::Create,
            None => Action::Recreate(self.why(&others, &made_from, around)),
            Some(right) if !others.is_empty() || right.name != final_name => Action::Finish,
            Some(right) => self.alone(right, around),
        };
        Decision { action, right, others, made_from }
    }

    /// Whether a container is a job that has done what it is for.
    pub fn has_completed(&self, container: &Container) -> bool {
        container.state == State::Exited && container.exit_code == 0 && self.model.runs_once(self.name)
    }

    /// What to do with the right container when no other has its place.
    fn alone(&self, right: &Container, around: &Surroundings<'_, '_>) -> Action {
        match right.state {
            State::Exited if self.has_completed(right) => Action::Keep,
            State::Exited => Action::Start(format!("it ended with code {}", right.exit_code)),
            State::Paused => Action::Start("it is paused".to_owned()),
            State::Created | State::Dead => Action::Start(format!("it is {}", right.state.as_str())),
            State::Running | State::Restarting => match self.restarted_dependency(right, around) {
                Some(name) => Action::Restart(format!("service {name} was replaced, and it is to start again then")),
                None => Action::Keep,
            },
        }
    }

    /// A dependency with `restart: true` that is being replaced, or whose container is newer than this one's last start.
    fn restarted_dependency(&self, right: &Container, around: &Surroundings<'_, '_>) -> Option<&ServiceName> {
        let wants_restart = self.service.depends_on.iter().filter(|(_, dependency)| dependency.restart);
        wants_restart.map(|(name, _)| name).find(|name| {
            let newest = around.containers.of(name.as_str()).iter().filter_map(|other| other.created).max();
            let replaced = matches!((newest, right.started), (Some(made), Some(started)) if made > started);
            replaced || around.parents.get(*name).is_some_and(Option::is_none)
        })
    }

    /// Why a container is not the right one; `None` if it is.
    fn wrong(&self, container: &Container, made_from: &MadeFrom, around: &Surroundings<'_, '_>) -> Option<String> {
        if container.labels.get(labels::HASH) != Some(&made_from.hash) {
            return Some(String::new()); // the differences are told by `reasons`
        }
        if matches!(container.state, State::Created | State::Dead) {
            // Its files may be missing: they are copied in between creation and start.
            return Some("its creation was interrupted".to_owned());
        }
        for parent in self.service.parents() {
            match around.parents.get(&parent) {
                Some(Some(id)) if container.parents.contains(id) => {}
                _ => return Some(format!("service {parent}, from which it borrows, is replaced")),
            }
        }
        let network = self.service.networks.keys().filter_map(|key| self.model.networks.get(key));
        let lacking = network.map(|network| &network.name).find(|name| !container.networks.contains(*name));
        if let Some(name) = lacking {
            return Some(format!("it is not in the network {name}"));
        }
        if self.model.runs_once(self.name)
            && let Some(volume) = worked_on::renewed(self.model, self.name, container, around.volumes)
        {
            return Some(format!("what it did is not in the volume {volume}, which is new"));
        }
        None
    }

    fn why(&self, others: &[&Container], made_from: &MadeFrom, around: &Surroundings<'_, '_>) -> String {
        let final_name = self.container_name();
        let have = others.iter().find(|container| container.name == final_name).or(others.first());
        let Some(have) = have else { return String::new() };
        match self.wrong(have, made_from, around) {
            Some(why) if !why.is_empty() => why,
            _ => reasons::differences(have, made_from, around.image).join("; "),
        }
    }

    /// Why a replacement cannot run beside the container that it replaces; `None` if both can run at the same time.
    pub fn cannot_run_beside(&self, old: &Container) -> Option<String> {
        if self.service.update_order() == Some(UpdateOrder::StopFirst) {
            return Some("asks for `order: stop-first`".to_owned());
        }
        let held = PortIndex::new(old.ports.iter().map(|port| (port.clone(), ())));
        if let Some(port) = host_ports(self.service).iter().find(|port| held.collides(port)) {
            return Some(format!("publishes {port}"));
        }
        let uses = self.service.networks.values().flatten();
        let mut addresses = uses.flat_map(|network| [&network.ipv4_address, &network.ipv6_address]).flatten();
        if let Some(address) = addresses.find(|address| old.addresses.contains(*address)) {
            return Some(format!("has the fixed address {address}"));
        }
        if self.service.has_own_address() {
            return Some("has a `mac_address` of its own".to_owned());
        }
        if self.service.network_mode.as_deref() == Some("host") && old.host_network {
            return Some("uses the host's network".to_owned());
        }
        if self.service.network_mode.as_deref().is_some_and(|mode| mode.contains(':')) && !old.parents.is_empty() {
            return Some("shares another container's network".to_owned());
        }
        let held = StorageIndex::new(old.writes.iter().map(|place| (place.as_str(), ())));
        let mut places = storage::written_by(self.model, self.service);
        if let Some(place) = places.find(|place| held.at(place).next().is_some()) {
            return Some(format!("writes to {place}"));
        }
        // The new container gets these from the old one.
        let handed_on = old.writes.iter().any(|place| storage::is_anonymous(place));
        handed_on.then(|| "writes to a volume without a name, which the new container gets".to_owned())
    }

    /// Compose's label about what the service waits for.
    pub fn depends_on_label(&self) -> String {
        let entries = self.service.depends_on.iter();
        let entries: Vec<String> = entries
            .map(|(name, dependency)| format!("{name}:{}:{}", dependency.condition.as_str(), dependency.restart))
            .collect();
        entries.join(",")
    }

    /// Services that must be healthy or complete before this one starts.
    pub fn awaited(&self) -> impl Iterator<Item = (&ServiceName, Condition, bool)> {
        let known = self.service.depends_on.iter().filter(|(name, _)| self.model.services.contains_key(*name));
        known
            .filter(|(_, dependency)| dependency.condition != Condition::Started)
            .map(|(name, dependency)| (name, dependency.condition, dependency.required))
    }
}

/// The ports of the host that a service publishes.
pub(crate) fn host_ports(service: &Service) -> Vec<HostPort> {
    let published = service.ports.iter().filter_map(|port| {
        let host_port = port.published.clone().filter(|published| !published.is_empty())?;
        Some(HostPort {
            address: port.host_ip.clone().unwrap_or_default(),
            port: host_port,
            protocol: port.protocol.clone().unwrap_or_else(|| "tcp".to_owned()),
            target: port.target,
        })
    });
    published.collect()
}
