//! The Compose model that can be carried out, decoded from the canonical JSON.

mod build;
mod hardware;
mod hook;
mod mount;
mod pins;
mod scalar;
mod service;
mod slips;
mod supported;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use sternway_model::{Code, Error, KeptFile, Location, Result, SecretPin, ServiceName, mentions};

use crate::waiting::Waiting;

pub use build::{Build, Further};
pub use hardware::{Blkio, DeviceRequest, DiskRate, DiskWeight};
pub use hook::{Hook, Moment};
pub use mount::{Bind, Mount, MountKind, Tmpfs, VolumeUse};
pub(crate) use scalar::nanoseconds;
pub use scalar::{Decimal, Integer};
pub use service::{
    Condition, CredentialSpec, Dependency, Deploy, Device, FailureAction, FileGrant, Healthcheck, Limits, Logging,
    NetworkUse, Port, Resources, RestartRule, Service, Ulimit, UpdateConfig, UpdateOrder,
};
pub(crate) use supported::says_nothing;

/// A Compose project whose every setting can be carried out.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// The project's name.
    pub name: String,
    /// What runs, by name.
    pub services: BTreeMap<ServiceName, Service>,
    /// Networks by key.
    pub networks: BTreeMap<String, Network>,
    /// Named volumes by key.
    pub volumes: BTreeMap<String, Volume>,
    /// Secrets by key.
    pub secrets: BTreeMap<String, FileSource>,
    /// Configs by key.
    pub configs: BTreeMap<String, FileSource>,
    /// Services for whose completion another one waits.
    completed: BTreeSet<ServiceName>,
}

/// A network of the project.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Network {
    /// Its name on the engine.
    pub name: String,
    /// Somebody else makes and removes it.
    pub external: bool,
    /// The engine's driver; the engine's default if absent.
    pub driver: Option<String>,
    /// The driver's options.
    pub driver_opts: BTreeMap<String, String>,
    /// Addresses.
    pub ipam: Ipam,
    /// No way out of the host.
    pub internal: bool,
    /// Containers outside the project may join.
    pub attachable: bool,
    /// With IPv4; so it is unless this says otherwise.
    pub enable_ipv4: Option<bool>,
    /// With IPv6.
    pub enable_ipv6: Option<bool>,
    /// Labels of the person.
    pub labels: BTreeMap<String, String>,
    /// Its canonical JSON, to be compared.
    #[serde(skip)]
    pub canonical: Value,
}

/// Address management of a network.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Ipam {
    /// Its driver.
    pub driver: Option<String>,
    /// Pools of addresses.
    pub config: Vec<IpamPool>,
    /// The driver's options.
    pub options: BTreeMap<String, String>,
}

/// A pool of addresses.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct IpamPool {
    /// The subnet, in CIDR form.
    pub subnet: Option<String>,
    /// The router.
    pub gateway: Option<String>,
    /// The part of the subnet that containers get.
    pub ip_range: Option<String>,
    /// Reserved addresses by host name.
    pub aux_addresses: BTreeMap<String, String>,
}

/// A named volume of the project.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Volume {
    /// Its name on the engine.
    pub name: String,
    /// Somebody else makes and removes it.
    pub external: bool,
    /// The engine's driver; `local` if absent.
    pub driver: Option<String>,
    /// The driver's options.
    pub driver_opts: BTreeMap<String, String>,
    /// Labels of the person.
    pub labels: BTreeMap<String, String>,
    /// Its canonical JSON, to be compared.
    #[serde(skip)]
    pub canonical: Value,
}

/// Where a secret's or a config's content comes from. Exactly one of them is given.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct FileSource {
    /// A file on this machine.
    pub file: Option<PathBuf>,
    /// The copy that a release has of a file. Whoever mounts or copies it puts where that is into `file`.
    pub kept: Option<KeptFile>,
    /// A variable; [`Model::with_environment`] turns it into `content`.
    pub environment: Option<String>,
    /// The content, secrets as pins.
    pub content: Option<String>,
}

