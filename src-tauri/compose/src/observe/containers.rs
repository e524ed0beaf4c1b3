//! The containers of a project: what the list of the engine says about them, and the rest only where it matters.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bollard::models::{
    ContainerInspectResponse, ContainerSummary, ContainerSummaryStateEnum, EndpointSettings, MountPoint,
};
use bollard::query_parameters::ListContainersOptionsBuilder;
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde_json::Value;
use sternway_model::{Result, ServiceName};

use super::{Container, HostPort, Probe, State};
use crate::engine::{Observer, by_labels, found};
use crate::labels;
use crate::one_off::OneOff;

/// Requests at the same time.
const AT_ONCE: usize = 8;

/// How much is asked about each container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// What decisions need. The list has it for most containers; looking at one costs the engine a request.
    Enough,
    /// Everything, such as the moment of the last start.
    Full,
}

impl Observer {
    /// The containers of the project's services in all states.
    pub(crate) async fn containers(&self, project: &str, detail: Detail) -> Result<Vec<Container>> {
        Ok(self.containers_where(project, detail, |_| true).await?.0)
    }

    /// The containers of the project's services in all states, and the one-off ones beside them.
    pub(super) async fn all_containers(&self, project: &str, detail: Detail) -> Result<(Vec<Container>, Vec<OneOff>)> {
        let (containers, one_offs) = self.containers_where(project, detail, |_| true).await?;
        Ok((containers, self.one_offs_among(&one_offs).await?))
    }

    /// The project's containers of some services.
    pub(crate) async fn containers_of(
        &self,
        project: &str,
        services: &BTreeSet<ServiceName>,
    ) -> Result<Vec<Container>> {
        Ok(self.containers_where(project, Detail::Enough, |service| services.contains(service)).await?.0)
    }

    async fn containers_where(
        &self,
        project: &str,
        detail: Detail,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<(Vec<Container>, Vec<ContainerSummary>)> {
        let filters = by_labels(&[format!("{}={project}", labels::PROJECT)]);
        let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
        let list = self.list_containers(options).await?;
        let is_one_off = |container: &ContainerSummary| label(container, labels::ONE_OFF) == Some("True");
        let (one_offs, mut list): (Vec<_>, Vec<_>) = list.into_iter().partition(is_one_off);
        list.retain(|container| label(container, labels::SERVICE).is_some_and(&wanted));
        // Whether a dependency was replaced after the start of another needs the very moments of both.
        let restarts = |label: &str| label.split(',').any(|entry| entry.ends_with(":true"));
        let moments = list.iter().any(|container| label(container, labels::DEPENDS_ON).is_some_and(restarts));
        let mut containers = Vec::with_capacity(list.len());
        let mut unclear = Vec::new();
        for summary in list {
            match summarized(&summary).filter(|_| detail == Detail::Enough && !moments) {
                Some(container) => containers.push(container),
                None => unclear.extend(summary.id),
            }
        }
        let inspected: Vec<Option<ContainerInspectResponse>> = stream::iter(unclear)
            // One that vanished since the list was made is simply not there.
            .map(|id| async move { found(self.inspect(&id).await) })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        containers.extend(inspected.into_iter().flatten().filter_map(container));
        containers.sort_by(|a, b| (&a.service, a.number, &a.name).cmp(&(&b.service, b.number, &b.name)));
        Ok((containers, one_offs))
    }
}

fn label<'c>(container: &'c ContainerSummary, name: &str) -> Option<&'c str> {
    container.labels.as_ref()?.get(name).map(String::as_str)
}

/// A container from what the list says, if that is enough: it runs, and it is one of ours that borrows nothing from others.
fn summarized(summary: &ContainerSummary) -> Option<Container> {
    let running = summary.state == Some(ContainerSummaryStateEnum::RUNNING);
    label(summary, labels::HASH)?;
    let made_from: Value = serde_json::from_str(label(summary, labels::MADE_FROM)?).ok()?;
    if !running || borrows(&made_from) {
        return None;
    }
    let labels: BTreeMap<String, String> = summary.labels.clone()?.into_iter().collect();
    let networks = summary.network_settings.as_ref()?.networks.clone().unwrap_or_default();
    let mounts = summary.mounts.as_deref().unwrap_or_default();
    Some(Container {
        id: summary.id.clone()?,
        name: summary.names.as_ref()?.first()?.trim_start_matches('/').to_owned(),
        service: labels.get(labels::SERVICE)?.clone(),
        number: labels.get(labels::NUMBER).and_then(|number| number.parse().ok()).unwrap_or(1),
        state: State::Running,
        exit_code: 0,
        health: probe(summary.status.as_deref()?),
        image: summary.image_id.clone()?,
        image_name: summary.image.clone().unwrap_or_default(),
        created: summary.created.and_then(|second| Timestamp::from_second(second).ok()),
        started: None,
        addresses: fixed_addresses(&networks),
        networks: networks.into_keys().collect(),
        ports: published(summary),
        writes: mounts.iter().filter(|mount| mount.rw != Some(false)).filter_map(shared_place).collect(),
        parents: BTreeSet::new(),
        host_network: summary.host_config.as_ref()?.network_mode.as_deref() == Some("host"),
        labels,
    })
}

