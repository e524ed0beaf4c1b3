//! Room that is held back on the engine.
//!
//! A full disk takes no new container, so no lock, and without the lock nothing could be done about the disk: even to give up the name
//! of an image the engine writes a file. What it still can is remove a container. So one with a few megabytes in it stands there,
//! never started, and goes when a lock needs the room. It is made again as soon as there is some.

use std::collections::HashMap;

use bollard::errors::Error as BollardError;
use bollard::models::ContainerCreateBody;
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, RemoveContainerOptionsBuilder, UploadToContainerOptionsBuilder,
};
use sternway_model::{Error, Result};

use super::{IMAGE, IMAGE_TAG};
use crate::engine::{Engine, REQUEST, found, limited};

/// One for all projects of an engine.
const NAME: &str = "sternway-reserve";
const LABEL: &str = "io.sternway.reserve";
const FILE: &str = "reserve";
/// What a lock with its heartbeats takes, and the engine's own lists that are written anew, many times over.
const BYTES: usize = 2 << 20;

/// Whether the engine refused something because its disk is full. It has no other sign for that than the system's words.
pub(super) fn is_full(error: &BollardError) -> bool {
    matches!(error, BollardError::DockerResponseServerError { message, .. } if message.contains("no space left on device"))
}

/// What to say where there is no room and none was held back.
pub(super) fn none_left(doing: &str) -> Error {
    Error::failed(format!("cannot {doing}: the disk of the engine is full, and no room is held back there")).hint(
        "Remove a stopped container or something else on that host first (`docker container prune`): the engine needs a little room \
         even to give up images. After the next command some is held back again.",
    )
}

/// Gives the room up; says whether there was any.
///
/// # Errors
/// If the engine does not answer.
pub(super) async fn give_up(engine: &Engine) -> Result<bool> {
    let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
    let call = engine.docker().remove_container(NAME, Some(options));
    Ok(found(limited("make room for the lock", REQUEST, call).await)?.is_some())
}

/// Sees that room is held back.
///
/// # Errors
/// If the engine has no room, or does not answer.
pub(super) async fn hold_back(engine: &Engine) -> Result<()> {
    if found(engine.observer().inspect(NAME).await)?.is_some() {
        return Ok(());
    }
    let doing = "hold back some room";
    let body = ContainerCreateBody {
        image: Some(format!("{IMAGE}:{IMAGE_TAG}")),
        cmd: Some(vec!["never started".to_owned()]),
        labels: Some(HashMap::from([(LABEL.to_owned(), "1".to_owned())])),
        ..ContainerCreateBody::default()
    };
    let options = CreateContainerOptionsBuilder::new().name(NAME).build();
    let created = limited(doing, REQUEST, engine.docker().create_container(Some(options), body)).await?;
    let options = UploadToContainerOptionsBuilder::new().path("/").build();
    let content = bollard::body_full(content()?.into());
    let filled =
        limited(doing, REQUEST, engine.docker().upload_to_container(&created.id, Some(options), content)).await;
    if filled.is_err() {
        // Without the file it would hold nothing back, and look as if it did.
        give_up(engine).await?;
    }
    filled
}

/// An archive with a file of random bytes: a file system that compresses would hold nothing back for zeros.
fn content() -> Result<Vec<u8>> {
    let mut bytes = vec![0; BYTES];
    getrandom::fill(&mut bytes).map_err(|error| Error::failed(format!("no random numbers: {error}")))?;
    let broken = |error: std::io::Error| Error::internal(format!("the reserve cannot be packed: {error}"));
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o444);
    archive.append_data(&mut header, FILE, bytes.as_slice()).map_err(broken)?;
    archive.into_inner().map_err(broken)
}
