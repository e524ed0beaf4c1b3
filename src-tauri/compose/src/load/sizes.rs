//! How large a model may be: beyond these sizes no engine could carry it out, and looking at it would take too long.

use serde_json::Value;
use sternway_model::yaml::join;
use sternway_model::{Error, Result, counted};

use super::numbers;

/// Services of one model, and containers of all of them.
const MOST_SERVICES: usize = 10_000;
/// Containers of one service: a network of the engine's usual kind has room for 1,023 (Linux, `BR_PORT_BITS`).
const MOST_OF_ONE: i64 = 1_000;
/// Ports that one service publishes. The largest ranges in use, those of media relays, have 16,384.
const MOST_PORTS: usize = 20_000;
/// Ports of all services.
const MOST_PORTS_OF_ALL: usize = 65_536;

/// Refuses services that are too many, or that have too many containers.
///
/// # Errors
/// [`sternway_model::Code::InvalidInput`], with its place.
pub(super) fn services<'a>(
    services: impl Iterator<Item = (&'a str, &'a Value)>,
    locate: impl Fn(Error, &str) -> Error,
) -> Result<()> {
    let mut containers = 0;
    for (index, (name, service)) in services.enumerate() {
        let path = join("services", name);
        if index >= MOST_SERVICES {
            return Err(locate(
                Error::invalid(format!("there are more than {}", counted(MOST_SERVICES, "service"))),
                &path,
            )
            .hint("Divide them into several projects, or leave some out with `profiles`."));
        }
        let deployed = service.get("deploy").and_then(|deploy| deploy.get("replicas"));
        let (key, number) = match (service.get("scale"), deployed) {
            (Some(scale), _) => ("scale", numbers::whole(scale)?),
            (None, Some(replicas)) => ("deploy.replicas", numbers::whole(replicas)?),
            (None, None) => ("", 1),
        };
        let path = if key.is_empty() { path } else { join(&path, key) };
        if number > MOST_OF_ONE {
            let many = format!("service {name} is to have {number} containers, more than {MOST_OF_ONE}");
            return Err(locate(Error::invalid(many), &path)
                .hint("Give it fewer; a network of the engine has no room for so many."));
        }
        containers += usize::try_from(number).unwrap_or(0);
        if containers > MOST_SERVICES {
            let many = format!("all services together are to have more than {}", counted(MOST_SERVICES, "container"));
            return Err(
                locate(Error::invalid(many), &path).hint("Give them fewer, or divide them into several projects.")
            );
        }
    }
    Ok(())
}

/// Refuses a service that publishes too many ports.
///
/// # Errors
/// [`sternway_model::Code::InvalidInput`].
pub(super) fn ports(count: usize) -> Result<()> {
    if count <= MOST_PORTS {
        return Ok(());
    }
    Err(Error::invalid(format!("the service publishes more than {}", counted(MOST_PORTS, "port")))
        .hint("Publish a smaller range; `network_mode: host` publishes all ports of a service without naming them."))
}

/// Refuses services that together publish too many ports.
///
/// # Errors
/// [`sternway_model::Code::InvalidInput`].
pub(super) fn all_ports(count: usize) -> Result<()> {
    if count <= MOST_PORTS_OF_ALL {
        return Ok(());
    }
    Err(Error::invalid(format!("all services together publish more than {}", counted(MOST_PORTS_OF_ALL, "port")))
        .hint("Publish smaller ranges."))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt::Write;

    use sternway_model::Error;

    use crate::load::{Sources, load};

    fn loaded(services: &str) -> Result<usize, Error> {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("c.yaml"), format!("services:\n{services}")).expect("written");
        let (project_dir, files) = (folder.path().to_owned(), vec!["c.yaml".into()]);
        let sources = Sources { project_dir, files, environment: BTreeMap::new(), ..Sources::default() };
        load(&sources).map(|loaded| loaded.model["services"].as_object().map_or(0, serde_json::Map::len))
    }

    fn refused(services: &str) -> (String, String) {
        let error = loaded(services).expect_err("too much");
        (error.message, error.at.and_then(|at| at.key).unwrap_or_default())
    }

    fn chain(length: usize) -> String {
        let mut text = String::new();
        for number in 0..length {
            writeln!(text, "  s{number}: {{image: i, depends_on: [s{}]}}", number + 1).expect("a text");
        }
        text + &format!("  s{length}: {{image: i}}\n")
    }

    #[test]
    fn many_services_that_wait_for_each_other_are_read() {
        assert_eq!(loaded(&chain(2_000)), Ok(2_001));
    }

    #[test]
    fn what_is_too_much_is_refused_with_its_place() {
        let (message, at) = refused(&chain(10_000));
        assert_eq!((message.as_str(), at.as_str()), ("there are more than 10000 services", "services.s10000"));
        let (message, at) = refused("  a: {image: i, scale: 100000}\n");
        assert!(message.contains("100000 containers, more than 1000") && at == "services.a.scale", "{message} {at}");
        let replicas = "{image: i, deploy: {replicas: 1000}}";
        let eleven: String = (0..11).map(|number| format!("  s{number}: {replicas}\n")).collect();
        let (message, at) = refused(&eleven);
        assert!(
            message.contains("more than 10000 containers") && at == "services.s10.deploy.replicas",
            "{message} {at}"
        );
        let (message, at) = refused("  a: {image: i, ports: [80, '1-65535:1-65535']}\n");
        assert!(message.contains("more than 20000 ports") && at == "services.a.ports[1]", "{message} {at}");
        let ports = "{image: i, ports: ['40000-56383:40000-56383/udp']}";
        let five: String = (0..5).map(|number| format!("  s{number}: {ports}\n")).collect();
        let (message, at) = refused(&five);
        assert!(message.contains("more than 65536 ports") && at == "services.s4.ports", "{message} {at}");
        assert_eq!(loaded("  a: {image: i, ports: ['40000-56383:40000-56383/udp']}\n"), Ok(1), "a media relay");
    }
}
