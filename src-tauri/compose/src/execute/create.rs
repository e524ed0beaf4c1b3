//! A container as the engine wants to have it described.

use std::collections::{BTreeMap, HashMap};

use bollard::models::{
    ContainerCreateBody, DeviceMapping, EndpointIpamConfig, EndpointSettings, HealthConfig, HostConfig,
    HostConfigCgroupnsModeEnum, HostConfigLogConfig, NetworkConnectRequest, NetworkingConfig, PortBinding, PortMap,
    ResourcesUlimits, RestartPolicy, RestartPolicyNameEnum,
};
use bollard::query_parameters::CreateContainerOptionsBuilder;
use serde_json::Value;
use sternway_model::{Error, ImageId, Result, ServiceName, expand};

use super::container::remove;
use super::{Run, files, hardware, mounts, security};
use crate::decide::Place;
use crate::engine::{REQUEST, limited};
use crate::fingerprint::MadeFrom;
use crate::labels;
use crate::lease::Owner;
use crate::model::{Healthcheck, Limits, NetworkUse, Port, RestartRule, Service, Ulimit, nanoseconds};
use crate::observe::Container;
use crate::plan::ALL_NETWORKS_AT_ONCE;
use crate::worked_on::{self, Made};

/// All that a new container is made from.
pub(super) struct Recipe<'a> {
    pub place: Place<'a>,
    pub image: &'a ImageId,
    pub made_from: &'a MadeFrom,
    /// The containers from which it borrows.
    pub parents: &'a BTreeMap<ServiceName, Option<String>>,
    /// When the project's volumes were made, if it is a job.
    pub volumes: &'a Made,
    /// It runs beside the service's containers and is none of them, for whoever waits for its end.
    pub one_off: Option<&'a Owner>,
}

/// Creates a container, connects it to its networks and copies its files in; it is not started. What cannot be completed is
/// removed again.
pub(super) async fn create(run: &Run<'_>, recipe: &Recipe<'_>, name: &str, olds: &[&Container]) -> Result<String> {
    let service = recipe.place.service;
    let mut networks = endpoints(recipe);
    // Older engines take one network at creation, the others afterwards, and a hardware address for the whole container.
    let (later, mac_address) = match run.engine.observer().api().await? < ALL_NETWORKS_AT_ONCE {
        true => {
            let first = networks.first_mut().and_then(|(_, endpoint)| endpoint.mac_address.take());
            (networks.split_off(networks.len().min(1)), first.or_else(|| service.mac_address.clone()))
        }
        false => (Vec::new(), None),
    };
    let mut body = body(run, recipe, &networks)?;
    if let Some(host) = &mut body.host_config {
        hardware::describe(service, host)?;
        security::describe(run, service, host).await?;
    }
    mounts::inherit_volumes(run, &mut body, service, olds).await?;
    // The name is kept where it still means this content, so that people see it in `docker ps`.
    if let Some(reference) = &service.image
        && run.engine.observer().image_id(reference).await?.as_ref() == Some(recipe.image)
    {
        body.image = Some(reference.clone());
    }
    let doing = format!("create {name}");
    let mut options = CreateContainerOptionsBuilder::new().name(name);
    if let Some(platform) = &service.platform {
        options = options.platform(platform);
    }
    let options = options.build();
    let created = match mac_address {
        None => {
            let call = run.engine.docker().create_container(Some(options), body);
            Box::pin(run.write(&doing, limited(&doing, REQUEST * 2, call))).await?
        }
        Some(address) => {
            let called = (name, service.platform.as_deref());
            let call = run.engine.observer().create_with_address(&doing, called, &body, &address);
            Box::pin(run.write(&doing, call)).await?
        }
    };
    for warning in &created.warnings {
        run.output.line(warning);
    }
    match complete(run, service, &created.id, name, later).await {
        Ok(()) => Ok(created.id),
        Err(error) => match remove(run, &created.id, name, true).await {
            Ok(()) => Err(error),
            Err(left) => Err(error.context(format!("{name} is left half made ({})", left.message))),
        },
    }
}

