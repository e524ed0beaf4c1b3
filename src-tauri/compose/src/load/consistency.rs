//! What a whole model has to fulfil: names that are used exist, keys that exclude each other are not both there.
//!
//! Source of the rules: compose-go's `validation` and `loader.checkConsistency`.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};
use sternway_model::yaml::join;
use sternway_model::{Error, Result};

use super::places::Places;
use super::{numbers, sizes};

/// A complete model: the services whose profile is active, and the names of the others.
pub(super) struct Whole<'a> {
    pub model: &'a Map<String, Value>,
    pub inactive: &'a HashSet<String>,
    pub places: &'a Places,
}

impl Whole<'_> {
    /// Checks everything.
    ///
    /// # Errors
    /// [`sternway_model::Code::InvalidInput`], with its place, for the first thing that does not fit.
    pub fn check(&self) -> Result<()> {
        for (key, sources) in
            [("configs", &["file", "environment", "content"][..]), ("secrets", &["file", "environment"])]
        {
            for (name, object) in self.section(key) {
                self.source(&join(key, name), object, sources, key == "secrets")?;
            }
        }
        for (name, volume) in self.section("volumes") {
            self.external(&join("volumes", name), volume)?;
        }
        for (name, service) in self.section("services") {
            self.service(name, service)?;
        }
        self.names()?;
        let services = self.section("services").map(|(name, service)| (name.as_str(), service));
        sizes::services(services, |error, path| self.places.locate(error, path))?;
        self.cycles()
    }

    /// A name that two services give their containers.
    fn names(&self) -> Result<()> {
        let mut first: HashMap<&str, &str> = HashMap::new();
        for (name, service) in self.section("services") {
            let Some(wanted) = service.get("container_name").and_then(Value::as_str) else { continue };
            if let Some(other) = first.insert(wanted, name) {
                let path = join(&join("services", name), "container_name");
                return Err(self
                    .wrong(&path, format!("services {other} and {name} both call their container `{wanted}`"))
                    .hint("Give one of them another name, or leave `container_name` out."));
            }
        }
        Ok(())
    }

    fn section(&self, key: &str) -> impl Iterator<Item = (&String, &Value)> {
        self.model.get(key).and_then(Value::as_object).into_iter().flatten()
    }

    fn has(&self, section: &str, name: &str) -> bool {
        self.model.get(section).is_some_and(|section| section.get(name).is_some())
    }

    fn wrong(&self, path: &str, message: String) -> Error {
        self.places.locate(Error::invalid(message), path)
    }

    fn source(&self, path: &str, object: &Value, sources: &[&str], needed: bool) -> Result<()> {
        let says = |value: &Value| !needed || value != "";
        let given: Vec<_> = sources.iter().filter(|source| object.get(**source).is_some_and(says)).collect();
        let external = object.get("external") == Some(&Value::Bool(true));
        match given.len() {
            0 if external => Ok(()),
            0 if !needed && (object.get("driver").is_some() || object.get("external").is_some()) => Ok(()),
            0 => Err(self.wrong(path, format!("`{path}` has nothing in it")).hint(format!(
                "Say where it comes from, with one of {}; or mark it `external: true`.",
                sources.join(", ")
            ))),
            1 => Ok(()),
            _ => Err(self
                .wrong(path, format!("`{path}` comes from two places"))
                .hint(format!("Keep one of {}.", sources.join(", ")))),
        }
    }

    fn external(&self, path: &str, volume: &Value) -> Result<()> {
        if volume.get("external") != Some(&Value::Bool(true)) {
            return Ok(());
        }
        let mut keys = volume.as_object().into_iter().flat_map(Map::keys);
        match keys.find(|key| !matches!(key.as_str(), "name" | "external") && !key.starts_with("x-")) {
            None => Ok(()),
            Some(key) => Err(self
                .wrong(&join(path, key), format!("`{path}` is external, and `{key}` says how to create it"))
                .hint("Remove one of both.")),
        }
    }

    fn service(&self, name: &str, service: &Value) -> Result<()> {
        let path = join("services", name);
        let text = |key: &str| service.get(key).map(numbers::text).filter(|text| !text.is_empty());
        let build = service.get("build");
        if build.is_none() && service.get("image").is_some() && text("image").is_none() {
            let image = join(&path, "image");
            return Err(self
                .wrong(&image, format!("the image of the service `{name}` is empty"))
                .hint("Name an image, or add `build:`."));
        }
        if build.is_none() && text("image").is_none() {
            return Err(self
                .wrong(&path, format!("the service `{name}` has neither an image nor a build"))
                .hint("Add `image:` or `build:`."));
        }
        if let Some(build) = build {
            self.build(&path, service, build)?;
        }
        let networks = service.get("networks").and_then(Value::as_object);
        if text("network_mode").is_some() && networks.is_some_and(|networks| !networks.is_empty()) {
            let both = format!("the service `{name}` has both `network_mode` and `networks`");
            return Err(self.wrong(&join(&path, "network_mode"), both).hint("Remove one of both."));
        }
        for network in networks.into_iter().flat_map(Map::keys) {
            if network.starts_with("x-") {
                let extension =
                    format!("`{network}` is no name of a network: what begins with `x-` is an extension here");
                return Err(self.wrong(&format!("{path}.networks.{network}"), extension).hint("Rename the network."));
            }
            self.known(&path, "networks", "network", network)?;
        }
        self.health_check(&path, service)?;
        self.depends_on(name, service)?;
        self.mounts(&path, service)?;
        for (key, what) in [("configs", "config"), ("secrets", "secret")] {
            for (index, item) in items(service.get(key)).enumerate() {
                let Some(source) = item.get("source").and_then(Value::as_str) else {
                    let here = format!("{path}.{key}[{index}]");
                    let nothing = format!("`{here}` names no {what}");
                    return Err(self.wrong(&here, nothing).hint("Say with `source` which one it is."));
                };
                self.known(&path, key, what, source)?;
            }
        }
        self.limits(&path, service)?;
        self.devices(&path, service)?;
        for (index, watch) in items(service.pointer("/develop/watch")).enumerate() {
            let path = format!("{path}.develop.watch[{index}]");
            let action = watch.get("action").map(numbers::text).unwrap_or_default();
            if watch.get("target").is_none_or(|target| target == "")
                && !matches!(action.as_str(), "rebuild" | "restart")
            {
                return Err(self.wrong(&path, format!("`{path}` needs a `target` to {action}")));
            }
            if watch.get("path").is_some_and(|path| path == "") {
                return Err(self.wrong(&path, format!("`{path}.path` is empty")));
            }
        }
        Ok(())
    }

    fn known(&self, path: &str, section: &str, what: &str, name: &str) -> Result<()> {
        if self.has(section, name) {
            return Ok(());
        }
        Err(self
            .wrong(&format!("{path}.{section}.{name}"), format!("the {what} `{name}` is used and not defined"))
            .hint(format!("Define it under `{section}:` at the top of the file.")))
    }

    fn build(&self, path: &str, service: &Value, build: &Value) -> Result<()> {
        let here = join(path, "build");
        if build.get("dockerfile").is_some() && build.get("dockerfile_inline").is_some() {
            return Err(self
                .wrong(&here, format!("`{here}` has both `dockerfile` and `dockerfile_inline`"))
                .hint("Remove one of both."));
        }
        for (context, from) in build.get("additional_contexts").and_then(Value::as_object).into_iter().flatten() {
            let Some(other) = from.as_str().and_then(|from| from.strip_prefix("service:")) else { continue };
            let built = self.model.get("services").and_then(|services| services.get(other)?.get("build"));
            if built.is_none() {
                let here = format!("{here}.additional_contexts.{context}");
                return Err(self.wrong(&here, format!("the service `{other}` is no service that is built")));
            }
        }
        let platforms = build.get("platforms").and_then(Value::as_array).filter(|platforms| !platforms.is_empty());
        if let (Some(platforms), Some(platform)) = (platforms, service.get("platform"))
            && !platforms.contains(platform)
            && platform != ""
        {
            let here = join(&here, "platforms");
            return Err(self.wrong(&here, format!("`{here}` has to contain the service's platform")));
        }
        sources(build.get("secrets")).try_for_each(|secret| self.known(&here, "secrets", "secret", secret))
    }

    fn health_check(&self, path: &str, service: &Value) -> Result<()> {
        let first = service.pointer("/healthcheck/test").and_then(|test| test.as_array()?.first()?.as_str());
        match first {
            None | Some("CMD" | "CMD-SHELL" | "NONE") => Ok(()),
            Some(other) => Err(self
                .wrong(&format!("{path}.healthcheck.test"), format!("the test of a health check begins with `{other}`"))
                .hint("A list begins with `CMD`, `CMD-SHELL` or `NONE`; or write a text.")),
        }
    }

    fn depends_on(&self, name: &str, service: &Value) -> Result<()> {
        for (other, dependency) in service.get("depends_on").and_then(Value::as_object).into_iter().flatten() {
            let required = dependency.get("required").map_or(Ok(true), numbers::flag)?;
            let inactive = self.inactive.contains(other);
            if self.has("services", other) || (inactive && !required) {
                continue;
            }
            let error = self.wrong(
                &format!("services.{name}.depends_on.{other}"),
                format!(
                    "the service `{name}` depends on `{other}`, which is not {}",
                    if inactive { "active" } else { "defined" }
                ),
            );
            return Err(error.hint(if inactive {
                "Activate one of its profiles, or mark the dependency `required: false`."
            } else {
                "Define it, or remove the dependency."
            }));
        }
        Ok(())
    }

    fn mounts(&self, path: &str, service: &Value) -> Result<()> {
        for (index, mount) in items(service.get("volumes")).enumerate() {
            let here = format!("{path}.volumes[{index}]");
            let source = mount.get("source").and_then(Value::as_str).filter(|source| !source.is_empty());
            if let (Some("volume"), Some(source)) = (mount.get("type").and_then(Value::as_str), source)
                && !self.has("volumes", source)
            {
                return Err(self.wrong(&here, format!("the volume `{source}` is used and not defined")).hint(
                    "Define it under `volumes:` at the top of the file; a folder of the host begins with `./`.",
                ));
            }
        }
        Ok(())
    }

    fn limits(&self, path: &str, service: &Value) -> Result<()> {
        let deploy = service.get("deploy").filter(|deploy| !deploy.is_null());
        let twice = |key: &str, other: &str| {
            let message = format!("`{path}.{key}` and `{path}.deploy.{other}` say different things");
            self.wrong(&join(path, key), message).hint("Keep one of both.")
        };
        let replicas = deploy.and_then(|deploy| deploy.get("replicas"));
        let scale = service.get("scale").map(numbers::whole).transpose()?;
        let replicas = replicas.map(numbers::whole).transpose()?;
        if let (Some(scale), Some(replicas)) = (scale, replicas)
            && scale != replicas
        {
            return Err(twice("scale", "replicas"));
        }
        let count = scale.or(replicas).unwrap_or(1);
        if count > 1 && service.get("container_name").is_some() {
            let here = join(path, "container_name");
            return Err(self
                .wrong(&here, format!("`{here}` names one container, and there are to be {count}"))
                .hint("Remove the name."));
        }
        let resources = |part: &str| deploy.and_then(|deploy| deploy.get("resources")?.get(part));
        type Read = fn(&Value) -> Result<f64>;
        let bytes: Read = |value| numbers::bytes(value).map(|bytes| bytes as f64);
        for (key, part, other, read) in [
            ("cpus", "limits", "cpus", numbers::number as Read),
            ("mem_limit", "limits", "memory", bytes),
            ("mem_reservation", "reservations", "memory", bytes),
            ("pids_limit", "limits", "pids", numbers::number as Read),
        ] {
            let Some(one) = service.get(key) else { continue };
            let Some(part_) = resources(part) else { continue };
            let one = read(one).map_err(|error| self.places.locate(error, &join(path, key)))?;
            let there = part_.get(other).map_or(Ok(0.0), read)?;
            if one != 0.0 && (one - there).abs() > f64::EPSILON {
                return Err(twice(key, &format!("resources.{part}.{other}")));
            }
        }
        Ok(())
    }

    fn devices(&self, path: &str, service: &Value) -> Result<()> {
        for (list, key) in [
            (service.pointer("/deploy/resources/reservations/devices"), "deploy.resources.reservations.devices"),
            (service.get("gpus"), "gpus"),
        ] {
            for (index, device) in items(list).enumerate() {
                if device.get("count").is_some() && device.get("device_ids").is_some() {
                    let here = format!("{path}.{key}[{index}]");
                    return Err(self
                        .wrong(&here, format!("`{here}` has both `count` and `device_ids`"))
                        .hint("Remove one of both."));
                }
            }
        }
        Ok(())
    }

    /// Refuses services that wait for each other: takes away whatever waits for nothing, until nothing is left.
    fn cycles(&self) -> Result<()> {
        let waits = |name: &str| {
            let service = self.model.get("services").and_then(|services| services.get(name));
            let others = service.and_then(|service| service.get("depends_on")?.as_object());
            others.into_iter().flat_map(Map::keys).filter(|other| self.has("services", other))
        };
        let names: Vec<&String> = self.section("services").map(|(name, _)| name).collect();
        let mut waiting: HashMap<&str, usize> = names.iter().map(|name| (name.as_str(), waits(name).count())).collect();
        let mut waited_for: HashMap<&str, Vec<&str>> = HashMap::new();
        for name in &names {
            for other in waits(name) {
                waited_for.entry(other).or_default().push(name);
            }
        }
        let mut free: Vec<&str> = waiting.iter().filter(|(_, count)| **count == 0).map(|(name, _)| *name).collect();
        while let Some(name) = free.pop() {
            waiting.remove(name);
            for after in waited_for.remove(name).unwrap_or_default() {
                if let Some(count) = waiting.get_mut(after) {
                    *count -= 1;
                    if *count == 0 {
                        free.push(after);
                    }
                }
            }
        }
        let Some(first) = names.iter().find(|name| waiting.contains_key(name.as_str())) else { return Ok(()) };
        // Whatever is left waits for something that is left: going on long enough leads into a circle.
        let mut road: Vec<&str> = vec![first];
        let start = loop {
            let last = road.last().copied().unwrap_or_default();
            let Some(next) = waits(last).find(|other| waiting.contains_key(other.as_str())) else { break 0 };
            if let Some(start) = road.iter().position(|step| *step == next.as_str()) {
                break start;
            }
            road.push(next);
        };
        let circle = &road[start..];
        let shown = circle.iter().chain(circle.first()).copied().collect::<Vec<_>>().join(" → ");
        Err(self
            .wrong(
                &format!("services.{}.depends_on", circle[0]),
                format!("these services wait for each other: {shown}"),
            )
            .hint("Remove one of the dependencies."))
    }
}

fn items(list: Option<&Value>) -> impl Iterator<Item = &Value> {
    list.and_then(Value::as_array).into_iter().flatten()
}

fn sources(list: Option<&Value>) -> impl Iterator<Item = &str> {
    items(list).filter_map(|item| item.get("source").and_then(Value::as_str))
}
