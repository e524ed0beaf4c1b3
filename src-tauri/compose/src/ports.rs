//! Ports of the host that are wanted and that somebody else has: found out while planning, and explained where the engine
//! refuses one all the same.

mod index;
mod listener;

use std::fmt;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, TcpListener, UdpSocket};

use bollard::models::{ContainerSummary, PortSummaryTypeEnum};
use bollard::query_parameters::ListContainersOptionsBuilder;
use indexmap::IndexSet;
use serde::Serialize;
use sternway_model::{Error, Result, ServiceName};

use crate::decide::host_ports;
use crate::engine::Observer;
use crate::labels;
use crate::model::{Model, Service};
use crate::observe::{HostPort, Observed, State};
pub(crate) use index::PortIndex;
pub use listener::Listener;

/// A port of the host that is not the project's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// The port.
    pub port: HostPort,
    /// Who has it.
    pub by: Who,
}

/// Who has a port of the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// A running container of the same engine.
    Container {
        /// Its name.
        name: String,
        /// The Compose project that it belongs to, if it does.
        project: Option<String>,
    },
    /// A program beside the engine, and which one if that can be seen.
    Program(Option<Listener>),
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Container { name, project: Some(project) } => {
                write!(f, "the container {name} of the Compose project {project}")
            }
            Self::Container { name, project: None } => write!(f, "the container {name}"),
            Self::Program(None) => f.write_str("a program of the host that is no container"),
            Self::Program(Some(proxy)) if proxy.of_engine => {
                write!(f, "{proxy} of an engine that does not run any more")
            }
            Self::Program(Some(program)) => write!(f, "the program {program} of the host"),
        }
    }
}

impl Who {
    /// What a person can do to get the port.
    fn advice(&self) -> String {
        match self {
            Self::Container { .. } => "stop it, or publish another port".to_owned(),
            Self::Program(Some(proxy)) if proxy.of_engine => {
                format!("end it with `sudo kill {}`; starting the engine anew does not end it", proxy.process)
            }
            Self::Program(_) => "stop that program, or publish another port".to_owned(),
        }
    }
}

impl Observer {
    /// The containers of others, in all states.
    pub(crate) async fn others(&self, project: &str) -> Result<Vec<ContainerSummary>> {
        let mut list = self.list_containers(ListContainersOptionsBuilder::new().all(true).build()).await?;
        list.retain(|container| project_of(container).is_none_or(|owner| owner != project));
        Ok(list)
    }
}

fn project_of(container: &ContainerSummary) -> Option<&String> {
    container.labels.as_ref()?.get(labels::PROJECT)
}

/// A container as one who has something.
pub(crate) fn who(container: &ContainerSummary) -> Who {
    let name = container.names.iter().flatten().next().map(|name| name.trim_start_matches('/').to_owned());
    Who::Container { name: name.unwrap_or_default(), project: project_of(container).cloned() }
}

/// A container by its name.
pub(crate) fn named(container: &ContainerSummary) -> (String, Who) {
    let name = container.names.iter().flatten().next().map(|name| name.trim_start_matches('/').to_owned());
    (name.unwrap_or_default(), who(container))
}

/// Ports that a container publishes; one that does not run has none.
pub(crate) fn published(container: &ContainerSummary) -> Vec<Taken> {
    let by = who(container);
    let ports = container.ports.iter().flatten().filter_map(|port| {
        Some(HostPort {
            address: port.ip.clone().unwrap_or_default(),
            port: port.public_port?.to_string(),
            protocol: port.typ.unwrap_or(PortSummaryTypeEnum::TCP).to_string(),
            target: port.private_port,
        })
    });
    ports.map(|port| Taken { port, by: by.clone() }).collect()
}

