//! Files that secrets and configs become inside a container.

use std::path::{Path, PathBuf};

use bollard::query_parameters::UploadToContainerOptionsBuilder;
use sternway_model::{Error, Result, Sensitive, expand};

use super::Run;
use crate::engine::{REQUEST, limited};
use crate::fingerprint::files_of;
use crate::model::{FileGrant, FileSource, Model, Service};
use crate::observe::{in_background, read};

/// What Compose gives files without a mode.
const MODE: u32 = 0o444;

/// A secret or config of a service, with the path that it has in the container.
pub(super) struct Granted<'a> {
    pub grant: &'a FileGrant,
    pub source: &'a FileSource,
    pub target: String,
}

/// The files of a service, secrets first.
pub(super) fn granted<'a>(model: &'a Model, service: &'a Service) -> Vec<Granted<'a>> {
    let kinds = [(&service.secrets, &model.secrets, "/run/secrets/"), (&service.configs, &model.configs, "/")];
    let mut granted = Vec::new();
    for (grants, sources, folder) in kinds {
        for grant in grants {
            let Some(source) = sources.get(&grant.source) else { continue };
            let target = grant.target.as_deref().filter(|target| !target.is_empty()).unwrap_or(&grant.source);
            let target = if target.starts_with('/') { target.to_owned() } else { format!("{folder}{target}") };
            granted.push(Granted { grant, source, target });
        }
    }
    granted
}

/// A file or folder that is copied into a container.
struct Parcel {
    target: String,
    mode: u32,
    user: u64,
    group: u64,
    content: Content,
}

enum Content {
    Text(Sensitive),
    Path(PathBuf),
}

/// Copies files into a container that was not started yet: those that have a content of their own, and where the engine is on
/// another machine all others too. Next to it they are mounted.
pub(super) async fn copy_in(run: &Run<'_>, service: &Service, id: &str, name: &str) -> Result<()> {
    let remote = run.engine.observer().is_remote();
    let mut parcels = Vec::new();
    for Granted { grant, source, target } in granted(run.want.model, service) {
        let content = match (&source.content, &source.file) {
            (Some(content), _) => Content::Text(expand(content, run.secrets)?),
            (None, Some(file)) if remote => Content::Path(file.clone()),
            _ => continue,
        };
        parcels.push(parcel(grant, target, content)?);
    }
    if parcels.is_empty() {
        return Ok(());
    }
    let archive = in_background(parcels, |parcels| pack(&parcels)).await?;
    let doing = format!("copy secrets and configs into {name}");
    let options = UploadToContainerOptionsBuilder::new().path("/").build();
    let call = run.engine.docker().upload_to_container(id, Some(options), bollard::body_full(archive.into()));
    run.write(&doing, limited(&doing, REQUEST, call)).await
}

fn parcel(grant: &FileGrant, target: String, content: Content) -> Result<Parcel> {
    let number = |text: &Option<String>, what: &str| match text.as_deref() {
        None | Some("") => Ok(0),
        Some(text) => text.parse::<u64>().map_err(|_| {
            Error::invalid(format!("`{what}: {text}` of `{}` is not a number", grant.source))
                .hint("Names of users are known only inside the image: write the number.")
        }),
    };
    Ok(Parcel {
        target,
        mode: grant.mode.and_then(|mode| u32::try_from(mode.0).ok()).unwrap_or(MODE),
        user: number(&grant.uid, "uid")?,
        group: number(&grant.gid, "gid")?,
        content,
    })
}

fn pack(parcels: &[Parcel]) -> Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for parcel in parcels {
        match &parcel.content {
            Content::Text(text) => append(&mut archive, parcel, Path::new(""), text.reveal().as_bytes())?,
            Content::Path(path) => {
                for (below, file) in files_of(path)? {
                    append(&mut archive, parcel, &below, &read(&file)?)?;
                }
            }
        }
    }
    archive.into_inner().map_err(|error| broken(&error))
}

fn append(archive: &mut tar::Builder<Vec<u8>>, parcel: &Parcel, below: &Path, content: &[u8]) -> Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(parcel.mode);
    header.set_uid(parcel.user);
    header.set_gid(parcel.group);
    let target = Path::new(parcel.target.trim_start_matches('/'));
    // Nothing is below a file.
    let path = if below.as_os_str().is_empty() { target.to_owned() } else { target.join(below) };
    archive.append_data(&mut header, path, content).map_err(|error| broken(&error))
}

fn broken(error: &std::io::Error) -> Error {
    Error::failed(format!("cannot pack secrets and configs: {error}"))
}
