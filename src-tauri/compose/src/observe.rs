//! What is really there: containers, networks, volumes and images of a project.

mod by_service;
mod containers;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};

use bollard::models::ImageSummary;
use bollard::query_parameters::{InspectNetworkOptions, ListNetworksOptions, ListVolumesOptions};
use jiff::Timestamp;
use serde::Serialize;
use sternway_model::{Error, ImageId, MOST_OF_CONTENT, Result, ServiceName, nearest, read_file};

use crate::build;
use crate::decide::Place;
use crate::engine::{Kind, Observer, found};
use crate::fingerprint;
use crate::image;
use crate::labels;
use crate::model::{Build, Model, Service};
use crate::one_off::OneOff;
use crate::plan::Want;
use crate::ports::{self, Taken, Who};
use crate::storage::{self, Written};
use crate::worked_on::{self, Made};

pub(crate) use by_service::ByService;
pub(crate) use containers::{Detail, container, shared_place};

/// What was seen of a project.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Observed {
    /// The newest API that the engine speaks, such as `(1, 41)`.
    pub api: (u32, u32),
    /// The engine's containers are Windows.
    pub windows: bool,
    /// Containers in all states, ordered by service, number and name.
    pub containers: Vec<Container>,
    /// Containers beside those of the services.
    pub one_offs: Vec<OneOff>,
    /// Who else uses the project's volumes, by the volume; looked for only if those shall go.
    pub other_users: BTreeMap<String, BTreeSet<String>>,
    /// Networks by name: the project's, and those that the model names.
    pub networks: BTreeMap<String, Network>,
    /// Volumes by name: the project's, and those that the model names.
    pub volumes: BTreeMap<String, Volume>,
    /// Content ids of the model's image names, as far as the engine has them.
    pub images: BTreeMap<String, ImageId>,
    /// Those of the release's images that the engine has.
    pub image_ids: BTreeSet<ImageId>,
    /// Names of images that were built for the project or are kept for its releases; looked for only if they shall go.
    pub own_images: BTreeSet<String>,
    /// For services that are built: what would be built, and the image that was built from just that.
    pub builds: BTreeMap<ServiceName, Built>,
    /// Fingerprints of the files that secrets and configs come from.
    pub files: BTreeMap<PathBuf, String>,
    /// The engine may be on another machine: files are copied to it.
    pub remote: bool,
    /// Paths that the model mounts and that are this machine's, where the engine is on another one.
    pub own_paths: BTreeSet<String>,
    /// Ports of the host that others have.
    pub taken: Vec<Taken>,
    /// What running containers of others write to.
    pub written: Vec<Written>,
    /// Containers of others by their names.
    pub names: BTreeMap<String, Who>,
    /// Containers outside the project to which services link, and which are not there.
    pub unlinked: BTreeSet<String>,
}

/// A container.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Container {
    /// The engine's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The service that it belongs to.
    pub service: String,
    /// Its number among the service's containers, from 1.
    pub number: u32,
    /// All its labels.
    pub labels: BTreeMap<String, String>,
    /// What it does.
    pub state: State,
    /// How it ended, if it did.
    pub exit_code: i64,
    /// What its health check says, if it has one.
    pub health: Option<Probe>,
    /// The content of its image.
    pub image: String,
    /// The image's name as it was given.
    pub image_name: String,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// When it was last started.
    pub started: Option<Timestamp>,
    /// Names of the networks that it is attached to.
    pub networks: BTreeSet<String>,
    /// Fixed addresses that it has in networks.
    pub addresses: BTreeSet<String>,
    /// Ports of the host that it publishes when it runs.
    pub ports: Vec<HostPort>,
    /// Named volumes and paths of the host that it can write to.
    pub writes: BTreeSet<String>,
    /// Containers whose namespaces or volumes it borrows, by id.
    pub parents: BTreeSet<String>,
    /// It uses the host's network.
    pub host_network: bool,
}

/// A port of the host.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct HostPort {
    /// The host's address; empty for all.
    pub address: String,
    /// The port, or a range from which one is taken; empty for any free one.
    pub port: String,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
    /// The container's port.
    pub target: u16,
}

