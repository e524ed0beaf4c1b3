//! What is mounted into containers.

use serde::Deserialize;

use super::scalar::Integer;

/// Something mounted into a container.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[allow(missing_docs, reason = "the fields are the keys of the Compose specification, section `volumes`")]
pub struct Mount {
    #[serde(rename = "type")]
    pub kind: MountKind,
    #[serde(default)]
    pub source: Option<String>,
    #[serde(default)]
    pub target: String,
    #[serde(default)]
    pub read_only: bool,
    #[serde(default)]
    pub bind: Bind,
    #[serde(default)]
    pub volume: VolumeUse,
    #[serde(default)]
    pub tmpfs: Tmpfs,
}

/// What is mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MountKind {
    /// A path of the host.
    Bind,
    /// A volume, named or anonymous.
    Volume,
    /// Memory.
    Tmpfs,
    /// The files of an image.
    Image,
    /// A named pipe of a Windows host.
    Npipe,
    /// A volume of a Swarm.
    Cluster,
}

/// Options of a mounted path.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the fields are the keys of the Compose specification, section `volumes`")]
pub struct Bind {
    pub create_host_path: bool,
    pub propagation: Option<String>,
    pub selinux: Option<String>,
    pub recursive: Option<String>,
}

/// Options of a mounted volume.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the fields are the keys of the Compose specification, section `volumes`")]
pub struct VolumeUse {
    pub nocopy: bool,
    pub subpath: Option<String>,
}

/// Options of mounted memory.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the fields are the keys of the Compose specification, section `volumes`")]
pub struct Tmpfs {
    pub size: Option<Integer>,
    pub mode: Option<Integer>,
}
