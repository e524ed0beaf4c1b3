//! A service and its parts.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sternway_model::{Seconds, ServiceName};

use super::build::Build;
use super::hardware::{Blkio, DeviceRequest};
use super::hook::{Hook, Moment};
use super::mount::Mount;
use super::scalar::{Decimal, Integer};

/// A service: a container, or several of the same kind.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the fields are the keys of the Compose specification, section `services`")]
pub struct Service {
    pub annotations: BTreeMap<String, String>,
    pub blkio_config: Option<Blkio>,
    pub build: Option<Build>,
    pub cap_add: Vec<String>,
    pub cap_drop: Vec<String>,
    pub cgroup: Option<String>,
    pub cgroup_parent: Option<String>,
    pub command: Option<Vec<String>>,
    pub configs: Vec<FileGrant>,
    pub container_name: Option<String>,
    pub cpu_count: Option<Integer>,
    pub cpu_percent: Option<Decimal>,
    pub cpu_period: Option<Integer>,
    pub cpu_quota: Option<Integer>,
    pub cpu_rt_period: Option<Integer>,
    pub cpu_rt_runtime: Option<Integer>,
    pub cpu_shares: Option<Integer>,
    pub cpus: Option<Decimal>,
    pub cpuset: Option<String>,
    pub credential_spec: Option<CredentialSpec>,
    pub depends_on: BTreeMap<ServiceName, Dependency>,
    pub deploy: Option<Deploy>,
    pub device_cgroup_rules: Vec<String>,
    pub devices: Vec<Device>,
    pub dns: Vec<String>,
    pub dns_opt: Vec<String>,
    pub dns_search: Vec<String>,
    pub domainname: Option<String>,
    pub entrypoint: Option<Vec<String>>,
    pub environment: BTreeMap<String, Option<String>>,
    pub expose: Vec<String>,
    pub external_links: Vec<String>,
    pub extra_hosts: Vec<String>,
    pub gpus: Vec<DeviceRequest>,
    pub group_add: Vec<String>,
    pub healthcheck: Option<Healthcheck>,
    pub hostname: Option<String>,
    pub image: Option<String>,
    pub init: Option<bool>,
    pub ipc: Option<String>,
    pub isolation: Option<String>,
    pub labels: BTreeMap<String, String>,
    pub links: Vec<String>,
    pub logging: Option<Logging>,
    pub mac_address: Option<String>,
    pub mem_limit: Option<Integer>,
    pub mem_reservation: Option<Integer>,
    pub mem_swappiness: Option<Integer>,
    pub memswap_limit: Option<Integer>,
    pub network_mode: Option<String>,
    pub networks: BTreeMap<String, Option<NetworkUse>>,
    pub oom_kill_disable: Option<bool>,
    pub oom_score_adj: Option<Integer>,
    pub pid: Option<String>,
    pub pids_limit: Option<Integer>,
    pub platform: Option<String>,
    pub ports: Vec<Port>,
    pub post_start: Vec<Hook>,
    pub pre_stop: Vec<Hook>,
    pub privileged: bool,
    pub pull_policy: Option<String>,
    pub read_only: bool,
    pub restart: Option<String>,
    pub runtime: Option<String>,
    pub scale: Option<Integer>,
    pub secrets: Vec<FileGrant>,
    pub security_opt: Vec<String>,
    pub shm_size: Option<Integer>,
    pub stdin_open: bool,
    pub stop_grace_period: Option<Seconds>,
    pub stop_signal: Option<String>,
    pub storage_opt: BTreeMap<String, String>,
    pub sysctls: BTreeMap<String, String>,
    pub tmpfs: Vec<String>,
    pub tty: bool,
    pub ulimits: BTreeMap<String, Ulimit>,
    pub user: Option<String>,
    pub userns_mode: Option<String>,
    pub uts: Option<String>,
    pub volumes: Vec<Mount>,
    pub volumes_from: Vec<String>,
    pub working_dir: Option<String>,
    /// The service's canonical JSON, to be hashed and compared.
    #[serde(skip)]
    pub canonical: Value,
}

impl Service {
    /// How many containers it has.
    #[must_use]
    pub fn replicas(&self) -> u32 {
        let replicas = self.scale.or(self.deploy.as_ref().and_then(|deploy| deploy.replicas));
        replicas.map_or(1, |Integer(number)| u32::try_from(number).unwrap_or(0))
    }

    /// Which container runs first when one replaces the other, if the file says so.
    #[must_use]
    pub fn update_order(&self) -> Option<UpdateOrder> {
        self.deploy.as_ref()?.update_config.as_ref()?.order
    }

    /// What follows when a replacement fails.
    #[must_use]
    pub fn failure_action(&self) -> FailureAction {
        let config = self.deploy.as_ref().and_then(|deploy| deploy.update_config.as_ref());
        config.map(|config| config.failure_action).unwrap_or_default()
    }