/// What a container does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Made, never started.
    Created,
    /// It runs.
    Running,
    /// It is held.
    Paused,
    /// It ended and the engine is about to start it again.
    Restarting,
    /// It ended.
    Exited,
    /// The engine is removing it, or failed to.
    Dead,
}

/// What a health check says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Probe {
    /// Too early to say.
    Starting,
    /// It works.
    Healthy,
    /// It does not.
    Unhealthy,
}

/// A network on the engine.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Network {
    /// The engine's id.
    pub id: String,
    /// All its labels.
    pub labels: BTreeMap<String, String>,
    /// Ids of the containers that are attached and run; looked at only where the model does not name the network.
    pub attached: BTreeSet<String>,
}

/// A volume on the engine.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Volume {
    /// All its labels.
    pub labels: BTreeMap<String, String>,
}

/// What a service is built from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Built {
    /// Hash of the context, the Dockerfile and the arguments.
    pub context: String,
    /// The image that was built from it, if there is one.
    pub image: Option<ImageId>,
}

impl Observed {
    /// Whether the project has anything on the engine.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.containers.is_empty()
    }

    /// The services that each service depends on, as Compose's label on its containers says.
    pub(crate) fn dependencies(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut dependencies: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for container in &self.containers {
            let label = container.labels.get(labels::DEPENDS_ON).map_or("", String::as_str);
            let names = label.split(',').filter_map(|entry| entry.split(':').next()).filter(|name| !name.is_empty());
            dependencies.entry(&container.service).or_default().extend(names);
        }
        dependencies
    }
}

/// The images that run, by service: what a release records.
#[must_use]
pub fn images_after(observed: &Observed) -> BTreeMap<ServiceName, ImageId> {
    let pairs = observed
        .containers
        .iter()
        .filter_map(|container| Some((container.service.parse().ok()?, container.image.parse().ok()?)));
    pairs.collect()
}

impl Observer {
    /// Looks at everything that belongs to a Compose project. Changes nothing.
    ///
    /// # Errors
    /// [`sternway_model::Code::EngineUnreachable`] or [`sternway_model::Code::TimedOut`].
    pub async fn observe(&self, project: &str) -> Result<Observed> {
        Box::pin(self.look(project, None)).await
    }

    /// As [`Observer::observe`], with all that [`crate::plan`] needs to know: the model's images, the contexts of its builds,
    /// the files of its secrets and configs. Services whose image is that of an earlier release are not built, so the files
    /// that they were built from need not be there any more.
    ///
    /// # Errors
    /// As [`Observer::observe`]; file errors of the model's files.
    pub async fn observe_for(&self, want: &Want<'_>) -> Result<Observed> {
        let mut observed = Box::pin(self.look(want.project, Some(want))).await?;
        if observed.remote {
            observed.own_paths = own_paths(want.model, want.project_dir);
        }
        Ok(observed)
    }

    async fn look(&self, project: &str, want: Option<&Want<'_>>) -> Result<Observed> {
        let model = want.map(|want| want.model);
        let pinned = want.map(|want| want.images.values().cloned().collect()).unwrap_or_default();
        let own_images = want.is_some_and(|want| want.remove.images);
        let listed = own_images || want.is_some_and(|want| built(want).next().is_some());
        let names = |names: Vec<&String>| names.into_iter().cloned().collect::<BTreeSet<String>>();
        let networks = names(model.map_or_else(Vec::new, |model| model.networks.values().map(|n| &n.name).collect()));
        let volumes = names(model.map_or_else(Vec::new, |model| model.volumes.values().map(|v| &v.name).collect()));
        // Asked at the same time: the engine's answers take longer than what is done with them.
        let (kind, (containers, one_offs), networks, volumes, images, image_ids, list) = tokio::try_join!(
            self.kind(),
            self.all_containers(project, if model.is_some() { Detail::Enough } else { Detail::Full }),
            self.networks(project, &networks),
            self.volumes(project, &volumes),
            self.images_named(references(model)),
            self.images_there(&pinned),
            async { if listed { self.images().await } else { Ok(Vec::new()) } },
        )?;
        let remote = self.is_remote();
        let Kind { api, windows } = kind;
        let own_images = if own_images { image::own_names(&list, project) } else { BTreeSet::new() };
        let mut observed = Observed {
            api,
            windows,
            containers,
            one_offs,
            networks,
            volumes,
            images,
            image_ids,
            own_images,
            remote,
            ..Observed::default()
        };
        if let Some(want) = want {
            let model = want.model;
            observed.builds = observe_builds(want, &list).await?;
            observed.files = fingerprint::files(model, observed.remote)?;
            if !model.services.is_empty() {
                let others = self.others(project).await?;
                observed.taken = others.iter().flat_map(ports::published).collect();
                observed.written = storage::written(&others);
                observed.names = others.iter().map(ports::named).collect();
            }
            observed.unlinked = self.unlinked(model).await?;
            if want.remove.volumes {
                let volumes = observed.volumes.keys().cloned().collect();
                observed.other_users = self.other_users(project, &volumes).await?;
            }
        }
        Ok(observed)
    }

