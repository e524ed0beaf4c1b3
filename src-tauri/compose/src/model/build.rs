//! How a service's image is built.

use std::collections::BTreeMap;
use std::path::Path;

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

    /// Its further contexts by the name that the Dockerfile knows them by.
    pub fn further(&self) -> impl Iterator<Item = (&str, Further<'_>)> {
        self.additional_contexts.iter().map(|(name, from)| (name.as_str(), Further::of(from)))
    }

    /// The services whose images it takes files from.
    pub fn built_before(&self) -> impl Iterator<Item = &str> {
        self.further().filter_map(|(_, from)| match from {
            Further::Service(name) => Some(name),
            Further::Folder(_) | Further::Address(_) => None,
        })
    }
}

/// Where a further context comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Further<'a> {
    /// A folder of this machine.
    Folder(&'a Path),
    /// The image of another service that is built.
    Service(&'a str),
    /// An image (`docker-image://…`) or something that the engine fetches itself.
    Address(&'a str),
}

impl<'a> Further<'a> {
    fn of(from: &'a str) -> Self {
        match from.strip_prefix("service:") {
            Some(name) => Self::Service(name),
            None if from.contains("://") || from.starts_with("git@") => Self::Address(from),
            None => Self::Folder(Path::new(from)),
        }
    }
}