/// What cannot be done in one step with the creation.
async fn complete(
    run: &Run<'_>,
    service: &Service,
    id: &str,
    name: &str,
    networks: Vec<(String, EndpointSettings)>,
) -> Result<()> {
    for (network, endpoint) in networks {
        let doing = format!("connect {name} to {network}");
        let request = NetworkConnectRequest { container: id.to_owned(), endpoint_config: Some(endpoint) };
        run.write(&doing, limited(&doing, REQUEST, run.engine.docker().connect_network(&network, request))).await?;
    }
    files::copy_in(run, service, id, name).await
}

fn body(run: &Run<'_>, recipe: &Recipe<'_>, networks: &[(String, EndpointSettings)]) -> Result<ContainerCreateBody> {
    let service = recipe.place.service;
    let mut env = Vec::with_capacity(service.environment.len());
    for (name, value) in &service.environment {
        env.push(match value {
            Some(value) => format!("{name}={}", expand(value, run.secrets)?.reveal()),
            None => name.clone(), // takes the image's value away
        });
    }
    let seconds = service.stop_grace_period.map(|period| period.0.ceil());
    #[allow(clippy::cast_possible_truncation, reason = "a grace period is far below 2^53 seconds")]
    let stop_timeout = seconds.map(|seconds| seconds as i64);
    Ok(ContainerCreateBody {
        hostname: service.hostname.clone(),
        domainname: service.domainname.clone(),
        user: service.user.clone(),
        exposed_ports: Some(exposed(service)),
        tty: Some(service.tty),
        open_stdin: Some(service.stdin_open),
        // The input of a command that runs once ends when that of its caller does.
        stdin_once: recipe.one_off.map(|_| service.stdin_open),
        attach_stdin: recipe.one_off.map(|_| service.stdin_open),
        env: Some(env),
        cmd: service.command.clone(),
        healthcheck: service.healthcheck.as_ref().map(health),
        image: Some(recipe.image.to_string()),
        working_dir: service.working_dir.clone(),
        entrypoint: service.entrypoint.clone(),
        labels: Some(container_labels(run, recipe)?),
        stop_signal: service.stop_signal.clone(),
        stop_timeout,
        host_config: Some(host_config(run, recipe, networks)?),
        networking_config: (!networks.is_empty())
            .then(|| NetworkingConfig { endpoints_config: Some(networks.iter().cloned().collect()) }),
        ..ContainerCreateBody::default()
    })
}

fn container_labels(run: &Run<'_>, recipe: &Recipe<'_>) -> Result<HashMap<String, String>> {
    let place = &recipe.place;
    let mut labels: HashMap<String, String> = place.service.labels.clone().into_iter().collect();
    let files: Vec<String> = run.want.config_files.iter().map(|file| file.display().to_string()).collect();
    let ours = [
        (labels::PROJECT, run.want.project.to_owned()),
        (labels::SERVICE, place.name.to_string()),
        (labels::NUMBER, place.number.to_string()),
        (labels::ONE_OFF, if recipe.one_off.is_some() { "True" } else { "False" }.to_owned()),
        (labels::CONFIG_HASH, recipe.made_from.hash.clone()),
        (labels::IMAGE, recipe.image.to_string()),
        (labels::VERSION, labels::OUR_VERSION.to_owned()),
        (labels::WORKING_DIR, run.want.project_dir.display().to_string()),
        (labels::CONFIG_FILES, files.join(",")),
        (labels::DEPENDS_ON, place.depends_on_label()),
        (labels::HASH, recipe.made_from.hash.clone()),
        (labels::MADE_FROM, recipe.made_from.service.to_string()),
    ];
    labels.extend(ours.into_iter().map(|(name, value)| (name.to_owned(), value)));
    if !recipe.made_from.contents.is_empty() {
        let contents: Value = serde_json::json!(recipe.made_from.contents);
        labels.insert(labels::CONTENTS.to_owned(), contents.to_string());
    }
    if recipe.one_off.is_none() && place.model.runs_once(place.name) {
        labels.insert(labels::VOLUMES.to_owned(), worked_on::label(place.model, place.name, recipe.volumes));
    }
    if let Some(number) = run.want.deployment {
        labels.insert(labels::DEPLOYMENT.to_owned(), number.0.to_string());
    }
    if let Some(owner) = recipe.one_off {
        labels.insert(labels::OWNER.to_owned(), owner.to_label()?);
    }
    Ok(labels)
}

