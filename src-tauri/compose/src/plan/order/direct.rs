//! What each piece of work waits for itself. Only earlier ones count, and of those that wait for each other the last is enough.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use sternway_model::{Action, ServiceName};

use super::super::handover::given_up;
use super::super::{ImageSource, Job, Work};
use crate::decide::host_ports;
use crate::model::Model;
use crate::observe::{Container, Observed};
use crate::ports::PortIndex;
use crate::storage::{self, StorageIndex};

/// Where more than so many wait for more than one, all but one of them wait for that one: each for each would be too much to
/// write down.
const GATE: usize = 64;

/// By place: earlier places that have to be done before.
pub(super) fn find(work: &[Work], model: &Model, observed: &Observed) -> Vec<Vec<usize>> {
    let mut finder = Finder {
        model,
        dependencies: observed.dependencies(),
        containers: observed.containers.iter().map(|container| (container.id.as_str(), container)).collect(),
        held: PortIndex::new(observed.containers.iter().flat_map(|container| {
            let place = (container.service.as_str(), container.number);
            container.ports.iter().map(move |port| (port.clone(), place))
        })),
        written: StorageIndex::new(observed.containers.iter().flat_map(|container| {
            let place = (container.service.as_str(), container.number);
            let service = model.services.get(container.service.as_str());
            service.into_iter().flat_map(|service| given_up(model, service, container)).map(move |data| (data, place))
        })),
        seen: Seen::default(),
        direct: Vec::with_capacity(work.len()),
    };
    for (place, piece) in work.iter().enumerate() {
        let mut after = finder.before(piece);
        after.retain(|earlier| *earlier < place);
        finder.direct.push(after);
        finder.see(place, piece);
    }
    finder.direct
}

