//! Building images: with BuildKit, which engines have in them, or with their classic builder.

mod agent;
mod buildkit;
mod classic;
mod context;
mod folders;
mod session;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bollard::models::ImageSummary;
use sternway_model::{Code, Error, ImageId, Lines, Result, ServiceName};

use crate::execute::Run;
use crate::image;
use crate::labels;
use crate::model::{Build, Model, Service, at};
use crate::observe::in_background;
use crate::progress::Progress;

pub(crate) use context::{Builds, Hashes, context_hash};

/// How long a build may take.
const BUILD: Duration = Duration::from_secs(3600);
/// After so long without a word it is said that there was none: a step may be quiet, but an engine that hangs is as well.
const QUIET: Duration = Duration::from_secs(120);
/// How many of the build's last lines a failure shows.
const LAST_LINES: usize = 20;

/// The API of engines whose BuildKit knows `shm_size`, `ulimits` and further contexts: that of Docker 23.
const NEWER_BUILDKIT: (u32, u32) = (1, 42);

/// What builds an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Builder {
    /// BuildKit, and whether the classic builder would do where the engine turns out not to have it.
    BuildKit {
        /// Nothing is asked for that only BuildKit knows.
        optional: bool,
    },
    /// The builder that was before it.
    Classic,
}

impl Builder {
    /// What builds an image on an engine: BuildKit, unless something is asked for that this engine's BuildKit passes over.
    ///
    /// # Errors
    /// [`Code::Unsupported`] if neither can do all that is asked for, with the key's path below the service.
    pub fn choose(build: &Build, api: (u32, u32), windows: bool) -> Result<Self> {
        let only_buildkit = [
            ("additional_contexts", !build.additional_contexts.is_empty()),
            ("cache_to", !build.cache_to.is_empty()),
            ("entitlements", !build.entitlements.is_empty()),
            ("privileged", build.privileged),
            ("secrets", !build.secrets.is_empty()),
            ("ssh", !build.ssh.is_empty()),
            ("ulimits", !build.ulimits.is_empty()), // the client library has no place for the classic builder's
        ];
        let older = api < NEWER_BUILDKIT;
        let known_networks = ["", "default", "host", "none"];
        let not_buildkit = [
            ("shm_size", older && build.shm_size.is_some(), "Docker 23 is needed"),
            ("ulimits", older && !build.ulimits.is_empty(), "Docker 23 is needed"),
            ("additional_contexts", older && !build.additional_contexts.is_empty(), "Docker 23 is needed"),
            (
                "network",
                !known_networks.contains(&build.network.as_deref().unwrap_or_default()),
                "BuildKit knows `host` and `none`",
            ),
            (
                "extra_hosts",
                build.extra_hosts.iter().any(|host| host.ends_with("host-gateway")),
                "`host-gateway` is not known to BuildKit",
            ),
            ("context", windows, "Windows engines have no BuildKit"),
        ];
        let needed = only_buildkit.iter().find(|(_, asked)| *asked).map(|(key, _)| *key);
        let hindered = not_buildkit.iter().find(|(_, asked, _)| *asked);
        match (needed, hindered) {
            (needed, None) => Ok(Self::BuildKit { optional: needed.is_none() }),
            (None, Some(_)) => Ok(Self::Classic),
            (Some(needed), Some((hindering, _, why))) => {
                let alone = *hindering == needed;
                let both = if alone { String::new() } else { format!(" together with `build.{hindering}`") };
                let leave = if alone { "leave it out" } else { "leave one of them out" };
                Err(Error::new(
                    Code::Unsupported,
                    format!("`build.{needed}` cannot be had{both} on this engine: {why}"),
                )
                .hint(format!("Update the engine, or {leave}. Nothing was touched."))
                .at(at(&format!("build.{needed}"))))
            }
        }
    }
}

/// The name that a service's built image gets: its `image:`, or `<project>-<service>` as Compose has it.
pub(crate) fn image_name(model: &Model, name: &ServiceName, service: &Service) -> String {
    service.image.clone().unwrap_or_else(|| format!("{}-{name}", model.name))
}

