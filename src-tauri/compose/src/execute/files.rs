//! Files that secrets and configs become inside a container.

use bollard::query_parameters::UploadToContainerOptionsBuilder;
use sternway_model::{Error, Result, Sensitive, expand};

use super::Run;
use crate::engine::{REQUEST, limited};
use crate::model::{FileGrant, FileSource, Model, Service};

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

/// Copies the files that have a content of their own into a container that was not started yet.
pub(super) async fn copy_in(run: &Run<'_>, service: &Service, id: &str, name: &str) -> Result<()> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut count = 0;
    for Granted { grant, source, target } in granted(run.want.model, service) {
        let Some(content) = &source.content else { continue };
        let content = expand(content, run.secrets)?;
        append(&mut archive, grant, &target, &content)?;
        count += 1;
    }
    if count == 0 {
        return Ok(());
    }
    let archive = archive.into_inner().map_err(|error| broken(&error))?;
    let doing = format!("copy secrets and configs into {name}");
    let options = UploadToContainerOptionsBuilder::new().path("/").build();
    let call = run.engine.docker().upload_to_container(id, Some(options), bollard::body_full(archive.into()));
    run.write(&doing, limited(&doing, REQUEST, call)).await
}

fn append(archive: &mut tar::Builder<Vec<u8>>, grant: &FileGrant, target: &str, content: &Sensitive) -> Result<()> {
    let number = |text: &Option<String>, what: &str| match text.as_deref() {
        None | Some("") => Ok(0),
        Some(text) => text.parse::<u64>().map_err(|_| {
            Error::invalid(format!("`{what}: {text}` of `{}` is not a number", grant.source))
                .hint("Names of users are known only inside the image: write the number.")
        }),
    };
    let mut header = tar::Header::new_gnu();
    header.set_size(content.reveal().len() as u64);
    header.set_mode(grant.mode.and_then(|mode| u32::try_from(mode.0).ok()).unwrap_or(MODE));
    header.set_uid(number(&grant.uid, "uid")?);
    header.set_gid(number(&grant.gid, "gid")?);
    let path = target.trim_start_matches('/');
    archive.append_data(&mut header, path, content.reveal().as_bytes()).map_err(|error| broken(&error))
}

fn broken(error: &std::io::Error) -> Error {
    Error::failed(format!("cannot pack secrets and configs: {error}"))
}