fn host_config(run: &Run<'_>, recipe: &Recipe<'_>, networks: &[(String, EndpointSettings)]) -> Result<HostConfig> {
    let service = recipe.place.service;
    let usual = Limits::default();
    let resources = service.deploy.as_ref().map(|deploy| &deploy.resources);
    let limits = resources.map_or(&usual, |resources| &resources.limits);
    let reserved = resources.map_or(&usual, |resources| &resources.reservations);
    let (binds, mounts) = mounts::mounts(recipe, run.engine.observer().is_remote())?;
    let network_mode = match (&service.network_mode, networks.first()) {
        (Some(mode), _) => borrowed(recipe, mode)?,
        (None, Some((network, _))) => network.clone(),
        (None, None) => "none".to_owned(),
    };
    let list = |values: &Vec<String>| (!values.is_empty()).then(|| values.clone());
    let map = |values: &BTreeMap<String, String>| (!values.is_empty()).then(|| values.clone().into_iter().collect());
    let tmpfs = service.tmpfs.iter().map(|entry| entry.split_once(':').unwrap_or((entry, "")));
    Ok(HostConfig {
        binds: Some(binds),
        mounts: Some(mounts),
        annotations: map(&service.annotations),
        cap_add: list(&service.cap_add),
        cap_drop: list(&service.cap_drop),
        cgroup_parent: service.cgroup_parent.clone(),
        cgroupns_mode: service.cgroup.as_deref().map(|mode| match mode {
            "host" => HostConfigCgroupnsModeEnum::HOST,
            _ => HostConfigCgroupnsModeEnum::PRIVATE,
        }),
        cpu_period: service.cpu_period.map(|n| n.0),
        cpu_quota: service.cpu_quota.map(|n| n.0),
        cpu_shares: service.cpu_shares.map(|n| n.0),
        cpuset_cpus: service.cpuset.clone(),
        device_cgroup_rules: list(&service.device_cgroup_rules),
        devices: Some(devices(service)),
        dns: list(&service.dns),
        dns_options: list(&service.dns_opt),
        dns_search: list(&service.dns_search),
        // The canonical form writes `host=address`, the engine wants `host:address`.
        extra_hosts: list(&service.extra_hosts.iter().map(|entry| entry.replacen('=', ":", 1)).collect()),
        group_add: list(&service.group_add),
        init: service.init,
        ipc_mode: service.ipc.as_deref().map(|mode| borrowed(recipe, mode)).transpose()?,
        log_config: service
            .logging
            .as_ref()
            .map(|logging| HostConfigLogConfig { typ: logging.driver.clone(), config: map(&logging.options) }),
        memory: limits.memory.or(service.mem_limit).map(|n| n.0),
        memory_reservation: reserved.memory.or(service.mem_reservation).map(|n| n.0),
        memory_swap: service.memswap_limit.map(|n| n.0),
        memory_swappiness: service.mem_swappiness.map(|n| n.0),
        #[allow(clippy::cast_possible_truncation, reason = "nobody gives a container 2^32 processors")]
        nano_cpus: limits.cpus.or(service.cpus).map(|cpus| (cpus.0 * 1e9).round() as i64),
        network_mode: Some(network_mode),
        oom_kill_disable: service.oom_kill_disable,
        oom_score_adj: service.oom_score_adj.map(|n| n.0),
        pid_mode: service.pid.as_deref().map(|mode| borrowed(recipe, mode)).transpose()?,
        pids_limit: limits.pids.or(service.pids_limit).map(|n| n.0),
        port_bindings: Some(port_bindings(&service.ports)),
        privileged: Some(service.privileged),
        readonly_rootfs: Some(service.read_only),
        restart_policy: Some(restart_policy(service.restart_rule())),
        runtime: service.runtime.clone(),
        shm_size: service.shm_size.map(|n| n.0),
        storage_opt: map(&service.storage_opt),
        sysctls: map(&service.sysctls),
        tmpfs: Some(tmpfs.map(|(path, options)| (path.to_owned(), options.to_owned())).collect()),
        ulimits: Some(service.ulimits.iter().map(|(name, limit)| ulimit(name, *limit)).collect()),
        userns_mode: service.userns_mode.clone(),
        uts_mode: service.uts.clone(),
        volumes_from: list(&volumes_from(run, recipe)?),
        ..HostConfig::default()
    })
}

