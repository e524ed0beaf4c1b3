//! Where an environment runs.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{Error, Result};

/// Where an environment runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Type)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A Docker engine: `local`, the name of a docker context, `unix://PATH`, `ssh://[USER@]HOST[:PORT]`, or
    /// `tcp://HOST:PORT`.
    Docker(EngineAddress),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Docker(address) => write!(f, "docker {address}"),
        }
    }
}

/// The address of a Docker engine, written as one text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Type)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
#[specta(type = String)]
pub enum EngineAddress {
    /// The engine that Docker's own client would talk to on this machine.
    Local,
    /// The engine of a docker context.
    Context(String),
    /// A socket or named pipe of this machine, with its scheme: `unix://…` or `npipe://…`.
    Socket(String),
    /// An engine on a host that `ssh` can log in to.
    Ssh(SshAddress),
    /// An engine that listens on a TCP port.
    Tcp(TcpAddress),
}

/// A host that `ssh` can log in to. What is not given here is the person's ssh configuration's to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshAddress {
    /// The user there.
    pub user: Option<String>,
    /// The host's name, address, or alias in the ssh configuration.
    pub host: String,
    /// The port of the ssh server.
    pub port: Option<u16>,
}

/// A TCP port of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TcpAddress {
    /// The host's name or address; an IPv6 address without its brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl FromStr for EngineAddress {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.split_once("://") {
            None if text == "local" => Ok(Self::Local),
            None if is_context_name(text) => Ok(Self::Context(text.to_owned())),
            None => Err(Error::invalid(format!("`{text}` is neither an address nor the name of a docker context"))),
            Some(("unix" | "npipe", path)) if path.starts_with('/') => Ok(Self::Socket(text.to_owned())),
            Some((scheme @ ("unix" | "npipe"), _)) => {
                Err(Error::invalid(format!("`{scheme}://` is followed by an absolute path, as in {}", example(scheme))))
            }
            Some(("ssh", rest)) => ssh(rest).map(Self::Ssh),
            Some(("tcp", rest)) => tcp(rest).map(Self::Tcp),
            Some((scheme, _)) => Err(Error::invalid(format!(
                "`{scheme}://` is no way to a Docker engine: there are `unix://`, `ssh://` and `tcp://`"
            ))),
        }
    }
}

fn example(scheme: &str) -> &'static str {
    if scheme == "unix" { "`unix:///var/run/docker.sock`" } else { "`npipe:////./pipe/docker_engine`" }
}

/// What Docker accepts as a context's name.
fn is_context_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.+-".contains(c))
}

/// Messages do not repeat the address: it may have a password in it.
fn ssh(rest: &str) -> Result<SshAddress> {
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.contains('/') {
        return Err(Error::invalid(
            "an `ssh://` address has no path: the engine is the one that `docker` on the host uses",
        ));
    }
    let (user, place) = rest.rsplit_once('@').map_or((None, rest), |(user, place)| (Some(user), place));
    if user.is_some_and(|user| user.contains(':')) {
        return Err(Error::invalid(
            "an `ssh://` address has no password: a key of your ssh agent or configuration is used",
        ));
    }
    let (host, port) = host_and_port(place)?;
    // Nothing that ssh could take for an option.
    if host.starts_with('-') || user.is_some_and(|user| user.is_empty() || user.starts_with('-')) {
        return Err(Error::invalid("an `ssh://` address is written `ssh://[USER@]HOST[:PORT]`"));
    }
    if user.is_some_and(|user| !user.chars().all(is_of_user)) {
        return Err(Error::invalid("the user of an `ssh://` address has a character that no user's name has"));
    }
    Ok(SshAddress { user: user.map(str::to_owned), host, port })
}

/// What a user's name may have. An ssh configuration may put it into a shell's line (`ProxyCommand … %r`), and people copy it
/// into theirs: what means something there is refused, as OpenSSH does since 9.6.
fn is_of_user(c: char) -> bool {
    c.is_alphanumeric() || "._-+@=\\".contains(c)
}

fn tcp(rest: &str) -> Result<TcpAddress> {
    let (host, port) = host_and_port(rest.strip_suffix('/').unwrap_or(rest))?;
    match port {
        Some(port) => Ok(TcpAddress { host, port }),
        None => Err(Error::invalid("a `tcp://` address needs its port; engines with TLS listen on 2376")),
    }
}

fn host_and_port(text: &str) -> Result<(String, Option<u16>)> {
    let broken = || Error::invalid(format!("`{text}` is not a host with or without a port"));
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']').ok_or_else(broken)?;
            (host, if after.is_empty() { None } else { Some(after.strip_prefix(':').ok_or_else(broken)?) })
        }
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let known = |c: char| c.is_ascii_alphanumeric() || "._-:%".contains(c);
    if host.is_empty() || !host.chars().all(known) {
        return Err(broken());
    }
    let port = port.map(|port| port.parse::<u16>().map_err(|_| broken())).transpose()?;
    Ok((host.to_owned(), port.filter(|port| *port > 0)))
}

impl TryFrom<String> for EngineAddress {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map_err(|error: Error| error.message)
    }
}

impl From<EngineAddress> for String {
    fn from(address: EngineAddress) -> Self {
        address.to_string()
    }
}

impl fmt::Display for EngineAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("local"),
            Self::Context(name) | Self::Socket(name) => f.write_str(name),
            Self::Ssh(address) => address.fmt(f),
            Self::Tcp(address) => address.fmt(f),
        }
    }
}

impl fmt::Display for SshAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ssh://")?;
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        f.write_str(&bracketed(&self.host))?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl fmt::Display for TcpAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tcp://{}:{}", bracketed(&self.host), self.port)
    }
}

/// A host as it is written before a port.
fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written_alike() {
        let texts = [
            "local",
            "staging-1",
            "unix:///run/user/1000/docker.sock",
            "npipe:////./pipe/docker_engine",
            "ssh://staging.example.com",
            "ssh://deploy@staging.example.com:2222",
            "ssh://deploy@[2001:db8::1]:22",
            "tcp://203.0.113.5:2376",
            "tcp://[::1]:2376",
        ];
        for text in texts {
            let address: EngineAddress = text.parse().expect(text);
            assert_eq!(address.to_string(), text);
        }
        let ssh = SshAddress { user: Some("deploy".into()), host: "h".into(), port: Some(22) };
        assert_eq!("ssh://deploy@h:22/".parse(), Ok(EngineAddress::Ssh(ssh)));
    }

    #[test]
    fn what_is_no_address_says_why() {
        let cases = [
            ("", "neither an address nor"),
            ("my engine", "neither an address nor"),
            ("http://host:2375", "`http://` is no way to a Docker engine"),
            ("unix://docker.sock", "absolute path"),
            ("ssh://", "is not a host"),
            ("ssh://host/run/docker.sock", "no path"),
            ("ssh://-oProxyCommand=sh", "is not a host"),
            ("ssh://-v", "[USER@]HOST"),
            ("ssh://$(reboot)@host", "no user's name has"),
            ("ssh://a b@host", "no user's name has"),
            ("ssh://a';b'@host", "no user's name has"),
            ("ssh://a\u{1b}[31m@host", "no user's name has"),
            ("ssh://host:65536", "is not a host"),
            ("tcp://host", "needs its port"),
            ("tcp://ho st:1", "is not a host"),
        ];
        for (text, message) in cases {
            let error = text.parse::<EngineAddress>().expect_err(text);
            assert!(error.message.contains(message), "{text:?} gives {error}");
        }
        let error = "ssh://me:hunter2@host".parse::<EngineAddress>().expect_err("a password");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
