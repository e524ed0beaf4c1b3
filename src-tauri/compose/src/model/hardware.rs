//! What a service asks of the host's hardware: shares of its disks, and devices by what they can do.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::scalar::Integer;

/// A service's share of the host's disks.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the fields are the keys of the Compose specification, section `blkio_config`")]
pub struct Blkio {
    pub weight: Option<Integer>,
    pub weight_device: Vec<DiskWeight>,
    pub device_read_bps: Vec<DiskRate>,
    pub device_read_iops: Vec<DiskRate>,
    pub device_write_bps: Vec<DiskRate>,
    pub device_write_iops: Vec<DiskRate>,
}

/// A share of one disk. The canonical form has these keys in capitals.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[allow(missing_docs, reason = "the fields are the keys of the Compose specification, section `blkio_config`")]
pub struct DiskWeight {
    pub path: String,
    pub weight: Integer,
}

/// A limit of one disk, in bytes or operations per second.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[allow(missing_docs, reason = "the fields are the keys of the Compose specification, section `blkio_config`")]
pub struct DiskRate {
    pub path: String,
    pub rate: Integer,
}

/// Devices of the host by what they can do, such as compute on a graphics card.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the fields are the keys of the Compose specification, sections `gpus` and `devices`")]
pub struct DeviceRequest {
    pub capabilities: Vec<String>,
    /// -1 for all.
    pub count: Option<Integer>,
    pub device_ids: Vec<String>,
    pub driver: Option<String>,
    pub options: BTreeMap<String, String>,
}