    /// How long a new container is watched before it counts as ready, if the file says so.
    #[must_use]
    pub fn monitor(&self) -> Option<Duration> {
        self.deploy.as_ref()?.update_config.as_ref()?.monitor.map(Seconds::to_duration)
    }

    /// The commands that run inside its containers at a moment.
    #[must_use]
    pub fn hooks(&self, moment: Moment) -> &[Hook] {
        match moment {
            Moment::PostStart => &self.post_start,
            Moment::PreStop => &self.pre_stop,
        }
    }

    /// The devices that it asks for: `deploy.resources.reservations.devices`, and `gpus`, which are graphics cards.
    pub fn device_requests(&self) -> impl Iterator<Item = DeviceRequest> + '_ {
        let reserved = self.deploy.iter().flat_map(|deploy| &deploy.resources.reservations.devices).cloned();
        let cards = self.gpus.iter().cloned().map(|mut card| {
            if !card.capabilities.iter().any(|capability| capability == "gpu") {
                card.capabilities.push("gpu".to_owned());
            }
            card
        });
        reserved.chain(cards)
    }

    /// When the engine starts it again by itself: `restart`, or else `deploy.restart_policy`.
    #[must_use]
    pub fn restart_rule(&self) -> RestartRule {
        if let Some(text) = &self.restart {
            let (word, retries) = text.split_once(':').unwrap_or((text, ""));
            return RestartRule::new(word, retries.parse().ok());
        }
        let policy = self.deploy.as_ref().and_then(|deploy| deploy.restart_policy.as_ref());
        policy.map_or(RestartRule::Never, |policy| {
            let retries = policy.max_attempts.map(|Integer(number)| number);
            RestartRule::new(policy.condition.as_deref().unwrap_or("any"), retries)
        })
    }

    /// The networks that it joins, by key; the first is the one of its gateway.
    #[must_use]
    pub fn networks_in_order(&self) -> Vec<(&String, NetworkUse)> {
        let mut uses: Vec<(&String, NetworkUse)> =
            self.networks.iter().map(|(key, network)| (key, network.clone().unwrap_or_default())).collect();
        uses.sort_by_key(|(_, network)| std::cmp::Reverse(network.priority.unwrap_or_default().0));
        uses
    }

    /// The containers outside the project to which it links.
    pub fn linked_outside(&self) -> impl Iterator<Item = &str> {
        self.external_links.iter().map(|link| link.split(':').next().unwrap_or(link))
    }

    /// Whether it has a hardware address of its own, which two containers of a network cannot share.
    #[must_use]
    pub fn has_own_address(&self) -> bool {
        self.mac_address.is_some() || self.networks.values().flatten().any(|network| network.mac_address.is_some())
    }

    /// Services whose namespaces or volumes it borrows: it cannot outlive their containers.
    #[must_use]
    pub fn parents(&self) -> Vec<ServiceName> {
        let modes = [&self.network_mode, &self.ipc, &self.pid].into_iter().flatten();
        let namespaces = modes.filter_map(|mode| mode.strip_prefix("service:"));
        let volumes = self.volumes_from.iter().filter(|from| !from.starts_with("container:"));
        let volumes = volumes.map(|from| from.split(':').next().unwrap_or(from));
        let mut parents: Vec<ServiceName> = namespaces.chain(volumes).filter_map(|name| name.parse().ok()).collect();
        parents.sort();
        parents.dedup();
        parents
    }
}

/// When the engine starts a container again by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestartRule {
    /// It does not.
    Never,
    /// Always.
    Always,
    /// Always, except when a person stopped it.
    UnlessStopped,
    /// When it failed, at most so many times.
    OnFailure(Option<i64>),
}

impl RestartRule {
    /// Whether a container that has ended with code 0 stays ended.
    #[must_use]
    pub fn lets_end(self) -> bool {
        matches!(self, Self::Never | Self::OnFailure(_))
    }

    fn new(word: &str, retries: Option<i64>) -> Self {
        match word {
            "always" | "any" => Self::Always,
            "unless-stopped" => Self::UnlessStopped,
            "on-failure" => Self::OnFailure(retries),
            _ => Self::Never,
        }
    }
}

/// Another service that must be so far before this one starts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Dependency {
    /// How far.
    pub condition: Condition,
    /// Start again when the other is replaced.
    #[serde(default)]
    pub restart: bool,
    /// Without it, this service does not start.
    #[serde(default = "yes")]
    pub required: bool,
}

fn yes() -> bool {
    true
}

/// How far another service must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Condition {
    /// It was started.
    #[serde(rename = "service_started")]
    Started,
    /// Its health check passes.
    #[serde(rename = "service_healthy")]
    Healthy,
    /// It ended with code 0.
    #[serde(rename = "service_completed_successfully")]
    Completed,
}

