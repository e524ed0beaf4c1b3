//! What a model needs and this engine, or this moment, does not have: told before anything is touched.

use sternway_model::{Code, Error, Result};

use super::Want;
use crate::model::{Service, at};
use crate::observe::Observed;

/// Refuses settings that the engine is too old for, and secrets and configs without content.
///
/// # Errors
/// [`Code::Unsupported`] or [`Code::InvalidInput`], with the key's path.
pub(super) fn check(observed: &Observed, want: &Want<'_>) -> Result<()> {
    let (major, minor) = observed.api;
    for (name, service) in &want.model.services {
        let newer = needs(service).into_iter().find(|(_, needed)| observed.api < *needed);
        if let Some((key, (needed_major, needed_minor))) = newer {
            return Err(Error::new(
                Code::Unsupported,
                format!("the engine is too old for `{key}`: its API is {major}.{minor}, needed is {needed_major}.{needed_minor}"),
            )
            .hint("Update the engine, or remove the key.")
            .at(at(&format!("services.{name}.{key}"))));
        }
    }
    let kinds = [("secrets", &want.model.secrets), ("configs", &want.model.configs)];
    for (section, key, source) in
        kinds.iter().flat_map(|(section, sources)| sources.iter().map(move |(key, s)| (section, key, s)))
    {
        let used = want.model.services.values().any(|service| {
            let grants = if *section == "secrets" { &service.secrets } else { &service.configs };
            grants.iter().any(|grant| grant.source == *key)
        });
        if used && source.content.is_none() && source.file.is_none() {
            return Err(Error::invalid(format!("`{section}.{key}` has no content"))
                .hint("Give it `file:`, `content:`, or `environment:` with a variable that is set.")
                .at(at(&format!("{section}.{key}"))));
        }
    }
    Ok(())
}

/// Keys of a service that older engines do not know, and the API that brought them.
fn needs(service: &Service) -> Vec<(&'static str, (u32, u32))> {
    let mut needs = Vec::new();
    if !service.annotations.is_empty() {
        needs.push(("annotations", (1, 43)));
    }
    if service.healthcheck.as_ref().is_some_and(|check| check.start_interval.is_some()) {
        needs.push(("healthcheck.start_interval", (1, 44)));
    }
    if service.volumes.iter().any(|mount| mount.volume.subpath.is_some()) {
        needs.push(("volumes", (1, 45)));
    }
    needs
}
