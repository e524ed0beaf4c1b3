//! What goes: containers that nobody wants, what only they used, and what a person asked to be removed.

use std::collections::{BTreeMap, BTreeSet};

use sternway_model::Action;

use super::{Job, Planner};
use crate::decide;
use crate::labels;
use crate::observe::{Container, Observed};
use crate::ports::PortIndex;
use crate::storage::{self, StorageIndex};
use crate::waiting::Waiting;

impl Planner<'_> {
    /// Containers that the model does not have: of services that are gone, and beyond the wanted number.
    pub(super) fn removals(&mut self, mut leaving: BTreeSet<String>) {
        let model = self.want.model;
        for (name, service) in &model.services {
            let containers = self.by_service.of(name.as_str()).iter().copied();
            let extra: Vec<&Container> = containers.filter(|container| container.number > service.replicas()).collect();
            if !extra.is_empty() {
                leaving.extend(extra.iter().map(|container| container.id.clone()));
                let reason = match service.replicas() {
                    0 => "none of it is wanted".to_owned(),
                    1 => "only one is wanted".to_owned(),
                    number => format!("only {number} are wanted"),
                };
                let mut numbers: Vec<u32> = extra.iter().map(|container| container.number).collect();
                numbers.sort_unstable();
                let numbers = numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
                let containers = extra.iter().rev().map(|container| container.id.clone()).collect();
                self.add(format!("service {name} ({numbers})"), Action::Remove, reason, Job::Remove { containers });
            }
        }
        let colliding: BTreeSet<String> = self.colliding_orphans().into_keys().collect();
        let mut orphans = self.orphans();
        for service in removal_order(&orphans, self.observed) {
            let containers = orphans.remove(&service).unwrap_or_default();
            leaving.extend(containers.iter().cloned());
            if !colliding.contains(&service) {
                self.remove_orphan(&service, containers);
            }
        }
        self.unused_networks(&leaving);
        self.asked_removals();
    }

    /// Networks of the project that the model does not have and nothing runs in any more. Those that Compose made go only
    /// when everything goes.
    fn unused_networks(&mut self, leaving: &BTreeSet<String>) {
        let model = self.want.model;
        let names: BTreeSet<&String> = model.networks.values().map(|network| &network.name).collect();
        let observed = self.observed;
        for (name, network) in &observed.networks {
            let ours = network.labels.contains_key(labels::HASH)
                || self.goes_down() && network.labels.contains_key(labels::PROJECT);
            if names.contains(name) || !ours {
                continue;
            }
            let key = network.labels.get(labels::NETWORK).unwrap_or(name);
            let others: Vec<&str> = network.attached.difference(leaving).map(|id| id.get(..12).unwrap_or(id)).collect();
            if others.is_empty() {
                let reason = self.no_longer_wanted();
                self.add(format!("network {key}"), Action::Remove, reason, Job::RemoveNetwork { name: name.clone() });
            } else if self.goes_down() {
                let others = others.join(", ");
                self.note(format!("the network {key} stays: containers are in it that no deployment made ({others})"));
            }
        }
    }

    /// What is removed only because a person asked for it.
    fn asked_removals(&mut self) {
        let observed = self.observed;
        let wanted: BTreeSet<&String> = self.want.model.volumes.values().map(|volume| &volume.name).collect();
        if self.want.remove.volumes {
            for (name, volume) in &observed.volumes {
                let ours = volume.labels.get(labels::PROJECT).is_some_and(|project| project == self.want.project);
                if ours && !wanted.contains(name) {
                    let key = volume.labels.get(labels::VOLUME).unwrap_or(name);
                    self.others_use(name, key);
                    let reason = "asked for; the data in it is lost";
                    let job = Job::RemoveVolume { name: name.clone() };
                    self.add(format!("volume {key}"), Action::Remove, reason, job);
                }
            }
        }
        if self.want.remove.images {
            for reference in &observed.own_images {
                let job = Job::RemoveImage { reference: reference.clone() };
                let reason = "asked for; releases that need it cannot be gone back to";
                self.add(format!("image {reference}"), Action::Remove, reason, job);
            }
        }
    }

    /// Says who else uses a volume that shall go: the engine would refuse to remove it, when all else is gone already.
    fn others_use(&mut self, name: &str, key: &str) {
        let observed = self.observed;
        for user in observed.other_users.get(name).into_iter().flatten() {
            let one_off = observed.one_offs.iter().find(|one_off| one_off.name == *user);
            // What is left over goes before anything else does.
            if one_off.is_some_and(|one_off| one_off.left_over) {
                continue;
            }
            let why = match one_off {
                Some(one_off) => {
                    format!("{one_off} and uses it; wait for its end, or stop it with `docker rm --force {user}`")
                }
                None => format!(
                    "the container {user}, which is none of this project's services, uses it; remove that container, or keep the \
                     volumes"
                ),
            };
            self.blockers.insert(format!("the volume {key} cannot go: {why}"));
        }
    }

    /// Nothing is wanted any more.
    fn goes_down(&self) -> bool {
        self.want.model.services.is_empty()
    }

    fn no_longer_wanted(&self) -> &'static str {
        if self.goes_down() { "the environment is taken down" } else { "no longer in the Compose file" }
    }

    pub(super) fn remove_orphan(&mut self, service: &str, containers: Vec<String>) {
        let reason = self.no_longer_wanted();
        self.add(format!("service {service}"), Action::Remove, reason, Job::Remove { containers });
    }

    /// Containers of services that the model does not have, by service.
    fn orphans(&self) -> BTreeMap<String, Vec<String>> {
        let mut orphans: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for container in &self.observed.containers {
            if !self.want.model.services.contains_key(container.service.as_str()) {
                orphans.entry(container.service.clone()).or_default().push(container.id.clone());
            }
        }
        orphans
    }

    /// Orphans that hold a port or a name which the model needs, or write to what it writes to: they go before the rest, all others go
    /// last.
    pub(super) fn colliding_orphans(&self) -> BTreeMap<String, Vec<String>> {
        let services = &self.want.model.services;
        let wanted = PortIndex::new(services.values().flat_map(decide::host_ports).map(|port| (port, ())));
        let names: BTreeSet<&String> =
            services.values().filter_map(|service| service.container_name.as_ref()).collect();
        let running = services.values().filter(|service| service.replicas() > 0);
        let written = running.flat_map(|service| storage::written_by(self.want.model, service));
        let written = StorageIndex::new(written.map(|place| (place, ())));
        let collides = |container: &Container| {
            names.contains(&container.name)
                || container.ports.iter().any(|held| wanted.collides(held))
                || storage::held(container).any(|place| written.at(place).next().is_some())
        };
        let colliding: BTreeSet<&String> = self
            .observed
            .containers
            .iter()
            .filter(|container| collides(container))
            .map(|container| &container.service)
            .collect();
        self.orphans().into_iter().filter(|(service, _)| colliding.contains(service)).collect()
    }
}

/// Services whose containers go: before each service those that depend on it, as the containers' labels say.
fn removal_order(orphans: &BTreeMap<String, Vec<String>>, observed: &Observed) -> Vec<String> {
    let names: Vec<&String> = orphans.keys().collect();
    let places: BTreeMap<&str, usize> = (0..).zip(&names).map(|(place, name)| (name.as_str(), place)).collect();
    let mut must = vec![Vec::new(); names.len()];
    for (service, needed) in observed.dependencies() {
        let Some(dependent) = places.get(service) else { continue };
        for dependency in needed.iter().filter_map(|name| places.get(name)).filter(|place| *place != dependent) {
            must[*dependency].push(*dependent);
        }
    }
    let mut waiting = Waiting::new(&must, &vec![Vec::new(); names.len()]);
    // A circle has no order, and goes as it comes.
    std::iter::from_fn(|| waiting.next_anyway()).map(|place| names[place].clone()).collect()
}
