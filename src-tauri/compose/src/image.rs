//! Images: fetching them, finding them, and keeping those that releases need.

mod bring;
mod credentials;
mod kept;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use bollard::models::ImageSummary;
use bollard::query_parameters::{CreateImageOptionsBuilder, RemoveImageOptions, TagImageOptionsBuilder};
use futures_util::StreamExt;
use sternway_model::{Code, Error, ImageId, Result, ServiceName};

use crate::build;
use crate::engine::{Engine, REQUEST, failure, found, limited, timed_out};
use crate::execute::Run;
use crate::labels;
use crate::model::Service;
use crate::observe::in_background;
use crate::plan::ImageSource;
use crate::progress::Progress;

pub(crate) use bring::bring;
pub(crate) use credentials::ClientConfig;
pub use kept::KeptImage;

/// Names below this one are ours; they keep images from being pruned.
pub(crate) const KEPT_PREFIX: &str = "sternway/";
/// How long a pull may take.
const PULL: Duration = Duration::from_secs(3600);

/// Fetches a service's image and keeps it.
///
/// # Errors
/// [`Code::Failed`] with what the registry said, [`Code::Cancelled`].
pub(crate) async fn pull(run: &Run<'_>, name: &ServiceName, service: &Service) -> Result<ImageId> {
    let Some(reference) = &service.image else {
        return Err(Error::internal(format!("service {name} has no image to pull")));
    };
    run.write(&format!("pull {reference}"), fetch(run, reference, service.platform.as_deref())).await?;
    let Some(id) = run.engine.observer().image_id(reference).await? else {
        return Err(Error::failed(format!("{reference} was pulled, and the engine does not have it")));
    };
    keep(run, name, &id).await?;
    Ok(id)
}

async fn fetch(run: &Run<'_>, reference: &str, platform: Option<&str>) -> Result<()> {
    let (repository, tag) = split_reference(reference);
    let options = CreateImageOptionsBuilder::new().from_image(&repository).tag(&tag);
    let options = if let Some(platform) = platform { options.platform(platform) } else { options };
    let config = in_background((), |()| ClientConfig::read()).await?;
    // Most images are public: a helper program that is missing must not stand in their way.
    let credentials = config.for_image(reference).await.unwrap_or_else(|error| {
        run.output.line(&error.message);
        None
    });
    let mut stream = Box::pin(run.engine.docker().create_image(Some(options.build()), None, credentials));
    let mut progress = Progress::default();
    let end = tokio::time::Instant::now() + PULL;
    loop {
        let next = tokio::select! {
            next = tokio::time::timeout_at(end, stream.next()) => next,
            () = run.cancel.cancelled() => return Err(run.cancelled()),
        };
        match next {
            Err(_) => return Err(timed_out(&format!("pull {reference}"), PULL)),
            Ok(None) => {
                progress.last_line(Instant::now()).iter().for_each(|line| run.output.line(line));
                return Ok(());
            }
            Ok(Some(Ok(info))) => {
                let (id, status) = (info.id.unwrap_or_default(), info.status.unwrap_or_default());
                if !progress.hear(&id, &status, info.progress_detail.as_ref()) {
                    run.output.line(&if id.is_empty() { status } else { format!("{id}: {status}") });
                }
                progress.line(Instant::now()).iter().for_each(|line| run.output.line(line));
            }
            Ok(Some(Err(error))) => {
                let error = failure(&format!("pull {reference}"), error);
                return Err(if error.hint.is_empty() {
                    error.hint("See that the name is right, that the registry can be reached, and that it lets you in.")
                } else {
                    error
                });
            }
        }
    }
}

/// Gives an image a name of ours, so that `docker image prune` cannot take what a release needs.
///
/// # Errors
/// Those of the engine.
pub(crate) async fn keep(run: &Run<'_>, name: &ServiceName, id: &ImageId) -> Result<()> {
    let doing = format!("keep the image {} of service {name}", id.short());
    let repository = format!("{KEPT_PREFIX}{}/{}", path_part(run.want.project), path_part(name.as_str()));
    tag(run, &doing, id, &repository, id.short()).await
}

/// Gives an image a name of the usual form.
///
/// # Errors
/// Those of the engine.
pub(crate) async fn name_it(run: &Run<'_>, name: &ServiceName, id: &ImageId, reference: &str) -> Result<()> {
    let (repository, version) = split_reference(reference);
    tag(run, &format!("tag the image of service {name}"), id, &repository, &version).await
}

