//! Ports of the host, and data, that go from one service to another within a plan.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sternway_model::ServiceName;

use crate::decide::host_ports;
use crate::model::{Model, Service};
use crate::observe::{Container, Observed};
use crate::ports::PortIndex;
use crate::storage::{self, StorageIndex};
use crate::waiting::Waiting;

/// Who has a port now that another service takes, or writes to what another one takes over.
pub(super) struct Handover<'o>(HashMap<&'o ServiceName, Vec<Held<'o>>>);

/// A container of another service that has what a service takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held<'o> {
    pub container: &'o Container,
    /// The place to which it writes; else it is a port.
    pub place: Option<&'o str>,
}

impl<'o> Handover<'o> {
    pub fn new(observed: &'o Observed, model: &'o Model) -> Self {
        let published = |service| host_ports(service).into_iter();
        let services = model.services.iter();
        let wanted =
            PortIndex::new(services.flat_map(|(name, service)| published(service).map(move |port| (port, name))));
        let written = StorageIndex::new(model.services.iter().flat_map(|(name, service)| {
            let runs = service.replicas() > 0;
            storage::written_by(model, service).filter(move |_| runs).map(move |place| (place, name))
        }));
        let mut holders: HashMap<&ServiceName, Vec<Held<'o>>> = HashMap::new();
        for container in &observed.containers {
            let Some((name, holder)) = model.services.get_key_value(container.service.as_str()) else { continue };
            let kept = PortIndex::new(published(holder).map(|port| (port, ())));
            let goes_over = container.ports.iter().filter(|held| !kept.collides(held));
            let takers: BTreeSet<&ServiceName> = goes_over.flat_map(|held| wanted.colliding(held)).copied().collect();
            for taker in takers.into_iter().filter(|taker| *taker != name) {
                holders.entry(taker).or_default().push(Held { container, place: None });
            }
            for place in given_up(model, holder, container) {
                for taker in written.at(place).filter(|taker| **taker != name) {
                    let taken = holders.entry(taker).or_default();
                    if !taken.iter().any(|held| held.container.id == container.id) {
                        taken.push(Held { container, place: Some(place) });
                    }
                }
            }
        }
        Self(holders)
    }

    /// The containers of other services that have a port or data which a service takes and that they do not keep.
    pub fn holders(&self, taker: &ServiceName) -> impl Iterator<Item = Held<'o>> {
        self.0.get(taker).into_iter().flatten().copied()
    }

    /// The order in which services get their containers: as they depend on each other, and where that leaves it open, who has a
    /// port before who takes it. Of two services that swap ports, or one whose port the other needs before it, the holder stops
    /// early.
    pub fn order<'m>(&self, model: &'m Model, services: Vec<&'m ServiceName>) -> Vec<&'m ServiceName> {
        let places: BTreeMap<&str, usize> = (0..).zip(&services).map(|(place, name)| (name.as_str(), place)).collect();
        let place = |name: &str| places.get(name).copied();
        let needs = |name: &&ServiceName| {
            model.services[*name].depends_on.keys().filter_map(|needed| place(needed.as_str())).collect()
        };
        let wishes =
            |name: &&ServiceName| self.holders(name).filter_map(|held| place(&held.container.service)).collect();
        let must: Vec<Vec<usize>> = services.iter().map(needs).collect();
        let should: Vec<Vec<usize>> = services.iter().map(wishes).collect();
        let mut waiting = Waiting::new(&must, &should);
        std::iter::from_fn(|| waiting.next_anyway()).map(|place| services[place]).collect()
    }
}

/// What a container writes to and its service, as it is wanted, does not.
pub(super) fn given_up<'o>(
    model: &'o Model,
    service: &'o Service,
    container: &'o Container,
) -> impl Iterator<Item = &'o str> {
    let kept = StorageIndex::new(storage::written_by(model, service).map(|place| (place, ())));
    let anonymous = |place: &str| storage::is_anonymous(place);
    storage::held(container).filter(move |place| !anonymous(place) && kept.at(place).next().is_none())
}

/// Ports that several containers of one service want to publish at the same time.
pub(super) fn too_narrow(model: &Model) -> Vec<String> {
    let several = model.services.iter().filter(|(_, service)| service.replicas() > 1);
    let ports =
        several.flat_map(|(name, service)| host_ports(service).into_iter().map(move |port| (name, service, port)));
    ports
        .filter(|(_, service, port)| port.width() < service.replicas())
        .map(|(name, service, port)| {
            let (count, port, protocol) = (service.replicas(), &port.port, &port.protocol);
            format!(
                "service {name} has {count} containers, which cannot all publish port {port}/{protocol} of the host: give it one \
                 container, a range of ports, or no published port"
            )
        })
        .collect()
}

/// Ports that two services of a model want to publish at the same time; of several that want one, each with the first.
pub(super) fn claimed_twice(model: &Model) -> Vec<String> {
    let mut claims: PortIndex<&ServiceName> = PortIndex::new([]);
    let mut twice = Vec::new();
    for (name, service) in model.services.iter().filter(|(_, service)| service.replicas() > 0) {
        for port in host_ports(service) {
            if let Some(other) = claims.colliding(&port).find(|other| **other != name) {
                let (port, protocol) = (&port.port, &port.protocol);
                twice.push(format!(
                    "services {other} and {name} both publish port {port}/{protocol} of the host: change one of them"
                ));
            }
            claims.add(port, name);
        }
    }
    twice
}