struct Finder<'a> {
    model: &'a Model,
    /// By service, as the containers' labels say.
    dependencies: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// By id.
    containers: HashMap<&'a str, &'a Container>,
    /// Ports that containers have now, with their services and numbers.
    held: PortIndex<(&'a str, u32)>,
    /// What containers write to now and give up, with their services and numbers.
    written: StorageIndex<(&'a str, u32)>,
    seen: Seen<'a>,
    direct: Vec<Vec<usize>>,
}

/// Earlier pieces of work, by what others know them by.
#[derive(Default)]
struct Seen<'a> {
    /// By the image's name.
    pulls: HashMap<&'a str, Vec<usize>>,
    /// Of images that are built or brought, by service.
    images: HashMap<&'a str, Vec<usize>>,
    /// By what they are built from.
    contexts: HashMap<&'a str, Vec<usize>>,
    networks: HashMap<&'a str, usize>,
    volumes: HashMap<&'a str, usize>,
    /// What every container waits for: containers leave a network that is replaced, or free a port or a name.
    early: Vec<usize>,
    /// Of a service's containers, those that none of its later ones waits for.
    last_of: HashMap<&'a str, Vec<usize>>,
    /// Containers by service and number.
    places: HashMap<(&'a str, u32), usize>,
    /// Those that stop containers of a service, which need their port.
    stops: HashMap<&'a str, Vec<usize>>,
    /// What services wait for that stay themselves.
    behind: HashMap<&'a str, Vec<usize>>,
    /// Containers that no later container waits for, and which of those is asked.
    open: Vec<usize>,
    waited: Vec<bool>,
    /// Removals of containers: all, and by the services that theirs need.
    removals: Vec<usize>,
    needed_by: HashMap<&'a str, Vec<usize>>,
    gate: Option<usize>,
}

impl<'a> Finder<'a> {
    fn before(&mut self, work: &'a Work) -> Vec<usize> {
        match &work.job {
            Job::Container { service, image, .. } => self.before_container(service, image, work.change.action),
            // Equal files are built once, and the later service takes the image; or it takes files from the image.
            Job::Build { service, context } => {
                let build = self.model.services.get(service).and_then(|service| service.build.as_ref());
                let needed = build.into_iter().flat_map(|build| build.built_before());
                let images = needed.filter_map(|name| self.seen.images.get(name)).flatten();
                let same = self.seen.contexts.get(context.as_str()).and_then(|builds| builds.last());
                images.chain(same).copied().collect()
            }
            // What nobody wants any more goes when what takes its place has proved itself.
            Job::Remove { containers } => {
                let mut after = self.all_containers();
                for name in self.services_of(containers) {
                    after.extend(self.seen.needed_by.get(name).into_iter().flatten());
                }
                after
            }
            Job::RemoveNetwork { .. } | Job::RemoveVolume { .. } | Job::RemoveImage { .. } => {
                if let Some(gate) = self.seen.gate {
                    return vec![gate];
                }
                let mut after = self.all_containers();
                after.extend(&self.seen.removals);
                after
            }
            Job::Pull { .. }
            | Job::Bring { .. }
            | Job::CreateNetwork { .. }
            | Job::ReplaceNetwork { .. }
            | Job::CreateVolume { .. } => Vec::new(),
        }
    }

    fn before_container(&mut self, name: &'a ServiceName, image: &'a ImageSource, action: Action) -> Vec<usize> {
        let mut after = self.early();
        let Some(service) = self.model.services.get(name) else { return (0..self.direct.len()).collect() };
        after.extend(self.behind(name.as_str()));
        let seen = &self.seen;
        if let ImageSource::Pulled(reference) = image {
            after.extend(seen.pulls.get(reference.as_str()).into_iter().flatten());
        }
        after.extend(seen.images.get(name.as_str()).into_iter().flatten());
        after.extend(service.networks.keys().filter_map(|key| seen.networks.get(key.as_str())));
        let volumes = service.volumes.iter().filter_map(|mount| mount.source.as_deref());
        after.extend(volumes.filter_map(|key| seen.volumes.get(key)));
        if action != Action::Create {
            // Of several containers of a service only one at a time is away.
            after.extend(seen.last_of.get(name.as_str()).into_iter().flatten());
        }
        after.extend(seen.stops.get(name.as_str()).into_iter().flatten());
        for port in host_ports(service) {
            let holders = self.held.colliding(&port).filter(|(holder, _)| *holder != name.as_str());
            after.extend(holders.filter_map(|place| seen.places.get(place)));
        }
        for data in storage::written_by(self.model, service) {
            let writers = self.written.at(data).filter(|(writer, _)| *writer != name.as_str());
            after.extend(writers.filter_map(|place| seen.places.get(place)));
        }
        after
    }

    /// What every container waits for.
    fn early(&mut self) -> Vec<usize> {
        let early = &mut self.seen.early;
        if early.len() > GATE
            && let Some(last) = early.pop()
        {
            self.direct[last].append(early);
            early.push(last);
        }
        early.clone()
    }

    /// The containers that others are seen through.
    fn all_containers(&mut self) -> Vec<usize> {
        if self.seen.open.len() > GATE
            && let Some(first) = self.seen.removals.iter().find(|place| **place > self.seen.open[0])
        {
            return vec![*first];
        }
        let waited = &self.seen.waited;
        self.seen.open.retain(|place| !waited[*place]);
        self.seen.open.clone()
    }

    /// Containers of the services that a service needs, directly or through others that stay as they are.
    fn behind(&mut self, name: &'a str) -> Vec<usize> {
        let mut open = vec![(name, false)];
        let mut entered = HashSet::new();
        while let Some((name, looked)) = open.pop() {
            if self.seen.behind.contains_key(name) || !looked && !entered.insert(name) {
                continue;
            }
            let Some((_, service)) = self.model.services.get_key_value(name) else { continue };
            let needed: Vec<&str> = service.depends_on.keys().map(ServiceName::as_str).collect();
            let parents = service.parents();
            let parents = parents.iter().filter_map(|parent| self.model.services.get_key_value(parent));
            let needed: Vec<&str> = needed.into_iter().chain(parents.map(|(name, _)| name.as_str())).collect();
            let stays = |name: &&str| !self.seen.last_of.contains_key(*name);
            if !looked {
                open.push((name, true));
                let unknown = needed.iter().copied().filter(stays).filter(|name| !self.seen.behind.contains_key(name));
                open.extend(unknown.map(|name| (name, false)).collect::<Vec<_>>());
                continue;
            }
            let mut after: Vec<usize> = needed
                .iter()
                .flat_map(|name| self.seen.last_of.get(name).or_else(|| self.seen.behind.get(name)))
                .flatten()
                .copied()
                .collect();
            after.sort_unstable();
            after.dedup();
            self.seen.behind.insert(name, after);
        }
        self.seen.behind.get(name).cloned().unwrap_or_default()
    }

    /// The services that containers belong to.
    fn services_of(&self, ids: &'a [String]) -> BTreeSet<&'a str> {
        let containers = ids.iter().filter_map(|id| self.containers.get(id.as_str()));
        containers.map(|container| container.service.as_str()).collect()
    }

    fn see(&mut self, place: usize, work: &'a Work) {
        self.seen.waited.push(false);
        match &work.job {
            Job::Pull { service } => {
                let image = self.model.services.get(service).and_then(|service| service.image.as_deref());
                self.seen.pulls.entry(image.unwrap_or_default()).or_default().push(place);
            }
            Job::Bring { service, .. } => self.seen.images.entry(service.as_str()).or_default().push(place),
            Job::Build { service, context } => {
                self.seen.images.entry(service.as_str()).or_default().push(place);
                self.seen.contexts.entry(context.as_str()).or_default().push(place);
            }
            Job::CreateNetwork { key } => {
                self.seen.networks.insert(key, place);
            }
            Job::CreateVolume { key } => {
                self.seen.volumes.insert(key, place);
            }
            Job::ReplaceNetwork { .. } => self.seen.early.push(place),
            Job::Remove { containers } => {
                self.seen.early.push(place);
                self.seen.removals.push(place);
                for service in self.services_of(containers) {
                    for needed in self.dependencies.get(service).into_iter().flatten() {
                        self.seen.needed_by.entry(needed).or_default().push(place);
                    }
                }
            }
            Job::Container { service, number, frees, .. } => {
                for earlier in &self.direct[place] {
                    self.seen.waited[*earlier] = true;
                }
                self.seen.open.push(place);
                let last = self.seen.last_of.entry(service.as_str()).or_default();
                if work.change.action != Action::Create {
                    last.clear();
                }
                last.push(place);
                self.seen.places.insert((service.as_str(), *number), place);
                for stopped in self.services_of(frees) {
                    self.seen.stops.entry(stopped).or_default().push(place);
                }
            }
            Job::RemoveNetwork { .. } | Job::RemoveVolume { .. } | Job::RemoveImage { .. } => {
                if self.seen.removals.len().max(self.seen.open.len()) > GATE {
                    self.seen.gate.get_or_insert(place);
                }
            }
        }
    }
}