/// Whether a service uses namespaces or volumes of others.
fn borrows(service: &Value) -> bool {
    let mut modes = ["network_mode", "ipc", "pid"].iter().filter_map(|key| service[*key].as_str());
    let volumes = service["volumes_from"].as_array().is_some_and(|from| !from.is_empty());
    volumes || modes.any(|mode| mode.contains(':'))
}

/// What the health check says, from the words that the list has for people: `Up 2 minutes (healthy)`.
fn probe(status: &str) -> Option<Probe> {
    let (_, health) = status.strip_suffix(')')?.rsplit_once('(')?;
    match health {
        "healthy" => Some(Probe::Healthy),
        "unhealthy" => Some(Probe::Unhealthy),
        "health: starting" => Some(Probe::Starting),
        _ => None,
    }
}

/// The published ports. One that is published on all addresses is in the list once for each family of addresses.
fn published(summary: &ContainerSummary) -> Vec<HostPort> {
    let mut ports: Vec<HostPort> = Vec::new();
    for port in summary.ports.iter().flatten() {
        let Some(public) = port.public_port else { continue };
        let address = port.ip.clone().filter(|address| address != "0.0.0.0" && address != "::").unwrap_or_default();
        let protocol = port.typ.map_or_else(|| "tcp".to_owned(), |protocol| protocol.to_string());
        ports.push(HostPort { address, port: public.to_string(), protocol, target: port.private_port });
    }
    ports.sort();
    ports.dedup();
    ports
}

/// Addresses in networks that were asked for, not those that were given.
fn fixed_addresses(networks: &HashMap<String, EndpointSettings>) -> BTreeSet<String> {
    let asked = networks.values().filter_map(|network| network.ipam_config.clone());
    let addresses = asked.flat_map(|ipam| [ipam.ipv4_address, ipam.ipv6_address]).flatten();
    addresses.filter(|address| !address.is_empty()).collect()
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
        addresses: fixed_addresses(&networks),
        networks: networks.into_keys().collect(),
        ports: host_ports(host.port_bindings.unwrap_or_default()),
        writes: mounts.iter().filter(|mount| mount.rw != Some(false)).filter_map(shared_place).collect(),
        parents: parents.collect(),
        host_network: host.network_mode.as_deref() == Some("host"),
        labels,
    })
}

/// A place outside the container: a volume's name or a path of the host.
pub(crate) fn shared_place(mount: &MountPoint) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_list_are_understood() {
        assert_eq!(probe("Up 2 minutes (healthy)"), Some(Probe::Healthy));
        assert_eq!(probe("Up 2 minutes (unhealthy)"), Some(Probe::Unhealthy));
        assert_eq!(probe("Up Less than a second (health: starting)"), Some(Probe::Starting));
        assert_eq!(probe("Up 2 minutes"), None);
    }

    #[test]
    fn what_the_list_does_not_tell_is_looked_at() {
        let summary = |state: ContainerSummaryStateEnum, made_from: &str| ContainerSummary {
            id: Some("i".to_owned()),
            names: Some(vec!["/p-a-1".to_owned()]),
            state: Some(state),
            status: Some("Up".to_owned()),
            image_id: Some("sha256:i".to_owned()),
            host_config: Some(Default::default()),
            network_settings: Some(Default::default()),
            labels: Some(HashMap::from([
                (labels::SERVICE.to_owned(), "a".to_owned()),
                (labels::HASH.to_owned(), "h".to_owned()),
                (labels::MADE_FROM.to_owned(), made_from.to_owned()),
            ])),
            ..ContainerSummary::default()
        };
        let running = ContainerSummaryStateEnum::RUNNING;
        assert!(summarized(&summary(running, "{}")).is_some());
        assert!(summarized(&summary(ContainerSummaryStateEnum::EXITED, "{}")).is_none(), "its exit code matters");
        assert!(summarized(&summary(running, r#"{"network_mode": "service:b"}"#)).is_none(), "so does its parent");
    }
}