/// `service:NAME` as the engine wants it: the container's id.
fn borrowed(recipe: &Recipe<'_>, mode: &str) -> Result<String> {
    match mode.strip_prefix("service:") {
        None => Ok(mode.to_owned()),
        Some(name) => Ok(format!("container:{}", parent(recipe, name)?)),
    }
}

fn parent(recipe: &Recipe<'_>, name: &str) -> Result<String> {
    recipe.parents.get(name).cloned().flatten().ok_or_else(|| {
        Error::failed(format!("service {} borrows from service {name}, which has no container", recipe.place.name))
    })
}

fn volumes_from(run: &Run<'_>, recipe: &Recipe<'_>) -> Result<Vec<String>> {
    let sources = recipe.place.service.volumes_from.iter();
    sources
        .map(|source| match source.strip_prefix("container:") {
            Some(container) => Ok(container.to_owned()),
            None => {
                let (name, mode) =
                    source.split_once(':').map_or((source.as_str(), None), |(name, mode)| (name, Some(mode)));
                if !run.want.model.services.contains_key(name) {
                    return Err(Error::invalid(format!("`volumes_from` names {name}, which is no service")));
                }
                let id = parent(recipe, name)?;
                Ok(mode.map_or_else(|| id.clone(), |mode| format!("{id}:{mode}")))
            }
        })
        .collect()
}

/// The networks of a service with its endpoint in each; the first is given at creation, it gets the gateway.
fn endpoints(recipe: &Recipe<'_>) -> Vec<(String, EndpointSettings)> {
    let place = &recipe.place;
    if place.service.network_mode.is_some() {
        return Vec::new();
    }
    let uses = place.service.networks_in_order().into_iter();
    let mut endpoints: Vec<(String, EndpointSettings)> = uses
        .filter_map(|(key, network)| Some((place.model.networks.get(key)?.name.clone(), endpoint(recipe, network))))
        .collect();
    if let Some((_, first)) = endpoints.first_mut() {
        let wanted = place.service.mac_address.clone().filter(|_| recipe.one_off.is_none());
        first.mac_address = first.mac_address.take().or(wanted);
    }
    endpoints
}

