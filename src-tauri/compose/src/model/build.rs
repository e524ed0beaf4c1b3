//! How a service's image is built.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::scalar::Integer;
use super::service::{FileGrant, Ulimit};

/// How an image is built.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the fields are the keys of the Compose specification, section `build`")]
pub struct Build {
    pub additional_contexts: BTreeMap<String, String>,
    pub args: BTreeMap<String, Option<String>>,
    pub cache_from: Vec<String>,
    pub cache_to: Vec<String>,
    pub context: String,
    pub dockerfile: Option<String>,
    pub dockerfile_inline: Option<String>,
    pub entitlements: Vec<String>,
    pub extra_hosts: Vec<String>,
    pub labels: BTreeMap<String, String>,
    pub network: Option<String>,
    pub no_cache: bool,
    pub platforms: Vec<String>,
    pub privileged: bool,
    pub pull: bool,
    pub secrets: Vec<FileGrant>,
    pub shm_size: Option<Integer>,
    pub ssh: Vec<String>,
    pub tags: Vec<String>,
    pub target: Option<String>,
    pub ulimits: BTreeMap<String, Ulimit>,
}

impl Build {
    /// Its secrets by the name that the Dockerfile knows them by, with their keys in the model.
    pub fn secret_ids(&self) -> impl Iterator<Item = (&str, &str)> {
        self.secrets.iter().map(|grant| {
            let target = grant.target.as_deref().filter(|target| !target.is_empty());
            (target.unwrap_or(&grant.source), grant.source.as_str())
        })
    }
}