/// The image that was built from this context. Images that others derived from it inherit its label, but not its names.
///
/// The service's own image goes before those that are kept for others: equal files that two environments build at the same
/// time make different images, and a service must not be seen to change because another one was built.
pub(crate) fn built_image<'i>(
    images: impl IntoIterator<Item = &'i ImageSummary>,
    context: &str,
    own_name: &str,
) -> Option<ImageId> {
    let own_name = if own_name.contains(':') { own_name.to_owned() } else { format!("{own_name}:latest") };
    let own = |image: &ImageSummary| image.repo_tags.contains(&own_name);
    let kept = |image: &ImageSummary| image.repo_tags.iter().any(|tag| tag.starts_with(image::KEPT_PREFIX));
    let built =
        images.into_iter().filter(|image| image.labels.get(labels::CONTEXT).is_some_and(|hash| hash == context));
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
    let builds = run.want.model.builds();
    let hash = hash_of(name, &builds).await?;
    if hash != planned {
        return Err(Error::new(Code::PlanMoved, format!("files of service {name} changed since the plan was made"))
            .hint("Plan again."));
    }
    let own_name = image_name(run.want.model, name, service);
    // Another service of the same files may have been built just before.
    let images = run.engine.observer().images().await?;
    let id = match built_image(&images, &hash, &own_name) {
        Some(id) => {
            image::name_it(run, name, &id, &own_name).await?;
            id
        }
        None => {
            let mut below = BTreeMap::new();
            for other in plan.built_before() {
                below.insert(other.to_owned(), image_of(run, other, &builds, &images).await?);
            }
            let wanted = Wanted { service: name, build: &plan, name: &own_name, hash: &hash, below };
            run.write(&format!("build the image of service {name}"), Box::pin(make(run, &wanted))).await?
        }
    };
    for reference in &plan.tags {
        image::name_it(run, name, &id, reference).await?;
    }
    image::keep(run, name, &id).await?;
    Ok(id)
}

/// [`context_hash`], where it does not hold up the others.
pub(crate) async fn hash_of(name: &ServiceName, builds: &Builds) -> Result<String> {
    let hash = in_background((name.clone(), builds.clone()), |(name, builds)| context_hash(&name, &builds)).await;
    hash.map_err(|error| not_built(name, error))
}

/// The hashes of several services.
pub(crate) async fn hashes_of(names: Vec<ServiceName>, builds: Builds) -> Result<BTreeMap<ServiceName, String>> {
    in_background((names, builds), |(names, builds)| {
        let mut hashes = Hashes::new(&builds);
        let hash = |name: ServiceName| {
            let hash = hashes.of(&name).map_err(|error| not_built(&name, error))?;
            Ok((name, hash))
        };
        names.into_iter().map(hash).collect()
    })
    .await
}

fn not_built(name: &ServiceName, error: Error) -> Error {
    match error.code {
        Code::NotFound => error
            .context(format!("service {name} cannot be built"))
            .hint(format!("Make the file, or correct `services.{name}.build`.")),
        _ => error,
    }
}

/// The name of the image that was built for another service, which waits for that in the plan.
async fn image_of(run: &Run<'_>, other: &str, builds: &Builds, images: &[ImageSummary]) -> Result<String> {
    let model = run.want.model;
    let missing =
        || Error::failed(format!("the image of service {other}, which this build takes files from, is not there"));
    let (name, service) = model.services.get_key_value(other).ok_or_else(missing)?;
    let hash = hash_of(name, builds).await?;
    let id = built_image(images, &hash, &image_name(model, name, service)).ok_or_else(missing)?;
    let image = images.iter().find(|image| image.id == id.as_str()).ok_or_else(missing)?;
    // The name that nobody gives to another image goes first.
    let mut names: Vec<&String> = image.repo_tags.iter().collect();
    names.sort_by_key(|name| !name.starts_with(image::KEPT_PREFIX));
    names.first().map(|name| (*name).clone()).ok_or_else(missing)
}

/// An image to be built.
struct Wanted<'a> {
    service: &'a ServiceName,
    build: &'a Build,
    /// The name that it gets.
    name: &'a str,
    /// The hash of its context, for the label by which it is found again.
    hash: &'a str,
    /// Names of the images of other services that it takes files from, by the services.
    below: BTreeMap<String, String>,
}

async fn make(run: &Run<'_>, wanted: &Wanted<'_>) -> Result<ImageId> {
    let kind = run.engine.observer().kind().await?;
    match Builder::choose(wanted.build, kind.api, kind.windows)? {
        Builder::Classic => classic::make(run, wanted).await,
        Builder::BuildKit { optional } => match Box::pin(buildkit::make(run, wanted)).await {
            // Engines that only speak the same language, such as Podman, have no BuildKit.
            Err(error) if optional && error.code == Code::Unsupported => {
                run.output.line(&format!("{}; its own builder is used", error.message));
                classic::make(run, wanted).await
            }
            made => made,
        },
    }
}

