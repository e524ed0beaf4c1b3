//! From short forms to long ones, so that everything after sees one form only.

use serde_json::{Map, Value, json};
use sternway_model::yaml::join;
use sternway_model::{Error, Result};

use super::mounts;
use super::numbers::{flag, text};
use super::places::Places;
use super::{ports, sizes};

/// Rewrites the whole model; what is long already stays.
///
/// # Errors
/// [`sternway_model::Code::InvalidInput`], with its place, for a short form that cannot be understood.
pub(super) fn canonical(model: &mut Value, places: &Places) -> Result<()> {
    for kind in ["networks", "volumes", "secrets", "configs"] {
        each(model.get_mut(kind), |name, resource| external(&format!("{kind}.{name}"), resource, places))?;
    }
    let mut ports = 0;
    each(model.get_mut("services"), |name, body| {
        let path = format!("services.{name}");
        service(&path, body, places)?;
        ports += body.get("ports").and_then(Value::as_array).map_or(0, Vec::len);
        sizes::all_ports(ports).map_err(|error| places.locate(error, &join(&path, "ports")))
    })
}

fn each(section: Option<&mut Value>, mut change: impl FnMut(&str, &mut Value) -> Result<()>) -> Result<()> {
    match section {
        Some(Value::Object(section)) => section.iter_mut().try_for_each(|(name, value)| change(name, value)),
        _ => Ok(()),
    }
}

/// Rewrites one service; `path` is its key, for errors.
///
/// # Errors
/// As [`canonical`].
pub(super) fn service(path: &str, body: &mut Value, places: &Places) -> Result<()> {
    let Value::Object(service) = body else { return Ok(()) };
    if let Some(build) = service.get_mut("build") {
        if let Value::String(context) = build {
            *build = json!({"context": context.as_str()});
        }
        if let Value::Object(build) = build {
            files(build.get_mut("secrets"));
            contexts(build.get_mut("additional_contexts"))
                .and_then(|()| agents(build.get("ssh")))
                .map_err(|error| places.locate(error, &format!("{path}.build")))?;
        }
    }
    files(service.get_mut("secrets"));
    files(service.get_mut("configs"));
    names(service.get_mut("depends_on"), &json!({"condition": "service_started", "required": true}));
    names(service.get_mut("networks"), &Value::Null);
    env_files(service.get_mut("env_file"));
    for key in ["dns", "dns_search", "tmpfs", "label_file"] {
        list(service.get_mut(key));
    }
    if let Some(Value::Array(servers)) = service.get_mut("dns") {
        // A variable without a value names no server.
        servers.retain(|server| server != "");
    }
    if let Some(Value::Object(dependencies)) = service.get_mut("depends_on") {
        for dependency in dependencies.values_mut().filter_map(Value::as_object_mut) {
            dependency.entry("required").or_insert(Value::Bool(true));
        }
    }
    let located = |error: Error, list: &str, index: usize| places.locate(error, &format!("{path}.{list}[{index}]"));
    if let Some(Value::Array(devices)) = service.get_mut("devices") {
        for (index, item) in devices.iter_mut().enumerate() {
            device(item).map_err(|error| located(error, "devices", index))?;
        }
    }
    if let Some(gpus) = service.get_mut("gpus")
        && gpus == "all"
    {
        *gpus = json!([{"count": "all"}]);
    }
    if let Some(Value::Array(mounted)) = service.get_mut("volumes") {
        for (index, item) in mounted.iter_mut().enumerate() {
            if let Value::String(short) = item {
                *item = mounts::long(short).map_err(|error| located(error, "volumes", index))?;
            }
        }
    }
    if let Some(Value::Array(published)) = service.get_mut("ports") {
        let mut expanded = Vec::with_capacity(published.len());
        for (index, port) in published.drain(..).enumerate() {
            match port {
                Value::Object(_) => expanded.push(port),
                short => {
                    expanded.extend(ports::long(&text(&short)).map_err(|error| located(error, "ports", index))?);
                }
            }
            sizes::ports(expanded.len()).map_err(|error| located(error, "ports", index))?;
        }
        *published = expanded;
    }
    Ok(())
}

