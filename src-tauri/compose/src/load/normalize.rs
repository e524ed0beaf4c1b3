//! Defaults, names and what is implied: the default network, dependencies from links and shared namespaces.
//!
//! Source of the rules: compose-go's `transform.SetDefaultValues` and `loader.Normalize`.

use std::cell::RefCell;
use std::collections::HashSet;

use serde_json::{Map, Value, json};

use sternway_model::Result;
use sternway_model::template::Budget;

use super::variables::Lookup;
use super::{environment, mounts};

/// Fills in what is not written. The model is in canonical form, and its paths are absolute.
///
/// # Errors
/// If values that are passed on become too many.
pub(super) fn normalize(
    model: &mut Map<String, Value>,
    project: &str,
    lookup: Lookup<'_>,
    budget: &RefCell<Budget>,
) -> Result<()> {
    let mut uses_default = false;
    for service in map(model, "services").into_iter().flat_map(|services| services.values_mut()) {
        let Value::Object(service) = service else { continue };
        uses_default |= attach(service);
        defaults(service);
        environment::pass_on(service, lookup, budget)?;
        dependencies(service);
    }
    if uses_default {
        let networks = model.entry("networks").or_insert_with(|| json!({}));
        if let Value::Object(networks) = networks {
            networks.entry("default").or_insert(Value::Null);
        }
    }
    for kind in ["networks", "volumes", "secrets", "configs"] {
        for (key, resource) in map(model, kind).into_iter().flatten() {
            if resource.is_null() {
                *resource = json!({});
            }
            let Value::Object(resource) = resource else { continue };
            let external = resource.get("external") == Some(&Value::Bool(true));
            let name = if external { key.clone() } else { format!("{project}_{key}") };
            resource.entry("name").or_insert(Value::String(name));
        }
    }
    Ok(())
}

/// Attaches a service without networks to the default one; says whether it uses that.
fn attach(service: &mut Map<String, Value>) -> bool {
    if service.contains_key("network_mode") {
        return false;
    }
    let networks = service.entry("networks").or_insert_with(|| json!({}));
    let Value::Object(networks) = networks else { return false };
    if networks.is_empty() {
        networks.insert("default".to_owned(), Value::Null);
    }
    networks.contains_key("default")
}

fn defaults(service: &mut Map<String, Value>) {
    if service.get("pull_policy").is_some_and(|policy| policy == "if_not_present") {
        service.insert("pull_policy".to_owned(), json!("missing"));
    }
    if let Some(Value::Object(build)) = service.get_mut("build")
        && !build.contains_key("dockerfile_inline")
    {
        build.entry("dockerfile").or_insert(json!("Dockerfile"));
    }
    for secret in items(service.get_mut("secrets")) {
        let source = secret.get("source").and_then(Value::as_str).unwrap_or_default().to_owned();
        if let Value::Object(secret) = secret {
            secret.entry("target").or_insert(Value::String(format!("/run/secrets/{source}")));
        }
    }
    for mount in items(service.get_mut("volumes")) {
        if let Some(Value::String(target)) = mount.get_mut("target") {
            *target = mounts::clean(target);
        }
    }
    for port in items(service.get_mut("ports")) {
        if let Value::Object(port) = port {
            port.entry("mode").or_insert(json!("ingress"));
            port.entry("protocol").or_insert(json!("tcp"));
        }
    }
    if let Some(scale) = service.get("scale").cloned()
        && let Some(Value::Object(deploy)) = service.get_mut("deploy")
    {
        deploy.entry("replicas").or_insert(scale);
    }
    let reserved = service.get_mut("deploy").and_then(|deploy| deploy.pointer_mut("/resources/reservations/devices"));
    items(reserved).for_each(count);
    items(service.get_mut("gpus")).for_each(count);
}

/// A device that is neither counted nor named means all there are.
fn count(device: &mut Value) {
    if let Value::Object(device) = device
        && !device.contains_key("device_ids")
    {
        device.entry("count").or_insert(json!("all"));
    }
}

/// What a service links to or shares something with, it depends on.
fn dependencies(service: &mut Map<String, Value>) {
    let mut implied: Vec<(String, bool)> = Vec::new();
    for link in texts(service.get("links")) {
        implied.push((link.split(':').next().unwrap_or_default().to_owned(), true));
    }
    for namespace in ["network_mode", "ipc", "pid", "uts", "cgroup"] {
        let shared = service.get(namespace).and_then(Value::as_str).and_then(|mode| mode.strip_prefix("service:"));
        implied.extend(shared.map(|shared| (shared.to_owned(), true)));
    }
    for source in texts(service.get("volumes_from")).filter(|source| !source.starts_with("container:")) {
        implied.push((source.split(':').next().unwrap_or_default().to_owned(), false));
    }
    if implied.is_empty() {
        return;
    }
    let known = service.entry("depends_on").or_insert_with(|| json!({}));
    if let Value::Object(known) = known {
        for (name, restart) in implied {
            let dependency = json!({"condition": "service_started", "restart": restart, "required": true});
            known.entry(name).or_insert(dependency);
        }
    }
}

fn map<'a>(model: &'a mut Map<String, Value>, key: &str) -> Option<&'a mut Map<String, Value>> {
    model.get_mut(key).and_then(Value::as_object_mut)
}

fn items(list: Option<&mut Value>) -> impl Iterator<Item = &mut Value> {
    list.and_then(Value::as_array_mut).into_iter().flatten()
}

fn texts(list: Option<&Value>) -> impl Iterator<Item = &str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// Takes the networks, volumes, secrets and configs out that no service uses.
pub(super) fn drop_unused(model: &mut Map<String, Value>) {
    for kind in ["networks", "volumes", "secrets", "configs"] {
        let services = model.get("services").and_then(Value::as_object).into_iter().flat_map(Map::values);
        let used: HashSet<String> = services.flat_map(|service| uses(service, kind)).map(str::to_owned).collect();
        if let Some(resources) = map(model, kind) {
            resources.retain(|name, _| used.contains(name));
        }
    }
}

/// The names of the networks, volumes, secrets or configs that a service uses.
fn uses<'a>(service: &'a Value, kind: &str) -> Vec<&'a str> {
    let sources = |list: Option<&'a Value>| {
        let items = list.and_then(Value::as_array).into_iter().flatten();
        items.filter_map(|item| item.get("source").and_then(Value::as_str))
    };
    match kind {
        "networks" => {
            let networks = service.get("networks").and_then(Value::as_object);
            networks.into_iter().flat_map(Map::keys).map(String::as_str).collect()
        }
        "secrets" => sources(service.get("secrets")).chain(sources(service.pointer("/build/secrets"))).collect(),
        "volumes" => {
            let mounts = service.get("volumes").and_then(Value::as_array).into_iter().flatten();
            let volumes = mounts.filter(|mount| mount.get("type").is_some_and(|kind| kind == "volume"));
            volumes.filter_map(|mount| mount.get("source").and_then(Value::as_str)).collect()
        }
        _ => sources(service.get(kind)).collect(),
    }
}
