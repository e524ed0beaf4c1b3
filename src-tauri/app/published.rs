//! Where a browser finds what an environment publishes.

use std::net::IpAddr;

use sternway_core::view::Status;
use sternway_model::{Code, EngineAddress, Error, Result, Target};
use tauri::Url;

/// The address of a port that a service publishes right now. The page names only the port, so it can open nothing else.
///
/// # Errors
/// [`Code::NotFound`] if no service publishes it, [`Code::Unsupported`] if the target does not say on which host it is.
pub fn address(status: &Status, target: &Target, port: u16) -> Result<Url> {
    let services = status.environments.iter().flat_map(|environment| &environment.services);
    let binding =
        services.flat_map(|service| &service.ports).find_map(|published| host(published, port)).ok_or_else(|| {
            Error::new(Code::NotFound, format!("no service publishes port {port} any more"))
                .hint("Look at the environment's services again.")
        })?;
    let Target::Docker(engine) = target;
    let host = match engine {
        EngineAddress::Local | EngineAddress::Socket(_) => {
            binding.parse::<IpAddr>().ok().filter(|ip| !ip.is_unspecified()).map(|ip| ip.to_string())
        }
        EngineAddress::Ssh(address) => Some(address.host.clone()),
        EngineAddress::Tcp(address) => Some(address.host.clone()),
        EngineAddress::Context(name) => {
            let message = format!("on which host the docker context {name} publishes its ports is not known");
            return Err(Error::new(Code::Unsupported, message).hint("Open the address in a browser yourself."));
        }
    };
    let host = host.unwrap_or_else(|| "localhost".to_owned());
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    Url::parse(&format!("http://{host}:{port}")).map_err(|error| Error::failed(format!("{host} is no host: {error}")))
}

/// The host's address, if `published` (such as `127.0.0.1:8080->80/tcp`) is this port; empty for all addresses.
fn host(published: &str, port: u16) -> Option<&str> {
    let outside = published.strip_suffix("/tcp")?.split_once("->")?.0;
    let (host, number) = outside.rsplit_once(':').unwrap_or(("", outside));
    (number == port.to_string()).then(|| host.trim_matches(['[', ']']))
}

#[cfg(test)]
mod tests {
    use sternway_core::view::{EnvironmentStatus, Health, ServiceStatus};

    use super::*;

    fn status(port: &str) -> Status {
        let service = ServiceStatus {
            name: "web".to_owned(),
            state: "running".to_owned(),
            health: Health::Healthy,
            image: "web".to_owned(),
            ports: vec![port.to_owned()],
        };
        let environment = EnvironmentStatus {
            name: "staging".parse().expect("a name"),
            release: None,
            revision: None,
            released: None,
            reached: None,
            health: Health::Healthy,
            services: vec![service],
            one_offs: Vec::new(),
            deployment: None,
            last: None,
            drift: None,
            waiting: None,
            problem: None,
        };
        Status { environments: vec![environment] }
    }

    fn opened(published: &str, target: &str) -> Result<String> {
        let target = Target::Docker(target.parse()?);
        Ok(address(&status(published), &target, 8080)?.as_str().trim_end_matches('/').to_owned())
    }

    #[test]
    fn a_published_port_is_found_on_its_targets_host() -> Result<()> {
        assert_eq!(opened("8080->80/tcp", "local")?, "http://localhost:8080");
        assert_eq!(opened("0.0.0.0:8080->80/tcp", "local")?, "http://localhost:8080");
        assert_eq!(opened("127.0.0.2:8080->80/tcp", "local")?, "http://127.0.0.2:8080");
        assert_eq!(opened("[::1]:8080->80/tcp", "local")?, "http://[::1]:8080");
        assert_eq!(opened("8080->80/tcp", "ssh://deploy@staging.example.com")?, "http://staging.example.com:8080");
        Ok(())
    }

    #[test]
    fn nothing_else_is_opened() {
        let code = |published, target| opened(published, target).expect_err("it is refused").code;
        assert_eq!(code("9090->8080/tcp", "local"), Code::NotFound);
        assert_eq!(code("8080->80/udp", "local"), Code::NotFound);
        assert_eq!(code("8080->80/tcp", "a-context"), Code::Unsupported);
    }
}