/// `- name` is short for `- source: name`.
fn files(list: Option<&mut Value>) {
    if let Some(Value::Array(items)) = list {
        for item in items {
            if let Value::String(source) = item {
                *item = json!({"source": source.as_str()});
            }
        }
    }
}

/// A list of names is short for a mapping from each to the same.
fn names(value: Option<&mut Value>, each: &Value) {
    if let Some(value) = value
        && let Value::Array(items) = value
    {
        let map = items.iter().map(|name| (text(name), each.clone())).collect::<Map<_, _>>();
        *value = Value::Object(map);
    }
}

/// A list of `NAME=context` is short for a mapping.
fn contexts(value: Option<&mut Value>) -> Result<()> {
    let Some(value) = value else { return Ok(()) };
    if let Value::Array(items) = value {
        let map = items.iter().map(|item| pair(&text(item), Value::Null)).collect::<Map<_, _>>();
        *value = Value::Object(map);
    }
    match value.as_object().into_iter().flatten().find(|(_, context)| !context.is_string()) {
        None => Ok(()),
        Some((name, _)) => Err(Error::invalid(format!("the additional context `{name}` is no text"))
            .hint("Write `NAME: FOLDER`, or `NAME=FOLDER` in a list.")),
    }
}

/// Only the default agent needs no path.
fn agents(value: Option<&Value>) -> Result<()> {
    let mut items = value.and_then(Value::as_array).into_iter().flatten().map(text);
    match items.find(|item| !item.contains('=') && item != "default") {
        None => Ok(()),
        Some(item) => {
            Err(Error::invalid(format!("the SSH agent `{item}` has no path")).hint("Write `default` or `NAME=PATH`."))
        }
    }
}

/// `KEY=value` as key and value; without a `=` the value is `otherwise`.
pub(super) fn pair(text: &str, otherwise: impl Into<Value>) -> (String, Value) {
    match text.split_once('=') {
        Some((key, value)) => (key.to_owned(), Value::String(value.to_owned())),
        None => (text.to_owned(), otherwise.into()),
    }
}

fn list(value: Option<&mut Value>) {
    if let Some(value) = value
        && value.is_string()
    {
        *value = Value::Array(vec![value.take()]);
    }
}

fn env_files(value: Option<&mut Value>) {
    let Some(value) = value else { return };
    list(Some(value));
    if let Value::Array(items) = value {
        for item in items {
            match item {
                Value::String(path) => *item = json!({"path": path.as_str(), "required": true}),
                Value::Object(file) => {
                    file.entry("required").or_insert(Value::Bool(true));
                }
                _ => {}
            }
        }
    }
}

/// `source:target:permissions`.
fn device(item: &mut Value) -> Result<()> {
    let Value::String(short) = item else { return Ok(()) };
    let parts: Vec<&str> = short.split(':').collect();
    let (source, target, permissions) = match parts.as_slice() {
        [source] => (source, source, "rwm"),
        [source, target] => (source, target, "rwm"),
        [source, target, permissions] => (source, target, *permissions),
        _ => {
            return Err(Error::invalid(format!("`{short}` is no device"))
                .hint("Write `source`, `source:target` or `source:target:permissions`."));
        }
    };
    *item = json!({"source": source, "target": target, "permissions": permissions});
    Ok(())
}

/// `external: {name: …}` is an old form of `external: true` and `name: …`.
fn external(path: &str, resource: &mut Value, places: &Places) -> Result<()> {
    let Value::Object(resource) = resource else { return Ok(()) };
    let Some(external) = resource.get("external").cloned() else { return Ok(()) };
    if let Value::Object(old) = external {
        let name = old.get("name").cloned();
        if let (Some(one), Some(other)) = (resource.get("name"), &name)
            && one != other
        {
            let error = Error::invalid(format!("`{path}` has two names, `name` and `external.name`"))
                .hint("Keep `name`, and write `external: true`.");
            return Err(places.locate(error, path));
        }
        resource.insert("external".to_owned(), Value::Bool(true));
        if let Some(name) = name {
            resource.insert("name".to_owned(), name);
        }
        return Ok(());
    }
    let external = flag(&external).map_err(|error| places.locate(error, &format!("{path}.external")))?;
    resource.insert("external".to_owned(), Value::Bool(external));
    Ok(())
}