impl Model {
    /// Every path of the host that is mounted, with its key's path: by services, and by volumes that are one.
    pub(crate) fn host_paths(&self) -> impl Iterator<Item = (String, &String)> {
        let mounted = self.services.iter().flat_map(|(name, service)| {
            let binds = service.volumes.iter().enumerate().filter(|(_, mount)| mount.kind == MountKind::Bind);
            binds.filter_map(move |(index, mount)| {
                Some((format!("services.{name}.volumes[{index}]"), mount.source.as_ref()?))
            })
        });
        let volumes = self.volumes.iter().filter_map(|(key, volume)| {
            let options = volume.driver_opts.get("o")?.split(',').any(|option| option == "bind" || option == "rbind");
            let device = volume.driver_opts.get("device").filter(|_| options)?;
            Some((format!("volumes.{key}.driver_opts.device"), device))
        });
        mounted.chain(volumes)
    }

    /// Reads the canonical JSON, as `docker compose config --format json` prints it.
    ///
    /// # Errors
    /// [`Code::Unsupported`] with the key's path if the model asks for something that cannot be carried out yet, or has a
    /// secret where everybody on the host could read it; [`Code::InvalidInput`] if it is no canonical model.
    pub fn decode(canonical: &Value) -> Result<Self> {
        let canonical = undouble_dollars(canonical);
        supported::check(&canonical)?;
        pins::check(&canonical)?;
        let mut networks: BTreeMap<String, Network> = section(&canonical, "networks")?;
        for (key, network) in &mut networks {
            network.canonical = canonical["networks"][key].clone();
        }
        let mut volumes: BTreeMap<String, Volume> = section(&canonical, "volumes")?;
        for (key, volume) in &mut volumes {
            volume.canonical = canonical["volumes"][key].clone();
        }
        let mut services: BTreeMap<ServiceName, Service> = section(&canonical, "services")?;
        for (name, service) in &mut services {
            service.canonical = canonical["services"][name.as_str()].clone();
        }
        let awaited = services.values().flat_map(|service| &service.depends_on);
        let completed = awaited.filter(|(_, dependency)| dependency.condition == Condition::Completed);
        let completed = completed.map(|(name, _)| name.clone()).collect();
        let model = Self {
            name: canonical["name"].as_str().unwrap_or_default().to_owned(),
            services,
            networks,
            volumes,
            secrets: section(&canonical, "secrets")?,
            configs: section(&canonical, "configs")?,
            completed,
        };
        model.check_services()?;
        Ok(model)
    }

    /// Gives the secrets and configs that come from a variable their content. Values may be pins.
    ///
    /// # Errors
    /// [`Code::InvalidInput`] if a service needs such a secret or config and the variable is not set.
    pub fn with_environment(mut self, lookup: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let mut used_secrets: BTreeSet<String> = self.granted(|service| &service.secrets);
        let builds = self.services.values().filter_map(|service| service.build.as_ref());
        used_secrets.extend(builds.flat_map(|build| build.secret_ids().map(|(_, key)| key.to_owned())));
        let used_configs: BTreeSet<String> = self.granted(|service| &service.configs);
        for (kind, sources, used) in
            [("secrets", &mut self.secrets, used_secrets), ("configs", &mut self.configs, used_configs)]
        {
            for (key, source) in sources {
                let Some(variable) = &source.environment else { continue };
                source.content = lookup(variable);
                if source.content.is_none() && used.contains(key) {
                    return Err(Error::invalid(format!("the variable {variable} is not set"))
                        .hint(format!(
                            "Set {variable} in the environment's variables; `{kind}.{key}` takes its content from it."
                        ))
                        .at(at(&format!("{kind}.{key}.environment"))));
                }
            }
        }
        Ok(self)
    }

    /// With the copies that a release has of files where they are now: in this folder.
    #[must_use]
    pub fn with_kept_in(mut self, folder: &Path) -> Self {
        for source in self.secrets.values_mut().chain(self.configs.values_mut()) {
            if let Some(kept) = &source.kept {
                source.file = Some(folder.join(kept.path()));
            }
        }
        self
    }

