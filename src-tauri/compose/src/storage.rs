//! Where data lies that only one container at a time may write to: volumes, and paths of the host. Two processes on the same data are how
//! databases get damaged.

use std::collections::BTreeMap;
use std::ops::Bound;

use bollard::models::{ContainerSummary, ContainerSummaryStateEnum};
use serde::Serialize;
use sternway_model::ServiceName;

use crate::model::{Model, MountKind, Service};
use crate::observe::{Container, State, shared_place};
use crate::ports::{Who, who};

/// A place outside the project that a container of somebody else writes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Written {
    /// A volume's name, or a path of the host.
    pub place: String,
    /// Who writes to it.
    pub by: Who,
}

/// Volumes and paths of the host that a service can write to.
pub(crate) fn written_by<'m>(model: &'m Model, service: &'m Service) -> impl Iterator<Item = &'m str> {
    let writable = service.volumes.iter().filter(|mount| !mount.read_only);
    let places = writable.filter_map(|mount| match (mount.kind, &mount.source) {
        (MountKind::Volume, Some(key)) => model.volumes.get(key).map(|volume| volume.name.as_str()),
        (MountKind::Bind, Some(path)) => Some(path.as_str()),
        _ => None,
    });
    places.filter(|place| holds_data(place))
}

/// Places that a container writes to while it runs.
pub(crate) fn held(container: &Container) -> impl Iterator<Item = &str> {
    let runs = matches!(container.state, State::Running | State::Paused | State::Restarting);
    container.writes.iter().map(String::as_str).filter(move |place| runs && holds_data(place))
}

/// Whether a volume has no name of its own: the engine gives it 64 hexadecimal digits. A replacement gets it from its predecessor.
pub(crate) fn is_anonymous(place: &str) -> bool {
    place.len() == 64 && place.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Sockets, devices and the system's own folders are shared on purpose, and nothing is kept there.
fn holds_data(place: &str) -> bool {
    const OF_THE_SYSTEM: [&str; 6] = ["/dev", "/proc", "/run", "/sys", "/tmp/.X11-unix", "/var/run"];
    let system = OF_THE_SYSTEM.iter().any(|folder| place.strip_prefix(folder).is_some_and(is_below));
    !system && !place.ends_with(".sock") && !matches!(place, "/etc/localtime" | "/etc/timezone" | "/etc/hosts")
}

fn is_below(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('/')
}

/// What belongs to places, found by the place or by one that it lies in or that lies in it.
#[derive(Debug, Default)]
pub(crate) struct StorageIndex<T>(BTreeMap<String, Vec<T>>);

impl<T> StorageIndex<T> {
    pub fn new<'p>(places: impl IntoIterator<Item = (&'p str, T)>) -> Self {
        let mut by_place: BTreeMap<String, Vec<T>> = BTreeMap::new();
        for (place, of) in places {
            by_place.entry(cleaned(place).to_owned()).or_default().push(of);
        }
        Self(by_place)
    }

    /// What is at a place, in it or around it.
    pub fn at<'s>(&'s self, place: &str) -> impl Iterator<Item = &'s T> + use<'s, T> {
        let place = cleaned(place);
        let here = self.0.get(place).into_iter();
        let is_path = place.starts_with('/');
        let around = std::iter::successors(parent(place).filter(|_| is_path), |folder| parent(folder));
        let around: Vec<&Vec<T>> = around.filter_map(|folder| self.0.get(folder)).collect();
        let begin = format!("{}/", place.trim_end_matches('/'));
        let below = self.0.range::<str, _>((Bound::Included(begin.as_str()), Bound::Unbounded));
        let below: Vec<&Vec<T>> = below
            .take_while(|(path, _)| is_path && path.starts_with(&begin))
            .filter(|(path, _)| path.as_str() != place)
            .map(|(_, of)| of)
            .collect();
        here.chain(around).chain(below).flatten()
    }
}

/// A path without the slash at its end.
fn cleaned(place: &str) -> &str {
    match place.trim_end_matches('/') {
        "" if place.starts_with('/') => "/",
        cleaned => cleaned,
    }
}

/// The folder that a path lies in. The root is nobody's data.
fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(folder, _)| folder).filter(|folder| !folder.is_empty())
}

/// What these containers write to as far as they run, ordered by place.
pub(crate) fn written(containers: &[ContainerSummary]) -> Vec<Written> {
    let mut written: Vec<Written> = Vec::new();
    let stopped =
        [ContainerSummaryStateEnum::CREATED, ContainerSummaryStateEnum::EXITED, ContainerSummaryStateEnum::DEAD];
    for container in containers.iter().filter(|container| container.state.is_none_or(|state| !stopped.contains(&state)))
    {
        let places = container.mounts.iter().flatten().filter(|mount| mount.rw != Some(false));
        let places = places.filter_map(shared_place).filter(|place| holds_data(place));
        written.extend(places.map(|place| Written { place, by: who(container) }));
    }
    written.sort_by(|a, b| (&a.place, a.by.to_string()).cmp(&(&b.place, b.by.to_string())));
    written
}

/// What to say where a service would write to what a container of somebody else writes to: what stops it, and what the person should
/// know. Volumes that are declared `external` and paths of the host are shared on purpose by many.
pub(crate) fn shared_with_others(
    model: &Model,
    name: &ServiceName,
    service: &Service,
    others: &StorageIndex<&Who>,
) -> (Vec<String>, Vec<String>) {
    let (mut blockers, mut notes) = (Vec::new(), Vec::new());
    for place in written_by(model, service) {
        let volume = model.volumes.iter().find(|(_, volume)| volume.name == place);
        for by in others.at(place) {
            match volume {
                Some((key, volume)) if !volume.external => blockers.push(format!(
                    "{name} would write to the volume {key} ({place}), to which {by} writes now: two programs on the same data damage it. \
                     Stop that container, or declare the volume `external: true` if both are made for it"
                )),
                _ => notes.push(format!("{name} writes to {place}, to which {by} writes, too")),
            }
        }
    }
    (blockers, notes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_with_what_lies_in_them() {
        let index = StorageIndex::new([("data", 1), ("/srv/a", 2), ("/srv/a/b/", 3), ("/srv/ab", 4), ("/srv", 5)]);
        let at = |place: &str| {
            let mut found: Vec<i32> = index.at(place).copied().collect();
            found.sort_unstable();
            found
        };
        assert_eq!(at("data"), [1]);
        assert_eq!(at("dat"), [0; 0]);
        assert_eq!(at("/srv/a"), [2, 3, 5]);
        assert_eq!(at("/srv/a/b/c"), [2, 3, 5]);
        assert_eq!(at("/srv/ab"), [4, 5]);
        assert_eq!(at("/etc"), [0; 0]);
    }

    #[test]
    fn sockets_and_devices_are_nobodys_data() {
        for place in ["/var/run/docker.sock", "/dev/snd", "/proc", "/run/user/1000/bus", "/etc/localtime"] {
            assert!(!holds_data(place), "{place}");
        }
        for place in ["data", "/srv/data", "/running", "/home/me/.socket/data"] {
            assert!(holds_data(place), "{place}");
        }
        assert!(is_anonymous(&"0a".repeat(32)) && !is_anonymous("p_data"));
    }
}