    /// Those of a model's external links that lead nowhere.
    async fn unlinked(&self, model: &Model) -> Result<BTreeSet<String>> {
        let mut unlinked = BTreeSet::new();
        for name in model.services.values().flat_map(Service::linked_outside).collect::<BTreeSet<_>>() {
            if found(self.inspect(name).await)?.is_none() {
                unlinked.insert(name.to_owned());
            }
        }
        Ok(unlinked)
    }

    async fn networks(&self, project: &str, names: &BTreeSet<String>) -> Result<BTreeMap<String, Network>> {
        let list = self.ask("list the networks", || self.docker.list_networks(None::<ListNetworksOptions>)).await?;
        let mut networks = BTreeMap::new();
        for network in list {
            let name = network.name.unwrap_or_default();
            let labels: BTreeMap<String, String> = network.labels.unwrap_or_default().into_iter().collect();
            if labels.get(labels::PROJECT).is_some_and(|owner| owner == project) || names.contains(&name) {
                let id = network.id.unwrap_or_default();
                let attached = if names.contains(&name) { BTreeSet::new() } else { self.attached(&id, &name).await? };
                networks.insert(name, Network { id, labels, attached });
            }
        }
        Ok(networks)
    }

    /// Ids of the containers that are attached to a network and run.
    async fn attached(&self, id: &str, name: &str) -> Result<BTreeSet<String>> {
        let look = || self.docker.inspect_network(id, None::<InspectNetworkOptions>);
        let inspected = found(self.ask(&format!("look at the network {name}"), look).await)?;
        Ok(inspected.and_then(|network| network.containers).unwrap_or_default().into_keys().collect())
    }

    /// When the volumes were made that a service and what it waits for have.
    pub(crate) async fn made_volumes(&self, place: &Place<'_>) -> Result<Made> {
        let names = worked_on::volumes_behind(place.model, place.name).into_iter().cloned().collect();
        Ok(worked_on::made(&self.volumes(place.project, &names).await?))
    }

    async fn volumes(&self, project: &str, names: &BTreeSet<String>) -> Result<BTreeMap<String, Volume>> {
        let list = self.ask("list the volumes", || self.docker.list_volumes(None::<ListVolumesOptions>)).await?;
        let list = list.volumes.unwrap_or_default();
        let volumes = list.into_iter().map(|volume| (volume.name, volume.labels.into_iter().collect()));
        Ok(volumes
            .filter(|(name, labels): &(String, BTreeMap<String, String>)| {
                labels.get(labels::PROJECT).is_some_and(|owner| owner == project) || names.contains(name)
            })
            .map(|(name, labels)| (name, Volume { labels }))
            .collect())
    }
}

/// What to do about a service that is not there: its name may be misspelt.
pub(crate) fn which_service(name: &ServiceName, containers: &[Container]) -> String {
    match nearest(name.as_str(), containers.iter().map(|container| container.service.as_str())) {
        Some(near) if near != name.as_str() => format!("Did you mean `{near}`?"),
        _ => "`sternway status` says how the services are.".to_owned(),
    }
}

/// The names of the images that a model's services have.
fn references(model: Option<&Model>) -> BTreeSet<String> {
    model.into_iter().flat_map(|model| model.services.values()).filter_map(|service| service.image.clone()).collect()
}

/// The services that are built: those whose image is not that of a release.
fn built<'w>(want: &'w Want<'_>) -> impl Iterator<Item = (&'w ServiceName, &'w Service, &'w Build)> {
    let services = want.model.services.iter().filter(|(name, _)| !want.images.contains_key(*name));
    services.filter_map(|(name, service)| Some((name, service, service.build.as_ref()?)))
}

