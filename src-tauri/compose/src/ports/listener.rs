//! Who listens on a port of this machine, as far as Linux tells it to everybody.

use std::collections::HashSet;
use std::fmt;
use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::observe::HostPort;

/// A process that listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listener {
    /// What it is called.
    pub name: String,
    /// Its number.
    pub process: u32,
    /// It passes on what an engine has published. An engine that was killed leaves it behind.
    pub of_engine: bool,
}

/// The program with which an engine passes a published port on.
const PROXY: &str = "docker-proxy";

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (process {})", self.name, self.process)
    }
}

/// The process that listens on a port, if it can be found.
pub(super) fn find(port: &HostPort) -> Option<Listener> {
    let number = port.port.parse().ok()?;
    let sockets = sockets(&port.protocol, number);
    let processes = fs::read_dir("/proc").ok()?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    processes.filter_map(|process| look(process, &port.protocol, number, &sockets)).next()
}

/// A process, if it listens. Its words are everybody's to read, its sockets only its owner's.
fn look(process: u32, protocol: &str, port: u16, sockets: &HashSet<String>) -> Option<Listener> {
    let folder = Path::new("/proc").join(process.to_string());
    let words = fs::read(folder.join("cmdline")).ok()?;
    if proxied(&words).is_some_and(|(passed_on, number)| passed_on == protocol && number == port) {
        return Some(Listener { name: PROXY.to_owned(), process, of_engine: true });
    }
    let open = fs::read_dir(folder.join("fd")).ok()?.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    open.filter_map(|to| to.to_str().map(str::to_owned)).find(|to| sockets.contains(to))?;
    let name = fs::read_to_string(folder.join("comm")).ok()?.trim().to_owned();
    Some(Listener { of_engine: name == PROXY, name, process })
}

/// What a proxy passes on: `docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 …`.
fn proxied(words: &[u8]) -> Option<(String, u16)> {
    let words: Vec<&str> = words.split(|byte| *byte == 0).filter_map(|word| std::str::from_utf8(word).ok()).collect();
    let program = Path::new(words.first()?).file_name()?;
    let value = |name: &str| words.iter().skip_while(|word| **word != name).nth(1).copied();
    (program == PROXY).then_some(())?;
    Some((value("-proto")?.to_owned(), value("-host-port")?.parse().ok()?))
}

/// Sockets that listen on a port, as the links of processes call them (proc(5), `/proc/net/tcp`).
fn sockets(protocol: &str, port: u16) -> HashSet<String> {
    let listens = if protocol == "tcp" { "0A" } else { "07" };
    let ending = format!(":{port:04X}");
    let tables = [format!("/proc/net/{protocol}"), format!("/proc/net/{protocol}6")];
    let mut sockets = HashSet::new();
    for table in tables.iter().filter_map(|table| fs::read_to_string(table).ok()) {
        for line in table.lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            if let [_, local, _, state, _, _, _, _, _, inode, ..] = fields.as_slice()
                && local.ends_with(&ending)
                && *state == listens
            {
                sockets.insert(format!("socket:[{inode}]"));
            }
        }
    }
    sockets
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::TcpListener;
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_program_that_listens_is_named_and_so_is_the_proxy_of_a_dead_engine() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let number = listener.local_addr().expect("an address").port();
        let port = |number: u16| HostPort {
            address: String::new(),
            port: number.to_string(),
            protocol: "tcp".to_owned(),
            target: 80,
        };
        let found = find(&port(number)).expect("this very process");
        assert_eq!((found.process, found.of_engine), (std::process::id(), false));

        // What its words say is enough: whose sockets they are only root may see.
        let passing_on = ["-c", "read end", "x", "-proto", "tcp", "-host-ip", "0.0.0.0", "-host-port", "1"];
        let mut proxy = Command::new("sh");
        proxy.arg0("/usr/bin/docker-proxy").args(passing_on).stdin(Stdio::piped());
        let mut proxy = proxy.spawn().expect("a shell");
        let found = find(&port(1));
        proxy.kill().expect("ended");
        proxy.wait().expect("ended");
        let found = found.expect("the proxy");
        assert_eq!((found.process, found.of_engine), (proxy.id(), true));
        assert_eq!(found.to_string(), format!("docker-proxy (process {})", proxy.id()));
    }
}