async fn tag(run: &Run<'_>, doing: &str, id: &ImageId, repository: &str, version: &str) -> Result<()> {
    let options = TagImageOptionsBuilder::new().repo(repository).tag(version).build();
    run.write(doing, limited(doing, REQUEST, run.engine.docker().tag_image(id.as_str(), Some(options)))).await
}

/// Names of images that were built for a project, or that [`keep`] gave.
pub(crate) fn own_names(images: &[ImageSummary], project: &str) -> BTreeSet<String> {
    let kept = format!("{KEPT_PREFIX}{}/", path_part(project));
    let built = format!("{project}-");
    let mut names = BTreeSet::new();
    for image in images {
        let made_here = image.labels.contains_key(labels::CONTEXT);
        let own =
            image.repo_tags.iter().filter(|name| name.starts_with(&kept) || made_here && name.starts_with(&built));
        names.extend(own.cloned());
    }
    names
}

/// Takes a name from an image.
///
/// # Errors
/// Those of the engine: an image whose last name it is must not be in use.
pub(crate) async fn remove(run: &Run<'_>, reference: &str) -> Result<String> {
    let doing = format!("remove the image {reference}");
    let remove = async || run.write(&doing, remove_name(run.engine, reference)).await;
    // Two names of one image that are taken at the same time get in each other's way: the later one finds it half gone.
    if remove().await.is_err() {
        remove().await?;
    }
    Ok(format!("{reference} is gone"))
}

/// Has the engine take a name from an image, and remove the image if that was the last one. What is gone is gone.
async fn remove_name(engine: &Engine, reference: &str) -> Result<()> {
    let call = engine.docker().remove_image(reference, None::<RemoveImageOptions>, None);
    found(limited(&format!("remove the image {reference}"), REQUEST * 2, call).await).map(|_| ())
}

/// The content id that a source stands for.
///
/// # Errors
/// [`Code::NotFound`] if it was neither pulled nor built.
pub(crate) async fn resolve(
    run: &Run<'_>,
    name: &ServiceName,
    service: &Service,
    source: &ImageSource,
) -> Result<ImageId> {
    let found = match source {
        ImageSource::Known(id) => Some(id.clone()),
        ImageSource::Pulled(reference) => run.engine.observer().image_id(reference).await?,
        ImageSource::Built(context) => {
            let list = run.engine.observer().images().await?;
            build::built_image(&list, context, &build::image_name(run.want.model, name, service))
        }
    };
    found.ok_or_else(|| {
        Error::new(Code::NotFound, format!("the image of service {name} is not on the engine"))
            .hint("Plan again: the plan will pull or build it.")
    })
}

/// An image's name and tag; a digest counts as the tag. Without either it is `latest`.
pub(crate) fn split_reference(reference: &str) -> (String, String) {
    if let Some((name, digest)) = reference.split_once('@') {
        return (name.to_owned(), digest.to_owned());
    }
    match reference.rsplit_once(':') {
        // A colon before a slash belongs to the registry's port.
        Some((name, tag)) if !tag.contains('/') => (name.to_owned(), tag.to_owned()),
        _ => (reference.to_owned(), "latest".to_owned()),
    }
}

/// A part of an image's name: lower case letters and digits with single separators inside.
fn path_part(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let part = words.collect::<Vec<_>>().join("-").to_ascii_lowercase();
    if part.is_empty() { "x".to_owned() } else { part }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_split_as_the_engine_does() {
        for (reference, name, tag) in [
            ("nginx", "nginx", "latest"),
            ("nginx:1.27", "nginx", "1.27"),
            ("localhost:5000/a/b", "localhost:5000/a/b", "latest"),
            ("localhost:5000/a/b:2", "localhost:5000/a/b", "2"),
            ("nginx@sha256:ab", "nginx", "sha256:ab"),
        ] {
            assert_eq!(split_reference(reference), (name.to_owned(), tag.to_owned()), "{reference}");
        }
    }

    #[test]
    fn names_of_kept_images_are_valid() {
        assert_eq!(path_part("Shop__Web-"), "shop-web");
        assert_eq!(path_part("db.main"), "db-main");
    }
}
