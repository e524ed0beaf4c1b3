//! What runs in an environment right now: services, their output, and what they use.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use specta::Type;
use sternway_model::{At, DeploymentNumber, EnvironmentName, ServiceName};

use super::{Health, ServiceStatus};

/// The services of an environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Services {
    /// The environment.
    pub environment: EnvironmentName,
    /// Those of the release, and those that run beside it; ordered by name.
    pub services: Vec<ServiceView>,
}

/// A service as it is right now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct ServiceView {
    /// The worst of its containers, in the words of `status`.
    #[serde(flatten)]
    pub status: ServiceStatus,
    /// Its containers, ordered by number.
    pub containers: Vec<ContainerView>,
}

/// A container of a service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct ContainerView {
    /// Its name on the engine.
    pub name: String,
    /// Its number among the service's containers, from 1.
    pub number: u32,
    /// The engine's word, or `done` for a job that ended well.
    pub state: String,
    /// How it is.
    pub health: Health,
    /// The content of its image.
    pub image: String,
    /// When it was last started.
    pub started: Option<At>,
    /// How it ended, if it did.
    pub exit_code: Option<i32>,
}

/// Which lines of the services' output are wanted. Everything is optional.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
#[serde(default)]
pub struct LogFilter {
    /// Only these services; all if empty.
    pub services: Vec<ServiceName>,
    /// Go on with what is printed from now on.
    pub follow: bool,
    /// Only lines from this time on.
    pub since: Option<At>,
    /// Of each container, only so many of the newest.
    pub tail: Option<u32>,
}

/// A line that a service's container printed: what `logs ENV` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct ServiceLine {
    /// The service.
    pub service: String,
    /// The container's name.
    pub container: String,
    /// When it was printed, by the engine's clock.
    pub at: At,
    /// It was printed to standard error.
    pub error: bool,
    /// The line, redacted, without its end.
    pub text: String,
}

/// What a command in a service's container does, as it goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
#[serde(rename_all = "snake_case")]
pub enum CommandEvent {
    /// It printed a line.
    Line(CommandLine),
    /// It ended, with this exit code; nothing comes after it.
    Ended(i32),
}

/// A line that a command printed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct CommandLine {
    /// It was printed to standard error.
    pub error: bool,
    /// The line, redacted, without its end.
    pub text: String,
}

/// What an environment's running containers use: what `stats` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct UsageView {
    /// When it was measured.
    pub at: At,
    /// One entry per running container, ordered by service and number.
    pub containers: Vec<Usage>,
}

/// What a container uses, over about a second.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Usage {
    /// The service.
    pub service: String,
    /// The container's name.
    pub container: String,
    /// Of one processor, in percent: 200 are two processors.
    pub cpu_percent: f64,
    /// Memory, in bytes.
    pub memory: f64,
    /// How much memory it may have, in bytes.
    pub memory_limit: f64,
}

/// What pruning an environment would give up: what `prune --dry-run` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct PrunePlan {
    /// The environment.
    pub environment: EnvironmentName,
    /// So many states of the images stay.
    pub keep: u32,
    /// The images: by service, and of each those of the newest releases first.
    pub images: Vec<SpareImage>,
    /// How much becomes free at most, in bytes: layers that other images have, too, stay.
    pub frees: f64,
    /// Releases that cannot be gone back to afterwards, newest first.
    pub releases: Vec<DeploymentNumber>,
    /// How many more images are kept that no release of this history names.
    pub unknown: u32,
    /// The environment's name has to be typed.
    pub guarded: bool,
    /// Changes when other images would go.
    pub stamp: String,
}

/// An image that is kept for releases which are no longer wanted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct SpareImage {
    /// Its service.
    pub service: String,
    /// The name that keeps it.
    pub name: String,
    /// The newest release that has it; none if this history has none.
    pub release: Option<DeploymentNumber>,
    /// How large it is in bytes.
    pub size: f64,
    /// It stays on the engine, because it is kept for another environment, too.
    pub stays: bool,
}

/// What was given up: what `prune` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Pruned {
    /// The environment.
    pub environment: EnvironmentName,
    /// The images, in the same order.
    pub images: Vec<SpareImage>,
    /// How much became free at most, in bytes.
    pub frees: f64,
    /// The engine's disk was full: what is held back there was given up to be able to begin.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[specta(optional)]
    pub made_room: bool,
}
