//! What is really there: containers, networks, volumes and images of a project.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};

use bollard::models::{ContainerInspectResponse, MountPoint};
use bollard::query_parameters::{
    InspectNetworkOptions, ListContainersOptionsBuilder, ListImagesOptions, ListNetworksOptions, ListVolumesOptions,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::Serialize;
use sternway_model::{Error, ImageId, Result, ServiceName};

use crate::build;
use crate::engine::{Observer, REQUEST, by_labels, found, limited};
use crate::fingerprint;
use crate::image;
use crate::labels;
use crate::model::Model;
use crate::plan::Want;
use crate::ports::Taken;

/// Requests at the same time.
const AT_ONCE: usize = 8;

/// What was seen of a project.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Observed {
    /// The newest API that the engine speaks, such as `(1, 41)`.
    pub api: (u32, u32),
    /// Containers in all states, ordered by service, number and name.
    pub containers: Vec<Container>,
    /// Networks by name: the project's, and those that the model names.
    pub networks: BTreeMap<String, Network>,
    /// Volumes by name: the project's, and those that the model names.
    pub volumes: BTreeMap<String, Volume>,
    /// Content ids of the model's image names, as far as the engine has them.
    pub images: BTreeMap<String, ImageId>,
    /// Every image that the engine has.
    pub image_ids: BTreeSet<ImageId>,
    /// Names of images that were built for the project or are kept for its releases.
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
    /// Ids of the containers that are attached and run.
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

    /// The services that a service depends on, as Compose's label on its containers says.
    pub(crate) fn dependencies_of(&self, service: &str) -> BTreeSet<&str> {
        let containers = self.containers.iter().filter(|container| container.service == service);
        let labels = containers.filter_map(|container| container.labels.get(labels::DEPENDS_ON));
        let entries = labels.flat_map(|label| label.split(','));
        entries.filter_map(|entry| entry.split(':').next()).filter(|name| !name.is_empty()).collect()
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
    /// Looks at everything that belongs to a Compose project, and at what a model needs: its images, the contexts of its
    /// builds, the files of its secrets and configs. Changes nothing.
    ///
    /// # Errors
    /// [`sternway_model::Code::EngineUnreachable`] or [`sternway_model::Code::TimedOut`]; file errors of the model's files.
    pub async fn observe(&self, project: &str, model: Option<&Model>) -> Result<Observed> {
        self.look(project, model, &BTreeMap::new()).await
    }

    /// As [`Observer::observe`], with all that [`crate::plan`] needs to know. Services whose image is that of an earlier
    /// release are not built, so the files that they were built from need not be there any more.
    ///
    /// # Errors
    /// As [`Observer::observe`].
    pub async fn observe_for(&self, want: &Want<'_>) -> Result<Observed> {
        let mut observed = self.look(want.project, Some(want.model), want.images).await?;
        if observed.remote {
            observed.own_paths = own_paths(want.model, want.project_dir);
        }
        Ok(observed)
    }

    async fn look(
        &self,
        project: &str,
        model: Option<&Model>,
        pinned: &BTreeMap<ServiceName, ImageId>,
    ) -> Result<Observed> {
        let api = self.api().await?;
        let mut observed = Observed {
            api,
            containers: self.containers(project).await?,
            remote: self.is_remote(),
            ..Observed::default()
        };
        let names = |names: Vec<&String>| names.into_iter().cloned().collect::<BTreeSet<String>>();
        let networks = names(model.map_or_else(Vec::new, |model| model.networks.values().map(|n| &n.name).collect()));
        let volumes = names(model.map_or_else(Vec::new, |model| model.volumes.values().map(|v| &v.name).collect()));
        observed.networks = self.networks(project, &networks).await?;
        observed.volumes = self.volumes(project, &volumes).await?;
        if let Some(model) = model {
            self.observe_images(project, model, pinned, &mut observed).await?;
            observed.files = fingerprint::files(model, observed.remote)?;
            observed.taken = self.taken_ports(project).await?;
        }
        Ok(observed)
    }

    /// The project's containers in all states; one-off ones are nobody's business.
    pub(crate) async fn containers(&self, project: &str) -> Result<Vec<Container>> {
        self.containers_where(project, |_| true).await
    }

    /// The project's containers of some services: looking at each costs the engine a request.
    pub(crate) async fn containers_of(
        &self,
        project: &str,
        services: &BTreeSet<ServiceName>,
    ) -> Result<Vec<Container>> {
        self.containers_where(project, |service| services.contains(service)).await
    }

    async fn containers_where(&self, project: &str, wanted: impl Fn(&str) -> bool) -> Result<Vec<Container>> {
        let filters = by_labels(&[format!("{}={project}", labels::PROJECT)]);
        let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
        let list = limited("list the containers", REQUEST, self.docker.list_containers(Some(options))).await?;
        let is_wanted = |labels: &HashMap<String, String>| labels.get(labels::SERVICE).is_some_and(|s| wanted(s));
        let wanted = list.into_iter().filter(|container| container.labels.as_ref().is_some_and(is_wanted));
        let ids: Vec<String> = wanted.filter_map(|container| container.id).collect();
        let inspected: Vec<Option<ContainerInspectResponse>> = stream::iter(ids)
            // One that vanished since the list was made is simply not there.
            .map(|id| async move { found(self.inspect(&id).await) })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let mut containers: Vec<Container> = inspected.into_iter().flatten().filter_map(container).collect();
        containers.sort_by(|a, b| (&a.service, a.number, &a.name).cmp(&(&b.service, b.number, &b.name)));
        Ok(containers)
    }

    async fn networks(&self, project: &str, names: &BTreeSet<String>) -> Result<BTreeMap<String, Network>> {
        let call = self.docker.list_networks(None::<ListNetworksOptions>);
        let list = limited("list the networks", REQUEST, call).await?;
        let mut networks = BTreeMap::new();
        for network in list {
            let name = network.name.unwrap_or_default();
            let labels: BTreeMap<String, String> = network.labels.unwrap_or_default().into_iter().collect();
            if labels.get(labels::PROJECT).is_some_and(|owner| owner == project) || names.contains(&name) {
                let id = network.id.unwrap_or_default();
                let call = self.docker.inspect_network(&id, None::<InspectNetworkOptions>);
                let inspected = found(limited(&format!("look at the network {name}"), REQUEST, call).await)?;
                let attached =
                    inspected.and_then(|network| network.containers).unwrap_or_default().into_keys().collect();
                networks.insert(name, Network { id, labels, attached });
            }
        }
        Ok(networks)
    }

    async fn volumes(&self, project: &str, names: &BTreeSet<String>) -> Result<BTreeMap<String, Volume>> {
        let call = self.docker.list_volumes(None::<ListVolumesOptions>);
        let list = limited("list the volumes", REQUEST, call).await?.volumes.unwrap_or_default();
        let volumes = list.into_iter().map(|volume| (volume.name, volume.labels.into_iter().collect()));
        Ok(volumes
            .filter(|(name, labels): &(String, BTreeMap<String, String>)| {
                labels.get(labels::PROJECT).is_some_and(|owner| owner == project) || names.contains(name)
            })
            .map(|(name, labels)| (name, Volume { labels }))
            .collect())
    }

    async fn observe_images(
        &self,
        project: &str,
        model: &Model,
        pinned: &BTreeMap<ServiceName, ImageId>,
        observed: &mut Observed,
    ) -> Result<()> {
        let call = self.docker.list_images(None::<ListImagesOptions>);
        let list = limited("list the images", REQUEST, call).await?;
        observed.own_images = image::own_names(&list, project);
        observed.image_ids = list.iter().filter_map(|image| image.id.parse().ok()).collect();
        for service in model.services.values() {
            if let Some(reference) =
                service.image.as_ref().filter(|reference| !observed.images.contains_key(*reference))
                && let Some(id) = self.image_id(reference).await?
            {
                observed.images.insert(reference.clone(), id);
            }
        }
        for (name, service) in model.services.iter().filter(|(name, _)| !pinned.contains_key(*name)) {
            if let Some(plan) = &service.build {
                let context = in_background(plan.clone(), |plan| build::context_hash(&plan)).await?;
                let own = build::image_name(model, name, service);
                let image = build::built_image(&list, &context, &own);
                observed.builds.insert(name.clone(), Built { context, image });
            }
        }
        Ok(())
    }
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

/// A container of a service; `None` for one-off containers and those that lack Compose's labels.
pub(crate) fn container(inspected: ContainerInspectResponse) -> Option<Container> {
    let config = inspected.config.unwrap_or_default();
    let host = inspected.host_config.unwrap_or_default();
    let state = inspected.state.unwrap_or_default();
    let labels: BTreeMap<String, String> = config.labels.unwrap_or_default().into_iter().collect();
    if labels.get(labels::ONE_OFF).is_some_and(|value| value == "True") {
        return None;
    }
    let service = labels.get(labels::SERVICE)?.clone();
    let number = labels.get(labels::NUMBER).and_then(|number| number.parse().ok()).unwrap_or(1);
    let networks = inspected.network_settings.and_then(|settings| settings.networks).unwrap_or_default();
    let addresses = networks.values().filter_map(|network| network.ipam_config.clone());
    let addresses = addresses.flat_map(|ipam| [ipam.ipv4_address, ipam.ipv6_address]).flatten();
    let mounts = inspected.mounts.unwrap_or_default();
    let mut borrowed = vec![host.network_mode.clone(), host.ipc_mode.clone(), host.pid_mode.clone()];
    borrowed.extend(host.volumes_from.iter().flatten().map(|from| Some(format!("container:{from}"))));
    let parents = borrowed.into_iter().flatten().filter_map(|mode| {
        let id = mode.strip_prefix("container:")?;
        Some(id.split(':').next().unwrap_or(id).to_owned())
    });
    Some(Container {
        id: inspected.id?,
        name: inspected.name.unwrap_or_default().trim_start_matches('/').to_owned(),
        service,
        number,
        state: State::of(&state),
        exit_code: state.exit_code.unwrap_or_default(),
        health: Probe::of(&state),
        image: inspected.image.unwrap_or_default(),
        image_name: config.image.unwrap_or_default(),
        created: inspected.created.and_then(|time| time.parse().ok()),
        started: state.started_at.and_then(|time| time.parse().ok()),
        addresses: addresses.filter(|address| !address.is_empty()).collect(),
        networks: networks.into_keys().collect(),
        ports: host_ports(host.port_bindings.unwrap_or_default()),
        writes: mounts.iter().filter(|mount| mount.rw != Some(false)).filter_map(shared_place).collect(),
        parents: parents.collect(),
        host_network: host.network_mode.as_deref() == Some("host"),
        labels,
    })
}

/// A place outside the container: a volume's name or a path of the host.
fn shared_place(mount: &MountPoint) -> Option<String> {
    match mount.typ.as_deref() {
        Some("volume") => mount.name.clone(),
        Some("bind") => mount.source.clone(),
        _ => None,
    }
}

fn host_ports(bindings: HashMap<String, Option<Vec<bollard::models::PortBinding>>>) -> Vec<HostPort> {
    let mut ports: Vec<HostPort> = bindings
        .into_iter()
        .flat_map(|(target, bindings)| {
            let (port, protocol) = target.split_once('/').unwrap_or((&target, "tcp"));
            let (target, protocol) = (port.parse().unwrap_or_default(), protocol.to_owned());
            bindings.unwrap_or_default().into_iter().map(move |binding| HostPort {
                address: binding.host_ip.unwrap_or_default(),
                port: binding.host_port.unwrap_or_default(),
                protocol: protocol.clone(),
                target,
            })
        })
        .collect();
    ports.sort();
    ports
}

impl HostPort {
    /// Whether two containers that publish these cannot run at the same time.
    #[must_use]
    pub fn collides(&self, other: &Self) -> bool {
        let everywhere = |address: &str| address.is_empty() || address == "0.0.0.0" || address == "::";
        let same_address = self.address == other.address || everywhere(&self.address) || everywhere(&other.address);
        self.protocol == other.protocol && same_address && !self.port.is_empty() && self.port == other.port
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

/// Reads a file for its fingerprint.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| Error::io("read", path, &error))
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.address, self.port)
    }
}
