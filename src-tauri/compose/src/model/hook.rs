//! Commands that run inside a service's containers when they have started, and before they are stopped.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A command inside a container.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[allow(
    missing_docs,
    reason = "the fields are the keys of the Compose specification, sections `post_start` and `pre_stop`"
)]
pub struct Hook {
    pub command: Vec<String>,
    pub user: Option<String>,
    pub privileged: bool,
    pub working_dir: Option<String>,
    /// Values may be pinned secrets.
    pub environment: BTreeMap<String, Option<String>>,
}

/// When a hook runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// After each start of the container, before it counts as ready.
    PostStart,
    /// Before the container is asked to stop.
    PreStop,
}

impl Moment {
    /// The key of the Compose file.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::PostStart => "post_start",
            Self::PreStop => "pre_stop",
        }
    }
}
