//! Ports of the host, to be found by their number.

use std::collections::HashMap;

use crate::observe::HostPort;

/// Ports with what belongs to each: who collides with one is found without a look at all others.
#[derive(Debug, Clone)]
pub(crate) struct PortIndex<T>(HashMap<(String, String), Vec<(HostPort, T)>>);

impl<T> PortIndex<T> {
    pub fn new(ports: impl IntoIterator<Item = (HostPort, T)>) -> Self {
        let mut index = Self(HashMap::new());
        ports.into_iter().for_each(|(port, whose)| index.add(port, whose));
        index
    }

    pub fn add(&mut self, port: HostPort, whose: T) {
        self.0.entry(key(&port)).or_default().push((port, whose));
    }

    /// What belongs to the ports that cannot be published beside this one, in the order in which they were added.
    pub fn colliding<'i>(&'i self, port: &'i HostPort) -> impl Iterator<Item = &'i T> {
        let same = self.0.get(&key(port)).into_iter().flatten();
        same.filter(|(other, _)| other.collides(port)).map(|(_, whose)| whose)
    }

    pub fn collides(&self, port: &HostPort) -> bool {
        self.colliding(port).next().is_some()
    }
}

/// Those that collide are equal in this.
fn key(port: &HostPort) -> (String, String) {
    (port.port.clone(), port.protocol.clone())
}
