//! The engine's classic builder.

use std::collections::HashMap;
use std::io::Seek;

use bollard::errors::Error as BollardError;
use bollard::query_parameters::BuildImageOptions;
use futures_util::StreamExt;
use sternway_model::{Error, ImageId, Result};
use tokio_util::io::ReaderStream;

use super::{BUILD, Log, QUIET, Wanted, context, failed};
use crate::engine::timed_out;
use crate::execute::Run;
use crate::image;
use crate::labels;
use crate::observe::in_background;

fn options(wanted: &Wanted<'_>) -> Result<BuildImageOptions> {
    let Wanted { build, name: tag, hash, .. } = *wanted;
    let mut labels: HashMap<String, String> = build.labels.clone().into_iter().collect();
    labels.insert(labels::CONTEXT.to_owned(), hash.to_owned());
    let args = build.args.iter().filter_map(|(name, value)| Some((name.clone(), value.clone()?)));
    let shm_size = build.shm_size.map(|size| i32::try_from(size.0)).transpose();
    Ok(BuildImageOptions {
        dockerfile: context::dockerfile_name(build)?,
        t: Some(tag.to_owned()),
        extrahosts: (!build.extra_hosts.is_empty()).then(|| build.extra_hosts.join(",").replace('=', ":")),
        nocache: build.no_cache,
        cachefrom: (!build.cache_from.is_empty()).then(|| build.cache_from.clone()),
        pull: build.pull.then(|| "1".to_owned()),
        rm: true,
        forcerm: true,
        buildargs: Some(args.collect()),
        shmsize: shm_size.map_err(|_| Error::invalid("`build.shm_size` is too large"))?,
        labels: Some(labels),
        networkmode: build.network.clone(),
        platform: build.platforms.first().cloned().unwrap_or_default(),
        target: build.target.clone().unwrap_or_default(),
        ..BuildImageOptions::default()
    })
}

/// Sends the context, passes the log on, and returns the image's id.
pub(super) async fn make(run: &Run<'_>, wanted: &Wanted<'_>) -> Result<ImageId> {
    let name = wanted.service;
    let options = options(wanted)?;
    let mut archive = in_background(wanted.build.clone(), |build| context::archive(&build)).await?;
    archive.rewind().map_err(|error| Error::failed(format!("cannot read the build's archive: {error}")))?;
    let body = bollard::body_try_stream(ReaderStream::new(tokio::fs::File::from_std(archive)));
    let config = in_background((), |()| image::ClientConfig::read()).await?;
    let (credentials, unanswered) = config.all().await;
    for error in unanswered {
        run.output.line(&error.message);
    }
    let mut stream = Box::pin(run.engine.docker().build_image(options, Some(credentials), Some(body)));
    let mut log = Log::default();
    let mut id = None;
    let end = tokio::time::Instant::now() + BUILD;
    loop {
        let next = tokio::select! {
            next = tokio::time::timeout_at(end, stream.next()) => next,
            () = tokio::time::sleep(QUIET) => {
                log.quiet(run);
                continue;
            }
            () = run.cancel.cancelled() => return Err(run.cancelled()),
        };
        match next {
            Err(_) => return Err(timed_out(&format!("build the image of service {name}"), BUILD)),
            Ok(None) => break,
            Ok(Some(Ok(info))) => {
                let layer = (info.id.unwrap_or_default(), info.status.unwrap_or_default());
                if !log.progress.hear(&layer.0, &layer.1, info.progress_detail.as_ref()) {
                    log.push(run, &info.stream.unwrap_or_default());
                }
                log.tick(run);
                id = info.aux.and_then(|aux| aux.id).or(id);
            }
            Ok(Some(Err(BollardError::DockerStreamError { error }))) => {
                log.end(run);
                return Err(failed(name, &error, &log));
            }
            Ok(Some(Err(error))) => {
                return Err(crate::engine::failure(&format!("build the image of service {name}"), error));
            }
        }
    }
    log.end(run);
    match id {
        Some(id) => id.parse(),
        None => Err(failed(name, "the engine named no image", &log)),
    }
}
