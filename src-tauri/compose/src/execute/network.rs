//! Networks and volumes.

use std::collections::HashMap;

use bollard::models::{
    EndpointSettings, Ipam, IpamConfig, NetworkConnectRequest, NetworkCreateRequest, NetworkDisconnectRequest,
    VolumeCreateRequest,
};
use bollard::query_parameters::{InspectNetworkOptions, RemoveVolumeOptions};
use jiff::Timestamp;
use sternway_model::{Code, Error, Result};

use super::Run;
use crate::engine::{REQUEST, found, limited};
use crate::fingerprint::of_settings;
use crate::labels;
use crate::model::Network;

/// Creates a network, unless it is there.
pub(super) async fn create(run: &Run<'_>, key: &str) -> Result<String> {
    let network = wanted(run, key)?;
    if look(run, &network.name).await?.is_some() {
        return Ok(format!("{} is there", network.name));
    }
    make(run, key, network).await
}

async fn make(run: &Run<'_>, key: &str, network: &Network) -> Result<String> {
    let doing = format!("create the network {}", network.name);
    let mut labels = ours(run, labels::NETWORK, key, of_settings(&network.canonical));
    labels.extend(network.labels.clone());
    let pools = network.ipam.config.iter().map(|pool| IpamConfig {
        subnet: pool.subnet.clone(),
        ip_range: pool.ip_range.clone(),
        gateway: pool.gateway.clone(),
        auxiliary_addresses: Some(pool.aux_addresses.clone().into_iter().collect()),
    });
    let ipam = Ipam {
        driver: network.ipam.driver.clone(),
        config: Some(pools.collect()),
        options: Some(network.ipam.options.clone().into_iter().collect()),
    };
    let request = NetworkCreateRequest {
        name: network.name.clone(),
        driver: network.driver.clone(),
        internal: Some(network.internal),
        attachable: Some(network.attachable),
        enable_ipv4: network.enable_ipv4,
        enable_ipv6: network.enable_ipv6,
        ipam: Some(ipam),
        options: Some(network.driver_opts.clone().into_iter().collect()),
        labels: Some(labels),
        ..NetworkCreateRequest::default()
    };
    let created = run.write(&doing, limited(&doing, REQUEST, run.engine.docker().create_network(request))).await?;
    Ok(format!("{} is {}", network.name, created.id.get(..12).unwrap_or(&created.id)))
}

/// Replaces a network; the containers that run in it are moved over. One that stops half-way is recognised by the next plan:
/// its containers lack a network.
pub(super) async fn replace(run: &Run<'_>, key: &str) -> Result<String> {
    let network = wanted(run, key)?;
    let Some((id, attached)) = look(run, &network.name).await? else { return make(run, key, network).await };
    let docker = run.engine.docker();
    let mut endpoints = Vec::new();
    for container in attached {
        let inspected = run.engine.observer().inspect(&container).await?;
        let settings = inspected.network_settings.and_then(|settings| settings.networks).unwrap_or_default();
        if let Some(endpoint) = settings.get(&network.name) {
            let kept = EndpointSettings {
                aliases: endpoint.aliases.clone(),
                links: endpoint.links.clone(),
                ipam_config: endpoint.ipam_config.clone(),
                driver_opts: endpoint.driver_opts.clone(),
                ..EndpointSettings::default()
            };
            endpoints.push((container, kept));
        }
    }
    for (container, _) in &endpoints {
        let doing = format!("disconnect {} from {}", short(container), network.name);
        let request = NetworkDisconnectRequest { container: container.clone(), force: Some(true) };
        run.write(&doing, limited(&doing, REQUEST, docker.disconnect_network(&id, request))).await?;
    }
    remove(run, &network.name).await?;
    let seen = make(run, key, network).await?;
    for (container, endpoint) in endpoints {
        let doing = format!("connect {} to {}", short(&container), network.name);
        let request = NetworkConnectRequest { container, endpoint_config: Some(endpoint) };
        run.write(&doing, limited(&doing, REQUEST, docker.connect_network(&network.name, request))).await?;
    }
    Ok(seen)
}

/// Removes a network, unless something runs in it.
pub(super) async fn remove(run: &Run<'_>, name: &str) -> Result<String> {
    match look(run, name).await? {
        None => Ok(format!("{name} is gone")),
        Some((_, attached)) if !attached.is_empty() => Ok(format!("{name} is still used, and stays")),
        Some((id, _)) => {
            let doing = format!("remove the network {name}");
            found(run.write(&doing, limited(&doing, REQUEST, run.engine.docker().remove_network(&id))).await)?;
            Ok(format!("{name} is gone"))
        }
    }
}

/// Creates a volume, unless it is there.
pub(super) async fn create_volume(run: &Run<'_>, key: &str) -> Result<String> {
    let Some(volume) = run.want.model.volumes.get(key) else { return Err(moved("volume", key)) };
    let doing = format!("create the volume {}", volume.name);
    let mut labels = ours(run, labels::VOLUME, key, of_settings(&volume.canonical));
    labels.extend(volume.labels.clone());
    labels.insert(labels::MADE.to_owned(), Timestamp::now().to_string());
    let request = VolumeCreateRequest {
        name: Some(volume.name.clone()),
        driver: volume.driver.clone(),
        driver_opts: Some(volume.driver_opts.clone().into_iter().collect()),
        labels: Some(labels),
        ..VolumeCreateRequest::default()
    };
    let created = run.write(&doing, limited(&doing, REQUEST, run.engine.docker().create_volume(request))).await?;
    Ok(format!("{} is at {}", created.name, created.mountpoint))
}

/// Removes a volume with its data. One that a container still uses stays, and that is an error.
pub(super) async fn remove_volume(run: &Run<'_>, name: &str) -> Result<String> {
    let doing = format!("remove the volume {name}");
    let call = run.engine.docker().remove_volume(name, None::<RemoveVolumeOptions>);
    found(run.write(&doing, limited(&doing, REQUEST * 2, call)).await)?;
    Ok(format!("{name} is gone"))
}

/// Compose's labels for a network or volume, and our hash.
fn ours(run: &Run<'_>, kind: &str, key: &str, hash: String) -> HashMap<String, String> {
    HashMap::from([
        (labels::PROJECT.to_owned(), run.want.project.to_owned()),
        (kind.to_owned(), key.to_owned()),
        (labels::VERSION.to_owned(), labels::OUR_VERSION.to_owned()),
        (labels::CONFIG_HASH.to_owned(), hash.clone()),
        (labels::HASH.to_owned(), hash),
    ])
}

fn wanted<'a>(run: &Run<'a>, key: &str) -> Result<&'a Network> {
    run.want.model.networks.get(key).ok_or_else(|| moved("network", key))
}

fn moved(what: &str, key: &str) -> Error {
    Error::new(Code::PlanMoved, format!("the plan has a {what} {key} which the model has not")).hint("Plan again.")
}

/// A network's id and the containers that run in it.
async fn look(run: &Run<'_>, name: &str) -> Result<Option<(String, Vec<String>)>> {
    let look = || run.engine.docker().inspect_network(name, None::<InspectNetworkOptions>);
    let network = found(run.engine.observer().ask(&format!("look at the network {name}"), look).await)?;
    // The engine also finds networks by the beginning of their ids.
    let network = network.filter(|network| network.name.as_deref() == Some(name));
    Ok(network
        .map(|network| (network.id.unwrap_or_default(), network.containers.unwrap_or_default().into_keys().collect())))
}

fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}
