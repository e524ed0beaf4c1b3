//! What has to wait for what. Everything else may be done at the same time.

use std::collections::BTreeSet;

use sternway_model::{Action, ServiceName};

use super::{ImageSource, Job, Work};
use crate::decide;
use crate::model::Model;
use crate::observe::Observed;

/// Notes for each piece of work what it waits for.
pub(super) fn order(work: &mut [Work], model: &Model, observed: &Observed) {
    let around = Around { model, observed };
    // Whatever each waits for, directly or through others.
    let mut all: Vec<BTreeSet<usize>> = Vec::with_capacity(work.len());
    for later in 0..work.len() {
        let direct: Vec<usize> = (0..later).filter(|earlier| around.waits(&work[later], &work[*earlier])).collect();
        let through: BTreeSet<usize> = direct.iter().flat_map(|earlier| all[*earlier].iter().copied()).collect();
        work[later].after = direct.iter().copied().filter(|earlier| !through.contains(earlier)).collect();
        all.push(direct.into_iter().chain(through).collect());
    }
}

struct Around<'a> {
    model: &'a Model,
    observed: &'a Observed,
}

impl Around<'_> {
    /// Whether a piece of work has to wait for an earlier one.
    fn waits(&self, later: &Work, earlier: &Work) -> bool {
        match (&later.job, &earlier.job) {
            (Job::Container { service, number, image, .. }, earlier_job) => {
                self.container_waits(service.as_str(), *number, image, later.change.action, earlier_job)
            }
            // Equal files are built once, and the later service takes the image; or it takes files from the image.
            (Job::Build { service, context: later }, Job::Build { service: other, context: earlier }) => {
                let build = self.model.services.get(service).and_then(|service| service.build.as_ref());
                later == earlier || build.is_some_and(|build| build.built_before().any(|name| name == other.as_str()))
            }
            // What nobody wants any more goes when what takes its place has proved itself.
            (
                Job::Remove { .. } | Job::RemoveNetwork { .. } | Job::RemoveVolume { .. } | Job::RemoveImage { .. },
                Job::Container { .. },
            )
            | (Job::RemoveNetwork { .. } | Job::RemoveVolume { .. } | Job::RemoveImage { .. }, Job::Remove { .. }) => {
                true
            }
            (Job::Remove { containers: dependency }, Job::Remove { containers: dependent }) => {
                let dependencies: BTreeSet<&str> =
                    self.services(dependent).flat_map(|service| self.observed.dependencies_of(service)).collect();
                self.services(dependency).any(|service| dependencies.contains(service))
            }
            _ => false,
        }
    }

    fn container_waits(&self, name: &str, number: u32, image: &ImageSource, action: Action, earlier: &Job) -> bool {
        let Some(service) = self.model.services.get(name) else { return true };
        match earlier {
            Job::Pull { service: puller } => {
                let pulled = self.model.services.get(puller).and_then(|service| service.image.as_ref());
                matches!(image, ImageSource::Pulled(reference) if Some(reference) == pulled)
            }
            Job::Bring { service: built, .. } | Job::Build { service: built, .. } => built.as_str() == name,
            Job::CreateNetwork { key } => service.networks.contains_key(key),
            Job::CreateVolume { key } => service.volumes.iter().any(|mount| mount.source.as_ref() == Some(key)),
            // The one takes containers out of the network and puts them back; the other frees a port or a name.
            Job::ReplaceNetwork { .. } | Job::Remove { .. } => true,
            Job::Container { service: other, number: place, .. } if other.as_str() == name => {
                // Of several containers of a service only one at a time is away.
                action != Action::Create && *place < number
            }
            Job::Container { service: other, number: place, frees, .. } => {
                self.services(frees).any(|holder| holder == name)
                    || self.needs(name, other)
                    || self.holds_port_of(other, *place, name)
            }
            Job::RemoveNetwork { .. } | Job::RemoveVolume { .. } | Job::RemoveImage { .. } => false,
        }
    }

    /// Whether a service needs another one, directly or through others: those may stay as they are.
    fn needs(&self, name: &str, other: &ServiceName) -> bool {
        let mut open = vec![name.to_owned()];
        let mut seen = BTreeSet::new();
        while let Some(name) = open.pop() {
            let Some(service) = self.model.services.get(name.as_str()) else { continue };
            for needed in service.depends_on.keys().cloned().chain(service.parents()) {
                if needed == *other {
                    return true;
                }
                if seen.insert(needed.clone()) {
                    open.push(needed.to_string());
                }
            }
        }
        false
    }

    /// Whether the container that has a place now holds a port which a service wants to publish.
    fn holds_port_of(&self, holder: &ServiceName, number: u32, name: &str) -> bool {
        let Some(service) = self.model.services.get(name) else { return false };
        let wanted = decide::host_ports(service);
        let holders = self.observed.containers.iter();
        let mut holders = holders.filter(|held| held.service == holder.as_str() && held.number == number);
        holders.any(|container| container.holds_any(&wanted))
    }

    /// The services that containers belong to.
    fn services<'s>(&'s self, ids: &'s [String]) -> impl Iterator<Item = &'s str> {
        let containers = self.observed.containers.iter().filter(|container| ids.contains(&container.id));
        containers.map(|container| container.service.as_str())
    }
}