fn endpoint(recipe: &Recipe<'_>, network: NetworkUse) -> EndpointSettings {
    let place = &recipe.place;
    let mut aliases = Vec::new();
    if recipe.one_off.is_none() {
        aliases.extend([place.container_name(), place.name.to_string()]);
        aliases.extend(network.aliases);
    }
    let links = place.service.links.iter().map(|link| {
        let (service, alias) = link.split_once(':').unwrap_or((link, link));
        let target: Option<(&ServiceName, &Service)> =
            place.model.services.iter().find(|(name, _)| name.as_str() == service);
        let container = target.map_or_else(
            || service.to_owned(),
            |(name, service)| Place { name, service, number: 1, ..*place }.container_name(),
        );
        format!("{container}:{alias}")
    });
    let external = place.service.external_links.iter().map(|link| match link.split_once(':') {
        Some(_) => link.clone(),
        None => format!("{link}:{link}"),
    });
    let links: Vec<String> = links.chain(external).collect();
    let fixed = network.ipv4_address.is_some() || network.ipv6_address.is_some() || !network.link_local_ips.is_empty();
    EndpointSettings {
        aliases: Some(aliases),
        links: (!links.is_empty()).then_some(links),
        // A one-off container runs beside the one that has the address.
        mac_address: network.mac_address.filter(|_| recipe.one_off.is_none()),
        gw_priority: network.gw_priority.map(|n| n.0),
        driver_opts: (!network.driver_opts.is_empty()).then(|| network.driver_opts.into_iter().collect()),
        ipam_config: fixed.then_some(EndpointIpamConfig {
            ipv4_address: network.ipv4_address,
            ipv6_address: network.ipv6_address,
            link_local_ips: Some(network.link_local_ips),
        }),
        ..EndpointSettings::default()
    }
}

fn devices(service: &Service) -> Vec<DeviceMapping> {
    let devices = service.devices.iter().map(|device| DeviceMapping {
        path_on_host: Some(device.source.clone()),
        path_in_container: Some(device.target.clone().unwrap_or_else(|| device.source.clone())),
        cgroup_permissions: Some(device.permissions.clone().unwrap_or_else(|| "rwm".to_owned())),
    });
    devices.collect()
}

fn ulimit(name: &str, limit: Ulimit) -> ResourcesUlimits {
    let [soft, hard] = limit.both();
    ResourcesUlimits { name: Some(name.to_owned()), soft: Some(soft), hard: Some(hard) }
}

fn health(check: &Healthcheck) -> HealthConfig {
    HealthConfig {
        test: if check.disable {
            Some(vec!["NONE".to_owned()])
        } else {
            (!check.test.is_empty()).then(|| check.test.clone())
        },
        interval: check.interval.map(nanoseconds),
        timeout: check.timeout.map(nanoseconds),
        retries: check.retries.map(|n| n.0),
        start_period: check.start_period.map(nanoseconds),
        start_interval: check.start_interval.map(nanoseconds),
    }
}

fn restart_policy(rule: RestartRule) -> RestartPolicy {
    let (name, maximum_retry_count) = match rule {
        RestartRule::Never => (RestartPolicyNameEnum::NO, None),
        RestartRule::Always => (RestartPolicyNameEnum::ALWAYS, None),
        RestartRule::UnlessStopped => (RestartPolicyNameEnum::UNLESS_STOPPED, None),
        RestartRule::OnFailure(retries) => (RestartPolicyNameEnum::ON_FAILURE, retries),
    };
    RestartPolicy { name: Some(name), maximum_retry_count }
}

fn target_port(port: &Port) -> String {
    format!("{}/{}", port.target, port.protocol.as_deref().unwrap_or("tcp"))
}

fn port_bindings(ports: &[Port]) -> PortMap {
    let mut bindings = PortMap::new();
    for port in ports {
        let binding = PortBinding { host_ip: port.host_ip.clone(), host_port: port.published.clone() };
        bindings.entry(target_port(port)).or_default().get_or_insert_with(Vec::new).push(binding);
    }
    bindings
}

/// Exposed ports, ranges written out.
fn exposed(service: &Service) -> Vec<String> {
    let mut ports: Vec<String> = service.ports.iter().map(target_port).collect();
    for entry in &service.expose {
        let (range, protocol) = entry.split_once('/').unwrap_or((entry, "tcp"));
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        if let (Ok(first), Ok(last)) = (first.parse::<u16>(), last.parse::<u16>()) {
            ports.extend((first..=last).map(|port| format!("{port}/{protocol}")));
        }
    }
    ports.sort();
    ports.dedup();
    ports
}
