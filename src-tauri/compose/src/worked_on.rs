//! The volumes that a job worked on. A migration that has run is done for the data that was there then: a volume that was made
//! anew since has nothing of it.

use std::collections::{BTreeMap, BTreeSet};

use sternway_model::ServiceName;

use crate::labels;
use crate::model::{Model, MountKind};
use crate::observe::{Container, Volume};

/// When volumes were made, by their names; empty where that is not known. The engine's own time of creation changes with what is
/// in a volume, so that it is written into a label.
pub(crate) type Made = BTreeMap<String, String>;

/// When these volumes were made.
pub(crate) fn made(volumes: &BTreeMap<String, Volume>) -> Made {
    let made = |volume: &Volume| volume.labels.get(labels::MADE).cloned().unwrap_or_default();
    volumes.iter().map(|(name, volume)| (name.clone(), made(volume))).collect()
}

/// Names of the volumes of a service and of all that it waits for, directly or not.
pub(crate) fn volumes_behind<'m>(model: &'m Model, service: &'m ServiceName) -> BTreeSet<&'m String> {
    let (mut services, mut open) = (BTreeSet::new(), vec![service]);
    while let Some(name) = open.pop() {
        if services.insert(name)
            && let Some(service) = model.services.get(name)
        {
            open.extend(service.depends_on.keys());
        }
    }
    let mounts = services.into_iter().filter_map(|name| model.services.get(name)).flat_map(|service| &service.volumes);
    let keys = mounts.filter(|mount| mount.kind == MountKind::Volume).filter_map(|mount| mount.source.as_ref());
    keys.filter_map(|key| model.volumes.get(key)).map(|volume| &volume.name).collect()
}

/// What a job's container is labelled with.
pub(crate) fn label(model: &Model, job: &ServiceName, made: &Made) -> String {
    let behind = volumes_behind(model, job).into_iter();
    let known: BTreeMap<&String, &str> = behind.filter_map(|name| Some((name, made.get(name)?.as_str()))).collect();
    serde_json::json!(known).to_string()
}

/// A volume that is not the one that a job's container worked on, if there is one.
pub(crate) fn renewed(model: &Model, job: &ServiceName, container: &Container, made: &Made) -> Option<String> {
    let worked_on: Made = serde_json::from_str(container.labels.get(labels::VOLUMES)?).ok()?;
    let known = |name: &String| made.get(name).is_some_and(|now| worked_on.get(name) == Some(now));
    volumes_behind(model, job).into_iter().find(|name| !known(name)).cloned()
}