impl Condition {
    /// The word of the Compose file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "service_started",
            Self::Healthy => "service_healthy",
            Self::Completed => "service_completed_successfully",
        }
    }
}

/// The parts of `deploy` that one engine can carry out.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the fields are the keys of the Compose specification, section `deploy`")]
pub struct Deploy {
    pub replicas: Option<Integer>,
    pub resources: Resources,
    pub restart_policy: Option<RestartPolicy>,
    pub update_config: Option<UpdateConfig>,
}

/// `deploy.update_config`, as far as one engine has it. The rest of it is about many containers on many machines.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the fields are the keys of the Compose specification, section `deploy`")]
pub struct UpdateConfig {
    pub order: Option<UpdateOrder>,
    pub failure_action: FailureAction,
    pub monitor: Option<Seconds>,
}

/// Which of two containers runs first when one replaces the other. Without it the new one does, where both can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UpdateOrder {
    /// The old one ends before the new one begins.
    StopFirst,
    /// Both run until the new one is ready.
    StartFirst,
}

/// What follows when a replacement fails. The service's own old container comes back in any case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureAction {
    /// All that was changed goes back to the release before.
    #[default]
    Rollback,
    /// Nothing more is changed, and what was changed stays.
    Pause,
    /// Other services are changed all the same.
    Continue,
}

/// Limits and reservations.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the fields are the keys of the Compose specification, section `deploy.resources`")]
pub struct Resources {
    pub limits: Limits,
    pub reservations: Limits,
}

/// Amounts: processors, bytes, processes; and devices, which can only be reserved.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the fields are the keys of the Compose specification, section `deploy.resources`")]
pub struct Limits {
    pub cpus: Option<Decimal>,
    pub memory: Option<Integer>,
    pub pids: Option<Integer>,
    pub devices: Vec<DeviceRequest>,
}

/// `deploy.restart_policy`, as far as one engine has it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the fields are the keys of the Compose specification, section `deploy`")]
pub struct RestartPolicy {
    pub condition: Option<String>,
    pub max_attempts: Option<Integer>,
}

/// Where a Windows container's account is described. One of the three is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the fields are the keys of the Compose specification, section `credential_spec`")]
pub struct CredentialSpec {
    pub config: Option<String>,
    pub file: Option<String>,
    pub registry: Option<String>,
}

/// A device of the host.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[allow(missing_docs, reason = "the fields are the keys of the Compose specification, section `devices`")]
pub struct Device {
    pub source: String,
    #[serde(default)]
    pub target: Option<String>,
    #[serde(default)]
    pub permissions: Option<String>,
}

/// A secret or a config that a service gets as a file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[allow(missing_docs, reason = "the fields are the keys of the Compose specification, section `secrets`")]
pub struct FileGrant {
    pub source: String,
    #[serde(default)]
    pub target: Option<String>,
    #[serde(default)]
    pub uid: Option<String>,
    #[serde(default)]
    pub gid: Option<String>,
    #[serde(default)]
    pub mode: Option<Integer>,
}

/// How the engine finds out whether a container works.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the fields are the keys of the Compose specification, section `healthcheck`")]
pub struct Healthcheck {
    pub disable: bool,
    pub interval: Option<Seconds>,
    pub retries: Option<Integer>,
    pub start_interval: Option<Seconds>,
    pub start_period: Option<Seconds>,
    pub test: Vec<String>,
    pub timeout: Option<Seconds>,
}

/// Where a container's output goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the fields are the keys of the Compose specification, section `logging`")]
pub struct Logging {
    pub driver: Option<String>,
    pub options: BTreeMap<String, String>,
}

/// How a service takes part in a network.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the fields are the keys of the Compose specification, section `networks`")]
pub struct NetworkUse {
    pub aliases: Vec<String>,
    pub driver_opts: BTreeMap<String, String>,
    pub ipv4_address: Option<String>,
    pub ipv6_address: Option<String>,
    pub link_local_ips: Vec<String>,
    pub mac_address: Option<String>,
    pub priority: Option<Integer>,
    pub gw_priority: Option<Integer>,
}

/// A published port.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the fields are the keys of the Compose specification, section `ports`")]
pub struct Port {
    pub host_ip: Option<String>,
    pub protocol: Option<String>,
    pub published: Option<String>,
    pub target: u16,
}

/// A limit of the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Ulimit {
    /// One number for both.
    Both(i64),
    /// Two numbers.
    Pair {
        /// The one that applies.
        soft: i64,
        /// The one up to which it can be raised.
        hard: i64,
    },
}

impl Ulimit {
    /// The soft and the hard limit.
    #[must_use]
    pub fn both(self) -> [i64; 2] {
        match self {
            Self::Both(limit) => [limit, limit],
            Self::Pair { soft, hard } => [soft, hard],
        }
    }
}