    /// Every secret that the model mentions, without repetition.
    #[must_use]
    pub fn secrets(&self) -> Vec<SecretPin> {
        let environment = self.services.values().flat_map(|service| {
            let hooks = service.post_start.iter().chain(&service.pre_stop).map(|hook| &hook.environment);
            [&service.environment].into_iter().chain(hooks).flat_map(|variables| variables.values().flatten())
        });
        let contents = self.secrets.values().chain(self.configs.values()).filter_map(|source| source.content.as_ref());
        // Broken pins were refused by `decode`; a variable that brings one in is refused when it is expanded.
        let pins: BTreeSet<SecretPin> =
            environment.chain(contents).filter_map(|text| mentions(text).ok()).flatten().collect();
        pins.into_iter().collect()
    }

    /// Services in the order in which they start: dependencies first, otherwise by name.
    ///
    /// # Errors
    /// [`Code::InvalidInput`] if services depend on each other in a circle.
    pub fn start_order(&self) -> Result<Vec<&ServiceName>> {
        let (order, circle) = self.ordered(|service| service.depends_on.keys().map(ServiceName::as_str));
        let Some(first) = circle.first() else { return Ok(order) };
        let names: Vec<&str> = circle.iter().map(|name| name.as_str()).collect();
        Err(Error::invalid(format!("services depend on each other in a circle: {}", names.join(", ")))
            .hint("Remove one of the `depends_on`.")
            .at(at(&format!("services.{first}.depends_on"))))
    }

    /// Services by name, but each behind those that it needs; and those that are left because they need one another.
    fn ordered<'m, I: Iterator<Item = &'m str>>(
        &'m self,
        needs: impl Fn(&'m Service) -> I,
    ) -> (Vec<&'m ServiceName>, Vec<&'m ServiceName>) {
        let names: Vec<&ServiceName> = self.services.keys().collect();
        let places: BTreeMap<&str, usize> = (0..).zip(&names).map(|(place, name)| (name.as_str(), place)).collect();
        let needed = |service| needs(service).filter_map(|name| places.get(name).copied()).collect();
        let must: Vec<Vec<usize>> = self.services.values().map(needed).collect();
        let mut waiting = Waiting::new(&must, &vec![Vec::new(); must.len()]);
        let order = std::iter::from_fn(|| waiting.next()).map(|place| names[place]).collect();
        (order, waiting.left().into_iter().map(|place| names[place]).collect())
    }

    /// What its services are built from.
    pub(crate) fn builds(&self) -> BTreeMap<ServiceName, Build> {
        let build = |(name, service): (&ServiceName, &Service)| Some((name.clone(), service.build.clone()?));
        self.services.iter().filter_map(build).collect()
    }

    /// Services in the order in which they can be built: those first whose images others take files from, otherwise by name.
    pub(crate) fn in_build_order(&self) -> Vec<(&ServiceName, &Service)> {
        let (order, circle) = self.ordered(|service| service.build.iter().flat_map(Build::built_before));
        // Builds that need one another have no order; they were refused when their files were looked at.
        order.into_iter().chain(circle).filter_map(|name| self.services.get_key_value(name)).collect()
    }

    /// Whether a service is a job that runs once: it is not restarted, and another waits for it to complete.
    #[must_use]
    pub fn runs_once(&self, name: &ServiceName) -> bool {
        self.completed.contains(name)
            && self.services.get(name).is_some_and(|service| service.restart_rule().lets_end())
    }

    fn granted(&self, grants: impl Fn(&Service) -> &Vec<FileGrant>) -> BTreeSet<String> {
        self.services.values().flat_map(|service| grants(service).iter().map(|grant| grant.source.clone())).collect()
    }

    /// Everything that a service names exists in the model, and what it is given can be put where it wants it.
    fn check_services(&self) -> Result<()> {
        for (name, service) in &self.services {
            let missing = |what: &str, key: &str, section: &str| {
                Error::invalid(format!("service {name} uses {what} {key}, which the model does not have"))
                    .hint(format!("Add it below `{section}:`."))
                    .at(at(&format!("services.{name}")))
            };
            if let Some(key) = service.networks.keys().find(|key| !self.networks.contains_key(*key)) {
                return Err(missing("the network", key, "networks"));
            }
            let volumes = service.volumes.iter().filter(|mount| mount.kind == MountKind::Volume);
            if let Some(key) =
                volumes.filter_map(|mount| mount.source.as_ref()).find(|key| !self.volumes.contains_key(*key))
            {
                return Err(missing("the volume", key, "volumes"));
            }
            let built = service.build.iter().flat_map(|build| &build.secrets);
            if let Some(grant) =
                service.secrets.iter().chain(built).find(|grant| !self.secrets.contains_key(&grant.source))
            {
                return Err(missing("the secret", &grant.source, "secrets"));
            }
            if let Some(grant) = service.configs.iter().find(|grant| !self.configs.contains_key(&grant.source)) {
                return Err(missing("the config", &grant.source, "configs"));
            }
            let copied = service.secrets.iter().filter_map(|grant| self.secrets.get(&grant.source));
            let mut copied = copied.chain(service.configs.iter().filter_map(|grant| self.configs.get(&grant.source)));
            if service.read_only && copied.any(|source| source.file.is_none() && source.kept.is_none()) {
                return Err(Error::new(
                    Code::Unsupported,
                    format!("nothing can be copied into the read-only containers of service {name}"),
                )
                .hint("Take the secret or config from a `file:`, which is mounted, or remove `read_only`.")
                .at(at(&format!("services.{name}.read_only"))));
            }
            if service.image.is_none() && service.build.is_none() {
                return Err(Error::invalid(format!("service {name} has neither an image nor a build"))
                    .hint("Add `image:` or `build:`.")
                    .at(at(&format!("services.{name}"))));
            }
        }
        Ok(())
    }
}

/// A place in the model. A front that knows the Compose files' lines can put them in its stead, by the key.
pub(crate) fn at(key: &str) -> Location {
    Location { file: PathBuf::from("Compose model"), line: None, column: None, key: Some(key.to_owned()) }
}

fn section<T: serde::de::DeserializeOwned + Default>(canonical: &Value, key: &str) -> Result<T> {
    match canonical.get(key) {
        None | Some(Value::Null) => Ok(T::default()),
        Some(value) => T::deserialize(value).map_err(|error| {
            Error::new(Code::InvalidInput, format!("`{key}` is not of the canonical form: {error}")).at(at(key))
        }),
    }
}

/// The canonical JSON writes every `$` twice, so that it can be loaded again.
fn undouble_dollars(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace("$$", "$")),
        Value::Array(items) => Value::Array(items.iter().map(undouble_dollars).collect()),
        Value::Object(entries) => Value::Object(
            entries.iter().map(|(key, value)| (key.replace("$$", "$"), undouble_dollars(value))).collect(),
        ),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn dollars_are_single_after_decoding() {
        let model =
            Model::decode(&json!({"name": "p", "services": {"a": {"image": "i", "environment": {"P": "a$$b"}}}}))
                .expect("valid");
        assert_eq!(model.services["a"].environment["P"].as_deref(), Some("a$b"));
    }