/// What would be built, and which of the engine's images was built from just that.
async fn observe_builds(want: &Want<'_>, list: &[ImageSummary]) -> Result<BTreeMap<ServiceName, Built>> {
    let names: Vec<ServiceName> = built(want).map(|(name, ..)| name.clone()).collect();
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let hashes = build::hashes_of(names, want.model.builds()).await?;
    // The images that were built here, so that each service looks at its own.
    let mut by_context: HashMap<&str, Vec<&ImageSummary>> = HashMap::new();
    for image in list {
        if let Some(context) = image.labels.get(labels::CONTEXT) {
            by_context.entry(context).or_default().push(image);
        }
    }
    let seen = |(name, context): (ServiceName, String)| {
        let service = want.model.services.get(&name)?;
        let images = by_context.get(context.as_str()).into_iter().flatten().copied();
        let image = build::built_image(images, &context, &build::image_name(want.model, &name, service));
        Some((name, Built { context, image }))
    };
    Ok(hashes.into_iter().filter_map(seen).collect())
}

/// Mounted paths that are meant to be this machine's: those of the project, and those of the person's home that are there.
/// Any other path may just as well be the engine's host's.
fn own_paths(model: &Model, project_dir: &Path) -> BTreeSet<String> {
    let home = std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE")).map(PathBuf::from);
    let is_own = |path: &&String| {
        let path = Path::new(path);
        path.starts_with(project_dir) || home.as_ref().is_some_and(|home| path.starts_with(home) && path.exists())
    };
    model.host_paths().map(|(_, path)| path).filter(is_own).cloned().collect()
}

/// Runs work on files where it does not hold up the others.
pub(crate) async fn in_background<A: Send + 'static, T: Send + 'static>(
    argument: A,
    work: impl FnOnce(A) -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(move || work(argument))
        .await
        .map_err(|error| Error::internal(format!("work on files ended early: {error}")))?
}

impl HostPort {
    /// Whether two containers that publish these cannot run at the same time.
    #[must_use]
    pub fn collides(&self, other: &Self) -> bool {
        let everywhere = |address: &str| address.is_empty() || address == "0.0.0.0" || address == "::";
        let same_address = self.address == other.address || everywhere(&self.address) || everywhere(&other.address);
        self.protocol == other.protocol && same_address && !self.port.is_empty() && self.port == other.port
    }

    /// How many containers can publish it at the same time.
    pub(crate) fn width(&self) -> u32 {
        let number = |text: &str| text.parse::<u32>().ok();
        match self.port.split_once('-') {
            _ if self.port.is_empty() => u32::MAX,
            Some((first, last)) => {
                number(last).zip(number(first)).map_or(1, |(last, first)| last.saturating_sub(first) + 1)
            }
            None => 1,
        }
    }
}

impl State {
    pub(crate) fn of(state: &bollard::models::ContainerState) -> Self {
        use bollard::models::ContainerStateStatusEnum as Status;
        match state.status {
            Some(Status::CREATED) => Self::Created,
            Some(Status::RUNNING) => Self::Running,
            Some(Status::PAUSED) => Self::Paused,
            Some(Status::RESTARTING) => Self::Restarting,
            Some(Status::EXITED | Status::STOPPING) => Self::Exited,
            Some(Status::REMOVING | Status::DEAD | Status::EMPTY) | None => Self::Dead,
        }
    }

    /// The engine's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Restarting => "restarting",
            Self::Exited => "exited",
            Self::Dead => "dead",
        }
    }
}

impl Probe {
    pub(crate) fn of(state: &bollard::models::ContainerState) -> Option<Self> {
        use bollard::models::HealthStatusEnum as Status;
        match state.health.as_ref()?.status? {
            Status::STARTING => Some(Self::Starting),
            Status::HEALTHY => Some(Self::Healthy),
            Status::UNHEALTHY => Some(Self::Unhealthy),
            Status::EMPTY | Status::NONE => None,
        }
    }
}

/// Reads a file that is sent to the engine.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    read_file("read", path, MOST_OF_CONTENT)
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.address, self.port)
    }
}