/// Ports of the model that a program of this machine listens on. Only for an engine that publishes on this machine. Each is
/// tried by listening on it for an instant; those that a container has already are not asked for.
#[must_use]
pub fn listening(model: &Model, observed: &Observed) -> Vec<Taken> {
    let mine = observed.containers.iter().filter(|container| {
        matches!(container.state, State::Running | State::Paused | State::Restarting) // all others have given theirs back
    });
    let held = mine.flat_map(|container| &container.ports).chain(observed.taken.iter().map(|taken| &taken.port));
    let explained = PortIndex::new(held.map(|port| (port.clone(), ())));
    let wanted = model.services.values().flat_map(host_ports).filter(|port| !explained.collides(port));
    let taken = wanted.filter(is_listened_on);
    taken.map(|port| Taken { by: Who::Program(listener::find(&port)), port }).collect()
}

/// Whether listening fails because somebody does. What cannot be tried, such as a port for administrators, is not taken.
fn is_listened_on(port: &HostPort) -> bool {
    let address = if port.address.is_empty() { Ok(IpAddr::V4(Ipv4Addr::UNSPECIFIED)) } else { port.address.parse() };
    let (Ok(address), Ok(number)) = (address, port.port.parse::<u16>()) else { return false };
    let tried = match port.protocol.as_str() {
        "tcp" => TcpListener::bind((address, number)).map(drop),
        "udp" => UdpSocket::bind((address, number)).map(drop),
        _ => return false,
    };
    tried.is_err_and(|error| error.kind() == ErrorKind::AddrInUse)
}

/// Why a service cannot have its ports; empty if it can.
pub(crate) fn conflicts(name: &ServiceName, service: &Service, taken: &PortIndex<&Who>) -> IndexSet<String> {
    let conflict = |port: HostPort| {
        let by = taken.colliding(&port).next()?;
        Some(format!("{name} publishes {}, which {by} has already; {}", said(&port), by.advice()))
    };
    host_ports(service).into_iter().filter_map(conflict).collect()
}

fn said(port: &HostPort) -> String {
    let address = if port.address.is_empty() { String::new() } else { format!(" of {}", port.address) };
    let protocol = if port.protocol == "tcp" { String::new() } else { format!("/{}", port.protocol) };
    format!("port {}{protocol}{address}", port.port)
}

/// What engines say when they cannot publish a port: another container has it, or a program of the host.
const REFUSALS: [&str; 2] = ["port is already allocated", "address already in use"];

/// Says which port an engine's refusal is about, who has it and what to do; every other error stays as it is.
pub async fn explained(observer: &Observer, error: Error) -> Error {
    let (first, rest) = error.message.split_once('\n').unwrap_or((&error.message, ""));
    let refused = if REFUSALS.iter().any(|refusal| first.contains(refusal)) { refused_port(first) } else { None };
    let Some((address, number)) = refused else { return error };
    let port = HostPort { address, port: number.to_string(), protocol: "tcp".to_owned(), target: 0 };
    // An empty name is no project's: everybody is asked. Without an answer the port alone is said.
    let holders: Vec<Taken> = observer.others("").await.unwrap_or_default().iter().flat_map(published).collect();
    let same_number = |taken: &&Taken| taken.port.port == port.port;
    let holder = holders.iter().find(|taken| taken.port.collides(&port)).or_else(|| holders.iter().find(same_number));
    let here = || Who::Program(listener::find(&port).filter(|_| !observer.is_remote()));
    let by = holder.map_or_else(here, |taken| taken.by.clone());
    let doing = first.split(": ").next().unwrap_or(first);
    let rest = if rest.is_empty() { String::new() } else { format!("\n{rest}") };
    let message = format!("{doing}: {} is taken by {by}{rest}", said(&port));
    let hint = format!("To deploy again, {}.", by.advice());
    Error { message, ..error }.hint(hint)
}

