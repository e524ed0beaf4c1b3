//! Building images with the engine's build API.

mod context;

use std::collections::HashMap;
use std::io::Seek;
use std::time::Duration;

use bollard::errors::Error as BollardError;
use bollard::models::ImageSummary;
use bollard::query_parameters::BuildImageOptions;
use futures_util::StreamExt;
use sternway_model::{Code, Error, ImageId, Result, ServiceName};
use tokio_util::io::ReaderStream;

use crate::engine::timed_out;
use crate::execute::Run;
use crate::execute::lines::Lines;
use crate::image;
use crate::labels;
use crate::model::{Build, Model, Service};
use crate::observe::in_background;

pub(crate) use context::context_hash;

/// How long a build may take.
const BUILD: Duration = Duration::from_secs(3600);
/// How many of the build's last lines a failure shows.
const LAST_LINES: usize = 20;

/// The name that a service's built image gets: its `image:`, or `<project>-<service>` as Compose has it.
pub(crate) fn image_name(model: &Model, name: &ServiceName, service: &Service) -> String {
    service.image.clone().unwrap_or_else(|| format!("{}-{name}", model.name))
}

/// The image that was built from this context. Images that others derived from it inherit its label, but not its names.
///
/// The service's own image goes before those that are kept for others: equal files that two environments build at the same
/// time make different images, and a service must not be seen to change because another one was built.
pub(crate) fn built_image(images: &[ImageSummary], context: &str, own_name: &str) -> Option<ImageId> {
    let own_name = if own_name.contains(':') { own_name.to_owned() } else { format!("{own_name}:latest") };
    let own = |image: &ImageSummary| image.repo_tags.contains(&own_name);
    let kept = |image: &ImageSummary| image.repo_tags.iter().any(|tag| tag.starts_with(image::KEPT_PREFIX));
    let built = images.iter().filter(|image| image.labels.get(labels::CONTEXT).is_some_and(|hash| hash == context));
    let named = built.filter(|image| own(image) || kept(image));
    named.max_by_key(|image| (own(image), image.created, &image.id)).and_then(|image| image.id.parse().ok())
}

/// Builds a service's image, tags it and keeps it.
///
/// # Errors
/// [`Code::PlanMoved`] if the files are not those that were planned with, [`Code::Failed`] with the build's last lines,
/// [`Code::Cancelled`].
pub(crate) async fn build(run: &Run<'_>, name: &ServiceName, service: &Service, planned: &str) -> Result<ImageId> {
    let Some(plan) = service.build.clone() else {
        return Err(Error::internal(format!("service {name} has no build")));
    };
    let hash = in_background(plan.clone(), |plan| context_hash(&plan)).await?;
    if hash != planned {
        return Err(Error::new(Code::PlanMoved, format!("files of service {name} changed since the plan was made"))
            .hint("Plan again."));
    }
    let own_name = image_name(run.want.model, name, service);
    // Another service of the same files may have been built just before.
    let id = match built_image(&run.engine.observer().images().await?, &hash, &own_name) {
        Some(id) => {
            image::name_it(run, name, &id, &own_name).await?;
            id
        }
        None => {
            let options = options(&plan, &own_name, &hash)?;
            let archive = in_background(plan.clone(), |plan| context::archive(&plan)).await?;
            run.write(&format!("build the image of service {name}"), send(run, name, options, archive)).await?
        }
    };
    for reference in &plan.tags {
        image::name_it(run, name, &id, reference).await?;
    }
    image::keep(run, name, &id).await?;
    Ok(id)
}

fn options(build: &Build, tag: &str, hash: &str) -> Result<BuildImageOptions> {
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
async fn send(
    run: &Run<'_>,
    name: &ServiceName,
    options: BuildImageOptions,
    archive: std::fs::File,
) -> Result<ImageId> {
    let mut archive = archive;
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
            () = run.cancel.cancelled() => return Err(run.cancelled()),
        };
        match next {
            Err(_) => return Err(timed_out(&format!("build the image of service {name}"), BUILD)),
            Ok(None) => break,
            Ok(Some(Ok(info))) => {
                log.push(run, &info.stream.unwrap_or_default());
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

fn failed(name: &ServiceName, error: &str, log: &Log) -> Error {
    let (error, last) = (error.trim(), log.last.join("\n"));
    let needs_buildkit = error.contains("BuildKit") || last.contains("BuildKit");
    Error::failed(format!("the image of service {name} could not be built: {error}\n{last}")).hint(if needs_buildkit {
        "The engine's own builder is used, which is older than BuildKit: leave such options out of the Dockerfile, or build \
         the image in `pipeline.build` and name it with `image:`."
    } else {
        "Nothing that runs was touched. Mend the Dockerfile or what it copies, then deploy again."
    })
}

/// Passes the engine's log on, and keeps its last lines.
#[derive(Default)]
struct Log {
    lines: Lines,
    last: Vec<String>,
}

impl Log {
    fn push(&mut self, run: &Run<'_>, text: &str) {
        let last = &mut self.last;
        self.lines.push(text, |line| out(run, last, line));
    }

    fn end(&mut self, run: &Run<'_>) {
        let last = &mut self.last;
        self.lines.end(|line| out(run, last, line));
    }
}

fn out(run: &Run<'_>, last: &mut Vec<String>, line: &str) {
    let line = line.trim_end();
    if line.is_empty() {
        return;
    }
    run.output.line(line);
    if last.len() == LAST_LINES {
        last.remove(0);
    }
    last.push(line.to_owned());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_derived_from_ours_is_not_ours() {
        let image = |id: &str, tag: &str| ImageSummary {
            id: format!("sha256:{}", id.repeat(64)),
            repo_tags: vec![tag.to_owned()],
            labels: HashMap::from([(labels::CONTEXT.to_owned(), "c1".to_owned())]),
            ..ImageSummary::default()
        };
        let derived = image("d", "somebody/else:1");
        let ours = image("a", "p-web:latest");
        let kept = image("b", "sternway/p/web:bbbbbbbbbbbb");
        let id = |images: &[ImageSummary]| built_image(images, "c1", "p-web").map(|id| id.as_str()[7..8].to_owned());
        assert_eq!(id(&[derived.clone(), ours]).as_deref(), Some("a"));
        assert_eq!(id(&[kept, derived.clone()]).as_deref(), Some("b"));
        assert_eq!(id(&[derived]), None);
    }
}
