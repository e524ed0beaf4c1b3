//! What a model needs and this engine, or this moment, does not have: told before anything is touched.

use std::collections::BTreeSet;

use sternway_model::{Code, Error, Location, Result, ServiceName};

use super::Want;
use crate::build::Builder;
use crate::model::{FileSource, MountKind, Service, at};
use crate::observe::Observed;

/// The API with which engines began to take all networks of a container at its creation, and with each an address of its own.
pub(crate) const ALL_NETWORKS_AT_ONCE: (u32, u32) = (1, 44);

/// Refuses settings that the engine is too old for or too far away for, and secrets and configs without content.
///
/// # Errors
/// [`Code::Unsupported`] or [`Code::InvalidInput`], with the key's path.
pub(super) fn check(observed: &Observed, want: &Want<'_>) -> Result<()> {
    for (name, service) in &want.model.services {
        for (key, needed) in needs(service) {
            new_enough(observed, &format!("services.{name}"), &key, needed)?;
        }
        if let Some(key) = for_windows(service).into_iter().find(|_| !observed.windows) {
            return Err(Error::new(
                Code::Unsupported,
                format!("`{key}` is for Windows containers, and the engine's are Linux"),
            )
            .hint("Remove it for this environment.")
            .at(at(&format!("services.{name}.{key}"))));
        }
        copied_into_read_only(observed, want, name, service)?;
        if let Some(build) = service.build.as_ref().filter(|_| !want.images.contains_key(name)) {
            Builder::choose(build, observed.api, observed.windows).map_err(|error| match error.at.clone() {
                Some(Location { key: Some(key), .. }) => error.at(at(&format!("services.{name}.{key}"))),
                _ => error,
            })?;
        }
    }
    for (name, network) in &want.model.networks {
        if network.enable_ipv4 == Some(false) {
            new_enough(observed, &format!("networks.{name}"), "enable_ipv4", (1, 48))?;
        }
    }
    own_paths(observed, want)?;
    let services = || want.model.services.values();
    let built = services().flat_map(|service| &service.build).flat_map(|build| &build.secrets);
    let secrets: BTreeSet<&String> =
        services().flat_map(|service| &service.secrets).chain(built).map(|grant| &grant.source).collect();
    let configs: BTreeSet<&String> =
        services().flat_map(|service| &service.configs).map(|grant| &grant.source).collect();
    for (section, used, sources) in
        [("secrets", secrets, &want.model.secrets), ("configs", configs, &want.model.configs)]
    {
        let empty = |source: &FileSource| source.content.is_none() && source.file.is_none();
        if let Some((key, _)) = sources.iter().find(|(key, source)| used.contains(key) && empty(source)) {
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

fn new_enough(observed: &Observed, place: &str, key: &str, needed: (u32, u32)) -> Result<()> {
    let (major, minor) = observed.api;
    if observed.api >= needed {
        return Ok(());
    }
    Err(Error::new(
        Code::Unsupported,
        format!("the engine is too old for `{key}`: its API is {major}.{minor}, needed is {}.{}", needed.0, needed.1),
    )
    .hint("Update the engine, or remove the key.")
    .at(at(&format!("{place}.{key}"))))
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
    for (index, mount) in service.volumes.iter().enumerate() {
        let mut need = |key: &str, api| needs.push((format!("volumes[{index}].{key}"), api));
        if mount.volume.subpath.is_some() {
            need("volume.subpath", (1, 45));
        }
        if matches!(mount.bind.recursive.as_deref(), Some("writable" | "readonly")) {
            need("bind.recursive", (1, 44));
        }
        match mount.kind {
            MountKind::Image => need("type", (1, 48)),
            MountKind::Cluster => need("type", (1, 42)),
            _ => {}
        }
    }
    for (index, (key, network)) in service.networks_in_order().into_iter().enumerate() {
        // Older engines know one address for the whole container; it is that of its first network.
        if network.mac_address.is_some() && index > 0 {
            needs.push((format!("networks.{key}.mac_address"), ALL_NETWORKS_AT_ONCE));
        }
        if network.gw_priority.is_some() {
            needs.push((format!("networks.{key}.gw_priority"), (1, 48)));
        }
    }
    needs
}

/// Keys that only Windows containers can have.
fn for_windows(service: &Service) -> Vec<String> {
    let mut keys = Vec::new();
    if service.credential_spec.is_some() {
        keys.push("credential_spec".to_owned());
    }
    if service.isolation.as_deref().is_some_and(|isolation| isolation != "default") {
        keys.push("isolation".to_owned());
    }
    let pipes = service.volumes.iter().enumerate().filter(|(_, mount)| mount.kind == MountKind::Npipe);
    keys.extend(pipes.map(|(index, _)| format!("volumes[{index}].type")));
    keys
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::Model;

    fn service(service: Value) -> Service {
        let network = json!({"name": "p_n", "ipam": {}});
        let model = json!({"name": "p", "services": {"a": service}, "networks": {"a": network, "b": network}});
        Model::decode(&model).expect("valid").services.remove("a").expect("there")
    }

    #[test]
    fn each_key_is_for_the_engines_that_know_it() {
        for (keys, key, since) in [
            (json!({"volumes": [{"type": "image", "source": "i", "target": "/i"}]}), "volumes[0].type", (1, 48)),
            (json!({"volumes": [{"type": "cluster", "source": "c", "target": "/c"}]}), "volumes[0].type", (1, 42)),
            (
                json!({"volumes": [{"type": "bind", "source": "/", "target": "/c", "bind": {"recursive": "readonly"}}]}),
                "volumes[0].bind.recursive",
                (1, 44),
            ),
            (
                json!({"networks": {"a": {"mac_address": "02:00:00:00:00:01"}, "b": {"mac_address": "02:00:00:00:00:02"}}}),
                "networks.b.mac_address",
                (1, 44),
            ),
            (json!({"networks": {"b": {"gw_priority": 1}}}), "networks.b.gw_priority", (1, 48)),
        ] {
            let mut whole = json!({"image": "i"});
            whole.as_object_mut().expect("an object").extend(keys.as_object().expect("an object").clone());
            assert_eq!(needs(&service(whole)), [(key.to_owned(), since)]);
        }
    }

    #[test]
    fn windows_keys_are_told_apart() {
        let windows = json!({"image": "i", "isolation": "hyperv", "credential_spec": {"file": "c.json"},
            "volumes": [{"type": "npipe", "source": "x", "target": "y"}]});
        assert_eq!(for_windows(&service(windows)), ["credential_spec", "isolation", "volumes[0].type"]);
        assert!(for_windows(&service(json!({"image": "i", "isolation": "default"}))).is_empty());
    }
}