/// The address and port in front of an engine's refusal: `Bind for 0.0.0.0:8080 failed`, `listen tcp4 0.0.0.0:8080: bind`,
/// `failed to bind host port for 0.0.0.0:8080:172.17.0.2:80/tcp`, `[::]:8080`.
fn refused_port(message: &str) -> Option<(String, u16)> {
    message.split_whitespace().find_map(|word| {
        let (address, rest) = match word.strip_prefix('[') {
            Some(word) => word.split_once("]:")?,
            None => word.split_once(':')?,
        };
        address.parse::<IpAddr>().ok()?;
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        let everywhere = matches!(address, "0.0.0.0" | "::");
        Some((if everywhere { String::new() } else { address.to_owned() }, digits.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use serde_json::json;

    use super::*;
    use crate::fingerprint::MadeFrom;
    use crate::tests_support::{container, image};
    use crate::{Want, plan};

    fn blockers(observed: &Observed, model: &Model) -> Vec<String> {
        let images = BTreeMap::new();
        let (project_dir, config_files) = (Path::new("/p"), Vec::new());
        let remove = crate::Removal::default();
        let want = Want {
            project: "p",
            model,
            images: &images,
            elsewhere: &BTreeMap::new(),
            project_dir,
            config_files,
            deployment: None,
            remove,
        };
        plan(observed, &want).expect("a plan").blockers
    }

    #[test]
    fn a_port_that_another_project_has_stops_what_would_need_it() {
        let port = |published: &str| json!([{"target": 80, "published": published, "protocol": "tcp"}]);
        let services =
            json!({"api": {"image": "i", "ports": port("8081")}, "web": {"image": "i", "ports": port("8080")}});
        let model = Model::decode(&json!({"name": "p", "services": services})).expect("a valid model");
        let mut observed = Observed { api: (1, 41), ..Observed::default() };
        observed.images.insert("i".into(), image(1));
        let by = Who::Container { name: "shop-web-1".into(), project: Some("shop".into()) };
        let port = HostPort { address: "0.0.0.0".into(), port: "8080".into(), protocol: "tcp".into(), target: 80 };
        observed.taken = vec![Taken { port, by }];
        let said = "web publishes port 8080, which the container shop-web-1 of the Compose project shop has already; \
                    stop it, or publish another port";
        assert_eq!(blockers(&observed, &model), [said], "and nothing is said of api's port");

        // What runs already and stays needs nothing.
        let made_from = MadeFrom::wanted(&model, &model.services["web"], Some(&image(1)), &BTreeMap::new());
        observed.containers.push(container("web", 1, &made_from, &image(1)));
        assert_eq!(blockers(&observed, &model), Vec::<String>::new());
    }

    #[test]
    fn finds_the_port_in_what_engines_say() {
        let refused = |message: &str| refused_port(message).map(|(address, port)| format!("{address}|{port}"));
        let cases = [
            ("driver failed … (efafd21a): Bind for 0.0.0.0:28080 failed: port is already allocated", "|28080"),
            ("Error starting userland proxy: listen tcp4 127.0.0.1:80: bind: address already in use", "127.0.0.1|80"),
            ("failed to bind host port for 0.0.0.0:8080:172.17.0.2:80/tcp: address already in use", "|8080"),
            ("listen tcp6 [::]:443: bind: address already in use", "|443"),
        ];
        for (message, port) in cases {
            assert_eq!(refused(message).as_deref(), Some(port), "{message}");
        }
        assert_eq!(refused("no such container: web"), None);
    }

    #[test]
    fn a_port_that_is_listened_on_is_seen_and_a_free_one_is_not() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let number = listener.local_addr().expect("an address").port();
        let port = |protocol: &str| HostPort {
            address: String::new(),
            port: number.to_string(),
            protocol: protocol.to_owned(),
            target: 80,
        };
        assert!(is_listened_on(&port("tcp")), "also if it is listened on at one address only");
        assert!(!is_listened_on(&port("sctp")), "what cannot be tried is not taken");
        drop(listener);
        assert!(!is_listened_on(&port("tcp")));
    }
}
