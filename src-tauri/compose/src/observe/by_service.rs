//! Containers by the service that they belong to.

use std::collections::HashMap;

use super::Container;

/// Containers, to be found by their service without a look at all others.
#[derive(Debug, Clone, Default)]
pub(crate) struct ByService<'c>(HashMap<&'c str, Vec<&'c Container>>);

impl<'c> ByService<'c> {
    pub fn new(containers: &'c [Container]) -> Self {
        let mut found: HashMap<&str, Vec<&Container>> = HashMap::new();
        for container in containers {
            found.entry(container.service.as_str()).or_default().push(container);
        }
        Self(found)
    }

    /// A service's containers, in the order in which they were seen.
    pub fn of(&self, service: &str) -> &[&'c Container] {
        self.0.get(service).map_or(&[], Vec::as_slice)
    }
}
