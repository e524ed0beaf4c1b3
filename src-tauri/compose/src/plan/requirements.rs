//! What a model needs and this engine, or this moment, does not have: told before anything is touched.

use sternway_model::{Code, Error, Result, ServiceName};

use super::Want;
use crate::model::{Service, at};
use crate::observe::Observed;

/// Refuses settings that the engine is too old for or too far away for, and secrets and configs without content.
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
        copied_into_read_only(observed, want, name, service)?;
    }
    own_paths(observed, want)?;
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

/// Refuses mounts of this machine's paths into containers of another machine: the engine would make empty folders of them.
fn own_paths(observed: &Observed, want: &Want<'_>) -> Result<()> {
    match want.model.host_paths().find(|(_, path)| observed.own_paths.contains(*path)) {
        None => Ok(()),
        Some((key, path)) => Err(Error::new(
            Code::Unsupported,
            format!("{path} is a path of this machine, and the engine is on another one"),
        )
        .hint(
            "Files travel as `configs` or `secrets` with `file:`, or in an image that is built; data belongs into a named volume.",
        )
        .at(at(&key))),
    }
}

/// The engine copies nothing into a container whose root is read-only, not even before its start. Next to the engine files are
/// mounted; that those with a content of their own cannot be copied is known without looking at it.
fn copied_into_read_only(observed: &Observed, want: &Want<'_>, name: &ServiceName, service: &Service) -> Result<()> {
    let kinds =
        [("secrets", &service.secrets, &want.model.secrets), ("configs", &service.configs, &want.model.configs)];
    for (section, grants, sources) in kinds.into_iter().filter(|_| observed.remote && service.read_only) {
        let copied =
            grants.iter().position(|grant| sources.get(&grant.source).is_some_and(|source| source.file.is_some()));
        if let Some(index) = copied {
            return Err(Error::new(
                Code::Unsupported,
                format!("`{}` would have to be copied into {name}, which is `read_only`", grants[index].source),
            )
            .hint("On another machine files are copied, not mounted. Put it into `environment`, or leave `read_only` out.")
            .at(at(&format!("services.{name}.{section}[{index}]"))));
        }
    }
    Ok(())
}

/// Keys of a service that engines of API 1.41 do not know, and the API that brought them (the Engine API's version history).
/// What is done in another way on older engines, such as connecting to several networks at creation (1.44), is not here.
fn needs(service: &Service) -> Vec<(String, (u32, u32))> {
    let mut needs = Vec::new();
    if !service.annotations.is_empty() {
        needs.push(("annotations".to_owned(), (1, 43)));
    }
    if service.healthcheck.as_ref().is_some_and(|check| check.start_interval.is_some()) {
        needs.push(("healthcheck.start_interval".to_owned(), (1, 44)));
    }
    for (index, _) in service.volumes.iter().enumerate().filter(|(_, mount)| mount.volume.subpath.is_some()) {
        needs.push((format!("volumes[{index}].volume.subpath"), (1, 45)));
    }
    needs
}