    #[test]
    fn dependencies_start_first() {
        let after = |name: &str| json!({"image": "i", "depends_on": {name: {"condition": "service_started", "required": true}}});
        let model = json!({"name": "p", "services": {"a": after("c"), "b": {"image": "i"}, "c": after("b")}});
        let model = Model::decode(&model).expect("valid");
        let order: Vec<&str> = model.start_order().expect("no circle").iter().map(|name| name.as_str()).collect();
        assert_eq!(order, ["b", "c", "a"]);

        let circle =
            Model::decode(&json!({"name": "p", "services": {"a": after("b"), "b": after("a")}})).expect("decodes");
        assert!(circle.start_order().is_err(), "a circle has no order");
    }

    #[test]
    fn a_secret_from_a_variable_gets_its_content() {
        let model = json!({"name": "p", "services": {"a": {"image": "i", "secrets": [{"source": "s"}]}},
            "secrets": {"s": {"name": "p_s", "environment": "TOKEN"}}});
        let model = Model::decode(&model).expect("valid");
        let error = model.clone().with_environment(|_| None).expect_err("TOKEN is not set");
        assert_eq!(error.at.and_then(|at| at.key).as_deref(), Some("secrets.s.environment"));
        let value = |name: &str| (name == "TOKEN").then(|| "⟦keychain:TOKEN@2⟧".to_owned());
        let model = model.with_environment(value).expect("TOKEN is set");
        assert_eq!(model.secrets().len(), 1, "the pin is seen");
    }
}
