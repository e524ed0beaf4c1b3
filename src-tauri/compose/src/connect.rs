//! From a target to a connection: which engine is meant, how it is reached, and a client that reaches it.

mod context;
mod dial;
mod pool;
mod ssh;
mod tls;

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bollard::{API_DEFAULT_VERSION, Docker};
use sternway_model::{Code, EngineAddress, Error, Result, SshAddress, Target, TcpAddress};

use crate::engine::failure;
pub(crate) use context::DockerClient;
use dial::Dialer;
pub(crate) use dial::Line;
pub(crate) use pool::Pool;
use tls::Keys;

/// Where an engine of the system listens.
const SOCKET: &str = "/var/run/docker.sock";
/// The client's own limit: beyond every limit that is set for a single request.
const LONGEST: Duration = Duration::from_secs(2 * 3600);

/// How an engine is reached, and who said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    endpoint: Endpoint,
    /// What decided it, such as ``docker context `prod` ``; empty if the target says it itself.
    because: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Endpoint {
    /// A socket or pipe of this machine, as `unix://…` or `npipe://…`.
    Socket(String),
    /// Docker's own program at the other end of a login.
    Ssh(SshAddress),
    /// A port, with TLS where there are keys.
    Tcp(TcpAddress, Option<Keys>),
}

impl Route {
    /// Decides how a target is reached, as Docker's own client does.
    ///
    /// # Errors
    /// [`Code::NotFound`] if there is no such context, [`Code::InvalidInput`] or [`Code::Unsupported`] if what it says
    /// cannot be used, file errors.
    pub fn to(target: &Target, client: &DockerClient<'_>) -> Result<Self> {
        let Target::Docker(address) = target;
        match address {
            EngineAddress::Local => client.chosen(),
            EngineAddress::Context(name) => client.context(name, &format!("docker context `{name}`")),
            address => Ok(Self { endpoint: Endpoint::of(address, || client.keys())?, because: String::new() }),
        }
    }

    /// Whether the engine may be on another machine, where paths of this one mean nothing.
    pub fn is_remote(&self) -> bool {
        !matches!(self.endpoint, Endpoint::Socket(_))
    }

    /// A client, and the connections that it keeps, if it keeps any. Nothing is sent yet.
    ///
    /// # Errors
    /// [`Code::EngineUnreachable`] if there is no such socket, [`Code::InvalidInput`] if the keys cannot be used.
    pub fn client(&self) -> Result<(Docker, Option<Arc<Pool>>)> {
        let pool = match &self.endpoint {
            // Each request makes a connection of its own.
            Endpoint::Socket(_) => None,
            Endpoint::Ssh(address) => Some(Pool::new(Dialer::ssh(address.clone()))),
            Endpoint::Tcp(address, keys) => {
                let config = keys.as_ref().map(Keys::config).transpose()?;
                Some(Pool::new(Dialer::tcp(address.clone(), config)))
            }
        };
        let docker = match (&self.endpoint, &pool) {
            (Endpoint::Socket(address), _) => {
                Docker::connect_with_local(address, LONGEST.as_secs(), API_DEFAULT_VERSION)
            }
            (_, Some(pool)) => pool.client(LONGEST),
            (_, None) => return Err(Error::internal("a way to another machine has no connections")),
        };
        let docker = docker.map_err(|error| failure("connect to the container engine", error))?;
        Ok((docker.with_timeout(LONGEST), pool))
    }
}

impl Route {
    /// A connection of its own, for what the client has no words for.
    ///
    /// # Errors
    /// [`Code::EngineUnreachable`] if nobody answers, [`Code::InvalidInput`] if the keys cannot be used.
    pub async fn line(&self) -> Result<Line> {
        match &self.endpoint {
            Endpoint::Socket(address) => dial::socket(address).await,
            Endpoint::Ssh(address) => Dialer::ssh(address.clone()).dial().await,
            Endpoint::Tcp(address, keys) => {
                let config = keys.as_ref().map(Keys::config).transpose()?;
                Dialer::tcp(address.clone(), config).dial().await
            }
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.endpoint {
            Endpoint::Socket(address) => f.write_str(address)?,
            Endpoint::Ssh(address) => address.fmt(f)?,
            Endpoint::Tcp(address, Some(_)) => write!(f, "{address} with TLS")?,
            Endpoint::Tcp(address, None) => write!(f, "{address} without encryption")?,
        }
        if self.because.is_empty() { Ok(()) } else { write!(f, " ({})", self.because) }
    }
}

impl Endpoint {
    /// The endpoint of an address that names one. Keys are asked for only where they are needed.
    fn of(address: &EngineAddress, keys: impl FnOnce() -> Result<Option<Keys>>) -> Result<Self> {
        match address {
            EngineAddress::Socket(address) => Ok(Self::Socket(address.clone())),
            EngineAddress::Ssh(address) => Ok(Self::Ssh(address.clone())),
            EngineAddress::Tcp(address) => match keys()? {
                None if !is_loopback(&address.host) => Err(Error::new(
                    Code::Unsupported,
                    format!("there are no keys for {address}, and without TLS anybody on the way could take the host over"),
                )
                .hint(
                    "Put ca.pem, cert.pem and key.pem into the folder that DOCKER_CERT_PATH names, make a docker context \
                     with them, or use `ssh://`.",
                )),
                keys => Ok(Self::Tcp(address.clone(), keys)),
            },
            EngineAddress::Local | EngineAddress::Context(_) => {
                Err(Error::invalid(format!("`{address}` is not an address of an engine")))
            }
        }
    }

    /// The first socket that is there: the system's, then those of an engine that runs as the user.
    fn system(client: &DockerClient<'_>) -> Self {
        if !cfg!(unix) {
            return Self::Socket("npipe:////./pipe/docker_engine".to_owned());
        }
        let below = |variable, path: &str| client.variable(variable).map(|folder| PathBuf::from(folder).join(path));
        let of_user = [
            below("XDG_RUNTIME_DIR", "docker.sock"),
            below("HOME", ".docker/run/docker.sock"),
            below("HOME", ".docker/desktop/docker.sock"),
        ];
        let sockets = [Some(PathBuf::from(SOCKET))].into_iter().chain(of_user).flatten();
        let there = sockets.into_iter().find(|socket| Path::exists(socket));
        Self::Socket(format!("unix://{}", there.unwrap_or_else(|| SOCKET.into()).display()))
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