fn failed(name: &ServiceName, error: &str, log: &Log) -> Error {
    let (error, last) = (error.trim(), log.last.join("\n"));
    let needs_buildkit = error.contains("BuildKit") || last.contains("BuildKit");
    // Both builders run their steps on the engine's own network.
    let no_network = error.contains("on network bridge") || error.contains("could not find bridge");
    Error::failed(format!("the image of service {name} could not be built: {error}\n{last}")).hint(if no_network {
        "The engine's own network is gone, which every build needs; starting the engine anew brings it back. Nothing that \
         runs was touched."
    } else if needs_buildkit {
        "The engine's classic builder was used: see in docs/compose.md which keys of `build` ask for it, and leave them or such \
         options of the Dockerfile out."
    } else {
        "Nothing that runs was touched. Mend the Dockerfile or what it copies, then deploy again."
    })
}

/// Passes the engine's log on, and keeps its last lines.
#[derive(Default)]
struct Log {
    lines: Lines,
    last: Vec<String>,
    progress: Progress,
}

impl Log {
    /// Says that nothing was heard.
    fn quiet(&mut self, run: &Run<'_>) {
        self.say(run, &format!("(the engine has said nothing for {} s; cancelling stops the build)", QUIET.as_secs()));
    }

    fn push(&mut self, run: &Run<'_>, text: &str) {
        let last = &mut self.last;
        self.lines.push(text.as_bytes(), |line| out(run, last, line));
    }

    /// A whole line of the builder's own.
    fn say(&mut self, run: &Run<'_>, line: &str) {
        out(run, &mut self.last, line);
    }

    /// How far the layers are that come from a registry, if it is time to say so.
    fn tick(&mut self, run: &Run<'_>) {
        self.progress.line(Instant::now()).iter().for_each(|line| run.output.line(line));
    }

    fn end(&mut self, run: &Run<'_>) {
        let last = &mut self.last;
        self.lines.end(|line| out(run, last, line));
        self.progress.last_line(Instant::now()).iter().for_each(|line| run.output.line(line));
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
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn an_engine_without_its_network_is_not_the_dockerfiles_fault() {
        let name = "web".parse().expect("a name");
        let hint = |error| failed(&name, error, &Log::default()).hint;
        let gone = "failed to create endpoint x on network bridge: adding interface veth1 to bridge docker0 failed: could not find bridge docker0";
        assert!(hint(gone).contains("starting the engine anew"));
        assert!(hint("executor failed running [/bin/sh -c false]: exit code: 1").contains("Mend the Dockerfile"));
    }

    #[test]
    fn buildkit_builds_unless_it_would_pass_something_over() {
        let (old, new) = ((1, 41), (1, 44));
        let choose = |build: serde_json::Value, api| {
            let build: Build = serde_json::from_value(build).expect("a build");
            Builder::choose(&build, api, false).map_err(|error| error.at.and_then(|at| at.key).unwrap_or_default())
        };
        let plain = serde_json::json!({"context": "."});
        assert_eq!(choose(plain.clone(), old), Ok(Builder::BuildKit { optional: true }));
        let secret = serde_json::json!({"context": ".", "secrets": [{"source": "s"}]});
        assert_eq!(choose(secret, old), Ok(Builder::BuildKit { optional: false }));
        let small = serde_json::json!({"context": ".", "shm_size": "65536"});
        assert_eq!(choose(small.clone(), old), Ok(Builder::Classic), "its BuildKit does not know it");
        assert_eq!(choose(small, new), Ok(Builder::BuildKit { optional: true }));
        let both = serde_json::json!({"context": ".", "shm_size": "65536", "ssh": ["default"]});
        assert_eq!(choose(both, old), Err("build.ssh".to_owned()));
        let limits = serde_json::json!({"context": ".", "ulimits": {"nofile": 1024}});
        assert_eq!(choose(limits.clone(), old), Err("build.ulimits".to_owned()));
        assert_eq!(choose(limits, new), Ok(Builder::BuildKit { optional: false }));
        let gateway = serde_json::json!({"context": ".", "extra_hosts": ["h=host-gateway"]});
        assert_eq!(choose(gateway, new), Ok(Builder::Classic));
        let build: Build = serde_json::from_value(plain).expect("a build");
        assert_eq!(Builder::choose(&build, new, true), Ok(Builder::Classic), "Windows engines have no BuildKit");
    }

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
